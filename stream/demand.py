"""How many pictures a second each camera is to decode when not all can be looked at. Pure.

One target holds for all cameras: a camera that gives fewer decodes all of them, the others about
equally many. It falls towards a little more than what is looked at, and grows while nearly
everything is. Of cameras whose key frames fall together fewer pictures are looked at, so `Balance`
lets them decode more than the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

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


HELD = 0.75
"""A camera that decodes less than this share of what it may gives all that it has. Our choice."""

MOST_LEAN = 2.5
"""No camera decodes so many times more, or less, than the target. Our choice."""


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


class Balance:
    """Evens out what is seen of cameras: who is seen less than the others decodes more."""

    def __init__(self) -> None:
        """Treat all alike."""
        self._lean: dict[str, float] = {}

    def tell(self, target_hz: float, counts: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Return the target of each camera, from how many a second it decoded and had seen."""
        if math.isinf(target_hz):
            self._lean.clear()
        lean = {name: self._lean.get(name, 1.0) for name in counts}
        held = {
            name: seen_hz
            for name, (decoded_hz, seen_hz) in counts.items()
            if decoded_hz >= HELD * target_hz * lean[name]
        }
        if held:
            mean_hz = sum(held.values()) / len(held)
            for name, seen_hz in held.items():
                ratio = mean_hz / seen_hz if seen_hz else MOST_LEAN
                lean[name] *= math.sqrt(_within(ratio))
            scale = len(held) / sum(lean[name] for name in held)
            lean.update({name: _within(lean[name] * scale) for name in held})
        self._lean = lean
        return {name: target_hz * lean[name] for name in counts}


def _within(ratio: float) -> float:
    return min(max(ratio, 1 / MOST_LEAN), MOST_LEAN)
