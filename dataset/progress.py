"""How far a step is, how fast, and how long it still takes: one line on standard error."""

from __future__ import annotations

import sys
import time
from typing import TextIO

_LIVE_S = 0.2
_PLAIN_S = 10.0
"""Between lines: on a terminal one line is renewed, in a log a line is added."""


class Progress:
    """Counts items, each with a weight that says how long it takes beside the others.

    `unit` is what weights count, such as frames; the rate is in it then, else in items.
    """

    def __init__(
        self, step: str, weights: dict[str, float], to: TextIO | None = None, unit: str = ""
    ) -> None:
        """Start the clock."""
        self._step, self._weights, self._unit = step, weights, unit
        self._to = to or sys.stderr
        self._total = sum(weights.values()) or 1.0
        self._done, self._failed, self._weight = 0, 0, 0.0
        self._begun: dict[str, float] = {}
        self._start_s = self._told_s = time.monotonic()

    def count(self, item: str, *, failed: bool = False) -> None:
        """Count an item that is done, or that failed."""
        self._done += 1
        self._failed += failed
        self._weight += self._weights.get(item, 0.0)
        self._begun.pop(item, None)
        self.show()

    def begun(self, item: str, share: float) -> None:
        """Note how much of an item (0..1) is done so far."""
        self._begun[item] = share

    def show(self) -> None:
        """Write the line where it is time to, and after the last item."""
        if not self._weights:
            return
        is_live = self._to.isatty()
        now_s = time.monotonic()
        is_last = self._done == len(self._weights)
        if is_last or now_s - self._told_s >= (_LIVE_S if is_live else _PLAIN_S):
            self._told_s = now_s
            line = self.line(now_s - self._start_s)
            start, end = ("\r\x1b[K", "\n" if is_last else "") if is_live else ("", "\n")
            self._to.write(f"{start}{line}{end}")
            self._to.flush()

    def line(self, passed_s: float) -> str:
        """Return the line after so many seconds."""
        parts = [f"{self._step}: {self._done}/{len(self._weights)}"]
        begun = sum(share * self._weights.get(item, 0.0) for item, share in self._begun.items())
        weight = self._weight + begun
        count, unit = (weight, f" {self._unit}") if self._unit else (self._done, "")
        if passed_s > 0 and count > 0:
            parts.append(f"{count / passed_s:.3g}{unit}/s")
        if self._done < len(self._weights) and weight > 0:
            left_s = passed_s * (self._total - weight) / weight
            parts.append(f"{duration(left_s)} left")
        elif self._done == len(self._weights):
            parts.append(f"in {duration(passed_s)}")
        if self._failed:
            parts.append(f"{self._failed} failed")
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """Return a duration such as `1:02:03`, `4:05` or `6 s`."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if minutes else f"{rest} s"
