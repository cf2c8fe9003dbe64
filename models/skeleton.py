"""A body as 17 COCO joints, whatever its layout, and the lengths it is measured in."""

from __future__ import annotations

from math import hypot

from ..stream.messages import Body, Keypoint, Point
from .base import COCO17, COCO17_IN

MIN_VISIBILITY = 0.5
"""A keypoint below this is not used."""

TORSO_PER_SHOULDER_WIDTH = 1.11
"""Torso length over shoulder width: (0.818 - 0.530) / 0.259 of the body's height.

Source: Drillis and Contini 1966, Body segment parameters, as drawn in Winter, Biomechanics and
Motor Control of Human Movement (shoulder height, hip height, shoulder width).
"""

JOINT = {name: index for index, name in enumerate(COCO17)}
"""Where a COCO joint stands in what `joints_of` returns."""

Joints = tuple[Keypoint, ...]


def joints_of(body: Body) -> Joints:
    """Return the 17 COCO joints of a body."""
    return tuple(body.keypoints[index] for index in COCO17_IN[body.layout])


def seen(joints: Joints, *names: str) -> bool:
    """Tell whether all these joints are visible."""
    return min([joints[JOINT[name]][3] for name in names]) >= MIN_VISIBILITY


def point(joints: Joints, name: str) -> Point:
    """Return a joint in px."""
    return joints[JOINT[name]][:2]


def middle(joints: Joints, first: str, second: str) -> Point | None:
    """Return the middle of two joints in px, or None when they are not both visible."""
    if not seen(joints, first, second):
        return None
    a, b = point(joints, first), point(joints, second)
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def torso_px(joints: Joints) -> float | None:
    """Return the torso length in px, or None when the shoulders are not both visible.

    The distance of mid-shoulder to mid-hip; with hidden hips the shoulder width times
    `TORSO_PER_SHOULDER_WIDTH`, which is too short for a body seen from the side.
    """
    shoulders = middle(joints, "left_shoulder", "right_shoulder")
    if shoulders is None:
        return None
    hips = middle(joints, "left_hip", "right_hip")
    if hips is not None:
        length_px = hypot(shoulders[0] - hips[0], shoulders[1] - hips[1])
    else:
        left, right = point(joints, "left_shoulder"), point(joints, "right_shoulder")
        length_px = TORSO_PER_SHOULDER_WIDTH * hypot(left[0] - right[0], left[1] - right[1])
    return length_px if length_px > 0 else None
