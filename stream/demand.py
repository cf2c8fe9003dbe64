"""How many pictures a second each camera is to decode when not all can be looked at. Pure.

One target holds for all cameras, so that none is better off: a camera that gives fewer decodes all
of them, the others equally many. It falls towards a little more than what is looked at, and
grows while nearly everything is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

WASTE_UP = 0.22
"""From this share of decoded pictures that nobody sees, less is decoded. Our choice."""

WASTE_DOWN = 0.1
"""Below this share more is decoded. Our choice."""

BUSY = 0.85
FREE = 0.7
"""Only workers that were busy for this share of the time are overloaded, whatever is lost when the
pictures of several cameras come at once; below `FREE` more is decoded. Our choice."""

SPARE = 1.25
"""Decoded is this much more than is seen, so that a free worker finds a fresh picture."""

GROWTH = 1.5
LEAST_HZ = 0.5
"""Less is never asked for. Our choice."""


class Demand:
    """The target, in pictures per second per camera; infinite while everything is decoded."""

    def __init__(self) -> None:
        """Ask for everything."""
        self.target_hz = math.inf

    def tell(self, decoded_hz: Sequence[float], seen_hz: Sequence[float], busy: float) -> float:
        """Return the target, from what each camera decoded and what was looked at of it.

        `busy` is the share of the time in which the workers looked at something.
        """
        most_hz = max(decoded_hz, default=0.0)
        if not most_hz:
            return self.target_hz
        waste = 1 - sum(seen_hz) / sum(decoded_hz)
        if waste >= WASTE_UP and busy >= BUSY:
            # At most halved: what is seen while decoding takes the cores is less than could be.
            least_hz = max(LEAST_HZ, SPARE * max(seen_hz), min(self.target_hz, most_hz) / 2)
            self.target_hz = min(self.target_hz, least_hz)
        elif waste < WASTE_DOWN or busy < FREE:
            # Once every camera decodes less than it may, the target holds nobody back.
            self.target_hz *= GROWTH
            if self.target_hz > 4 * most_hz:
                self.target_hz = math.inf
        return self.target_hz
