"""Where valence and arousal of each person rise and fall over a whole source. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from ..stream.messages import GROUP, Window
from .facts import FEW_READINGS, LOW_COVERAGE, Notable, clock

LARGE = 0.25
"""A rise or fall of valence or arousal from here on is told. Our choice."""
REACHED = 0.05
"""A rise has come to its end when it is within this of its highest. Our choice."""
TOGETHER_S = 4.0
"""Valence and arousal of one person change together when they end within so many seconds."""


class Shift(msgspec.Struct, frozen=True):
    """Somebody came to look clearly different, from `from_s` to `time_s`.

    Valence and arousal are those at its end.
    """

    from_s: float
    time_s: float
    clock: str
    person: int
    valence: float
    arousal: float
    quadrant: str
    valence_change: float = 0.0
    arousal_change: float = 0.0


class _Point(NamedTuple):
    time_s: float
    valence: float
    arousal: float
    quadrant: str


def shifts_of(windows: Iterable[Window], events: Sequence[Notable]) -> list[Shift]:
    """Return the large rises and falls of everybody, in time, while they were there."""
    found: list[Shift] = []
    for person, points in _courses(windows, events).items():
        lifts = _legs(points, lambda point: point.valence)
        stirs = _legs(points, lambda point: point.arousal)
        shifts = [_shift(person, start, end, True, False) for start, end in lifts]
        for start, end in stirs:
            near = [n for n, one in enumerate(shifts) if _is_near(one, end)]
            if near and shifts[near[0]].valence_change:
                both = {"arousal_change": round(end.arousal - start.arousal, 2)}
                shifts[near[0]] = msgspec.structs.replace(shifts[near[0]], **both)
            else:
                shifts.append(_shift(person, start, end, False, True))
        found += shifts
    return sorted(found, key=lambda one: (one.time_s, one.person))


def _is_near(shift: Shift, end: _Point) -> bool:
    return abs(shift.time_s - end.time_s) <= TOGETHER_S


def _shift(person: int, start: _Point, end: _Point, lifts: bool, stirs: bool) -> Shift:
    return Shift(
        from_s=start.time_s,
        time_s=end.time_s,
        clock=clock(end.time_s),
        person=person,
        valence=round(end.valence, 2),
        arousal=round(end.arousal, 2),
        quadrant=end.quadrant,
        valence_change=round(end.valence - start.valence, 2) if lifts else 0.0,
        arousal_change=round(end.arousal - start.arousal, 2) if stirs else 0.0,
    )


def _courses(windows: Iterable[Window], events: Sequence[Notable]) -> dict[int, list[_Point]]:
    """Return the certain points of each person; a window holds a person for a while after."""
    courses: dict[int, list[_Point]] = {}
    comings = [one for one in events if one.kind in ("arrival", "departure")]
    away: set[int] = set()
    for window in windows:
        while comings and comings[0].time_s <= window.pts_s:
            event = comings.pop(0)
            (away.add if event.kind == "departure" else away.discard)(event.person)
        for span in window.spans:
            if span.person in (GROUP, *away) or span.n < FEW_READINGS:
                continue
            valence, arousal = span.valence_mean, span.arousal_mean
            if span.coverage < LOW_COVERAGE or valence is None or arousal is None:
                continue
            point = _Point(window.pts_s, valence, arousal, span.quadrant or "neutral")
            courses.setdefault(span.person, []).append(point)
    return courses


def _legs(
    points: Sequence[_Point], value: Callable[[_Point], float]
) -> list[tuple[_Point, _Point]]:
    """Return where a course rises or falls by `LARGE`: the point it leaves and the one it reaches.

    A leg lasts until the course comes back by as much.
    """
    legs: list[tuple[int, int]] = []
    low = high = pivot = extreme = direction = 0
    for n, point in enumerate(points):
        if not direction:
            low = n if value(point) < value(points[low]) else low
            high = n if value(point) > value(points[high]) else high
            if value(points[high]) - value(points[low]) >= LARGE:
                direction = 1 if high > low else -1
                pivot, extreme = (low, high) if direction > 0 else (high, low)
        elif (value(point) - value(points[extreme])) * direction > 0:
            extreme = n
        elif (value(points[extreme]) - value(point)) * direction >= LARGE:
            legs.append((pivot, extreme))
            pivot, extreme, direction = extreme, n, -direction
    if direction:
        legs.append((pivot, extreme))
    return [(points[start], _reached(points[start : end + 1], value)) for start, end in legs]


def _reached(leg: Sequence[_Point], value: Callable[[_Point], float]) -> _Point:
    return next(point for point in leg if abs(value(point) - value(leg[-1])) <= REACHED)
