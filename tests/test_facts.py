from collections.abc import Sequence

import msgspec
import pytest

from affectstream.models.affect import quadrant
from affectstream.models.facts import Facts, PersonFacts, clock, gather
from affectstream.stream.messages import GROUP, Event, EventKind, Span, Window


def span(
    number: int,
    valence: float | None = 0.3,
    arousal: float | None = 0.3,
    *,
    slope: float = 0.0,
    n: int = 250,
    coverage: float = 1.0,
    emotion: str = "happiness",
) -> Span:
    read = valence is not None and arousal is not None
    return Span(
        person=number,
        n=n if read else 0,
        coverage=coverage if read else 0.0,
        valence_mean=valence,
        valence_slope_per_s=slope if read else None,
        arousal_mean=arousal,
        arousal_slope_per_s=0.0 if read else None,
        quadrant=quadrant(valence, arousal) if read else None,
        emotion=emotion if read else None,
        movement=0.2,
    )


def window(end_s: float, *people: Span) -> Window:
    group = msgspec.structs.replace(people[0], person=GROUP) if people else Span(GROUP, 0, 0.0)
    return Window(source_id="secret", seq=1, pts_s=end_s, window_s=10.0, spans=(*people, group))


def event(pts_s: float, kind: EventKind, number: int, before: str = "", after: str = "") -> Event:
    return Event(
        source_id="secret", seq=1, pts_s=pts_s, kind=kind, person=number, before=before, after=after
    )


def follow(*steps: tuple[Window, Sequence[Event]]) -> Facts:
    """Gather one after the other and return the last facts."""
    facts: Facts | None = None
    for made, events in steps:
        facts = gather([made], events, facts)
    assert facts is not None
    return facts


def only(facts: Facts) -> PersonFacts:
    assert len(facts.people) == 1
    return facts.people[0]


def test_facts_are_builtins_and_name_no_source() -> None:
    facts = gather([window(12.0, span(1))], [event(12.0, "arrival", 1)], None)
    plain = msgspec.to_builtins(facts)
    assert isinstance(plain, dict)
    assert "secret" not in msgspec.json.encode(facts).decode()
    assert msgspec.convert(plain, Facts) == facts


def test_the_time_told_of() -> None:
    first = gather([window(1.0, span(1)), window(5.0, span(1))], [], None)
    second = gather([window(15.04, span(1))], [], first)
    assert (first.index, first.from_s, first.to_s) == (0, 0.0, 5.0)
    assert (second.index, second.from_s, second.to_s) == (1, 5.0, 15.0)


@pytest.mark.parametrize(
    ("time_s", "text"),
    [(0.0, "0:00"), (9.99, "0:09"), (61.0, "1:01"), (3599.9, "59:59"), (7384.0, "2:03:04")],
)
def test_clock(time_s: float, text: str) -> None:
    assert clock(time_s) == text


def test_without_a_window_there_are_no_facts() -> None:
    with pytest.raises(ValueError, match="window"):
        gather([], [], None)


# narration   1          2          3
# person 1    ###########D                 departs at 12, still inside the window of 15
# person 2        A#################       arrives at 8
def test_who_came_and_went() -> None:
    first = (window(5.0, span(1)), [event(0.0, "arrival", 1)])
    second = (
        window(15.0, span(1), span(2)),
        [event(8.0, "arrival", 2), event(12.0, "departure", 1)],
    )
    third = (window(18.0, span(1), span(2)), [])
    facts = follow(first)
    assert (facts.people_count, facts.arrived, facts.left) == (1, (1,), ())
    facts = follow(first, second)
    assert (facts.people_count, facts.arrived, facts.left, facts.gone) == (1, (2,), (1,), (1,))
    facts = follow(first, second, third)
    assert (facts.people_count, facts.arrived, facts.left, facts.gone) == (1, (), (), (1,))
    facts = follow(first, second, (window(28.0, span(2)), []))
    assert (facts.people_count, facts.gone) == (1, ())


def test_how_those_who_left_looked_is_kept() -> None:
    before = [window(float(second), span(1, 0.5)) for second in (1, 2, 3)]
    facts = gather([*before, window(5.0, span(1, 0.5))], [event(4.2, "departure", 1)], None)
    assert [(one.person, one.valence) for one in facts.parted] == [(1, 0.5)]
    few = [window(3.0, span(1, n=2)), window(5.0)]
    assert gather(few, [event(4.0, "departure", 1)], None).parted == ()


def test_who_came_back_is_there() -> None:
    steps = [event(3.0, "departure", 1), event(4.0, "arrival", 1)]
    assert follow((window(5.0, span(1)), steps)).people_count == 1


def test_a_person_whose_arrival_is_newer_than_the_window_arrives_in_the_next_facts() -> None:
    first = (window(5.0, span(1)), [event(0.0, "arrival", 1), event(5.02, "arrival", 2)])
    assert follow(first).arrived == (1,)
    assert follow(first, (window(10.0, span(1), span(2)), [])).arrived == (2,)


# told from     .30
# values        .30   .35   .39   .42   .44       a slow drift
# change        -     +.05  +.09  +.12  +.02      is noted when it adds up, and measured anew
def test_a_slow_drift_is_noted_when_it_adds_up() -> None:
    steps = [
        (window(5.0 * (i + 1), span(1, value)), ())
        for i, value in enumerate([0.3, 0.35, 0.39, 0.42, 0.44])
    ]
    changes = [only(follow(*steps[: i + 1])).valence_change for i in range(5)]
    assert changes == [None, 0.05, 0.09, 0.12, 0.02]


@pytest.mark.parametrize(
    ("slope", "coverage", "n", "trend"),
    [
        (0.03, 1.0, 250, "rising"),
        (-0.03, 1.0, 250, "falling"),
        (0.01, 1.0, 250, "steady"),
        (0.03, 0.5, 125, "steady"),  # half of the time is covered: half of the step
        (0.5, 0.1, 25, None),  # too little is covered
        (0.5, 1.0, 4, None),
    ],
)
def test_trends(slope: float, coverage: float, n: int, trend: str | None) -> None:
    facts = follow((window(10.0, span(1, slope=slope, coverage=coverage, n=n)), ()))
    assert only(facts).valence_trend == trend
    assert only(facts).uncertain is (trend is None)


@pytest.mark.parametrize(
    ("people", "mood"),
    [
        ([span(1)], ""),
        ([span(1), span(2, 0.4)], "alike"),
        ([span(1), span(2, 0.3, -0.2)], "mixed"),
        ([span(1), span(2, 0.8)], "mixed"),
        ([span(1), span(2, -0.3)], "opposed"),
        ([span(1), span(2, -0.1)], "mixed"),
        ([span(1), span(2, -0.3, n=2)], ""),  # too uncertain to count
        ([span(1), span(2, None, None)], ""),
        ([span(1), span(2, -0.3), span(3, 0.0)], "opposed"),
    ],
)
def test_mood(people: list[Span], mood: str) -> None:
    assert follow((window(10.0, *people), ())).mood == mood


def test_steady_time_adds_up_until_something_changes() -> None:
    quiet = [(window(15.0 * i, span(1, 0.3 + i / 100)), ()) for i in range(1, 5)]
    assert [follow(*quiet[: i + 1]).steady_s for i in range(4)] == [0, 15, 30, 45]
    assert follow(*quiet, (window(75.0, span(1, 0.9)), ())).steady_s == 0
    assert follow(*quiet, (window(75.0), [event(70.0, "departure", 1)])).steady_s == 0
    spike = event(70.0, "spike", 1, "arousal 0.00", "arousal 0.50")
    assert follow(*quiet, (window(75.0, span(1, 0.34)), [spike])).steady_s == 0


def test_nobody() -> None:
    facts = follow((window(10.0), ()), (window(20.0), ()))
    assert (facts.people_count, facts.people, facts.group.n, facts.steady_s) == (0, (), 0, 10)


def test_notable_events_are_bounded_and_timed() -> None:
    many = [event(i / 10, "quadrant_change", 1, "calm", "sad") for i in range(100)]
    facts = follow((window(10.0, span(1)), [*many, event(10.0, "arrival", 1)]))
    assert len(facts.notable) == 12
    assert facts.notable[-1].time_s == 9.9
    assert (facts.notable[-1].clock, facts.notable[-1].after) == ("0:09", "sad")


def test_numbers_are_rounded_and_never_minus_zero() -> None:
    facts = follow((window(10.0, span(1, -0.001, 0.12345)), ()))
    assert (str(only(facts).valence), only(facts).arousal) == ("0.0", 0.12)
