"""Faces made unrecognisable before a picture leaves the process."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from ...models.base import COCO17_IN
from ...stream.messages import Box, Image, Person, Reading

MARGIN = 0.35
"""Of the face's size, on each side: hair and ears tell who it is, too."""
BLOCKS = 5
"""A face keeps so many blocks across."""
HELD_S = 1.0
"""A face stays hidden where it was last seen for so long, since a detector may miss it."""
_HEAD = range(5)
"""Nose, eyes and ears in COCO's order."""


class Veil:
    """Remembers where the faces of one source were, and hides them.

    One thread notes, another may hide: what is remembered is replaced, never changed.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._held: list[tuple[float, Box]] = []
        self._last_seq = -1

    def note(self, reading: Reading) -> None:
        """Take the faces and heads of a reading; each reading once."""
        if reading.seq == self._last_seq:
            return
        self._last_seq = reading.seq
        t_s = reading.pts_s
        held = [(at, box) for at, box in self._held if 0 <= t_s - at <= HELD_S]
        self._held = held + [(t_s, box) for person in reading.people for box in _heads(person)]

    def hide(self, image_bgr: Image) -> Image:
        """Return the picture with every remembered face in coarse blocks."""
        veiled = image_bgr.copy()
        height, width = veiled.shape[:2]
        for _, (x1, y1, x2, y2) in self._held:
            left, top = max(0, int(x1)), max(0, int(y1))
            right, bottom = min(width, int(x2) + 1), min(height, int(y2) + 1)
            if left < right and top < bottom:
                part = image_bgr[top:bottom, left:right]
                small = cv2.resize(part, (BLOCKS, BLOCKS), interpolation=cv2.INTER_AREA)
                size = (right - left, bottom - top)
                veiled[top:bottom, left:right] = cv2.resize(
                    small, size, interpolation=cv2.INTER_NEAREST
                )
        return veiled


def _heads(person: Person) -> Iterable[Box]:
    if person.face is not None:
        yield _grown(person.face.box_xyxy, MARGIN)
    if person.body is not None:
        where = COCO17_IN[person.body.layout]
        points = np.array([person.body.keypoints[where[joint]][:2] for joint in _HEAD])
        if np.isfinite(points).all():
            (x1, y1), (x2, y2) = points.min(0).tolist(), points.max(0).tolist()
            side = max(x2 - x1, y2 - y1, 1.0)
            x, y = (x1 + x2) / 2, (y1 + y2) / 2
            yield _grown((x - side / 2, y - side / 2, x + side / 2, y + side / 2), 2 * MARGIN)


def _grown(box: Box, share: float) -> Box:
    x1, y1, x2, y2 = box
    dx, dy = (x2 - x1) * share, (y2 - y1) * share
    return x1 - dx, y1 - dy, x2 + dx, y2 + dy
