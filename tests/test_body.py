import math
import pickle

import pytest

from affectstream.models.base import COCO17, COCO17_IN, LAYOUTS
from affectstream.models.body import (
    MAX_GAP_S,
    TORSO_PER_SHOULDER_WIDTH,
    MovementMeter,
    posture,
    torso_px,
)
from affectstream.stream.messages import Body, Keypoint

STANDING: dict[str, tuple[float, float]] = {
    "nose": (100, 60),
    "left_shoulder": (120, 100),
    "right_shoulder": (80, 100),
    "left_elbow": (125, 150),
    "right_elbow": (75, 150),
    "left_wrist": (125, 190),
    "right_wrist": (75, 190),
    "left_hip": (115, 200),
    "right_hip": (85, 200),
}
"""A torso of 100 px; joints that are not named are not visible."""

SHOULDERS = ("left_shoulder", "right_shoulder")


def body(
    joints: dict[str, tuple[float, float]], layout: str = "coco17", dx: float = 0, dy: float = 0
) -> Body:
    points: list[Keypoint] = [(0.0, 0.0, 0.0, 0.0)] * len(LAYOUTS[layout])
    for name, (x, y) in joints.items():
        points[COCO17_IN[layout][COCO17.index(name)]] = (x + dx, y + dy, 0.0, 0.9)
    return Body((0, 0, 200, 400), 0.9, layout, tuple(points))


def without(*names: str) -> dict[str, tuple[float, float]]:
    return {name: point for name, point in STANDING.items() if name not in names}


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_torso(layout: str) -> None:
    assert torso_px(body(STANDING, layout)) == pytest.approx(100)
    hipless = body(without("left_hip"), layout)
    assert torso_px(hipless) == pytest.approx(40 * TORSO_PER_SHOULDER_WIDTH)
    assert torso_px(body(without("left_shoulder"), layout)) is None


@pytest.mark.parametrize("layout", list(LAYOUTS))
@pytest.mark.parametrize("rate_hz", [5.0, 12.5, 25.0, 30.0, 60.0, 240.0])
def test_movement_is_torso_lengths_per_second_at_any_rate(layout: str, rate_hz: float) -> None:
    meter, found = MovementMeter(), []
    for i in range(int(rate_hz * 2)):
        pts_s = i / rate_hz
        found.append(meter.update(pts_s, 1, body(STANDING, layout, dx=30 * pts_s, dy=40 * pts_s)))
    assert found[0] is None
    measured = [value for value in found if value is not None]
    assert len(measured) >= len(found) - math.ceil(0.1 * rate_hz) - 1
    assert measured == pytest.approx([0.5] * len(measured))


def test_movement_follows_the_true_timestamps() -> None:
    meter, found = MovementMeter(), []
    for pts_s in (0.0, 0.11, 0.6, 0.72, 1.7):
        found.append(meter.update(pts_s, 1, body(STANDING, dx=50 * pts_s)))
    assert found[1:] == pytest.approx([0.5] * 4)


def test_one_wild_keypoint_does_not_count() -> None:
    meter = MovementMeter()
    meter.update(0.0, 1, body(STANDING))
    wild = body({**STANDING, "left_wrist": (900, 900)})
    assert meter.update(0.2, 1, wild) == pytest.approx(0.0)


def test_only_keypoints_visible_in_both_count() -> None:
    meter = MovementMeter()
    meter.update(0.0, 1, body(without("nose")))
    hidden = body(without("left_wrist", "right_wrist"), dx=20)
    assert meter.update(0.2, 1, hidden) == pytest.approx(1.0)


def test_a_foreshortened_torso_does_not_inflate_movement() -> None:
    meter = MovementMeter()
    meter.update(0.0, 1, body(STANDING))
    bent = {name: (x + 10, y + 50 * (name in SHOULDERS)) for name, (x, y) in STANDING.items()}
    assert meter.update(0.2, 1, body(bent)) == pytest.approx(10 / 100 / 0.2)


@pytest.mark.parametrize(
    ("second_s", "joints"),
    [
        (MAX_GAP_S + 0.01, STANDING),  # a gap
        (0.0, STANDING),  # no time has passed
        (-1.0, STANDING),  # time runs backwards
        (0.05, STANDING),  # too close to tell from jitter
        (0.2, {"nose": (100, 60), "left_hip": (1, 1)}),  # too little visible
    ],
)
def test_movement_is_none_when_not_measurable(
    second_s: float, joints: dict[str, tuple[float, float]]
) -> None:
    meter = MovementMeter()
    meter.update(0.0, 1, body(STANDING))
    assert meter.update(second_s, 1, body(joints)) is None


def test_people_are_kept_apart_and_forgotten() -> None:
    meter = MovementMeter()
    meter.update(0.0, 1, body(STANDING))
    assert meter.update(0.2, 2, body(STANDING, dx=50)) is None
    assert meter.update(0.2, 1, body(STANDING)) == 0.0
    meter.forget([1, 99])
    assert meter.update(0.4, 1, body(STANDING)) is None
    assert meter.update(0.4, 2, body(STANDING, dx=50)) == 0.0


# seconds   0    .2   .6   .8   1.6  1.7
# body      #         #
# latest    -    -    v    v    v    -        v is held for a second
def test_the_latest_movement_is_held_for_a_second() -> None:
    meter = MovementMeter()
    meter.update(0.0, 1, body(STANDING))
    assert meter.latest(0.2, 1) is None
    assert meter.update(0.6, 1, body(STANDING, dx=60)) == pytest.approx(1.0)
    held = [meter.latest(pts_s, 1) for pts_s in (0.6, 0.8, 1.6, 1.7, 0.5)]
    assert held == [pytest.approx(1.0)] * 3 + [None, None]
    assert meter.latest(0.8, 2) is None
    meter.forget([1])
    assert meter.latest(0.8, 1) is None


def test_memory_is_bounded_by_who_is_there() -> None:
    def size(people: int) -> int:
        meter = MovementMeter()
        for i in range(people):
            meter.update(i / 10, i, body(STANDING))
        return len(pickle.dumps(vars(meter)))

    assert size(300) < 1.2 * size(30)


def tilted(angle_deg: float) -> dict[str, tuple[float, float]]:
    """Turn the trunk about the mid-hip."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return {
        name: (100 + c * (x - 100) - s * (y - 200), 200 + s * (x - 100) + c * (y - 200))
        for name, (x, y) in STANDING.items()
    }


@pytest.mark.parametrize("layout", list(LAYOUTS))
@pytest.mark.parametrize(
    ("joints", "expected"),
    [
        (STANDING, "upright"),
        (tilted(15), "upright"),
        (tilted(25), "leaning"),
        (tilted(-25), "leaning"),
        (tilted(90), "leaning"),
        ({**STANDING, "left_wrist": (130, 30)}, "arms raised"),
        ({**STANDING, "right_wrist": (80, 70)}, "upright"),  # a hand at the chin
        ({**without("left_hip"), "left_wrist": (130, 30)}, "arms raised"),
        (without("left_hip"), None),
        (without("right_shoulder"), None),
        ({}, None),
    ],
)
def test_posture(layout: str, joints: dict[str, tuple[float, float]], expected: str | None) -> None:
    assert posture(body(joints, layout)) == expected
