"""What the story of a whole source is made of: how it began, its turns, how it ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec

from .facts import Facts, Notable, clock

MAX_CHAPTERS = 240
"""Of a longer source the earliest chapters after the first are let go: an hour at 15 s is kept."""
MAX_TURNS = 8
"""The weightiest turns are told."""
LASTING_S = 5.0
"""A change of quadrant that is undone sooner than this is no turn. Our choice."""
AT_START_S = 2.0
"""Who arrives within so many seconds of the beginning was there from the beginning."""
LARGE = 0.25
"""A change of valence or arousal from here on is told in a story. Our choice."""
KINDS = ("quadrant_change", "arrival", "departure")


class Shift(msgspec.Struct, frozen=True):
    """Somebody looked clearly different from before, without passing into another quadrant."""

    time_s: float
    clock: str
    person: int
    valence: float
    valence_change: float
    arousal_change: float


class StoryFacts(msgspec.Struct, frozen=True):
    """The whole of a source; `start` and `end` are its first and last facts.

    `turns` are changes that lasted, arrivals and departures, in time, and `shifts` other large
    changes; `more` says that others were left out. `views` are all facts, which a text can be held
    against.
    """

    from_s: float
    to_s: float
    clock: str
    start: Facts
    end: Facts
    turns: tuple[Notable, ...]
    shifts: tuple[Shift, ...]
    more: bool
    views: tuple[Facts, ...]


class Chronicle:
    """Keeps the facts of one source as they are told, in bounded memory."""

    def __init__(self) -> None:
        """Start empty."""
        self._start: Facts | None = None
        self._chapters: deque[Facts] = deque(maxlen=MAX_CHAPTERS)
        self._events: deque[Notable] = deque(maxlen=50 * MAX_TURNS)

    def add(self, facts: Facts) -> None:
        """Take the next facts; a clock that runs backwards begins anew."""
        if self._chapters and facts.to_s < self._chapters[-1].to_s:
            self.__init__()  # type: ignore[misc]
        self._start = self._start or facts
        self._chapters.append(facts)
        self._events += [event for event in (*facts.notable, *facts.comings) if event.kind in KINDS]

    def story(self) -> StoryFacts | None:
        """Return what there is to tell; None when nothing was ever seen."""
        if self._start is None:
            return None
        end = self._chapters[-1]
        turns = _lasting(sorted(self._events, key=lambda one: one.time_s), end.to_s)
        turns = [one for one in turns if not _was_there(one, self._start)]
        told = _weightiest(turns, end.to_s)
        shifts = [one for chapter in self._chapters for one in _shifts(chapter)]
        largest = sorted(shifts, key=_size, reverse=True)[: MAX_TURNS - len(told)]
        return StoryFacts(
            from_s=self._start.from_s,
            to_s=end.to_s,
            clock=clock(end.to_s),
            start=self._start,
            end=end,
            turns=tuple(told),
            shifts=tuple(sorted(largest, key=lambda one: one.time_s)),
            more=len(told) + len(largest) < len(turns) + len(shifts),
            views=tuple(self._chapters),
        )


def plain(story: StoryFacts, with_views: bool) -> dict[str, Any]:
    """Return it as builtins; without views it is what is worth keeping beside the text."""
    facts: dict[str, Any] = msgspec.to_builtins(story)
    if not with_views:
        del facts["views"]
    return facts


def _shifts(facts: Facts) -> list[Shift]:
    """Return who changed much in one chapter, but for those whose turn is told anyway."""
    turned = {event.person for event in facts.notable if event.kind == "quadrant_change"}
    found = []
    for one in facts.people:
        valence, arousal = one.valence_change or 0.0, one.arousal_change or 0.0
        if one.uncertain or one.valence is None or one.person in turned:
            continue
        if max(abs(valence), abs(arousal)) >= LARGE:
            found.append(Shift(facts.to_s, facts.clock, one.person, one.valence, valence, arousal))
    return found


def _size(shift: Shift) -> float:
    return max(abs(shift.valence_change), abs(shift.arousal_change))


def _was_there(event: Notable, start: Facts) -> bool:
    return event.kind == "arrival" and event.time_s <= start.from_s + AT_START_S


def _lasting(events: Iterable[Notable], end_s: float) -> list[Notable]:
    """Leave out changes of quadrant that were soon undone by the next of the same person."""
    events = list(events)
    return [
        event
        for index, event in enumerate(events)
        if event.kind != "quadrant_change"
        or _lasted_s(event, events[index + 1 :], end_s) >= LASTING_S
    ]


def _lasted_s(event: Notable, later: Iterable[Notable], end_s: float) -> float:
    after = (one.time_s for one in later if one.person == event.person and one.kind == event.kind)
    return next(after, max(end_s, event.time_s + LASTING_S)) - event.time_s


def _weightiest(turns: list[Notable], end_s: float) -> list[Notable]:
    """Return at most `MAX_TURNS`: those of people before the group's, the longest lasting first."""
    ranked = sorted(
        range(len(turns)),
        key=lambda n: (turns[n].person == 0, -_lasted_s(turns[n], turns[n + 1 :], end_s)),
    )
    return [turns[n] for n in sorted(ranked[:MAX_TURNS])]
