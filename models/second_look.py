"""Faces too small or too far for the whole picture: look again where a body has its head.

A detector of faces shrinks the frame to its input, so that a small face in a large frame is gone; a
body is larger and is found still. Of ten faces of 54 to 71 px in frames of 1920 px, BlazeFace found
none, and all eight of those whose bodies YOLOv8n-pose found, when it looked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import dist
from typing import NamedTuple

import msgspec

from ..stream.messages import Body, Box, Face, Image, Point
from .base import COCO17, COCO17_IN, FaceDetector

MIN_VISIBILITY = 0.5
"""A keypoint below this is not used."""
FRONT = [COCO17.index(name) for name in ("nose", "left_eye", "right_eye")]
"""One of these must be visible: ears alone are the back of a head."""
EARS = [COCO17.index(name) for name in ("left_ear", "right_ear")]
SHOULDERS = [COCO17.index(name) for name in ("left_shoulder", "right_shoulder")]
SIDE_PER_SPREAD, SIDE_PER_SHOULDERS = 1.2, 0.5
"""Side of a face over the largest distance among nose, eyes and ears, and over that of the
shoulders. Source: middle of what 40 faces and bodies of our clips had (0.9-1.6, 0.4-0.7)."""
CROP_SIDES = 3.0
"""Side of the crop over that of the face: room for a body that moved since it was seen."""
BACK = 0.5
"""A body whose left shoulder lies left of the right one, by this part of their distance, shows its
back. BlazePose calls nose and eyes of a back visible: all 144 bodies of a clip of people walking
away, of which this rule spares 141; those of three clips of people who face us, 45, all pass."""
MIN_SIDE_PX = 12.0
"""A smaller head is not looked at: there is nothing to read in it."""


class Head(NamedTuple):
    """Where a face ought to be: its middle and the side of its box, in px."""

    x_px: float
    y_px: float
    side_px: float


def head_of(body: Body) -> Head | None:
    """Return where the face of a body ought to be; None when it is turned away or not visible."""
    front, ears, shoulders = (_visible(body, joints) for joints in (FRONT, EARS, SHOULDERS))
    if not front:
        return None
    across_px = 0.0
    if len(shoulders) == 2:
        (left_x, _), (right_x, _) = shoulders
        across_px = dist(*shoulders)
        if right_x - left_x > BACK * across_px:
            return None
    points = [*front, *ears]
    spread_px = max(dist(one, other) for one in points for other in points)
    side_px = max(SIDE_PER_SPREAD * spread_px, SIDE_PER_SHOULDERS * across_px)
    x_px, y_px = (sum(point[axis] for point in front) / len(front) for axis in (0, 1))
    return Head(x_px, y_px, side_px)


def _visible(body: Body, joints: Sequence[int]) -> list[Point]:
    order = COCO17_IN[body.layout]
    points = [body.keypoints[order[joint]] for joint in joints]
    return [(x, y) for x, y, _, visibility in points if visibility >= MIN_VISIBILITY]


def without_face(bodies: Sequence[Body], faces: Sequence[Face], most: int) -> list[Head]:
    """Return at most `most` heads to look at again, those of the surest bodies first."""
    heads = [head for body in bodies if (head := head_of(body)) is not None]
    return [
        head
        for head in heads
        if head.side_px >= MIN_SIDE_PX and not any(fits(face, head) for face in faces)
    ][:most]


def fits(face: Face, head: Head) -> bool:
    """Tell whether a face lies at a head: their middles are nearer than the larger one's side."""
    x1, y1, x2, y2 = face.box_xyxy
    return dist(_middle(face), head[:2]) < max(x2 - x1, y2 - y1, head.side_px)


def _middle(face: Face) -> Point:
    x1, y1, x2, y2 = face.box_xyxy
    return (x1 + x2) / 2, (y1 + y2) / 2


def look(image_bgr: Image, heads: Sequence[Head], detector: FaceDetector) -> list[Face]:
    """Return the best face that the detector finds at each head, if any, in px of the picture."""
    height, width = image_bgr.shape[:2]
    faces = []
    for head in heads:
        reach = CROP_SIDES * head.side_px / 2
        left, top = max(round(head.x_px - reach), 0), max(round(head.y_px - reach), 0)
        right, bottom = max(round(head.x_px + reach), 0), max(round(head.y_px + reach), 0)
        crop = image_bgr[top:bottom, left:right]
        if crop.size:
            found = (moved(face, left, top) for face in detector.detect(crop))
            faces += [face for face in found if fits(face, head)][:1]
    return faces


def joined(faces: Sequence[Face], more: Sequence[Face]) -> list[Face]:
    """Return the faces and, of `more`, those whose middle lies in none before them."""
    result = list(faces)
    for face in more:
        x_px, y_px = _middle(face)
        boxes = [other.box_xyxy for other in result]
        if not any(x1 <= x_px <= x2 and y1 <= y_px <= y2 for x1, y1, x2, y2 in boxes):
            result.append(face)
    return result


def moved(face: Face, x_px: float, y_px: float) -> Face:
    """Return a face of a crop as one of the picture in which the crop begins at x, y."""
    x1, y1, x2, y2 = face.box_xyxy
    box: Box = (x1 + x_px, y1 + y_px, x2 + x_px, y2 + y_px)
    landmarks: tuple[Point, ...] = tuple((x + x_px, y + y_px) for x, y in face.landmarks)
    return msgspec.structs.replace(face, box_xyxy=box, landmarks=landmarks)
