"""Which face belongs to which body, by where the head is. Pure geometry."""

from __future__ import annotations

from math import hypot

from ..stream.messages import Body, Box, Face, Point
from .base import COCO17, COCO17_IN
from .motion import centre

MIN_VISIBILITY = 0.5
"""A keypoint below this is not used."""

HEAD_REACH = 0.6
"""A face belongs to a body when its centre is within this many face sizes of nose and eyes."""

_HEAD_JOINTS = [COCO17.index(name) for name in ("nose", "left_eye", "right_eye")]


def head_point(body: Body) -> Point | None:
    """Return the middle of the visible nose and eyes in px, or None when none is visible."""
    order = COCO17_IN[body.layout]
    points = [body.keypoints[order[joint]] for joint in _HEAD_JOINTS]
    seen = [point for point in points if point[3] >= MIN_VISIBILITY]
    if not seen:
        return None
    return sum(p[0] for p in seen) / len(seen), sum(p[1] for p in seen) / len(seen)


def belonging(face: Face, body: Body) -> float:
    """Return how well the face fits the head of the body, in [0, 1]; 0 means it does not.

    With a visible nose or eye the face's centre must lie within `HEAD_REACH` face sizes of it.
    Without one it must lie in the upper half of the body's box (a tenth of its height above the
    box is allowed), and the fit is at most 0.5, so that a visible head wins.
    """
    return fit(face.box_xyxy, head_point(body), body.box_xyxy)


def fit(face_xyxy: Box, head: Point | None, body_xyxy: Box) -> float:
    """Return how well a face's box fits a head, or a body's box without one; see `belonging`."""
    left, top, right, bottom = face_xyxy
    x_px, y_px = centre(face_xyxy)
    if head is not None:
        size_px = max(right - left, bottom - top)
        away_px = hypot(x_px - head[0], y_px - head[1])
        return max(0.0, 1 - away_px / (HEAD_REACH * size_px)) if size_px > 0 else 0.0
    left, top, right, bottom = body_xyxy
    width_px, height_px = right - left, bottom - top
    if not (left < x_px < right and top - 0.1 * height_px <= y_px <= top + 0.5 * height_px):
        return 0.0
    return 0.5 - abs(x_px - (left + right) / 2) / width_px * 0.9
