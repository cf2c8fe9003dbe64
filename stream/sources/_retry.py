"""When a camera that is lost is tried again. Pure."""

from __future__ import annotations

FIRST_S, MOST_S = 0.5, 5.0
PATIENCE_S, LATER_S = 300.0, 30.0
"""After five minutes a camera is not coming back soon: ask seldom, and never give up."""

SPREAD = 0.2
"""Cameras behind one dead switch must not all ask at the same moment."""


def retry_wait_s(attempt: int, outage_s: float, spread: float) -> float:
    """Return the time between the starts of failed attempt number `attempt` (from 0) and the next.

    `outage_s` is how long the camera has been away; `spread` in [0, 1] shortens the wait by up to
    a fifth.
    """
    wait_s = LATER_S if outage_s >= PATIENCE_S else min(MOST_S, FIRST_S * 2 ** min(attempt, 10))
    return wait_s * (1 - SPREAD * spread)
