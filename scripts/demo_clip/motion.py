"""What moves in the demo clip, as tables of times in seconds, and how to read them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

DURATION_S = 20.0


class Pose(NamedTuple):
    """State one expression: distances in portrait px, y down; ratios relative to the picture."""

    corner_out: float = 0.0  # each mouth corner, away from the middle
    corner_drop: float = 0.0
    line_drop: float = 0.0  # the middle of the line where the lips meet
    half_open: float = 3.0  # from that line to either lip
    upper_lip: float = 4.0  # thickness
    lower_lip: float = 5.7
    jaw_drop: float = 0.0
    brow_inner: float = 0.0  # raise
    brow_outer: float = 0.0
    brow_pinch: float = 0.0  # inner ends towards the nose
    eye_open: float = 1.0  # ratio
    smile_marks: float = 1.0  # 0 erases folds and raised cheeks
    furrow: float = 0.0  # shade between the brows, 0..2
    sneer: float = 0.0  # shade from nose to mouth, 0..2
    hollow: float = 0.0  # 0..1 darkness of the open mouth


PHOTO = Pose()
EXPRESSIONS = {
    "neutral": Pose(
        corner_out=-5.5,
        corner_drop=7.5,
        line_drop=-1.6,
        half_open=0.0,
        lower_lip=6.4,
        jaw_drop=-0.5,
        eye_open=1.08,
        smile_marks=0.0,
    ),
    "smile": Pose(
        corner_out=2.0,
        corner_drop=-2.2,
        line_drop=0.6,
        half_open=4.2,
        upper_lip=3.7,
        lower_lip=5.2,
        jaw_drop=0.8,
        brow_inner=0.6,
        brow_outer=0.6,
        eye_open=0.88,
    ),
    "sad": Pose(
        corner_out=-4.5,
        corner_drop=12.0,
        line_drop=-2.5,
        half_open=0.0,
        upper_lip=3.6,
        lower_lip=6.4,
        jaw_drop=-0.5,
        brow_inner=6.0,
        brow_outer=-3.0,
        brow_pinch=2.5,
        eye_open=0.72,
        smile_marks=0.0,
        furrow=1.2,
        sneer=0.7,
    ),
    "surprise": Pose(
        corner_out=-9.5,
        corner_drop=8.5,
        line_drop=2.2,
        half_open=6.2,
        upper_lip=4.2,
        lower_lip=6.0,
        jaw_drop=8.5,
        brow_inner=4.5,
        brow_outer=5.0,
        eye_open=1.35,
        smile_marks=0.0,
        hollow=1.0,
    ),
    "angry": Pose(
        corner_out=-5.0,
        corner_drop=10.0,
        line_drop=-1.5,
        half_open=0.0,
        upper_lip=2.8,
        lower_lip=4.4,
        jaw_drop=-0.5,
        brow_inner=-6.5,
        brow_pinch=2.5,
        eye_open=0.72,
        smile_marks=0.0,
        furrow=1.6,
        brow_outer=-2.5,
        sneer=0.8,
    ),
}
TIMELINE = (  # (time in s, expression reached); between two rows the face moves smoothly
    (0.0, "neutral"), (2.0, "neutral"), (2.8, "smile"), (5.2, "smile"), (6.0, "neutral"),
    (7.0, "neutral"), (8.0, "sad"), (10.8, "sad"), (11.4, "surprise"), (13.4, "surprise"),
    (14.1, "angry"), (16.9, "angry"), (17.7, "smile"), (20.0, "smile"),
)  # fmt: skip
BLINKS_S = (1.1, 6.5, 9.4, 13.9, 17.3)
CAMERA = (  # time in s, centre x and y, width of the view in portrait px, roll in degrees
    (0.0, 250.0, 216.0, 466.0, 0.0),
    (5.0, 236.0, 198.0, 425.0, 1.2),
    (9.0, 222.0, 175.0, 370.0, -0.8),
    (13.0, 240.0, 186.0, 395.0, -1.8),
    (17.0, 232.0, 177.0, 375.0, 0.8),
    (20.0, 252.0, 214.0, 460.0, 0.0),
)
SWAY = (  # time in s, head x and y, torso x and y, in portrait px
    (0.0, 0.0, 0.0, 0.0, 0.0),
    (2.4, -3.0, 1.0, -2.0, 0.0),
    (4.2, 4.0, -1.5, 3.0, -2.0),
    (6.5, 0.0, 0.0, 0.0, 1.0),
    (9.5, -3.0, 4.0, -2.0, 4.0),
    (10.8, -3.0, 4.0, -2.0, 4.0),
    (11.5, 1.0, -5.0, 1.0, -4.0),
    (13.5, 2.0, -3.0, 2.0, -3.0),
    (14.5, -2.0, 3.0, -4.0, 2.0),
    (15.6, 3.0, 3.0, 4.0, 1.0),
    (16.8, -2.0, 2.0, -3.0, 1.0),
    (18.2, 3.0, -1.0, 3.0, -1.0),
    (20.0, -1.0, 0.0, 0.0, 0.0),
)


def smooth(ratio: Array | float) -> Array:
    """Ease 0..1 with no velocity at either end."""
    clipped = np.clip(ratio, 0.0, 1.0)
    return np.asarray(clipped * clipped * (3.0 - 2.0 * clipped), np.float32)


def between(time_s: float, times_s: list[float], rows: Array) -> Array:
    """Interpolate the rows of a table (T, N) smoothly at one time, giving (N,)."""
    last = len(times_s) - 2
    at = min(max(int(np.searchsorted(times_s, time_s, "right")) - 1, 0), last)
    ratio = smooth((time_s - times_s[at]) / (times_s[at + 1] - times_s[at]))
    return np.asarray(rows[at] + (rows[at + 1] - rows[at]) * ratio, np.float32)


def pose_at(time_s: float) -> Pose:
    """Give the expression at one time, blinks included."""
    rows = np.array([EXPRESSIONS[name] for _, name in TIMELINE], np.float32)
    pose = Pose(*(float(v) for v in between(time_s, [t for t, _ in TIMELINE], rows)))
    shut = max(np.exp(-(((time_s - blink_s) / 0.07) ** 2)) for blink_s in BLINKS_S)
    return pose._replace(eye_open=pose.eye_open * float(1.0 - 0.85 * shut))


def bell(offset: Array, width_px: float) -> Array:
    """Fall from 1 at offset 0 to 0.37 at `width_px`."""
    return np.asarray(np.exp(-((offset / width_px) ** 2)))
