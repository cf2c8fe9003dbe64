"""What a narrator may say: numbers and labels about the last stretch of time, and nothing else.

No names of sources, no pictures. Values are rounded to what is worth saying, so that a text can be
checked against them figure by figure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ..stream.messages import GROUP, Event, Span, Window

MIN_CHANGE = 0.1
"""A mean of valence or arousal has changed when it moved by this much. Our choice."""

MIN_TREND = 0.2
"""Rising or falling: the fitted line moves by this much over the covered time. Our choice."""

LOW_COVERAGE = 0.4
"""Seen in a smaller share of the frames than this, a person is uncertain. Our choice."""

FEW_READINGS = 8
"""With fewer readings than this a person is uncertain. Our choice."""

OPPOSED = 0.15
"""Two people are opposed when one's valence is above this and the other's below minus this."""

ALIKE = 0.25
"""People are alike when their valences, and their arousals, lie within this of each other."""

MAX_NOTABLE = 12
"""The latest of the notable events are kept."""


class Notable(msgspec.Struct, frozen=True):
    """Something that happened at one time. `clock` is `time_s` as minutes and seconds."""

    time_s: float
    clock: str
    kind: str
    person: int
    before: str
    after: str


class PersonFacts(msgspec.Struct, frozen=True):
    """One person, or the group (person 0), in the latest window.

    A change is measured from `valence_told` and `arousal_told`: the value when a change was last
    noted, so that a slow drift is noted once it adds up. Trends are `rising`, `falling`, `steady`
    or None when unknown. `uncertain`: few readings or low coverage. `emotions` are those that led,
    each with its share of the windows since the last narration, largest first.
    """

    person: int
    n: int
    coverage: float
    uncertain: bool
    valence: float | None
    arousal: float | None
    valence_change: float | None
    arousal_change: float | None
    valence_told: float | None
    arousal_told: float | None
    valence_trend: str | None
    arousal_trend: str | None
    quadrant: str | None
    emotion: str | None
    movement: float | None
    emotions: tuple[tuple[str, float], ...] = ()
    posture: str | None = None


class GroupFacts(PersonFacts, frozen=True):
    """Everybody pooled, and what only several people have; shares are of the window's frames."""

    share_positive: float | None = None
    near_share: float | None = None
    facing_share: float | None = None
    synchrony: float | None = None


class Facts(msgspec.Struct, frozen=True):
    """Everything one narration may use.

    `index` counts narrations from 0. `people` are those present at the end, by number, and
    `people_count` their number; `arrived` are those of them who were not there before; `gone` are
    people in the latest window who are no longer there. `mood` of several people is `alike`,
    `mixed` or `opposed`, else empty. `steady_s`: for so long nothing came, went or changed.
    `notable` are changes of quadrant and spikes, `comings` arrivals and departures, with times.
    `parted` is how those who left looked before, as far as that is certain.
    """

    index: int
    from_s: float
    to_s: float
    clock: str
    window_s: float
    final: bool
    people_count: int
    arrived: tuple[int, ...]
    left: tuple[int, ...]
    gone: tuple[int, ...]
    people: tuple[PersonFacts, ...]
    group: GroupFacts
    mood: str
    steady_s: int
    notable: tuple[Notable, ...]
    comings: tuple[Notable, ...] = ()
    parted: tuple[PersonFacts, ...] = ()


def gather(windows: Sequence[Window], events: Sequence[Event], previous: Facts | None) -> Facts:
    """Return the facts of one source since `previous`.

    `windows` are those made since then, oldest first, the last one being described; `events` those
    since then, in time order. Raises ValueError when there is no window.
    """
    if not windows:
        raise ValueError("facts need at least one window")
    window = windows[-1]
    present, gone = _presence(window, events, previous)
    before = {person.person for person in previous.people} if previous else set()
    came = present - before
    departed = {event.person for event in events if event.kind == "departure"}
    known = (
        {facts.person: facts for facts in (*previous.people, previous.group)} if previous else {}
    )
    spans = {span.person: span for span in window.spans}
    led = {p: _led(windows, p) for p in (*sorted(present), GROUP)}
    people = tuple(
        PersonFacts(**_describe(spans[p], window, known.get(p)), emotions=led[p])
        for p in sorted(present)
    )
    group = _describe_group(spans[GROUP], window, known.get(GROUP), led[GROUP])
    notable = _notable(events, ("quadrant_change", "spike"))
    changed = came or departed or notable or any(_has_changed(p) for p in people)
    elapsed_s = window.pts_s - previous.to_s if previous else 0.0
    from_s = previous.to_s if previous else windows[0].pts_s - window.window_s
    return Facts(
        index=previous.index + 1 if previous else 0,
        from_s=round(max(from_s, 0.0), 1),
        to_s=round(window.pts_s, 1),
        clock=clock(window.pts_s),
        window_s=round(window.window_s, 1),
        final=window.final,
        people_count=len(people),
        arrived=tuple(sorted(came)),
        left=tuple(sorted(departed - present)),
        gone=tuple(sorted(gone)),
        people=people,
        group=group,
        mood=_mood(people),
        steady_s=round(previous.steady_s + elapsed_s) if previous and not changed else 0,
        notable=notable,
        comings=_notable(events, ("arrival", "departure")),
        parted=tuple(_parted(windows, events, sorted(departed - present))),
    )


def _parted(
    windows: Sequence[Window], events: Sequence[Event], left: Iterable[int]
) -> Iterable[PersonFacts]:
    for number in left:
        left_s = max(e.pts_s for e in events if e.kind == "departure" and e.person == number)
        spans = [
            (span, window)
            for window in windows
            for span in window.spans
            if span.person == number and window.pts_s <= left_s
        ]
        if spans:
            facts = PersonFacts(**_describe(*spans[-1], None))
            if facts.valence is not None and not facts.uncertain:
                yield facts


def clock(time_s: float) -> str:
    """Return media time as `m:ss`, or `h:mm:ss` from an hour on; whole seconds, rounded down."""
    minutes, seconds = divmod(int(max(time_s, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _presence(
    window: Window, events: Sequence[Event], previous: Facts | None
) -> tuple[set[int], set[int]]:
    """Return who is there now, and who is in the window but has left."""
    in_window = {span.person for span in window.spans if span.person != GROUP}
    gone = set(previous.gone) if previous else set()
    for event in events:
        if event.kind == "arrival":
            gone.discard(event.person)
        elif event.kind == "departure":
            gone.add(event.person)
    return in_window - gone, in_window & gone


def _led(windows: Sequence[Window], person: int) -> tuple[tuple[str, float], ...]:
    """Return the emotions that were strongest in some window, with their share of the windows."""
    spans = [span for window in windows for span in window.spans if span.person == person]
    counted = Counter(span.emotion for span in spans if span.emotion is not None)
    total = counted.total()
    return tuple((emotion, round(n / total, 2)) for emotion, n in counted.most_common())


def _describe_group(
    span: Span,
    window: Window,
    before: PersonFacts | None,
    emotions: tuple[tuple[str, float], ...],
) -> GroupFacts:
    return GroupFacts(
        **_describe(span, window, before),
        emotions=emotions,
        share_positive=_rounded(span.share_positive),
        near_share=_rounded(span.near_share),
        facing_share=_rounded(span.facing_share),
        synchrony=_rounded(span.synchrony),
    )


def _describe(span: Span, window: Window, before: PersonFacts | None) -> dict[str, Any]:
    valence, arousal = _rounded(span.valence_mean), _rounded(span.arousal_mean)
    told_v = before.valence_told if before else None
    told_a = before.arousal_told if before else None
    change_v, change_a = _difference(valence, told_v), _difference(arousal, told_a)
    uncertain = span.n < FEW_READINGS or span.coverage < LOW_COVERAGE
    covered_s = 0.0 if uncertain else window.window_s * span.coverage
    return dict(
        person=span.person,
        n=span.n,
        coverage=round(span.coverage, 2),
        uncertain=uncertain,
        valence=valence,
        arousal=arousal,
        valence_change=change_v,
        arousal_change=change_a,
        valence_told=_told(valence, change_v, told_v),
        arousal_told=_told(arousal, change_a, told_a),
        valence_trend=_trend(span.valence_slope_per_s, covered_s),
        arousal_trend=_trend(span.arousal_slope_per_s, covered_s),
        quadrant=span.quadrant,
        emotion=span.emotion,
        movement=_rounded(span.movement),
        posture=span.posture,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2) + 0.0


def _difference(value: float | None, told: float | None) -> float | None:
    return None if value is None or told is None else round(value - told, 2) + 0.0


def _told(value: float | None, change: float | None, told: float | None) -> float | None:
    """Return what the next change is measured from."""
    if value is None:
        return told
    return told if change is not None and abs(change) < MIN_CHANGE else value


def _trend(slope_per_s: float | None, covered_s: float) -> str | None:
    if slope_per_s is None or covered_s <= 0:
        return None
    step = slope_per_s * covered_s
    if abs(step) < MIN_TREND:
        return "steady"
    return "rising" if step > 0 else "falling"


def _has_changed(person: PersonFacts) -> bool:
    changes = (person.valence_change, person.arousal_change)
    return any(change is not None and abs(change) >= MIN_CHANGE for change in changes)


def _mood(people: Sequence[PersonFacts]) -> str:
    read = [(p.valence, p.arousal) for p in people if not p.uncertain]
    points = [(v, a) for v, a in read if v is not None and a is not None]
    if len(points) < 2:
        return ""
    valences, arousals = [v for v, _ in points], [a for _, a in points]
    if max(valences) > OPPOSED and min(valences) < -OPPOSED:
        return "opposed"
    spread = max(max(valences) - min(valences), max(arousals) - min(arousals))
    return "alike" if spread <= ALIKE else "mixed"


def _notable(events: Iterable[Event], kinds: Sequence[str]) -> tuple[Notable, ...]:
    found = [
        Notable(
            time_s=round(event.pts_s, 1),
            clock=clock(event.pts_s),
            kind=event.kind,
            person=event.person,
            before=event.before,
            after=event.after,
        )
        for event in events
        if event.kind in kinds
    ]
    return tuple(found[-MAX_NOTABLE:])
