"""The rows of a fitted head: what a window holds, and that live and offline do not differ."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import memory, pipeline, synthetic

from affectstream.dataset.rows import readings_of
from affectstream.models.features import COLUMNS, WINDOW_S, Features
from affectstream.stream.messages import EMOTIONS, Face, Person, Reading

NEUTRAL = (1.0, *(0.0,) * 7)
HAPPY = (0.0, 1.0, *(0.0,) * 6)


def somebody(
    emotions: tuple[float, ...] | None = NEUTRAL, x_px: float = 100.0, **fields: object
) -> Person:
    face = Face((x_px, 100.0, x_px + 80.0, 200.0), 1.0, emotions=emotions)
    return Person(id=1, face=face if emotions else None, **fields)  # type: ignore[arg-type]


def row_of(people: list[tuple[float, Person]]) -> dict[str, float]:
    features = Features()
    for pts_s, person in people:
        row = features.add(pts_s, person)
    return dict(zip(COLUMNS, map(float, row), strict=True))


def test_near_and_window_are_means_over_their_times() -> None:
    #  0 s ... 3 s neutral, then happy; the near part is the last second
    people = [(k / 10, somebody(HAPPY if k > 30 else NEUTRAL)) for k in range(41)]
    row = row_of(people)
    assert row["happiness_near"] == 1.0
    assert row["happiness_mean"] == pytest.approx(10 / 40)
    assert row["happiness_sd"] == pytest.approx(np.sqrt(0.25 * 0.75))
    assert row["face_share"] == 1.0
    assert row["body_share"] == 0.0
    assert np.isnan(row["movement_mean"])


def test_head_speed_is_in_face_heights_a_second() -> None:
    people = [(k / 10, somebody(x_px=100.0 + 5.0 * k)) for k in range(20)]
    assert row_of(people)["head_speed_near"] == pytest.approx(50.0 / 100.0)


def test_absent_bodies_and_doubtful_faces_do_not_count() -> None:
    doubtful = Person(id=1, face=Face((0, 0, 9, 9), 1.0, emotions=HAPPY, quality_reason="blurred"))
    row = row_of([(0.0, somebody(movement=0.4, posture="open", posture_confidence=0.8))])
    assert row["movement_mean"] == pytest.approx(0.4)
    assert row["posture open"] == pytest.approx(0.8)
    assert row["posture slumped"] == 0.0
    row = row_of([(0.0, somebody()), (0.1, doubtful)])
    assert row["happiness_near"] == 0.0
    assert row["face_share"] == 0.5


@pytest.mark.parametrize("next_s", [0.5, 2.0 + 2 * WINDOW_S])
def test_time_that_falls_or_leaps_starts_anew(next_s: float) -> None:
    row = row_of([(1.0, somebody(HAPPY)), (2.0, somebody(HAPPY)), (next_s, somebody(NEUTRAL))])
    assert row["happiness_mean"] == 0.0


def test_rows_from_the_table_are_those_from_the_readings(tmp_path: Path) -> None:
    out = tmp_path / "run"
    kept = memory()
    pipeline([synthetic(frames=120)], ("memory", kept), out=out).start().join()
    live, offline = Features(), Features()
    table = pd.read_csv(out / "readings.csv")
    read = list(readings_of(table))
    given = [message for message in kept.messages if isinstance(message, Reading)]
    assert len(read) == len(given) == 120
    for one, other in zip(given, read, strict=True):
        assert one.people[0].valence == pytest.approx(other.people[0].valence, abs=1e-4)
        rows = [
            features.add(reading.pts_s, reading.people[0])
            for features, reading in ((live, one), (offline, other))
        ]
        np.testing.assert_allclose(*rows, atol=2e-3)
    assert len(EMOTIONS) == 8
