"""Where labels go, so that none lies on another. Pure arithmetic on rectangles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Rect(NamedTuple):
    """Left, top, right, bottom in px; right and bottom are outside."""

    x1: int
    y1: int
    x2: int
    y2: int

    def overlap_px(self, other: Rect) -> int:
        """Return the area that both cover."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return max(0, width) * max(0, height)

    def grown(self, by_px: int) -> Rect:
        """Return the rectangle with a margin around it."""
        return Rect(self.x1 - by_px, self.y1 - by_px, self.x2 + by_px, self.y2 + by_px)


FAMILIAR_BONUS = 0.15
"""Of its own height: how much worse the side a label had before may be, so that it stays."""


def _beside(anchor: Rect, width: int, height: int, gap: int) -> list[tuple[int, int]]:
    """List the corners of a label around a face, the best places first."""
    middle = (anchor.x1 + anchor.x2 - width) // 2
    above, below = anchor.y1 - gap - height, anchor.y2 + gap
    left, right = anchor.x1 - gap - width, anchor.x2 + gap
    return [
        (middle, above),
        (anchor.x1, above),
        (anchor.x2 - width, above),
        (middle, below),
        (anchor.x1, below),
        (anchor.x2 - width, below),
        (right, anchor.y1),
        (left, anchor.y1),
        (right, anchor.y2 - height),
        (left, anchor.y2 - height),
    ]


def place(
    anchor: Rect,
    size: tuple[int, int],
    area: Rect,
    taken: Sequence[Rect],
    avoided: Sequence[Rect],
    familiar: int | None,
    gap: int,
) -> tuple[Rect, int | None] | None:
    """Return where a label of `size` goes near its face, and on which side.

    It lies inside `area` and never on a rectangle of `taken`; it lies on those of `avoided` (the
    faces) only where there is no better place. `familiar` is the side it had in the frame before.
    The side is None far from the face; None is returned when there is no room at all.
    """
    width, height = size
    if width > area.x2 - area.x1 or height > area.y2 - area.y1:
        return None
    wanted = np.array(_beside(anchor, width, height, gap))
    low, high = np.array(area[:2]), np.array(area[2:]) - (width, height)
    corners = wanted.clip(low, high)
    sides = np.arange(len(corners))
    cost = (np.abs(corners - wanted).sum(axis=1) + sides) / height / 8
    cost += 4.0 * _covered(corners, size, avoided).sum(axis=1) / (width * height)
    cost -= (sides == familiar) * FAMILIAR_BONUS
    cost[_covered(corners, size, taken).any(axis=1)] = np.inf
    best = int(cost.argmin())
    if np.isfinite(cost[best]):
        return _rect(corners[best], size), best
    anywhere = _nearest_free(anchor, size, area, taken)
    return None if anywhere is None else (anywhere, None)


def _covered(
    corners: npt.NDArray[np.int64], size: tuple[int, int], others: Sequence[Rect]
) -> npt.NDArray[np.int64]:
    """Return the area, px, that a label at each corner shares with each rectangle."""
    rects = np.array(others, np.int64).reshape(-1, 4)
    start = np.maximum(corners[:, None], rects[None, :, :2])
    end = np.minimum(corners[:, None] + size, rects[None, :, 2:])
    covered: npt.NDArray[np.int64] = (end - start).clip(0).prod(axis=2)
    return covered


def _rect(corner: npt.NDArray[np.int64], size: tuple[int, int]) -> Rect:
    x, y = corner.tolist()
    return Rect(x, y, x + size[0], y + size[1])


def _nearest_free(
    anchor: Rect, size: tuple[int, int], area: Rect, taken: Sequence[Rect]
) -> Rect | None:
    width, height = size
    step = max(4, height // 3)
    xs = np.arange(area.x1, area.x2 - width + 1, step)
    ys = np.arange(area.y1, area.y2 - height + 1, step)
    corners = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    corners = corners[~_covered(corners, size, taken).any(axis=1)]
    if not len(corners):
        return None
    middle = ((anchor.x1 + anchor.x2 - width) / 2, (anchor.y1 + anchor.y2 - height) / 2)
    return _rect(corners[((corners - middle) ** 2).sum(axis=1).argmin()], size)
