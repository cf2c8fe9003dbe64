"""How much of its stream a camera decodes when most pictures would be thrown away. Pure."""

from __future__ import annotations

from collections.abc import Sequence

PERIOD_S = 2.0
ENOUGH = 8
LONGEST_S = 10.0
"""A decision rests on two seconds and eight pictures, or on ten seconds. Our choice."""

WASTE_UP = 0.25
"""From this share of decoded pictures that nobody sees, less is decoded. Our choice."""

WASTE_DOWN = 0.1
"""Below this share more is decoded again. Our choice."""

SPARE = 1.25
"""Decoded is at least this much more than is seen, so that a free worker finds a fresh picture."""

PATIENCE = 2
LONGEST_PATIENCE = 16


class Shedder:
    """Chooses the level of `Source.shed` of one camera, from its own counters."""

    def __init__(self) -> None:
        """Start with everything decoded."""
        self.level = 0
        self._mark: tuple[float, int, int] | None = None
        self._quiet = 0
        self._patience = PATIENCE
        self._was_lowered = False

    def tell(self, now_s: float, decoded: int, unseen: int, kept: Sequence[float]) -> int:
        """Return the level, from the counts so far of pictures decoded and thrown away.

        `kept` is the share of the pictures that each level leaves, 1 at level 0 and falling.
        """
        if self._mark is None:
            self._mark = now_s, decoded, unseen
            return self.level
        since_s, of, lost = now_s - self._mark[0], decoded - self._mark[1], unseen - self._mark[2]
        if since_s < PERIOD_S or (of < ENOUGH and since_s < LONGEST_S) or not of:
            return self.level
        self._mark = now_s, decoded, unseen
        waste = lost / of
        if waste >= WASTE_UP:
            self._raise(of, of - lost, kept)
        elif waste < WASTE_DOWN:
            self._lower()
        else:
            self._quiet, self._was_lowered = 0, False
        return self.level

    def _raise(self, decoded: int, seen: int, kept: Sequence[float]) -> None:
        self._quiet = 0
        if self.level + 1 >= len(kept):
            return
        if decoded * kept[self.level + 1] / kept[self.level] < SPARE * seen:
            return
        if self._was_lowered:
            self._patience = min(2 * self._patience, LONGEST_PATIENCE)
        self.level += 1
        self._was_lowered = False

    def _lower(self) -> None:
        self._quiet += 1
        if self.level and self._quiet >= self._patience:
            self.level -= 1
            self._quiet, self._was_lowered = 0, True
