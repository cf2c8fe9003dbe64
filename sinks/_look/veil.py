"""Makes faces unrecognisable, in place: every head that was found is laid in coarse squares.

Only what was found can be covered. A head stays covered for `KEEP_S` after it was last seen.
"""

from __future__ import annotations

import cv2

from ...models.base import COCO17, COCO17_IN
from ...stream.messages import Body, Box, Image, Person, Reading

KEEP_S = 1.0
SQUARES = 6
"""Across a covered head: two of them between the eyes leave no feature."""
WHOLE_SQUARES = 24
"""Across the shorter side of a picture that is covered as a whole."""
MARGIN = 0.3
"""Of the face box, on each side: detectors leave hair, chin and ears out."""
MARGIN_PER_S = 1.0
"""More of it where the box is older than the picture: heads move."""
SHOULDERS = 0.55
"""A head's width in shoulder widths, generously. Source: ANSUR II, head breadth 15 cm against
biacromial breadth 42 cm, with hair and slack."""
VISIBLE = 0.3

_HEAD = tuple(COCO17.index(name) for name in "nose left_eye right_eye left_ear right_ear".split())
_SHOULDERS = tuple(COCO17.index(name) for name in ("left_shoulder", "right_shoulder"))


class Veil:
    """Covers the heads of one source."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._heads: dict[int, tuple[float, Box]] = {}

    def cover(self, image_bgr: Image, reading: Reading, age_s: float = 0.0) -> None:
        """Cover every head; `age_s` is how much older the reading is than the picture."""
        for person in reading.people:
            head = head_box(person)
            if head is not None:
                self._heads[person.id] = (reading.pts_s, head)
        self._heads = {
            number: (at_s, head)
            for number, (at_s, head) in self._heads.items()
            if 0 <= reading.pts_s - at_s <= KEEP_S
        }
        for at_s, head in self._heads.values():
            margin = MARGIN + MARGIN_PER_S * (age_s + reading.pts_s - at_s)
            width, height = head[2] - head[0], head[3] - head[1]
            pixelate(
                image_bgr,
                (
                    head[0] - margin * width,
                    head[1] - margin * height,
                    head[2] + margin * width,
                    head[3] + margin * height,
                ),
                SQUARES,
            )


def cover_all(image_bgr: Image) -> None:
    """Cover the whole picture: what to do while nobody has looked for faces."""
    height, width = image_bgr.shape[:2]
    pixelate(image_bgr, (0, 0, width, height), WHOLE_SQUARES)


def head_box(person: Person) -> Box | None:
    """Return where a head is: the face, else by the joints of the body; None without either."""
    if person.face is not None:
        return person.face.box_xyxy
    return None if person.body is None else _head_of(person.body)


def _head_of(body: Body) -> Box | None:
    where = COCO17_IN[body.layout]
    points = [body.keypoints[where[joint]] for joint in _HEAD]
    seen = [point for point in points if point[3] >= VISIBLE]
    if not seen:
        return None
    left, right = (body.keypoints[where[joint]] for joint in _SHOULDERS)
    wide = max(point[0] for point in seen) - min(point[0] for point in seen)
    half = max(abs(left[0] - right[0]) * SHOULDERS, wide, 0.12 * _height(body)) / 2
    x = sum(point[0] for point in seen) / len(seen)
    y = sum(point[1] for point in seen) / len(seen)
    return x - half, y - 1.3 * half, x + half, y + 1.3 * half


def _height(body: Body) -> float:
    return body.box_xyxy[3] - body.box_xyxy[1]


def pixelate(image_bgr: Image, box: Box, squares: int) -> None:
    """Lay a part of the picture in squares, `squares` across its shorter side, in place."""
    height, width = image_bgr.shape[:2]
    x1, y1 = max(0, int(box[0])), max(0, int(box[1]))
    x2, y2 = min(width, int(box[2]) + 1), min(height, int(box[3]) + 1)
    if x1 >= x2 or y1 >= y2:
        return
    part = image_bgr[y1:y2, x1:x2]
    side = max(1, min(part.shape[:2]) // squares)
    coarse = (max(1, part.shape[1] // side), max(1, part.shape[0] // side))
    small = cv2.resize(part, coarse, interpolation=cv2.INTER_AREA)
    part[:] = cv2.resize(small, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
