"""Which networks look at a live frame, and how rarely the heavy ones do under load. Pure.

In a replay the frame's number alone decides. Live, frames are overwritten, so looks are counted
over the frames that are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

from .messages import Looks

FACTORS = (1, 2, 4, 8)
"""By how much bodies may be looked for less often. Our choice."""

LONGEST_S = 1.5
"""Load does not keep bodies waiting longer: half of what movement bridges (MAX_GAP_S in
models/body.py)."""

LOST_UP = 0.2
"""From this share of overwritten frames on, bodies are looked for less often. Our choice."""

LOST_DOWN = 0.05
"""Below this share they may be looked for more often again. Our choice."""

BUSY = 0.85
"""Workers that are free for a larger part of the time are not overloaded, whatever is lost when the
pictures of several cameras come at once. Our choice."""

PATIENCE_PERIODS = 5
LONGEST_PATIENCE = 60
"""Quiet periods before the load is tried again, at first and at most. Our choice."""


@dataclass
class Strides:
    """The looks of one camera."""

    face: int
    pose: int
    refresh: int
    _frames: int = 0
    _pose_at: int | None = None
    _pose_s: float = 0.0
    _pose_looks: int = 0

    def next(self, factor: int, pts_s: float) -> tuple[Looks, bool]:
        """Return what is looked for in the next frame, and whether bodies had to wait for load."""
        number, self._frames = self._frames, self._frames + 1
        since = None if self._pose_at is None else number - self._pose_at
        is_due = since is None or since >= self.pose
        is_late = is_due and pts_s - self._pose_s >= LONGEST_S
        bodies = since is None or since >= self.pose * factor or is_late
        newcomers = bodies and self._pose_looks % self.refresh == 0
        if bodies:
            self._pose_at, self._pose_s = number, pts_s
            self._pose_looks += 1
        return Looks(number % self.face == 0, bodies, newcomers), is_due and not bodies


class Stretch:
    """By how much the strides of bodies are stretched; told once per period what was lost.

    lost     .3 .3 .3 .0 .0 .0 .0 .0 .0        a step up at once, a step down after five
    factor    2  4  8  8  8  8  8  4  4        quiet periods, later when that proved too soon
    """

    def __init__(self) -> None:
        """Start unstretched."""
        self._step = 0
        self._quiet = 0
        self._patience = PATIENCE_PERIODS
        self._since_down = LONGEST_PATIENCE

    @property
    def factor(self) -> int:
        """The present factor."""
        return FACTORS[self._step]

    def tell(self, taken: int, lost: int, busy: float) -> int:
        """Take the frames of one period that were looked at and that were overwritten.

        `busy` is the share of the period in which the workers looked at something.
        """
        share = lost / (taken + lost) if taken + lost else 0.0
        self._since_down += 1
        self._quiet = self._quiet + 1 if share < LOST_DOWN else 0
        if share >= LOST_UP and busy >= BUSY and self._step < len(FACTORS) - 1:
            if self._since_down <= PATIENCE_PERIODS:
                self._patience = min(2 * self._patience, LONGEST_PATIENCE)
            self._step += 1
        elif self._quiet >= self._patience and self._step:
            self._step -= 1
            self._quiet = self._since_down = 0
        elif self._quiet >= LONGEST_PATIENCE:
            self._patience = PATIENCE_PERIODS
        return self.factor
