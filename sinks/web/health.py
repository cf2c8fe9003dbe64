"""How a source does, from the readings that arrive: rate, age, and since when there are none."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from ...stream.messages import SourceHealth

SPAN_NS = 5_000_000_000
"""Rates and ages are those of the last five seconds."""
LOST_NS = 2_000_000_000
"""A source without a reading for so long is lost if it says so, or gives no frames either."""
HEARD_NS = 4_000_000_000
"""Counters of frames come once a second, later under load. Our choice."""
LATE_NS = 15_000_000_000
"""Longer than between two key frames, of which only the first may be looked at under load."""


class Pulse:
    """The times of the last readings of one source, and of its frames."""

    def __init__(self) -> None:
        """Start with none."""
        self._beats: deque[tuple[int, int]] = deque(maxlen=1000)
        self._last_ns = 0
        self._last_wall_s = 0.0
        self._born_wall_s = time.time()
        self._captured, self._heard_ns = 0, -2 * HEARD_NS

    def beat(self, now_ns: int, captured_ns: int) -> None:
        """Note a reading; `captured_ns` is the monotonic time of its capture, 0 if unknown."""
        self._beats.append((now_ns, now_ns - captured_ns if captured_ns else 0))
        self._last_ns, self._last_wall_s = now_ns, time.time()

    def hear(self, now_ns: int, captured: int) -> None:
        """Note how many frames it has given, looked at or not."""
        if captured != self._captured:
            self._captured, self._heard_ns = captured, now_ns

    def state(self, now_ns: int, health: SourceHealth | None = None) -> dict[str, Any]:
        """Return rate (Hz), age (ms), since when it is lost (wall time), and its fault ("": none).

        One that never gave a picture and says why is lost since the run began. What a fault says
        beside its name is kept back: it tells where the camera is.
        """
        recent = [beat for beat in list(self._beats) if now_ns - beat[0] <= SPAN_NS]
        ages = sorted(age for _, age in recent)
        span_ns = max(1, recent[-1][0] - recent[0][0]) if len(recent) > 1 else 0
        fault = "" if health is None or health.state in ("connecting", "playing") else health.state
        since_s = self._last_wall_s or self._born_wall_s
        return {
            "rate_hz": round((len(recent) - 1) * 1e9 / span_ns, 1) if span_ns else 0.0,
            "age_p50_ms": _percentile_ms(ages, 0.5),
            "age_p95_ms": _percentile_ms(ages, 0.95),
            "lost_since_s": round(since_s, 3) if self._is_lost(now_ns, bool(fault)) else None,
            "fault": fault,
        }

    def _is_lost(self, now_ns: int, says_so: bool) -> bool:
        if not self._last_ns:
            return says_so
        silent_ns = now_ns - self._last_ns
        gives_none = now_ns - self._heard_ns > HEARD_NS
        return silent_ns > LATE_NS or (silent_ns > LOST_NS and (says_so or gives_none))


def _percentile_ms(sorted_ns: list[int], share: float) -> float | None:
    if not sorted_ns:
        return None
    return round(sorted_ns[min(len(sorted_ns) - 1, int(share * len(sorted_ns)))] / 1e6, 1)
