"""Sudden departures of a person's valence or arousal from what the last window says is usual."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .messages import Reading, Span

SHORT_S = 0.5
"""The short mean covers this much time. Our choice: about a passing expression."""

MIN_SHORT = 3
"""The short mean needs this many readings, so that one bad frame is no spike."""

MIN_USUAL = 10
"""The window needs this many readings before it says what is usual."""

DEVIATIONS = 3.0
"""A spike departs from the window's mean by more than this many standard deviations."""

MIN_STEP = 0.25
"""A spike departs from the window's mean by more than this in any case."""

REST_S = 5.0
"""After a spike of a person the next one waits for this long."""


@dataclass(slots=True)
class _Recent:
    values: deque[tuple[float, float, float]] = field(default_factory=deque)
    last_spike_s: float = float("-inf")


class Spikes:
    """Watches everybody of one source."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._usual: dict[int, Span] = {}
        self._recent: dict[int, _Recent] = {}

    def compare_with(self, people: Sequence[Span]) -> None:
        """Take the newest window's spans as what is usual."""
        self._usual = {span.person: span for span in people if span.n >= MIN_USUAL}

    def forget(self, people: Iterable[int]) -> None:
        """Drop what is known of people who left."""
        for person in people:
            self._recent.pop(person, None)

    def add(self, reading: Reading) -> list[tuple[int, str, str]]:
        """Return person, the usual and the sudden value of each spike, as `arousal 0.12`."""
        spikes = []
        for person in reading.people:
            if person.valence is None or person.arousal is None:
                continue
            recent = self._recent.setdefault(person.id, _Recent())
            values = recent.values
            values.append((reading.pts_s, person.valence, person.arousal))
            while values[0][0] <= reading.pts_s - SHORT_S:
                values.popleft()
            usual = self._usual.get(person.id)
            rested = reading.pts_s - recent.last_spike_s >= REST_S
            if usual is None or not rested or len(values) < MIN_SHORT:
                continue
            found = _largest(usual, recent)
            if found:
                recent.last_spike_s = reading.pts_s
                spikes.append((person.id, *found))
        return spikes


def _largest(usual: Span, recent: _Recent) -> tuple[str, str] | None:
    """Return the usual and the sudden value in the dimension that departs most, if any does."""
    count = len(recent.values)
    steps = []
    for name, mean, sd, sudden in (
        ("valence", usual.valence_mean, usual.valence_sd, sum(v[1] for v in recent.values) / count),
        ("arousal", usual.arousal_mean, usual.arousal_sd, sum(v[2] for v in recent.values) / count),
    ):
        if mean is not None and sd is not None:
            step = abs(sudden - mean)
            if step > max(MIN_STEP, DEVIATIONS * sd):
                steps.append((step, f"{name} {mean:.2f}", f"{name} {sudden:.2f}"))
    return max(steps)[1:] if steps else None
