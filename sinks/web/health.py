"""How a source does, from the readings that arrive: rate, age, and since when there are none."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from ...stream.messages import SourceHealth

SPAN_NS = 5_000_000_000
"""Rates and ages are those of the last five seconds."""
LOST_NS = 2_000_000_000
"""A source without a reading for so long is said to be lost."""


class Pulse:
    """The times of the last readings of one source."""

    def __init__(self) -> None:
        """Start with none."""
        self._beats: deque[tuple[int, int]] = deque(maxlen=1000)
        self._last_ns = 0
        self._last_wall_s = 0.0
        self.born_wall_s = time.time()

    def beat(self, now_ns: int, captured_ns: int) -> None:
        """Note a reading; `captured_ns` is the monotonic time of its capture, 0 if unknown."""
        self._beats.append((now_ns, now_ns - captured_ns if captured_ns else 0))
        self._last_ns, self._last_wall_s = now_ns, time.time()

    @property
    def has_beaten(self) -> bool:
        """Tell whether there was ever a reading."""
        return self._last_ns > 0

    def state(self, now_ns: int) -> dict[str, Any]:
        """Return rate (Hz), age (ms), and for a lost source the wall time of its last reading."""
        recent = [beat for beat in list(self._beats) if now_ns - beat[0] <= SPAN_NS]
        ages = sorted(age for _, age in recent)
        span_ns = max(1, recent[-1][0] - recent[0][0]) if len(recent) > 1 else 0
        is_lost = bool(self._last_ns) and now_ns - self._last_ns > LOST_NS
        return {
            "rate_hz": round((len(recent) - 1) * 1e9 / span_ns, 1) if span_ns else 0.0,
            "age_p50_ms": _percentile_ms(ages, 0.5),
            "age_p95_ms": _percentile_ms(ages, 0.95),
            "lost_since_s": round(self._last_wall_s, 3) if is_lost else None,
        }


def standing(health: SourceHealth | None, pulse: Pulse) -> dict[str, Any]:
    """Return why a camera that is tried again gives no pictures ("": it does), as its state says.

    One that never gave any is lost since the run began. The detail is kept back: it names where
    the camera is.
    """
    fault = "" if health is None or health.state in ("connecting", "playing") else health.state
    if not fault or pulse.has_beaten:
        return {"fault": fault}
    return {"fault": fault, "lost_since_s": round(pulse.born_wall_s, 3)}


def _percentile_ms(sorted_ns: list[int], share: float) -> float | None:
    if not sorted_ns:
        return None
    return round(sorted_ns[min(len(sorted_ns) - 1, int(share * len(sorted_ns)))] / 1e6, 1)
