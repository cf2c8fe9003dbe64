"""What is too old to be worth a look, or to be told. Pure: ages and times are arguments.

A decoded picture waits for a worker, is looked at, and its result waits for those of earlier ones:
all of it together may take `most_age_s`.
"""

from __future__ import annotations

DELIVERY_S = 0.05
"""What is left for tracking and for the way to the sinks. Our choice: twice what they take."""

LEAST_S = 0.05
"""So fresh a frame is looked at, however slow the networks are. Our choice."""

SILENCE_S = 2.0
"""So long a camera says nothing before a late result is better than none: a machine on which one
look takes half a second still tells something. Our choice."""

SETTLE = 0.05
"""By so much of the difference the time of a look falls with each quicker one. Our choice."""


class Freshness:
    """Holds results of a live run to an age; None lets all through."""

    def __init__(self, most_age_s: float | None) -> None:
        """Start with looks that take no time."""
        self._most_s = float("inf") if most_age_s is None else most_age_s - DELIVERY_S
        self._look_s = 0.0
        self._told_s: dict[str, float] = {}

    def took(self, look_s: float) -> None:
        """Learn how long a look took: the longest of late counts."""
        self._look_s = max(look_s, self._look_s + SETTLE * (look_s - self._look_s))

    def may_start(self, age_s: float) -> bool:
        """Return whether a frame of this age would be told in time."""
        return age_s <= max(LEAST_S, self._most_s - self._look_s)

    def may_leave(self, source_id: str, age_s: float, now_s: float) -> bool:
        """Return whether a result of this age is told; at `now_s` it then is."""
        silent_s = now_s - self._told_s.get(source_id, float("-inf"))
        if age_s > self._most_s and silent_s < SILENCE_S:
            return False
        self._told_s[source_id] = now_s
        return True

    def forget(self, source_id: str) -> None:
        """Let go of a camera that has left."""
        self._told_s.pop(source_id, None)
