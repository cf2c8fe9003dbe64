"""Maps of the picture onto itself: shift, zoom and roll, as one complex multiplication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Similarity:
    """The map z -> turn * z + shift of points z = x + iy in px.

    `abs(turn)` is the zoom, the argument of `turn` the roll in radians, clockwise in the picture.
    """

    turn: complex = 1 + 0j
    shift: complex = 0j

    def __call__(self, x_px: float, y_px: float) -> complex:
        """Return where a point goes, as x + iy in px."""
        return self.turn * complex(x_px, y_px) + self.shift

    def after(self, first: Similarity) -> Similarity:
        """Return the map that does `first`, then this one."""
        return Similarity(self.turn * first.turn, self.turn * first.shift + self.shift)

    def inverse(self) -> Similarity:
        """Return the way back. Raises ZeroDivisionError where everything falls on one point."""
        return Similarity(1 / self.turn, -self.shift / self.turn)


STILL = Similarity()
"""Nothing moves."""


def fit(before: Sequence[complex], after: Sequence[complex]) -> Similarity | None:
    """Return the least-squares map of some points, in px, to where they are later.

    None with fewer than two different points on either side. Source: Umeyama 1991, Least-squares
    estimation of transformation parameters between two point patterns; in the plane it is a
    regression in complex numbers.
    """
    if len(before) < 2:
        return None
    from_mean, to_mean = sum(before) / len(before), sum(after) / len(after)
    spread = sum(abs(z - from_mean) ** 2 for z in before)
    together = sum(
        (z - from_mean).conjugate() * (w - to_mean) for z, w in zip(before, after, strict=True)
    )
    if spread <= 0 or together == 0:
        return None
    turn = together / spread
    return Similarity(turn, to_mean - turn * from_mean)
