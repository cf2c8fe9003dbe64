import math

import pytest

from affectstream.models import affect
from affectstream.stream.messages import EMOTIONS


def certain(name: str) -> tuple[float, ...]:
    return tuple(float(emotion == name) for emotion in EMOTIONS)


def test_every_emotion_has_coordinates_in_range() -> None:
    assert set(affect.COORDINATES) == set(EMOTIONS)
    assert all(abs(x) <= 1 for point in affect.COORDINATES.values() for x in point)


@pytest.mark.parametrize("name", EMOTIONS)
def test_a_certain_emotion_lies_at_its_coordinates(name: str) -> None:
    assert affect.derive(certain(name)) == affect.COORDINATES[name]


def test_derive_is_the_mean_under_the_probabilities() -> None:
    half = [0.0] * len(EMOTIONS)
    half[EMOTIONS.index("happiness")] = half[EMOTIONS.index("sadness")] = 0.5
    assert affect.derive(half) == pytest.approx(((0.81 - 0.63) / 2, (0.51 - 0.27) / 2))


def test_derive_divides_by_the_sum() -> None:
    assert affect.derive([2 * p for p in certain("fear")]) == affect.COORDINATES["fear"]


@pytest.mark.parametrize("bad", [(), (1.0,) * 7, (0.0,) * 8, (math.nan,) * 8])
def test_derive_refuses_what_is_no_distribution(bad: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        affect.derive(bad)


@pytest.mark.parametrize(
    ("valence", "arousal", "movement", "expected"),
    [
        (0.2, 0.1, None, (0.2, 0.1)),
        (0.2, 0.1, 0.0, (0.2, 0.1)),
        (0.2, 0.0, 1.0, (0.2, 0.3 * (1 - math.exp(-1)))),
        (0.2, 0.5, 1e9, (0.2, 0.5 + 0.3 * 0.5)),
        (-0.2, -1.0, 1e9, (-0.2, -0.4)),
        (0.2, 1.0, 5.0, (0.2, 1.0)),
        (0.2, 0.1, -3.0, (0.2, 0.1)),
        (None, None, 1.0, (None, None)),
        (None, 0.1, 1.0, (None, None)),
    ],
)
def test_movement_raises_arousal_and_saturates(
    valence: float | None,
    arousal: float | None,
    movement: float | None,
    expected: tuple[float | None, float | None],
) -> None:
    assert affect.fuse(valence, arousal, movement) == pytest.approx(expected)


def test_more_movement_is_never_less_arousal() -> None:
    values = [affect.fuse(0.0, -0.3, m / 10)[1] or 0.0 for m in range(100)]
    assert values == sorted(values)
    assert len(set(values)) == len(values)


@pytest.mark.parametrize(
    ("valence", "arousal", "radius", "expected"),
    [
        (0.5, 0.5, 0.15, "excited"),
        (0.5, -0.5, 0.15, "calm"),
        (-0.5, 0.5, 0.15, "angry"),
        (-0.5, -0.5, 0.15, "sad"),
        (0.1, 0.1, 0.15, "neutral"),
        (0.15, 0.0, 0.15, "excited"),
        (0.0, 0.2, 0.15, "excited"),
        (0.0, -0.2, 0.15, "calm"),
        (-0.01, 0.0, 0.0, "angry"),
        (0.0, 0.0, 0.0, "excited"),
    ],
)
def test_quadrant(valence: float, arousal: float, radius: float, expected: str) -> None:
    assert affect.quadrant(valence, arousal, radius) == expected
