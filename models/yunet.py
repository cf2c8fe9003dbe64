"""YuNet: a small detector of faces with five landmarks.

Source: Wu et al. 2023, YuNet: a tiny millisecond-level face detector, Machine Intelligence
Research 20; file and conventions from opencv_zoo, face_detection_yunet_2023mar (MIT), and OpenCV's
modules/objdetect/src/face_detect.cpp (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..stream.errors import ModelError
from ..stream.messages import Face, Image
from .crop import Array, Matrix, clip_box, inverse, letterbox, to_batch, transform
from .nms import suppress
from .ort import Net, Provider
from .ssd import Found
from .zoo import Entry, open_net

STRIDES = (8, 16, 32)
PARTS = ("cls", "obj", "bbox", "kps")
OUTPUTS = tuple(f"{part}_{stride}" for part in PARTS for stride in STRIDES)
LANDMARKS = 5
"""Eye at the left of the picture, eye at its right, nose tip, left and right mouth corner: the
order of `Face.landmarks`. The card counts eyes and corners as the person's right and left."""
MAX_LOG_SIZE = 10.0
"""The logarithm of a box's size in cells is cut here: beyond it, sizes only overflow."""


class Config(BaseModel):
    """What counts as a face."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_score: float = Field(0.7, ge=0, le=1, description="detector score a face must reach")
    max_faces: int = Field(16, ge=1, description="most faces in a frame, best first")
    nms_iou: float = Field(0.3, gt=0, lt=1, description="overlap that makes two boxes one face")
    side_px: int | None = Field(
        None, ge=32, multiple_of=32, description="side of the input, for a file of free size"
    )


class YuNet:
    """A `FaceDetector`."""

    def __init__(self, config: Config, net: Net, entry: Entry) -> None:
        """Use an opened net and run it once.

        Raises:
            ModelError: the list of models does not name its twelve outputs, or the net has not the
                size that was asked for.
        """
        self._config = config
        self._net = net
        self.providers = net.providers
        file = entry.files["detector"]
        self._input, self._names = file.input, tuple(file.outputs)
        if set(self._names) != set(OUTPUTS):
            raise ModelError(f"{entry.name}: the outputs must be {', '.join(OUTPUTS)}")
        if config.side_px is not None:
            shape = (file.input.shape[0], 3, config.side_px, config.side_px)
            self._input = msgspec.structs.replace(file.input, shape=shape)
        self._net.run({self._input.name: np.zeros((1, *self._input.shape[1:]), np.float32)})

    def detect(self, image_bgr: Image) -> list[Face]:
        """Return faces, best first: box in px, score, and five landmarks."""
        config, side_px = self._config, self._input.side_px
        square, matrix = letterbox(image_bgr, side_px, self._input.pad)
        results = self._net.run({self._input.name: to_batch([square], self._input)})
        outputs = {name: one[0] for name, one in zip(self._names, results, strict=True)}
        found = decode(outputs, side_px, config.min_score)
        best = suppress(found.boxes, found.scores, config.nms_iou, config.max_faces)
        size_px = image_bgr.shape[1], image_bgr.shape[0]
        return faces_from(Found(*(part[best] for part in found)), inverse(matrix), size_px)


def decode(outputs: Mapping[str, Array], side_px: int, min_score: float) -> Found:
    """Return the faces that reach `min_score`, in px of the square input, any order.

    `outputs` holds for each stride, A cells row by row: `cls` and `obj` A x 1, `bbox` A x 4
    (centre from the cell's corner, in cells; logarithm of the size in cells), `kps` A x 10. The
    score is the geometric mean of `cls` and `obj`.
    """
    boxes, points, scores = [], [], []
    for stride in STRIDES:
        classes, objects, places, marks = (outputs[f"{part}_{stride}"] for part in PARTS)
        belief = np.clip(classes[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1)
        kept = np.flatnonzero(belief >= min_score**2)
        corners = np.stack([kept % (side_px // stride), kept // (side_px // stride)], axis=1)
        middle = corners + places[kept, :2]
        half = np.exp(np.minimum(places[kept, 2:], MAX_LOG_SIZE)) / 2
        boxes.append(np.concatenate([middle - half, middle + half], axis=1) * stride)
        marks = marks[kept].reshape(-1, LANDMARKS, 2)
        points.append((marks + corners[:, None]) * stride)
        scores.append(np.sqrt(belief[kept]))
    parts = (np.concatenate(part).astype(np.float32) for part in (boxes, points, scores))
    return Found(*parts)


def faces_from(found: Found, to_picture: Matrix, size_px: tuple[int, int]) -> list[Face]:
    """Return what was found in the network's input as faces of the picture (width, height)."""
    faces = []
    for box, points, score in zip(*found, strict=True):
        corners = transform(box.reshape(2, 2), to_picture).ravel()
        landmarks = transform(points, to_picture).tolist()
        faces.append(
            Face(
                box_xyxy=clip_box(corners.tolist(), *size_px),
                score=float(score),
                landmarks=tuple((x, y) for x, y in landmarks),
            )
        )
    return faces


def build(config: Config, entry: Entry, provider: Provider = "auto") -> YuNet:
    """Open the net and run it once. Raises what `Net` and `YuNet` raise."""
    return YuNet(config, open_net(entry, "detector", provider), entry)
