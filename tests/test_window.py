import math
import sys
import tracemalloc
from functools import cache

import numpy as np
import pytest

from affectstream.stream.messages import (
    EMOTIONS,
    GROUP,
    Event,
    Face,
    Group,
    Person,
    Reading,
    Span,
    Window,
)
from affectstream.stream.window import SlidingWindow

Message = Window | Event


@cache
def showing(emotion: str) -> Face:
    probabilities = tuple(0.65 if name == emotion else 0.05 for name in EMOTIONS)
    return Face((0, 0, 9, 9), 0.9, emotions=probabilities)


def person(
    number: int,
    valence: float | None = 0.0,
    arousal: float | None = 0.0,
    emotion: str | None = None,
    movement: float | None = None,
) -> Person:
    face = showing(emotion) if emotion else None
    return Person(id=number, face=face, valence=valence, arousal=arousal, movement=movement)


def reading(seq: int, pts_s: float, *people: Person, valid: bool = True, epoch: int = 0) -> Reading:
    return Reading(
        source_id="cam",
        seq=seq,
        epoch=epoch,
        pts_s=pts_s,
        width_px=640,
        height_px=480,
        people=people,
        valid=valid,
    )


def run(window: SlidingWindow, readings: list[Reading]) -> list[Message]:
    return [message for r in readings for message in window.add(r)]


def windows(messages: list[Message]) -> list[Window]:
    return [message for message in messages if isinstance(message, Window)]


def events(messages: list[Message]) -> list[tuple[float, str, int]]:
    return [(m.pts_s, m.kind, m.person) for m in messages if isinstance(m, Event)]


def of(window: Window, number: int) -> Span:
    return next(span for span in window.spans if span.person == number)


def steady(times: list[float], value: float = 0.5) -> list[Reading]:
    return [reading(i, t, person(1, value, value)) for i, t in enumerate(times)]


# When windows are made. r a reading, | a whole second since the first reading, W a window.
SCHEDULE = [
    # 0    .5   1    .5   2
    # r    r    r    r    r          a reading on each whole second
    # |         W         W
    ([0.0, 0.5, 1.0, 1.5, 2.0], [1.0, 2.0]),
    # 0    .7   1    1.4  2    2.1
    # r    r         r         r     made when the next reading comes
    # |         W         W
    ([0.0, 0.7, 1.4, 2.1], [1.0, 2.0]),
    # 10.3      11.3      12.3       whole seconds count from the first reading
    # r    r    W    r    W r
    ([10.3, 10.8, 11.7, 12.4], [11.3, 12.3]),
    # one reading only
    ([5.0], []),
    # two readings at one time
    ([0.0, 0.0, 1.0, 1.0], [1.0]),
    # 0.04 s added up 50 times is not quite 2
    ([sum([0.04] * i) for i in range(51)], [1.0, 2.0]),
]


@pytest.mark.parametrize(("times", "expected"), SCHEDULE)
def test_a_window_is_due_each_whole_second(times: list[float], expected: list[float]) -> None:
    made = windows(run(SlidingWindow(10.0), steady(times)))
    assert [w.pts_s for w in made] == pytest.approx(expected)
    assert not any(w.final for w in made)


# window_s = 2, a reading every half second with value = its time
#
#  0   .5   1   1.5   2   2.5   3
#  r   r    r    r    r    r    r
#          (=============]                 T = 2.5 is not due; T = 3 covers (1, 3]
CONTENT = [
    (1.0, [0.0, 0.5, 1.0]),
    (2.0, [0.5, 1.0, 1.5, 2.0]),
    (3.0, [1.5, 2.0, 2.5, 3.0]),
]


@pytest.mark.parametrize(("end_s", "values"), CONTENT)
def test_a_window_covers_its_time_open_at_the_start(end_s: float, values: list[float]) -> None:
    readings = [reading(i, i / 2, person(1, i / 2 / 10, 0.0)) for i in range(8)]
    made = windows(run(SlidingWindow(2.0), readings))
    span = of(next(w for w in made if w.pts_s == end_s), 1)
    assert span.n == len(values)
    assert span.valence_mean == pytest.approx(np.mean(values) / 10)
    assert span.coverage == 1.0


# window_s = 3
#
#  0  1  2  3  4  5  6  7  ...  600
#  r  r  r                      r
#     W  W  W  W  W*            W        T = 3, 4 still hold a reading, W* = 5 holds none,
#                                        6 to 599 are skipped, 600 holds the last one
GAPS = [
    ([0.0, 1.0, 2.0, 600.0], [1.0, 2.0, 3.0, 4.0, 5.0, 600.0]),
    ([0.0, 1.0, 2.0, 600.5], [1.0, 2.0, 3.0, 4.0, 5.0]),
    ([0.0, 1.0, 2.0, 600.5, 601.0], [1.0, 2.0, 3.0, 4.0, 5.0, 601.0]),
    ([0.0, 1.0, 2.0, 4.5], [1.0, 2.0, 3.0, 4.0]),
    ([0.0, 1.0, 2.0, 5.5], [1.0, 2.0, 3.0, 4.0, 5.0]),
]


@pytest.mark.parametrize(("times", "expected"), GAPS)
def test_a_gap_makes_one_empty_window_at_most(times: list[float], expected: list[float]) -> None:
    made = windows(run(SlidingWindow(3.0), steady(times)))
    assert [w.pts_s for w in made] == expected
    assert sum(of(w, GROUP).n == 0 for w in made) <= 1


# The final window. r a reading, W a window, F the final one.
FINAL = [
    ([], []),
    ([4.0], [4.0]),  # F on the only reading
    ([0.0, 0.5, 1.0], []),  # W on the last reading already
    ([0.0, 0.5, 1.0, 1.2], [1.2]),
    ([0.0, 1.5], [1.5]),  # W at 1, F at 1.5
]


@pytest.mark.parametrize(("times", "expected"), FINAL)
def test_the_final_window(times: list[float], expected: list[float]) -> None:
    window = SlidingWindow(10.0)
    run(window, steady(times))
    last = windows(window.finish())
    assert [w.pts_s for w in last] == expected
    assert all(w.final and w.seq == len(times) - 1 for w in last)


def test_the_statistics_of_a_person() -> None:
    times = [0.0, 0.13, 0.5, 0.61, 1.0]
    valence = [0.0, 0.2, 0.1, 0.5, 0.3]
    arousal = [0.5, 0.4, 0.4, 0.1, -0.1]
    readings = [
        reading(i, t, person(3, v, a, emotion="anger" if i < 3 else "fear", movement=i / 10))
        for i, (t, v, a) in enumerate(zip(times, valence, arousal, strict=True))
    ]
    made = windows(run(SlidingWindow(5.0), readings))[0]
    assert [span.person for span in made.spans] == [3, GROUP]
    for span in made.spans:
        assert span.valence_mean == pytest.approx(np.mean(valence))
        assert span.valence_sd == pytest.approx(np.std(valence, ddof=1))
        assert span.valence_slope_per_s == pytest.approx(np.polyfit(times, valence, 1)[0])
        assert span.arousal_mean == pytest.approx(np.mean(arousal))
        assert span.arousal_sd == pytest.approx(np.std(arousal, ddof=1))
        assert span.arousal_slope_per_s == pytest.approx(np.polyfit(times, arousal, 1)[0])
        assert (span.n, span.coverage, span.quadrant) == (5, 1.0, "excited")
        assert (span.emotion, span.movement) == ("anger", pytest.approx(0.2))


# frame     0    .25  .5   .75  1
# person 1  v    v    .    v    v       v with valence, b body only, . not measured
# person 2  .    b    b    .    v
# frame .75 is invalid: it holds nobody and was not looked at
def test_coverage_and_the_group_pool_everybody() -> None:
    one, two, blind = person(1, 0.4, 0.2), person(2, -0.8, 0.2), person(2, None, None)
    readings = [
        reading(0, 0.0, one),
        reading(1, 0.25, one, blind),
        reading(2, 0.5, blind),
        reading(3, 0.75, valid=False),
        reading(4, 1.0, one, two),
    ]
    made = windows(run(SlidingWindow(10.0), readings))[0]
    assert (of(made, 1).n, of(made, 1).coverage) == (3, 0.75)
    assert (of(made, 2).n, of(made, 2).coverage) == (1, 0.25)
    assert (of(made, GROUP).n, of(made, GROUP).coverage) == (4, 0.75)
    assert of(made, GROUP).valence_mean == pytest.approx((3 * 0.4 - 0.8) / 4)


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([], (0, None, None, None)),
        ([(0.0, 0.2)], (1, 0.2, None, None)),
        ([(0.0, 0.2), (0.0, 0.4)], (2, 0.3, math.sqrt(0.02), None)),
        ([(0.0, 0.2), (0.5, 0.4)], (2, 0.3, math.sqrt(0.02), 0.4)),
    ],
)
def test_a_statistic_without_enough_readings_is_none(
    readings: list[tuple[float, float]], expected: tuple[float | None, ...]
) -> None:
    window = SlidingWindow(10.0)
    window.add(reading(0, 0.0))
    run(window, [reading(i, t, person(1, v, 0.0)) for i, (t, v) in enumerate(readings, 1)])
    made = windows(window.add(reading(9, 1.0)))[0]
    span = of(made, GROUP)
    found = (span.n, span.valence_mean, span.valence_sd, span.valence_slope_per_s)
    assert found == pytest.approx(expected)


def test_a_window_of_nobody_has_the_group_alone() -> None:
    made = windows(run(SlidingWindow(10.0), [reading(0, 0.0), reading(1, 1.0)]))[0]
    assert made.spans == (Span(person=GROUP, n=0, coverage=0.0),)


# absent_s = 2
#
#  0    1    2    3    4    5    6
#  1    1    12   2    2    2    2       who is measured
#  A1        A2             D1           1 was seen at 2 last... so it departs at 4
PRESENCE = [
    (
        [[1], [1], [1, 2], [2], [2], [2]],
        [(0, "arrival", 1), (2, "arrival", 2), (4, "departure", 1)],
    ),
    ([[1], [], [1], [], [1]], [(0, "arrival", 1)]),
    (
        [[1], [], [], [], [1]],
        [(0, "arrival", 1), (2, "departure", 1), (4, "arrival", 1)],
    ),
    ([[2, 1]], [(0, "arrival", 1), (0, "arrival", 2)]),
    # x: an invalid frame says nothing about who is there
    ([[1], "x", "x", "x", [1]], [(0, "arrival", 1)]),
    (
        [[1], "x", "x", "x", []],
        [(0, "arrival", 1), (4, "departure", 1)],
    ),
]


@pytest.mark.parametrize(("frames", "expected"), PRESENCE)
def test_arrivals_and_departures(
    frames: list[list[int] | str], expected: list[tuple[float, str, int]]
) -> None:
    readings = [
        reading(i, float(i), valid=False)
        if isinstance(who, str)
        else reading(i, float(i), *(person(number) for number in who))
        for i, who in enumerate(frames)
    ]
    found = [m for m in run(SlidingWindow(3.0), readings) if isinstance(m, Event)]
    assert events(list(found)) == expected
    assert all(event.seq == event.pts_s for event in found)


def at_10_hz(values: list[float], start_s: float = 0.0) -> list[Reading]:
    return [reading(i, start_s + i / 10, person(1, v, 0.3)) for i, v in enumerate(values)]


# window_s = 1, radius 0.15, margin 0.05, arousal 0.3: valence decides, the border is at 0
#
# seconds   0        1        2        3        4
# valence   +.5      -.5      -.02     +.02     +.5
# quadrant  excited  angry    angry    (held)   excited
QUADRANTS = [
    ([0.5, -0.5, -0.02, 0.02, 0.5], [(2.0, "excited", "angry"), (5.0, "angry", "excited")]),
    ([0.5, -0.04, 0.04, -0.04, 0.04], []),
    ([0.5, 0.5, 0.5], []),
    ([-0.5, 0.06], [(2.0, "angry", "excited")]),
]


@pytest.mark.parametrize(("levels", "expected"), QUADRANTS)
def test_a_quadrant_change_does_not_chatter(
    levels: list[float], expected: list[tuple[float, str, str]]
) -> None:
    values = [levels[0]] + [level for level in levels for _ in range(10)]
    found = run(SlidingWindow(1.0), at_10_hz(values))
    changes = [m for m in found if isinstance(m, Event) and m.kind == "quadrant_change"]
    assert [(e.pts_s, e.before, e.after) for e in changes] == expected
    assert {e.person for e in changes} <= {1}


# radius 0.15, margin 0.05: neutral is left beyond 0.20 and entered below 0.10
@pytest.mark.parametrize(
    ("levels", "changes"),
    [
        ([0.0, 0.17, 0.0, 0.17], 0),
        ([0.0, 0.21], 1),
        ([0.3, 0.12, 0.3, 0.12], 0),
        ([0.3, 0.09], 1),
    ],
)
def test_the_neutral_circle_has_a_margin_too(levels: list[float], changes: int) -> None:
    values = [levels[0]] + [level for level in levels for _ in range(10)]
    readings = [reading(i, i / 10, person(1, v, 0.0)) for i, v in enumerate(values)]
    found = [e for e in events(run(SlidingWindow(1.0), readings)) if e[1] == "quadrant_change"]
    assert len(found) == changes


def test_the_group_changes_quadrant_only_as_a_group() -> None:
    def level(i: int) -> float:
        return 0.5 if i < 31 else -0.5

    alone = [reading(i, i / 10, person(1, level(i), 0.3)) for i in range(60)]
    pair = [
        reading(i, i / 10, person(1, level(i), 0.3), person(2, level(i), 0.3)) for i in range(60)
    ]
    changed = {
        len(readings[0].people): {
            e[2] for e in events(run(SlidingWindow(1.0), readings)) if e[1] == "quadrant_change"
        }
        for readings in (alone, pair)
    }
    assert changed == {1: {1}, 2: {1, 2, GROUP}}


# 10 readings a second, 3 s at rest, then:
#
#           3.0      3.5      4.0
# step      ##########                one sudden step: one spike
# glitch    #                         a single frame: none
# drift     slowly                    none
SPIKES = [
    ([0.0] * 31 + [0.6] * 5 + [0.0] * 10, 1),
    ([0.0] * 31 + [0.6] + [0.0] * 14, 0),
    ([0.0] * 31 + [0.2] * 15, 0),  # less than the least step
    ([i / 100 for i in range(60)], 0),
    ([0.5 * (-1) ** i for i in range(60)], 0),  # restless all the time: nothing is sudden
    ([0.0] * 31 + ([0.7] * 5 + [0.0] * 5) * 4, 1),  # within the rest of 5 s
    ([0.0] * 5 + [0.8] * 5, 0),  # nothing to compare with yet
]


@pytest.mark.parametrize(("values", "count"), SPIKES)
def test_spikes(values: list[float], count: int) -> None:
    found = run(SlidingWindow(10.0), at_10_hz(values))
    spikes = [m for m in found if isinstance(m, Event) and m.kind == "spike"]
    assert len(spikes) == count
    for spike in spikes:
        assert spike.seq == round(spike.pts_s * 10)
        assert spike.before == "valence 0.00"
        assert float(spike.after.removeprefix("valence ")) > 0.25


def test_a_single_reading_is_no_spike_at_a_low_rate() -> None:
    readings = [reading(i, float(i), person(1, 0.8 if i == 25 else 0.0, 0.3)) for i in range(30)]
    assert {kind for _, kind, _ in events(run(SlidingWindow(20.0), readings))} == {"arrival"}


# window_s = 6
#
# seconds   0    1    2    3    4    5    6    7    8
# person 1  +.5  +.5  +.5  -.5  .    D    .    .    .     D departs
#                         (=========================]     angry, but nobody is there to change
def test_who_has_left_does_not_change_quadrant() -> None:
    values = [0.5, 0.5, 0.5, -0.5]
    readings = [reading(i, float(i), person(1, v, 0.3)) for i, v in enumerate(values)]
    readings += [reading(i, float(i)) for i in range(4, 9)]
    found = run(SlidingWindow(6.0), readings)
    quadrants = [of(w, 1).quadrant for w in windows(found) if len(w.spans) > 1]
    assert "angry" in quadrants
    assert events(found) == [(0.0, "arrival", 1), (5.0, "departure", 1)]


@pytest.mark.parametrize(("epoch", "jump_s"), [(1, 4.0), (1, 0.0), (0, 0.0)])
def test_a_new_epoch_or_a_clock_that_runs_backwards_forgets_everything(
    epoch: int, jump_s: float
) -> None:
    window = SlidingWindow(10.0)
    run(window, at_10_hz([0.5] * 36))
    again = [reading(36 + i, jump_s + i / 10, person(1, -0.5, 0.3), epoch=epoch) for i in range(11)]
    found = run(window, again)
    assert events(found) == [(jump_s, "arrival", 1)]
    assert [w.pts_s for w in windows(found)] == [jump_s + 1.0]
    assert windows(found)[0].epoch == epoch
    assert of(windows(found)[0], 1).valence_mean == pytest.approx(-0.5)


def test_messages_come_in_time_order_with_the_source_and_the_newest_reading() -> None:
    chance = np.random.default_rng(5)
    times = np.cumsum(chance.choice([0.02, 0.04, 0.3, 2.5], size=400, p=[0.4, 0.5, 0.09, 0.01]))
    readings = [
        reading(i, float(t), *(person(k, *chance.uniform(-1, 1, 2)) for k in range(1, 4)))
        for i, t in enumerate(times)
    ]
    window = SlidingWindow(3.0)
    found = run(window, readings) + window.finish()
    assert [m.pts_s for m in found] == sorted(m.pts_s for m in found)
    for message in found:
        assert message.source_id == "cam"
        assert readings[message.seq].pts_s <= message.pts_s + 1e-6
    assert found == run(fresh := SlidingWindow(3.0), readings) + fresh.finish()


def test_memory_is_bounded_by_the_window() -> None:
    window = SlidingWindow(2.0)

    def feed(start: int, count: int) -> None:
        for i in range(start, start + count):
            window.add(reading(i, i / 25, person(1 + i // 250, 0.1, 0.1, "fear"), person(0 - i)))

    feed(0, 500)
    tracemalloc.start()
    feed(500, 200)
    settled, _ = tracemalloc.get_traced_memory()
    feed(700, 1500)
    later, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert later - settled < 50_000, f"grew by {later - settled} bytes on {sys.version}"


@pytest.mark.parametrize(("window_s", "absent_s"), [(0.0, 2.0), (-1.0, 2.0), (10.0, 0.0)])
def test_times_must_be_positive(window_s: float, absent_s: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        SlidingWindow(window_s, absent_s)


def test_a_face_below_the_gate_is_not_measured_but_its_movement_is() -> None:
    """Person 1 smiles; from frame 5 on the face is blurred and reads as sad.

    frame      0 1 2 3 4 5 6 7 8 9
    quality    good      | blurred
    valence    +.8       | -.6 (not counted)
    """
    window = SlidingWindow(10.0)
    for k in range(10):
        bad = k >= 5
        face = Face((0.0, 0.0, 9.0, 9.0), 1.0, quality_reason="blurred" if bad else "")
        person = Person(1, face, valence=-0.6 if bad else 0.8, arousal=0.2, movement=1.0)
        window.add(
            Reading(source_id="a", seq=k, pts_s=k / 10, width_px=9, height_px=9, people=(person,))
        )
    (made,) = [m for m in window.finish() if isinstance(m, Window)]
    one, group = made.spans
    assert (one.n, one.valence_mean, one.movement) == (5, pytest.approx(0.8), 1.0)
    assert group.coverage == pytest.approx(0.5)


def test_arousal_of_a_body_without_a_face_counts() -> None:
    window = SlidingWindow(10.0)
    for k in range(5):
        person = Person(1, arousal=0.4, movement=2.0)
        window.add(
            Reading(source_id="a", seq=k, pts_s=k / 10, width_px=9, height_px=9, people=(person,))
        )
    (made,) = [m for m in window.finish() if isinstance(m, Window)]
    assert made.spans[0].arousal_mean == pytest.approx(0.4)
    assert made.spans[0].valence_mean is None and made.spans[0].n == 0


def test_the_group_is_the_mean_over_the_frames() -> None:
    window = SlidingWindow(10.0)
    for k in range(4):
        group = Group(2, share_positive=0.5, near=((1, 2),) if k else (), synchrony=k / 10)
        people = (Person(1, valence=0.5, arousal=0.1), Person(2, valence=-0.5, arousal=0.1))
        window.add(
            Reading(
                source_id="a",
                seq=k,
                pts_s=k / 10,
                width_px=9,
                height_px=9,
                people=people,
                group=group,
            )
        )
    (made,) = [m for m in window.finish() if isinstance(m, Window)]
    span = made.spans[-1]
    assert (span.people_mean, span.share_positive, span.near_share) == (2.0, 0.5, 0.75)
    assert (span.facing_share, span.synchrony) == (0.0, pytest.approx(0.3))
    assert made.spans[0].people_mean is None
