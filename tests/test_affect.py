import math

import pytest

from affectstream.models import affect
from affectstream.models.affect import AffectHead, measure, quadrant
from affectstream.models.posture import POSTURES, Posture
from affectstream.stream.messages import EMOTIONS, Face

BOX = (0.0, 0.0, 10.0, 10.0)
SLUMPED, OPEN, UPRIGHT = (Posture(name, 0.9) for name in ("slumped", "open", "upright"))


def certain(name: str) -> tuple[float, ...]:
    return tuple(float(emotion == name) for emotion in EMOTIONS)


def mixed(**shares: float) -> tuple[float, ...]:
    return tuple(shares.get(emotion, 0.0) for emotion in EMOTIONS)


def face(emotions: tuple[float, ...] | None, quality: float | None = None) -> Face:
    return Face(BOX, 0.9, emotions=emotions, quality=quality)


MILD_SMILE = face(mixed(neutral=0.75, happiness=0.25))


def test_every_emotion_has_coordinates_in_range() -> None:
    assert set(affect.COORDINATES) == set(EMOTIONS)
    assert all(abs(x) <= 1 for point in affect.COORDINATES.values() for x in point)
    assert set(affect.POSTURE_AFFECT) < set(POSTURES)


@pytest.mark.parametrize("name", EMOTIONS)
def test_a_certain_emotion_lies_at_its_coordinates(name: str) -> None:
    assert affect.derive(certain(name)) == affect.COORDINATES[name]
    found = measure(face(certain(name)), None, None)
    assert found is not None
    assert (found.valence, found.arousal) == pytest.approx(affect.COORDINATES[name])
    assert (found.valence_sd, found.arousal_sd) == pytest.approx(affect.FACE_SD)
    assert found.source == "derived"


def test_derive_is_the_mean_under_the_probabilities() -> None:
    half = mixed(happiness=0.5, sadness=0.5)
    assert affect.derive(half) == pytest.approx(((0.81 - 0.63) / 2, (0.15 - 0.27) / 2))


def test_derive_divides_by_the_sum() -> None:
    assert affect.derive([2 * p for p in certain("fear")]) == affect.COORDINATES["fear"]


@pytest.mark.parametrize("bad", [(), (1.0,) * 7, (0.0,) * 8, (math.nan,) * 8])
def test_derive_refuses_what_is_no_distribution(bad: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        affect.derive(bad)


def test_doubt_between_classes_widens_the_uncertainty() -> None:
    found = measure(face(mixed(happiness=0.5, sadness=0.5)), None, None)
    assert found is not None
    assert found.valence_sd == pytest.approx(math.hypot(0.340, 0.72))
    assert found.arousal_sd == pytest.approx(math.hypot(0.362, 0.21))


@pytest.mark.parametrize(
    ("quality", "valence_sd"),
    [(None, 0.340), (1.0, 0.340), (0.25, 0.680), (0.05, 1.0), (0.0, 1.0)],
)
def test_a_poor_face_is_less_sure_but_says_the_same(
    quality: float | None, valence_sd: float
) -> None:
    found = measure(face(certain("anger"), quality), None, None)
    assert found is not None
    assert found.valence == pytest.approx(-0.51)
    assert found.valence_sd == pytest.approx(valence_sd)


@pytest.mark.parametrize(
    ("valence", "arousal", "expected"),
    [(0.3, -0.4, (0.3, -0.4)), (1.7, -3.0, (1.0, -1.0)), (0.0, 0.0, (0.0, 0.0))],
)
def test_regressed_values_win_and_are_bounded(
    valence: float, arousal: float, expected: tuple[float, float]
) -> None:
    both = Face(BOX, 0.9, emotions=certain("fear"), valence=valence, arousal=arousal)
    found = measure(both, None, None)
    assert found is not None
    assert (found.valence, found.arousal) == pytest.approx(expected)
    assert (found.valence_sd, found.arousal_sd) == pytest.approx(affect.FACE_SD)
    assert found.source == "regressed"


@pytest.mark.parametrize(
    ("seen", "movement", "posture"),
    [
        (None, None, None),
        (face(None), None, None),
        (None, None, UPRIGHT),  # an upright body tells neither
        (None, None, Posture("open", 0.0)),
        (Face(BOX, 0.9, valence=math.nan, arousal=0.1), None, None),
        (Face(BOX, 0.9, valence=0.2), None, None),
    ],
)
def test_nothing_measured_is_nothing(
    seen: Face | None, movement: float | None, posture: Posture | None
) -> None:
    assert measure(seen, movement, posture) is None


@pytest.mark.parametrize(
    ("movement", "posture"), [(0.0, None), (2.0, None), (None, SLUMPED), (3.0, OPEN)]
)
@pytest.mark.parametrize("seen", [None, face(None)])
def test_a_body_alone_gives_arousal_less_surely_than_a_face(
    seen: Face | None, movement: float | None, posture: Posture | None
) -> None:
    found = measure(seen, movement, posture)
    assert found is not None
    assert found.valence is None and found.valence_sd is None
    assert found.arousal is not None and found.arousal_sd is not None
    assert affect.FACE_SD[1] < found.arousal_sd <= 1
    assert found.source == "body"


@pytest.mark.parametrize(
    ("movement", "arousal"),
    [(0.0, -0.2), (0.5, -0.2 + 0.8 * (1 - math.exp(-1))), (1e9, 0.6), (-1.0, -0.2)],
)
def test_arousal_of_movement(movement: float, arousal: float) -> None:
    found = measure(None, movement, None)
    assert found is not None and found.arousal == pytest.approx(arousal)


def test_more_movement_is_more_arousal_and_leaves_valence_alone() -> None:
    found = [measure(MILD_SMILE, m / 10, None) for m in range(40)]
    arousals = [reading.arousal for reading in found if reading and reading.arousal is not None]
    assert len(arousals) == 40
    assert all(a < b for a, b in zip(arousals, arousals[1:], strict=False))
    assert {reading.valence for reading in found if reading} == {
        affect.derive(certain("happiness"))[0] / 4
    }


def test_gesture_energy_counts_before_movement() -> None:
    panned = measure(MILD_SMILE, 5.0, None, gesture_energy=0.0)
    assert panned == measure(MILD_SMILE, 0.0, None)


def test_estimates_are_weighed_by_their_variance() -> None:
    found = measure(face(certain("neutral")), 1e9, None)
    assert found is not None
    face_weight, body_weight = 0.362**-2, affect.MOVEMENT_SD**-2
    assert found.arousal == pytest.approx(0.6 * body_weight / (face_weight + body_weight))
    assert found.arousal_sd == pytest.approx((face_weight + body_weight) ** -0.5)
    useless = measure(face(certain("neutral"), 0.05), 1e9, None)  # a standard deviation of 1
    assert useless is not None
    assert useless.arousal == pytest.approx(0.6 * body_weight / (1 + body_weight))
    poor = measure(face(certain("neutral"), 0.3), 1e9, None)
    assert poor is not None and (poor.arousal or 0) > (found.arousal or 0)


@pytest.mark.parametrize(
    ("posture", "valence_moves", "arousal_moves"),
    [
        (SLUMPED, -1, -1),
        (Posture("closed", 0.9), -1, -1),
        (OPEN, 1, 1),
        (Posture("arms raised", 0.9), 0, 1),
        (UPRIGHT, 0, 0),
        (Posture("arms crossed", 0.9), 0, 0),
        (Posture("leaning left", 0.9), 0, 0),
    ],
)
def test_posture_moves_arousal_and_weakly_valence(
    posture: Posture, valence_moves: int, arousal_moves: int
) -> None:
    bare, fused = (measure(face(certain("neutral")), None, p) for p in (None, posture))
    assert bare is not None and fused is not None
    valence = (fused.valence or 0) - (bare.valence or 0)
    arousal = (fused.arousal or 0) - (bare.arousal or 0)
    assert (valence > 0) - (valence < 0) == valence_moves
    assert (arousal > 0) - (arousal < 0) == arousal_moves
    assert abs(valence) < 0.06 and abs(arousal) < 0.15


def test_a_doubtful_posture_counts_less() -> None:
    sure, doubtful = (
        measure(face(certain("neutral")), None, Posture("open", c)) for c in (1.0, 0.6)
    )
    assert sure is not None and doubtful is not None
    assert 0 < (doubtful.valence or 0) < (sure.valence or 0)


@pytest.mark.parametrize(
    ("seen", "movement", "expected"),
    [
        (MILD_SMILE, 0.0, "calm"),  # content: it smiles and keeps still
        (MILD_SMILE, 1.0, "excited"),
        (face(certain("happiness")), 1.0, "excited"),
        (face(certain("neutral")), 0.0, "neutral"),
        (face(certain("sadness")), 0.0, "sad"),
        (face(certain("anger")), 0.0, "angry"),
        (Face(BOX, 0.9, valence=0.5, arousal=-0.4), None, "calm"),
    ],
)
def test_every_quadrant_occurs(seen: Face, movement: float | None, expected: str) -> None:
    found = measure(seen, movement, None)
    assert found is not None and found.valence is not None and found.arousal is not None
    assert quadrant(found.valence, found.arousal) == expected


def test_everything_stays_in_range() -> None:
    for name in EMOTIONS:
        for movement in (None, 0.0, 1e9):
            for posture in (None, *(Posture(p, 1.0) for p in POSTURES)):
                for quality in (None, 0.0, 1.0):
                    found = measure(face(certain(name), quality), movement, posture)
                    assert found is not None
                    assert abs(found.valence or 0) <= 1 and abs(found.arousal or 0) <= 1
                    assert 0 < (found.valence_sd or 0) <= 1 and 0 < (found.arousal_sd or 0) <= 1


def test_a_fitted_head_takes_the_place_of_measure() -> None:
    def fitted(
        face: Face | None,
        movement: float | None,
        posture: Posture | None,
        gesture_energy: float | None = None,
    ) -> affect.Affect | None:
        return affect.Affect(0.1, 0.2, 0.3, 0.4, "fitted")

    heads: list[AffectHead] = [measure, fitted]
    found = [head(MILD_SMILE, 0.3, None) for head in heads]
    assert [reading.source for reading in found if reading] == ["derived", "fitted"]


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
    assert quadrant(valence, arousal, radius) == expected
