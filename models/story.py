"""What the story of a whole source is made of: how it began, its turns, how it ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ..stream.messages import Window
from .courses import Shift, shifts_of
from .facts import Facts, Notable, clock, gather

MAX_CHAPTERS = 240
"""Of a longer source the earliest chapters after the first are let go: an hour at 15 s is kept."""
MAX_WINDOWS = 720
"""From here on every second window is let go: ten minutes are kept second by second."""
MAX_TURNS = 8
"""The weightiest changes are told."""
MAX_COMINGS = 24
"""The first arrivals and departures are told."""
LASTING_S = 5.0
"""A change of quadrant that is undone sooner than this is no turn. Our choice."""
AT_START_S = 2.0
"""Who arrives within so many seconds of the beginning was there from the beginning."""
OPENING_S = 4.0
"""The beginning is the first window within so many seconds in which somebody can be read."""
COMINGS = ("arrival", "departure")
KINDS = ("quadrant_change", *COMINGS)


class StoryFacts(msgspec.Struct, frozen=True):
    """The whole of a source; `start` and `end` are its first and last facts.

    `turns` are arrivals, departures and lasting changes of quadrant, in time, and `shifts` other
    large changes; `more` says that changes were left out, and `passers` how many people were.
    `views` are all facts, which a text can be held against.
    """

    from_s: float
    to_s: float
    clock: str
    start: Facts
    end: Facts
    turns: tuple[Notable, ...]
    shifts: tuple[Shift, ...]
    more: bool
    passers: int
    views: tuple[Facts, ...]


class Chronicle:
    """Keeps what is told of one source, and its windows, in bounded memory."""

    def __init__(self) -> None:
        """Start empty."""
        self._chapters: deque[Facts] = deque(maxlen=MAX_CHAPTERS)
        self._events: deque[Notable] = deque(maxlen=50 * MAX_TURNS)
        self._windows: list[Window] = []

    def add(self, facts: Facts, windows: Sequence[Window]) -> None:
        """Take the next facts and their windows; a clock that runs backwards begins anew."""
        if self._chapters and facts.to_s < self._chapters[-1].to_s:
            self.__init__()  # type: ignore[misc]
        self._chapters.append(facts)
        self._events += [event for event in (*facts.notable, *facts.comings) if event.kind in KINDS]
        self._windows += windows
        while len(self._windows) > MAX_WINDOWS:
            del self._windows[1::2]

    def story(self) -> StoryFacts | None:
        """Return what there is to tell; None when nothing was ever seen."""
        if not self._chapters:
            return None
        events = sorted(self._events, key=lambda one: one.time_s)
        start, end = self._opening(events), self._chapters[-1]
        comings = [one for one in events if one.kind in COMINGS and not _was_there(one, start)]
        turns = _lasting([one for one in events if one.kind not in COMINGS], end.to_s)
        told = _weightiest(turns, end.to_s)
        shifts = [one for one in shifts_of(self._windows, events) if not _is_told(one, turns)]
        largest = sorted(shifts, key=_size, reverse=True)[: MAX_TURNS - len(told)]
        largest.sort(key=lambda one: one.time_s)
        left_out = {one.person for one in comings[MAX_COMINGS:]}
        return StoryFacts(
            from_s=start.from_s,
            to_s=end.to_s,
            clock=clock(end.to_s),
            start=start,
            end=end,
            turns=tuple(sorted([*told, *comings[:MAX_COMINGS]], key=lambda one: one.time_s)),
            shifts=tuple(largest),
            more=len(told) + len(largest) < len(turns) + len(shifts),
            passers=len(left_out - {one.person for one in comings[:MAX_COMINGS]}),
            views=(start, *self._chapters, *(self._view(one, events) for one in largest)),
        )

    def _opening(self, events: Sequence[Notable]) -> Facts:
        """Return the facts of the beginning."""
        if not self._windows:
            return self._chapters[0]
        first = self._windows[0]
        early = [one for one in self._windows if one.pts_s <= first.pts_s + OPENING_S]
        for window in early:
            facts = _gathered(window, events)
            if any(one.valence is not None and not one.uncertain for one in facts.people):
                return facts
        return _gathered(first, events)

    def _view(self, shift: Shift, events: Sequence[Notable]) -> Facts:
        """Return the facts at the end of a shift, with the change over it."""
        window = next(one for one in self._windows if one.pts_s >= shift.time_s)
        facts = _gathered(window, events)
        changes = {"valence_change": shift.valence_change, "arousal_change": shift.arousal_change}
        people = tuple(
            msgspec.structs.replace(one, **changes) if one.person == shift.person else one
            for one in facts.people
        )
        return msgspec.structs.replace(facts, people=people, from_s=shift.from_s)


def plain(story: StoryFacts, with_views: bool) -> dict[str, Any]:
    """Return it as builtins; without views it is what is worth keeping beside the text."""
    facts: dict[str, Any] = msgspec.to_builtins(story)
    if not with_views:
        del facts["views"]
    for view in facts.get("views", ()):
        view["counts"] = [story.passers]
    return facts


def _gathered(window: Window, events: Sequence[Notable]) -> Facts:
    """Return the facts of one window alone, with those who are there at its end."""
    facts = gather([window], [], None)
    away = _away(events, window.pts_s)
    people = tuple(one for one in facts.people if one.person not in away)
    return msgspec.structs.replace(
        facts,
        people=people,
        people_count=len(people),
        arrived=(),
        mood=facts.mood if people else "",
    )


def _away(events: Iterable[Notable], time_s: float) -> set[int]:
    """Return who has left by a time."""
    away: set[int] = set()
    for event in events:
        if event.time_s <= time_s and event.kind in COMINGS:
            (away.add if event.kind == "departure" else away.discard)(event.person)
    return away


def _is_told(shift: Shift, turns: Iterable[Notable]) -> bool:
    """Tell whether a turn of the same person says the same."""
    return any(
        one.person == shift.person and shift.from_s <= one.time_s <= shift.time_s + LASTING_S
        for one in turns
    )


def _size(shift: Shift) -> float:
    return max(abs(shift.valence_change), abs(shift.arousal_change))


def _was_there(event: Notable, start: Facts) -> bool:
    return event.kind == "arrival" and event.time_s <= start.from_s + AT_START_S


def _lasting(events: Sequence[Notable], end_s: float) -> list[Notable]:
    """Leave out changes of quadrant that were soon undone by the next of the same person."""
    return [
        event
        for index, event in enumerate(events)
        if _lasted_s(event, events[index + 1 :], end_s) >= LASTING_S
    ]


def _lasted_s(event: Notable, later: Iterable[Notable], end_s: float) -> float:
    after = (one.time_s for one in later if one.person == event.person)
    return next(after, max(end_s, event.time_s + LASTING_S)) - event.time_s


def _weightiest(turns: list[Notable], end_s: float) -> list[Notable]:
    """Return at most `MAX_TURNS`: those of people before the group's, the longest lasting first."""
    ranked = sorted(
        range(len(turns)),
        key=lambda n: (turns[n].person == 0, -_lasted_s(turns[n], turns[n + 1 :], end_s)),
    )
    return [turns[n] for n in sorted(ranked[:MAX_TURNS])]
