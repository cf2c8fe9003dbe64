"""The sliding window over one source: statistics once a second of media time, and events.

Pure: time is what the readings carry. Three rules hold it together.

    reading     t0 . . . . . . . r . . . . . . T . r        T = t0 + 1 s, t0 + 2 s, ...
    window                 (T - window_s ======= T]         made when a reading at or after T comes

A gap: after a jump of the clock the windows that still hold a reading are made, then one that holds
none, and the rest of the gap is skipped; later windows stay on the same whole seconds. A new epoch,
or a clock that runs backwards, forgets everything, and whoever is seen then arrives.
"""

from __future__ import annotations

from math import floor, hypot

from ..models.affect import NEUTRAL_RADIUS, quadrant
from .messages import GROUP, Event, EventKind, Quadrant, Reading, Window, stamp_of
from .spans import Samples, group_span, person_spans
from .spikes import Spikes

PERIOD_S = 1.0
"""Media time between two windows."""

TOLERANCE_S = 1e-6
"""Times closer than this are equal, so that 0.04 s added 25 times is a second."""


class SlidingWindow:
    """The window of one source; feed it every reading in order.

    Memory is bounded by the readings of `window_s` plus a second and by the people in them.
    """

    def __init__(
        self,
        window_s: float,
        absent_s: float = 2.0,
        neutral_radius: float = NEUTRAL_RADIUS,
        margin: float = 0.05,
    ) -> None:
        """Start empty.

        Who is not seen for `absent_s` has departed. A change of quadrant counts when the border is
        passed by `margin`, so that a mean on a border does not chatter.
        """
        if window_s <= 0 or absent_s <= 0:
            raise ValueError("window_s and absent_s must be positive")
        self._window_s = window_s
        self._absent_s = absent_s
        self._radius = neutral_radius
        self._margin = margin
        self._forget()

    def _forget(self) -> None:
        self._samples = Samples()
        self._spikes = Spikes()
        self._first_s = 0.0
        self._windows_due = 1
        self._made_s: float | None = None
        self._newest: Reading | None = None
        self._seen_s: dict[int, float] = {}
        self._quadrants: dict[int, Quadrant] = {}

    def add(self, reading: Reading) -> list[Window | Event]:
        """Take the next reading; return the windows that fell due and the events, in time order.

        A window has the stamps of its newest reading but its own `pts_s`, and so has a
        quadrant_change, which follows its window. Every other event has the stamps of the reading
        that made it.
        """
        newest = self._newest
        if newest and (reading.epoch != newest.epoch or reading.pts_s < newest.pts_s):
            self._forget()
        if self._newest is None:
            self._first_s = reading.pts_s
        made = self._catch_up(reading.pts_s - 2 * TOLERANCE_S)
        self._newest = reading
        if reading.valid:
            self._samples.add(reading)
            made += self._people_events(reading)
        return made + self._catch_up(reading.pts_s)

    def finish(self) -> list[Window | Event]:
        """Return the final window at the last reading's time.

        Nothing when there was no reading, or when a window has just been made at that very time.
        """
        if self._newest is None:
            return []
        last_s = self._newest.pts_s
        if self._made_s is not None and abs(self._made_s - last_s) <= TOLERANCE_S:
            return []
        return self._make(self._newest, last_s, final=True)

    def _catch_up(self, until_s: float) -> list[Window | Event]:
        """Make every window that is due at `until_s` from the readings held."""
        made: list[Window | Event] = []
        newest = self._newest
        while newest is not None:
            end_s = self._first_s + self._windows_due * PERIOD_S
            if end_s > until_s + TOLERANCE_S:
                break
            made += self._make(newest, end_s, final=False)
            self._windows_due += 1
            if newest.pts_s <= end_s - self._window_s + TOLERANCE_S:
                periods = (until_s - self._first_s + TOLERANCE_S) / PERIOD_S
                self._windows_due = max(self._windows_due, floor(periods) + 1)
        return made

    def _make(self, newest: Reading, end_s: float, final: bool) -> list[Window | Event]:
        self._samples.drop_until(end_s - self._window_s + TOLERANCE_S)
        people = person_spans(self._samples, self._radius)
        spans = (*people, group_span(self._samples, self._radius))
        self._made_s = end_s
        window = Window(
            **{**stamp_of(newest), "pts_s": end_s},
            window_s=self._window_s,
            spans=spans,
            final=final,
        )
        self._spikes.compare_with(people)
        return [window, *self._quadrant_events(window, several=len(people) > 1)]

    def _people_events(self, reading: Reading) -> list[Window | Event]:
        here = [person.id for person in reading.people]
        came = [person for person in here if person not in self._seen_s]
        self._seen_s.update(dict.fromkeys(here, reading.pts_s))
        limit_s = reading.pts_s - self._absent_s + TOLERANCE_S
        left = sorted(person for person, seen_s in self._seen_s.items() if seen_s <= limit_s)
        for person in left:
            del self._seen_s[person]
            self._quadrants.pop(person, None)
        self._spikes.forget(left)
        events: list[Window | Event] = [_event(reading, "departure", person) for person in left]
        events += [_event(reading, "arrival", person) for person in sorted(came)]
        for person, before, after in self._spikes.add(reading):
            events.append(_event(reading, "spike", person, before, after))
        return events

    def _quadrant_events(self, window: Window, several: bool) -> list[Event]:
        """Tell who crossed a border; the group only where it is more than one person."""
        events = []
        for span in window.spans:
            if span.person != GROUP and span.person not in self._seen_s:
                continue
            if span.valence_mean is None or span.arousal_mean is None:
                continue
            before = self._quadrants.get(span.person)
            after = self._settle(before, span.valence_mean, span.arousal_mean)
            self._quadrants[span.person] = after
            if before not in (None, after) and (several or span.person != GROUP):
                events.append(_event(window, "quadrant_change", span.person, str(before), after))
        return events

    def _settle(self, before: Quadrant | None, valence: float, arousal: float) -> Quadrant:
        """Return the quadrant of the point, or `before` while the border is not clearly passed."""
        after = quadrant(valence, arousal, self._radius)
        if before is None or after == before:
            return after
        distance = hypot(valence, arousal)
        if after == "neutral":
            return after if distance < self._radius - self._margin else before
        if before == "neutral":
            return after if distance > self._radius + self._margin else before
        positive = ("excited", "calm")
        aroused = ("excited", "angry")
        crossed = []
        if (before in positive) != (after in positive):
            crossed.append(abs(valence))
        if (before in aroused) != (after in aroused):
            crossed.append(abs(arousal))
        return after if max(crossed) > self._margin else before


def _event(
    stamp: Reading | Window, kind: EventKind, person: int, before: str = "", after: str = ""
) -> Event:
    return Event(
        **stamp_of(stamp),
        kind=kind,
        person=person,
        before=before,
        after=after,
    )
