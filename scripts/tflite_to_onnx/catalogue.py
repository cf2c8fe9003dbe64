"""The networks that are converted, and what their numbers mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PACKAGE = "mediapipe"
VERSION = "0.10.21"
REPOSITORY = "https://github.com/google-ai-edge/mediapipe"
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Entry:
    """One network of the wheel.

    `output_names` follow the order of the TFLite outputs; None leaves an output out. `crop` is
    what part of a picture the network expects. A pixel x in 0..255 becomes
    `x / divisor - shift`.
    """

    name: str
    title: str
    member: str
    source_sha256: str
    model_card: str
    output_names: tuple[str | None, ...]
    crop: Literal["letterbox", "face", "body"]
    divisor: float
    shift: float
    input_text: str
    outputs_text: Mapping[str, str]
    changes: str

    @property
    def outputs(self) -> list[str]:
        """Return the names of the outputs that are kept."""
        return [name for name in self.output_names if name is not None]

    @property
    def scale_text(self) -> str:
        """Return the pixel formula, for people."""
        return f"x / {self.divisor:g}" + (f" - {self.shift:g}" if self.shift else "")


BLAZEFACE = Entry(
    name="blazeface_full_range",
    title="BlazeFace, full range: faces within about 5 m",
    member="mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite",
    source_sha256="2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
    model_card="https://mediapipe.page.link/blazeface-back-sparse-mc",
    output_names=("regressors", "scores"),
    crop="letterbox",
    divisor=127.5,
    shift=1.0,
    input_text="the whole picture, letterboxed to a square (its sides kept in proportion)",
    outputs_text={
        "regressors": (
            "2304 anchors x 16 numbers in input pixels, relative to the anchor: centre x, "
            "centre y, width, height, then x, y of right eye, left eye, nose, mouth, right ear, "
            "left ear. Anchor k = 48 * row + column has its centre at "
            "((column + .5) / 48, (row + .5) / 48) of the input's side."
        ),
        "scores": "2304 x 1 logits that the anchor holds a face.",
    },
    changes="sparse weights are stored dense",
)

FACE_MESH = Entry(
    name="face_mesh",
    title="Face mesh: 468 points of one face",
    member="mediapipe/modules/face_landmark/face_landmark.tflite",
    source_sha256="1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    model_card="https://mediapipe.page.link/facemesh-mc",
    output_names=("landmarks", "presence"),
    crop="face",
    divisor=255.0,
    shift=0.0,
    input_text="a square around one face, 1.5 times the detector's box, turned so that the eyes "
    "are level",
    outputs_text={
        "landmarks": "1404 = 468 points x (x, y, z) in input pixels, z smaller towards the camera.",
        "presence": "1 logit that the crop holds a face.",
    },
    changes="PRelu is written as two 1 x 1 depthwise convolutions and a Relu",
)

BLAZEPOSE_DETECTOR = Entry(
    name="blazepose_detector",
    title="BlazePose detector: where people are",
    member="mediapipe/modules/pose_detection/pose_detection.tflite",
    source_sha256="9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
    model_card="https://mediapipe.page.link/blazepose-mc",
    output_names=("regressors", "scores"),
    crop="letterbox",
    divisor=127.5,
    shift=1.0,
    input_text="the whole picture, letterboxed to a square (its sides kept in proportion)",
    outputs_text={
        "regressors": (
            "2254 anchors x 12 numbers in input pixels, relative to the anchor: centre x, "
            "centre y, width, height of a box, then x, y of four points: middle of the hips, "
            "a point that gives the full body's size and rotation, middle of the shoulders, a "
            "point that gives the upper body's. Anchors: 28 x 28 cells x 2, then 14 x 14 x 2, "
            "then 7 x 7 x 6, row by row, centres at (column + .5, row + .5) of a cell."
        ),
        "scores": "2254 x 1 logits that the anchor holds a person; the original clips them to "
        "-100..100.",
    },
    changes="sparse weights are stored dense",
)

BLAZEPOSE_LANDMARK = Entry(
    name="blazepose_landmark",
    title="BlazePose full: 33 body keypoints of one person",
    member="mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
    source_sha256="e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    model_card="https://mediapipe.page.link/blazepose-mc",
    output_names=("landmarks", "presence", None, "heatmap", "world"),
    crop="body",
    divisor=255.0,
    shift=0.0,
    input_text="a square around one person: centre at the detector's hip point, side 2.5 times "
    "the distance from it to the size point, turned so that the size point is straight up",
    outputs_text={
        "landmarks": (
            "195 = 39 points x (x, y, z in input pixels, visibility logit, presence logit). "
            "0-32 are the keypoints, 33 and 34 give the region for the next frame, 35-38 are "
            "auxiliary."
        ),
        "presence": "1 probability (already a sigmoid) that the crop holds a person.",
        "heatmap": "64 x 64 x 39 logits, channels last, one map per point, to refine its x, y.",
        "world": "117 = 39 points x (x, y, z) in metres around the middle of the hips.",
    },
    changes="the segmentation head is left out",
)

CATALOGUE = {
    entry.name: entry for entry in (BLAZEFACE, FACE_MESH, BLAZEPOSE_DETECTOR, BLAZEPOSE_LANDMARK)
}
