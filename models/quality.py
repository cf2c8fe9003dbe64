"""How far the expression of a face can be trusted: its size, sharpness, turn, and the mesh's doubt.

Each is a number in [0, 1]; the quality is the least of them, since one fault spoils a reading.
Below `min_quality` the face is told with a reason and stays out of the window.

The ranges are our choice, by one rule: the middle of each, where the gate stands by default, is
where the answer of the expression net fell by seven to thirteen points of accuracy, or where
pictures to learn from end. Source: the 2,387 FER+ training faces that our first net was picked on
and not fitted to (86.8 % right, majority vote), degraded:

    side, px          28 .854   24 .834   20 .795   16 .730   12 .618    8 .447
    blur, px of 48     1 .849  1.5 .791    2 .690  2.5 .574; along a line, 5 .778   7 .711
    presence          < 0.5 .741   0.5-0.9 .917   > 0.9 .873
    yaw, degrees      0-20 .881   20-30 .803   30-40 .882   beyond 40: 21 faces, .857

46 faces of films and photographs, degraded and put through detector, mesh and net, kept their
label from 20 px on (16 px: 96 %, 12 px: 85 %) and up to a blur of 1.5 (2: 95 %, 2.5: 75 %).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import cv2
import msgspec
import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ..stream.messages import Face, Image
from .crop import Array

CROP_PX = 48
"""Side of the crop in which sharpness is measured: finer detail no expression net of ours sees."""
OVERSAMPLING = 4
"""The most pixels per axis that are averaged into one of the crop: a bound on time."""
LEVEL_PITCH_DEG = -8.0
"""Pitch of a face that looks straight ahead. Source: median of FER+ (see `face_mesh.head_pose`)."""


def _distinct(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] == ends[1]:
        raise ValueError("the two ends of a range must differ")
    return ends


NotNegative = Annotated[float, Field(ge=0)]
Range = Annotated[tuple[NotNegative, NotNegative], AfterValidator(_distinct)]
"""The value of quality 0, and that of quality 1."""


class Config(BaseModel):
    """What a good face is; see the module for the source of the ranges."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_quality: float = Field(0.5, ge=0, le=1, description="least quality that enters the window")
    side_px: Range = Field((8.0, 32.0), description="longer side of the face's box")
    sharpness: Range = Field(
        (0.003, 0.02), description="weaker second difference over contrast, on a logarithmic scale"
    )
    turn_deg: Range = Field((60.0, 30.0), description="larger of yaw and pitch, from level")


def judge(image_bgr: Image, faces: Sequence[Face], config: Config) -> list[Face]:
    """Return the same faces with `quality`, and `quality_reason` where it is below the gate.

    What was not measured (no mesh) does not count.
    """
    judged = []
    for face in faces:
        parts = _parts(image_bgr, face, config)
        failing = [name for name, value in parts.items() if value < config.min_quality]
        judged.append(
            msgspec.structs.replace(
                face, quality=min(parts.values()), quality_reason=failing[0] if failing else ""
            )
        )
    return judged


def is_good(face: Face) -> bool:
    """Tell whether the expression of a judged face may enter the window."""
    return not face.quality_reason


def _parts(image_bgr: Image, face: Face, config: Config) -> dict[str, float]:
    """Return the parts of the quality: causes before their effects, so that they name the reason.

    A small face is blurred too, and a turned or blurred one is doubtful.
    """
    x1, y1, x2, y2 = face.box_xyxy
    parts = {"small": ramp(max(x2 - x1, y2 - y1), config.side_px)}
    if face.head_pose_deg is not None:
        yaw_deg, pitch_deg, _ = face.head_pose_deg
        turn_deg = max(abs(yaw_deg), abs(pitch_deg - LEVEL_PITCH_DEG))
        parts["turned"] = ramp(turn_deg, config.turn_deg)
    logarithms = tuple(math.log(max(end, 1e-9)) for end in config.sharpness)
    value = math.log(max(sharpness(small_crop(image_bgr, face)), 1e-9))
    parts["blurred"] = ramp(value, (logarithms[0], logarithms[1]))
    if face.presence is not None:
        parts["doubtful"] = face.presence
    return parts


def ramp(value: float, ends: tuple[float, float]) -> float:
    """Return 0 at the first end and beyond, 1 at the second and beyond, linear between."""
    return min(max((value - ends[0]) / (ends[1] - ends[0]), 0.0), 1.0)


def small_crop(image_bgr: Image, face: Face) -> Array:
    """Return what lies in the picture of the square around a face's box, grey 0..255.

    The whole square would have `CROP_PX` a side. It is not turned: sampling along slanted lines
    makes detail of its own.
    """
    height, width = image_bgr.shape[:2]
    x1, y1, x2, y2 = face.box_xyxy
    side = max(x2 - x1, y2 - y1, 1.0)
    left, top = round((x1 + x2 - side) / 2), round((y1 + y2 - side) / 2)
    right, bottom = min(round(left + side), width), min(round(top + side), height)
    step = max(int(side / (CROP_PX * OVERSAMPLING)), 1)
    part = image_bgr[max(top, 0) : bottom : step, max(left, 0) : right : step]
    if not part.size:
        return np.zeros((3, 3), np.float32)
    scale = CROP_PX * step / side
    size = (max(round(part.shape[1] * scale), 3), max(round(part.shape[0] * scale), 3))
    mode = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    crop = cv2.resize(part, size, interpolation=mode)
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.float32)


def sharpness(crop: Array) -> float:
    """Return how much fine detail a crop has for its contrast; 0 for a flat one.

    The variance of the second difference across or down, whichever is less, over that of the
    crop. Of motion along a line the Laplacian, the sum of both, saw little: it told changed answers
    from kept ones with an area under the curve of 0.65, this with 0.69 (1,200 faces, 11 kinds of
    blur). Source of the idea: Pech-Pacheco et al. 2000, ICPR (variance of the Laplacian).
    """
    contrast = _deviation(crop)
    if contrast <= 0:
        return 0.0
    across = crop[:, 2:] - 2 * crop[:, 1:-1] + crop[:, :-2]
    down = crop[2:] - 2 * crop[1:-1] + crop[:-2]
    return (min(_deviation(across), _deviation(down)) / contrast) ** 2


def _deviation(values: Array) -> float:
    """Return the standard deviation, a third of the time numpy takes for small arrays."""
    return float(cv2.meanStdDev(values)[1].item())
