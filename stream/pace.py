"""When a live picture comes, and whether it is let through. Pure: time is an argument."""

from __future__ import annotations

SLACK_S = 0.5
"""A file that stands in for a camera may be this late before its time slips: a camera would not
wait, but a decoder that was held up for long shall not run after it for ever. Our choice."""


class RateCap:
    """Lets through at most `rate_hz` pictures a second, evenly; None lets all through."""

    def __init__(self, rate_hz: float | None) -> None:
        """Let the first one through."""
        self._period_s = 1 / rate_hz if rate_hz else 0.0
        self._due_s = float("-inf")

    def admits(self, now_s: float) -> bool:
        """Return whether a picture that comes at this time is let through."""
        if now_s < self._due_s - 1e-6:
            return False
        late_s = now_s - self._due_s
        self._due_s = self._period_s + (self._due_s if late_s < self._period_s else now_s)
        return True


class Metronome:
    """Tells when a picture of a file is due when the file stands in for a camera."""

    def __init__(self, speed: float) -> None:
        """Begin with the first picture; `speed` is media seconds per second."""
        self._speed = speed
        self._zero_s: float | None = None

    def early_s(self, pts_s: float, now_s: float) -> float:
        """Return how long to wait for a picture; at most 0 when it is due."""
        if self._zero_s is None:
            self._zero_s = now_s - pts_s / self._speed
        early_s = self._zero_s + pts_s / self._speed - now_s
        if early_s < -SLACK_S:
            self._zero_s -= early_s
        return early_s
