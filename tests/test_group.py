import math
import pickle
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import pytest
from made_bodies import PROFILE, STANDING, Joints, body, from_behind, mirrored, turned, without

from affectstream.models.group import GroupMeter
from affectstream.stream.messages import Body, Face, Group, Person

NEAR_PX = 1.2 / 0.46 * 100
"""The personal distance at a torso of 100 px."""


def at(person: int, x: float, joints: Joints = STANDING, zoom: float = 1.0) -> Person:
    return Person(person, body=body(turned(joints, 0, zoom=zoom), dx=x))


def headed(
    person: int, x: float, yaw_deg: float | None, height: float = 31, seen: Body | None = None
) -> Person:
    box = (x - height / 2, 60 - height / 2, x + height / 2, 60 + height / 2)
    pose = None if yaw_deg is None else (yaw_deg, 0.0, 0.0)
    return Person(person, Face(box, 0.9, head_pose_deg=pose), seen)


def felt(person: int, valence: float | None, arousal: float | None) -> Person:
    return Person(person, valence=valence, arousal=arousal)


def measured(*people: Person) -> Group:
    found = GroupMeter().update(0.0, people)
    assert found is not None
    return found


def test_nobody_is_no_group() -> None:
    assert GroupMeter().update(0.0, []) is None


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([felt(1, None, None)], (1, None, None, None, None, None)),
        ([felt(1, 0.4, -0.2)], (1, 0.4, None, -0.2, None, 1.0)),
        ([felt(1, None, 0.3)], (1, None, None, 0.3, None, None)),  # a body alone
        (
            [felt(1, 0.4, 0.2), felt(2, -0.4, 0.0), felt(3, None, 0.4)],
            (3, 0.0, math.sqrt(0.32), 0.2, 0.2, 0.5),
        ),
        ([felt(1, 0.0, 0.0), felt(2, 0.0, 0.0)], (2, 0.0, 0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_mean_spread_and_share_positive(
    people: Sequence[Person], expected: tuple[float | None, ...]
) -> None:
    found = measured(*people)
    values = (
        found.people,
        found.valence_mean,
        found.valence_sd,
        found.arousal_mean,
        found.arousal_sd,
        found.share_positive,
    )
    assert values == pytest.approx(expected)


HIPLESS = without(STANDING, "left_hip", "right_hip")  # torso from the shoulders: 77.7 px


@pytest.mark.parametrize(
    ("people", "near"),
    [
        ([at(1, 0), at(2, NEAR_PX - 1)], [(1, 2)]),
        ([at(1, 0), at(2, NEAR_PX + 1)], []),
        ([at(2, 0), at(1, 50)], [(1, 2)]),  # the smaller number first
        ([at(1, 0, zoom=0.5), at(2, NEAR_PX / 2 - 1, zoom=0.5)], [(1, 2)]),
        ([at(1, 0, zoom=0.5), at(2, NEAR_PX / 2 + 1, zoom=0.5)], []),
        ([at(1, 0), at(2, 50, zoom=0.6)], []),  # behind: looks smaller
        ([at(1, 0), at(2, 50, zoom=0.8)], [(1, 2)]),
        ([at(1, 0, HIPLESS), at(2, 200, HIPLESS)], [(1, 2)]),
        ([at(1, 0, HIPLESS), at(2, 205, HIPLESS)], []),
        ([headed(1, 0, 0), headed(2, NEAR_PX - 1, 0)], [(1, 2)]),  # faces of 31 px
        ([headed(1, 0, 0), headed(2, NEAR_PX + 1, 0)], []),
        ([headed(1, 100, 0), at(2, 200)], [(1, 2)]),
        ([at(1, 0), Person(2)], []),
        ([at(1, 0), at(2, 100), at(3, 100 + NEAR_PX - 1)], [(1, 2), (2, 3)]),
    ],
)
def test_near_is_within_the_personal_distance(
    people: Sequence[Person], near: list[tuple[int, int]]
) -> None:
    assert list(measured(*people).near) == near


LEFTWARDS = mirrored(PROFILE)


@pytest.mark.parametrize(
    ("people", "facing"),
    [
        ([headed(1, 0, 50), headed(2, 300, -50)], [(1, 2)]),
        ([headed(1, 0, 31), headed(2, 300, -31)], [(1, 2)]),
        ([headed(1, 0, 0), headed(2, 300, 0)], []),  # both look into the camera
        ([headed(1, 0, 50), headed(2, 300, 50)], []),  # one behind the other
        ([headed(1, 0, -50), headed(2, 300, 50)], []),  # back to back
        ([headed(1, 0, 50), headed(2, 300, None)], []),  # not known
        ([headed(1, 0, 50), headed(2, 300, -50, height=62)], []),  # at another depth
        ([at(1, 0, PROFILE), at(2, 300, LEFTWARDS)], [(1, 2)]),
        ([at(1, 0, LEFTWARDS), at(2, 300, PROFILE)], []),
        ([at(1, 0, STANDING), at(2, 300, STANDING)], []),
        ([at(1, 0, from_behind(STANDING)), at(2, 300, LEFTWARDS)], []),
        ([at(1, 0, PROFILE), at(2, 300, without(LEFTWARDS, "right_ear"))], []),
        ([headed(1, 0, 50), at(2, 300, LEFTWARDS)], [(1, 2)]),
        # without a head pose the body's head counts, with one it does not
        ([headed(1, 0, None, seen=body(PROFILE, dx=-100)), headed(2, 300, -50)], [(1, 2)]),
        ([headed(1, 0, 0, seen=body(PROFILE, dx=-100)), headed(2, 300, -50)], []),
    ],
)
def test_facing_needs_both_heads_turned_to_the_other(
    people: Sequence[Person], facing: list[tuple[int, int]]
) -> None:
    assert list(measured(*people).facing) == facing


Speed = Callable[[float], float | None]


def wave(hz: float = 0.6, phase: float = 0.0) -> Speed:
    return lambda t: 1 + math.sin(2 * math.pi * hz * t + phase)


def synchrony(
    speeds: Sequence[Speed], times_s: Sequence[float], field: str = "gesture_energy"
) -> float | None:
    meter = GroupMeter()
    found = None
    for t in times_s:
        people = [
            msgspec.structs.replace(Person(i + 1), **{field: speed(t)})
            for i, speed in enumerate(speeds)
        ]
        found = meter.update(t, people)
    assert found is not None
    return found.synchrony


EVERY = [i / 25 for i in range(200)]
UNEVEN = sorted(np.random.default_rng(3).uniform(0, 8, 120))


@pytest.mark.parametrize("field", ["gesture_energy", "movement"])
@pytest.mark.parametrize("times_s", [EVERY, EVERY[::4], UNEVEN])
@pytest.mark.parametrize(
    ("speeds", "expected"),
    [
        ([wave(), wave()], 1.0),
        ([wave(), lambda t: 0.3 * (wave()(t) or 0)], 1.0),  # size does not matter
        ([wave(), wave(phase=math.pi)], -1.0),
        ([wave(), wave(), wave(phase=math.pi)], -1 / 3),
    ],
)
def test_synchrony_is_the_mean_correlation(
    speeds: Sequence[Speed], expected: float, times_s: Sequence[float], field: str
) -> None:
    assert synchrony(speeds, times_s, field) == pytest.approx(expected, abs=0.02)


def test_a_quarter_turn_is_no_synchrony() -> None:
    found = synchrony([wave(), wave(phase=math.pi / 2)], EVERY)
    assert found is not None and abs(found) < 0.25


def test_strangers_average_to_nothing() -> None:
    random = np.random.default_rng(0)
    found = []
    for _ in range(60):
        noise = random.normal(size=(2, 30))
        speeds = [lambda t, row=row: float(np.interp(t, np.arange(30) * 0.3, row)) for row in noise]
        found.append(synchrony(speeds, EVERY[::3]))
    values = [value for value in found if value is not None]
    assert len(values) == 60
    assert abs(sum(values) / 60) < 0.15


# seconds  0    1    2    3    4    5    6    7
# people   ##########################               5.2 s: enough
@pytest.mark.parametrize(
    ("speeds", "times_s", "known"),
    [
        ([wave(), wave()], EVERY[:130], True),
        ([wave(), wave()], EVERY[:100], False),  # too short
        ([wave()], EVERY, False),  # alone
        ([wave(), lambda t: 0.5], EVERY, False),  # one does not vary
        ([wave(), lambda t: None], EVERY, False),
        ([wave(), lambda t: wave()(t) if t > 4 else None], EVERY, False),  # came late
        ([wave(), lambda t: wave()(t) if t < 7 else None], EVERY, False),  # gone
        ([wave(), lambda t: wave()(t) if not 4 < t < 5.5 else None], EVERY, False),  # a hole
        ([wave(), lambda t: wave()(t) if not 4 < t < 4.5 else None], EVERY, True),
    ],
)
def test_synchrony_needs_two_people_throughout(
    speeds: Sequence[Speed], times_s: Sequence[float], known: bool
) -> None:
    assert (synchrony(speeds, times_s) is not None) == known


def test_synchrony_needs_nobody_who_has_left() -> None:
    meter = GroupMeter()
    for t in EVERY:
        both = [Person(i, gesture_energy=wave()(t)) for i in (1, 2)]
        meter.update(t, both)
    found = meter.update(8.0, both[:1])
    assert found is not None and found.synchrony is None


def test_time_that_runs_backwards_forgets() -> None:
    meter = GroupMeter()
    for t in [*EVERY, *EVERY[:50]]:
        found = meter.update(t, [Person(i, movement=wave()(t)) for i in (1, 2)])
    assert found is not None and found.synchrony is None


def test_memory_is_bounded() -> None:
    def size(frames: int) -> int:
        meter = GroupMeter()
        for i in range(frames):
            meter.update(i / 25, [Person(1 + i // 50, gesture_energy=1.0, movement=1.0)])
        return len(pickle.dumps(meter))

    assert size(3000) < 1.2 * size(300)
