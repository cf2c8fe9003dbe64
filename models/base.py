"""What a model is to the rest: protocols, keypoint layouts, and the picture-to-tensor rules.

A model adapter is one file named after its kind. It holds `Config` (pydantic), `build(config)` and
the class; pure functions before and after the network are module level, so that they are tested
without one. `image_bgr` is always H x W x 3 uint8 in the original frame's pixels, and results are
in those pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from ..stream.messages import Body, Face, Frame, Image, Observation

COCO17 = (
    "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow "
    "right_elbow left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle "
    "right_ankle"
).split()
"""Source: COCO keypoint task, person_keypoints annotations. Left is the person's left."""

BLAZEPOSE33 = (
    "nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer "
    "left_ear right_ear mouth_left mouth_right left_shoulder right_shoulder left_elbow "
    "right_elbow left_wrist right_wrist left_pinky right_pinky left_index right_index "
    "left_thumb right_thumb left_hip right_hip left_knee right_knee left_ankle right_ankle "
    "left_heel right_heel left_foot_index right_foot_index"
).split()
"""Source: MediaPipe Pose (BlazePose GHUM) model card."""

LAYOUTS: Mapping[str, Sequence[str]] = {"coco17": COCO17, "blazepose33": BLAZEPOSE33}

COCO17_IN: Mapping[str, Sequence[int]] = {
    name: [list(names).index(joint) for joint in COCO17] for name, names in LAYOUTS.items()
}
"""For each layout, where the 17 COCO joints stand in it."""


class FaceDetector(Protocol):
    """Finds faces."""

    def detect(self, image_bgr: Image) -> list[Face]:
        """Return faces, best first, boxes clipped to the picture."""
        ...


class FaceMesh(Protocol):
    """Measures faces that a detector proposed, and throws out what is none."""

    def measure(self, image_bgr: Image, faces: Sequence[Face]) -> list[Face]:
        """Return the faces that are present, with landmarks, presence and head pose."""
        ...


class ExpressionModel(Protocol):
    """Reads the expression of faces."""

    def read(self, image_bgr: Image, faces: Sequence[Face]) -> list[Face]:
        """Return the same faces with `emotions` (and valence, arousal if the net has them)."""
        ...


class PoseEstimator(Protocol):
    """Finds bodies and their keypoints."""

    layout: str

    def estimate(
        self, image_bgr: Image, earlier: Sequence[Body], search: bool = False
    ) -> list[Body]:
        """Return bodies, best first.

        `earlier` are those of an earlier frame, to be followed; newcomers are looked for when
        `search` is set, when there are none to follow, or when one was lost.
        """
        ...


class Vision(Protocol):
    """All that is run on one frame. Called by several threads at once; keeps no state itself.

    `keypoint_layout` is the layout of the bodies, "" where none are looked for; `models` says
    which networks run, for the record: job -> name, sha256, provider and so on.
    """

    keypoint_layout: str

    @property
    def models(self) -> Mapping[str, Any]:
        """What runs, job by job."""
        ...

    def see(self, frame: Frame, earlier: Observation | None) -> Observation:
        """Return what is in the frame.

        `earlier` is the newest observation, at least a fixed number of frames older, in which
        bodies were looked for; what it holds is the only memory a model may use, so that results
        do not depend on which worker was faster.
        """
        ...


class Manner(msgspec.Struct, frozen=True):
    """How to tell, whatever the engine; `prompts` is the user's folder of them, "" for none."""

    language: str = "en"
    style: str = "Plain, warm, exact."
    prompts: str = ""


class Task(msgspec.Struct, frozen=True):
    """What a narrator is asked for: an interval, the story of the whole, or an answer.

    `facts` are numbers and labels as builtins; `earlier` the last texts, newest last; `question`
    that of an answer. `rejected` is a first try and `fault` what was wrong with it.
    """

    kind: Literal["interval", "story", "answer"]
    facts: dict[str, Any]
    earlier: tuple[str, ...] = ()
    question: str = ""
    rejected: str = ""
    fault: str = ""


class Draft(NamedTuple):
    """A text, and how many tokens a model made for it."""

    text: str
    tokens: int = 0


class Narrator(Protocol):
    """Turns facts into plain words.

    `is_grounded`: what it says follows from the facts by construction and needs no check.
    `expected_s` is how long one text will take, as far as a trial at the start tells.
    """

    name: str
    expected_s: float

    @property
    def is_grounded(self) -> bool:
        """Whether no check is needed."""
        ...

    def tell(self, task: Task) -> Draft:
        """Return two or three sentences that say nothing the facts do not hold.

        Raises: ModelError where the model cannot be reached or fails.
        """
        ...
