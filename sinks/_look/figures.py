"""Faces and bodies: brackets, bones and the mark in the valence/arousal plane."""

from __future__ import annotations

import math

import cv2
import numpy as np

from ...models.affect import quadrant
from ...models.base import COCO17, COCO17_IN
from ...stream.messages import Body, Box, Image, Person
from .palette import LINE_BGR, SHADOW_BGR, TEXT_BGR, Colour, colour_of
from .places import Rect
from .sprites import blend_disc

VISIBLE = 0.5
"""Joints with less visibility are not drawn."""

BONES = tuple(
    (COCO17.index(start), COCO17.index(end))
    for start, end in (
        ("left_shoulder", "right_shoulder"),
        ("left_hip", "right_hip"),
        *(
            (f"{side}_{a}", f"{side}_{b}")
            for side in ("left", "right")
            for a, b in (
                ("shoulder", "elbow"),
                ("elbow", "wrist"),
                ("shoulder", "hip"),
                ("hip", "knee"),
                ("knee", "ankle"),
            )
        ),
    )
)
"""Pairs of COCO joints; the face is left to the face box."""

_SHIFT = 3
_JOINTS = tuple(sorted({joint for bone in BONES for joint in bone}))


def quadrant_of(person: Person) -> str | None:
    """Return the quadrant of a person; None where it was not measured."""
    if person.valence is None or person.arousal is None:
        return None
    return quadrant(person.valence, person.arousal)


def face_rect(person: Person) -> Rect | None:
    """Return the face box in whole px; None without a face."""
    return None if person.face is None else _rect(person.face.box_xyxy)


def anchor_rect(person: Person) -> Rect | None:
    """Return what a label stands beside: the face, else the body; None without either."""
    if person.face is None and person.body is not None:
        return _rect(person.body.box_xyxy)
    return face_rect(person)


def draw_figure(image_bgr: Image, person: Person, thick_px: int) -> None:
    """Draw the skeleton and the face box of a person in the colour of their quadrant."""
    colour = colour_of(quadrant_of(person))
    if person.body is not None:
        draw_skeleton(image_bgr, person.body, colour, thick_px)
    face = face_rect(person)
    if face is not None:
        draw_brackets(image_bgr, face, colour, thick_px)


def _rect(box: Box) -> Rect:
    x1, y1, x2, y2 = (int(round(edge)) for edge in box)
    return Rect(x1, y1, x2, y2)


def draw_brackets(image_bgr: Image, box: Rect, colour: Colour, thick_px: int) -> None:
    """Draw the four corners of a box, with a dark rim so that they show on any ground."""
    side = min(box.x2 - box.x1, box.y2 - box.y1)
    reach, bend = max(3, side // 5), max(1, side // 14)
    lines = []
    for x, way_x in ((box.x1, 1), (box.x2, -1)):
        for y, way_y in ((box.y1, 1), (box.y2, -1)):
            lines.append(
                [
                    (x, y + way_y * reach),
                    (x, y + way_y * bend),
                    (x + way_x * bend // 3, y + way_y * bend // 3),
                    (x + way_x * bend, y),
                    (x + way_x * reach, y),
                ]
            )
    points = np.array(lines, np.int32)
    for tone, width in ((SHADOW_BGR, thick_px + 2), (colour, thick_px)):
        cv2.polylines(image_bgr, list(points), False, tone, width, cv2.LINE_AA)


def draw_skeleton(image_bgr: Image, body: Body, colour: Colour, thick_px: int) -> None:
    """Draw the visible bones and joints of a body; both layouts have the COCO joints."""
    where = COCO17_IN[body.layout]
    points = {
        joint: tuple(int(round(v * (1 << _SHIFT))) for v in body.keypoints[where[joint]][:2])
        for joint in _JOINTS
        if body.keypoints[where[joint]][3] >= VISIBLE
    }
    bones = [(points[a], points[b]) for a, b in BONES if a in points and b in points]
    for tone, width, edge in (
        (SHADOW_BGR, thick_px + 2, cv2.LINE_8),
        (colour, thick_px, cv2.LINE_AA),
    ):
        for start, end in bones:
            cv2.line(image_bgr, start, end, tone, width, edge, _SHIFT)
    radius = int((thick_px * 1.1 + 0.6) * (1 << _SHIFT))
    for point in points.values():
        cv2.circle(image_bgr, point, radius, TEXT_BGR, -1, cv2.LINE_AA, _SHIFT)


def draw_mark(
    image_bgr: Image, centre: tuple[int, int], radius_px: int, person: Person, colour: Colour
) -> None:
    """Draw the valence/arousal plane as a small disc: right is pleasant, up is aroused."""
    x, y = centre
    if person.valence is not None and person.arousal is not None:
        start = {(1, 1): 270, (1, 0): 0, (0, 0): 90, (0, 1): 180}[
            (int(person.valence >= 0), int(person.arousal >= 0))
        ]
        dim = tuple(round(0.4 * part) for part in colour)
        cv2.ellipse(
            image_bgr, centre, (radius_px, radius_px), 0, start, start + 90, dim, -1, cv2.LINE_AA
        )
    cv2.line(image_bgr, (x - radius_px, y), (x + radius_px, y), LINE_BGR, 1, cv2.LINE_AA)
    cv2.line(image_bgr, (x, y - radius_px), (x, y + radius_px), LINE_BGR, 1, cv2.LINE_AA)
    cv2.circle(image_bgr, centre, radius_px, LINE_BGR, max(1, radius_px // 12), cv2.LINE_AA)
    if person.valence is None or person.arousal is None:
        return
    spot_px = max(3, round(radius_px / 4))
    reach = (radius_px - spot_px / 2) / max(1.0, math.hypot(person.valence, person.arousal))
    at = (x + person.valence * reach, y - person.arousal * reach)
    blend_disc(image_bgr, *at, spot_px, colour)
