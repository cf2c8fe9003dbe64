"""How many pictures a second all cameras together decode when not all can be looked at. Pure.

It falls towards a little more than what is looked at, and grows while nearly everything is.
"""

from __future__ import annotations

import math

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

GROWTH = 1.25
MUCH = 4
"""A budget so many times what is decoded is none any more. Our choice."""

LEAST_HZ = 0.5
"""Less is never asked for. Our choice."""


class Demand:
    """The budget, in pictures per second; infinite while everything is decoded."""

    def __init__(self) -> None:
        """Ask for everything."""
        self.budget_hz = math.inf

    def tell(self, decoded_hz: float, seen_hz: float, busy: float) -> float:
        """Return the budget, from what was decoded of late and what was looked at of it.

        `busy` is the share of the time in which the workers looked at something.
        """
        if not decoded_hz:
            return self.budget_hz
        waste = 1 - seen_hz / decoded_hz
        if waste >= WASTE_UP and busy >= BUSY:
            # At most halved: what is seen while decoding takes the cores is less than could be.
            least_hz = max(LEAST_HZ, SPARE * seen_hz, min(self.budget_hz, decoded_hz) / 2)
            self.budget_hz = min(self.budget_hz, least_hz)
        elif waste < WASTE_DOWN or busy < FREE:
            # Once much less is decoded than may be, the budget holds nobody back.
            self.budget_hz *= GROWTH
            if self.budget_hz > MUCH * decoded_hz:
                self.budget_hz = math.inf
        return self.budget_hz
