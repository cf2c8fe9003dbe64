"""What is known of one source after its run, and what can be worked out from it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from .facts import Notable
from .zones import fits

GAP_S = 2.5
"""Stretches of time nearer to each other than this are one."""
CHANGE_S = 5.0
"""A change is looked for between so long before a time and so long after it."""
NEAR_S = 1.0
"""A window this near to a time speaks for it."""
GROUP = 0


class Row(NamedTuple):
    """One person, or the group (0), in the window that ends at `time_s`."""

    time_s: float
    valence: float | None
    arousal: float | None
    movement: float | None
    emotion: str | None

    def is_in(self, zone: str) -> bool:
        """Return whether valence and arousal were measured and lie in a zone."""
        if self.valence is None or self.arousal is None:
            return False
        return fits(zone, self.valence, self.arousal)


class Step(NamedTuple):
    """A change about `time_s`, from `before` to `after`; `size` counts along what was asked."""

    size: float
    time_s: float
    before: float
    after: float


class Peak(NamedTuple):
    """The highest, or lowest, value there was."""

    time_s: float
    person: int
    value: float


class Record(NamedTuple):
    """What is known of one source: rows by person in time, and events."""

    rows: Mapping[int, Sequence[Row]]
    events: Sequence[Notable]

    @property
    def people(self) -> list[int]:
        """Everybody who was there, by number."""
        return sorted(person for person in self.rows if person != GROUP)

    def of(self, person: int) -> Sequence[Row]:
        """Return a person's rows; none for one who was not there."""
        return self.rows.get(person, ())

    def mean(self, person: int, dimension: str) -> float | None:
        """Return the mean of a person's `valence`, `arousal` or `movement`."""
        values = [
            value for row in self.of(person) if (value := getattr(row, dimension)) is not None
        ]
        return sum(values) / len(values) if values else None

    def near(self, person: int, time_s: float) -> Row | None:
        """Return a person's row nearest to a time, within `GAP_S`."""
        row = min(self.of(person), key=lambda one: abs(one.time_s - time_s), default=None)
        return row if row is not None and abs(row.time_s - time_s) <= GAP_S else None

    def stretches(self, person: int, holds: Callable[[Row], bool]) -> list[tuple[float, float]]:
        """Return from when to when a person's rows hold, in s."""
        found: list[tuple[float, float]] = []
        for row in filter(holds, self.of(person)):
            if found and row.time_s - found[-1][1] <= GAP_S:
                found[-1] = found[-1][0], row.time_s
            else:
                found.append((row.time_s, row.time_s))
        return found

    def steepest(self, person: int, dimension: str, direction: int) -> Step | None:
        """Return a person's largest change in a direction (1 or -1); the later of equal ones."""
        rows = self.of(person)
        steps = [
            Step((late - early) * direction, row.time_s, early, late)
            for row in rows
            if (early := _value_near(rows, row.time_s - CHANGE_S, dimension)) is not None
            and (late := _value_near(rows, row.time_s + CHANGE_S, dimension)) is not None
        ]
        return max(steps, default=None)

    def peak(self, people: Iterable[int], dimension: str, direction: int) -> Peak | None:
        """Return the highest value of some people, lowest where `direction` is -1; the earliest."""
        values = [
            (float(value) * direction, -row.time_s, person, float(value))
            for person in people
            for row in self.of(person)
            if (value := getattr(row, dimension)) is not None
        ]
        if not values:
            return None
        _, minus_s, person, value = max(values)
        return Peak(-minus_s, person, value)

    def most_at_once(self) -> tuple[int, float] | None:
        """Return the largest number of people in one window, and when first; None for nobody."""
        counts: dict[float, int] = {}
        for person in self.people:
            for row in self.of(person):
                counts[row.time_s] = counts.get(row.time_s, 0) + 1
        if not counts:
            return None
        best_s = max(counts, key=lambda time_s: (counts[time_s], -time_s))
        return counts[best_s], best_s

    def span_s(self, people: Iterable[int]) -> tuple[float, float]:
        """Return the times of the first and the last row of some people who have rows."""
        times_s = [row.time_s for person in people for row in self.of(person)]
        return min(times_s), max(times_s)


def _value_near(rows: Sequence[Row], time_s: float, dimension: str) -> float | None:
    near = [row for row in rows if abs(row.time_s - time_s) <= NEAR_S]
    values = [value for row in near if (value := getattr(row, dimension)) is not None]
    return float(values[0]) if values else None
