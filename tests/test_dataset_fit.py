"""Fitting a head: on rows with a known truth, on shuffled ones, and as a file that runs live."""

import json
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import config, memory, pipeline, synthetic

from affectstream.dataset.agreement import Series
from affectstream.dataset.fitting import nested
from affectstream.dataset.fitting.regressor import CHOICES, fit
from affectstream.dataset.fitting.table import Video
from affectstream.dataset.rows import readings_of
from affectstream.models.features import COLUMNS, VERSION, Features
from affectstream.models.fitted import FittedHead
from affectstream.stream.errors import ConfigError, ModelError, UsageError
from affectstream.stream.messages import MESH_MEASURES, Reading
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.prepare import open_head
from affectstream.stream.tables import READING_COLUMNS

pytest.importorskip("sklearn", reason='needs pip install "affectstream[dataset]"')
onnx = pytest.importorskip("onnx", reason='needs pip install "affectstream[dataset]"')

LATE_S = 1.4


def made_videos(count: int = 5, copies: int = 1, seed: int = 0) -> list[Video]:
    """Rows in which one column holds the truth, with ratings that are late, noisy and patchy."""
    rng = np.random.default_rng(seed)
    videos = []
    for number in range(count):
        times_s = np.arange(0, 24, 0.2)
        truth = np.stack(
            [
                sum(0.4 * np.sin(f * times_s + rng.uniform(0, 6)) for f in rng.uniform(0.2, 1.2, 3))
                for _ in range(2)
            ],
            axis=1,
        )
        features = rng.normal(size=(len(times_s), len(COLUMNS)))
        features[:, 1] = 3 * truth[:, 0] + 0.3 * features[:, 1]
        features[:, 20] = -2 * truth[:, 1] + 0.3 * features[:, 20]
        features[rng.random(features.shape) < 0.05] = np.nan
        rated = []
        for axis in range(2):
            given = np.interp(times_s - LATE_S, times_s, truth[:, axis])
            given = given + 0.05 * rng.normal(size=len(given))
            given[40:50] = np.nan
            rated.append(Series(times_s, np.zeros(len(times_s)), np.clip(given, -1, 1)))
        derived = 0.2 * rng.normal(size=(len(times_s), 2))
        for copy in range(1 + (number < copies)):
            name = f"v{number}" + "_cut" * copy
            videos.append(
                Video(
                    name, f"v{number}", times_s, features.astype(np.float32), derived, tuple(rated)
                )
            )
    return videos


def shuffled(videos: list[Video]) -> list[Video]:
    names = sorted({video.group for video in videos})
    to = dict(zip(names, [*names[1:], names[0]], strict=True))
    rated = {video.group: video.rated for video in videos}
    return [
        Video(v.video_id, v.group, v.time_s, v.features, v.derived, rated[to[v.group]])
        for v in videos
    ]


@pytest.fixture(scope="module")
def videos() -> list[Video]:
    return made_videos()


@pytest.fixture(scope="module")
def found(videos: list[Video]) -> nested.Outside:
    return nested.outside(videos, 0)


def test_it_finds_the_truth_and_the_raters_lag(found: nested.Outside) -> None:
    assert nested.concordance(found.predicted, found.rows.target) > 0.85
    assert np.mean(found.lags_s) == pytest.approx(LATE_S, abs=0.15)
    assert nested.concordance(found.rows.derived, found.rows.target) < 0.2


def test_it_finds_nothing_in_ratings_of_other_videos(videos: list[Video]) -> None:
    found = nested.outside(shuffled(videos), 0)
    assert nested.concordance(found.predicted, found.rows.target) < 0.15


def test_a_group_is_never_on_both_sides(videos: list[Video]) -> None:
    groups = [video.group for video in videos]
    assert len(set(groups)) < len(groups), "there are copies"
    for most in (2, 3, 8, 50):
        folds = nested.folds_of(groups, most)
        assert sorted(name for fold in folds for name in fold) == sorted(set(groups))
        assert len(folds) == min(most, len(set(groups)))


def test_every_rated_row_is_predicted_once(videos: list[Video], found: nested.Outside) -> None:
    keys = list(zip(found.rows.video.tolist(), found.rows.time_s.tolist(), strict=True))
    assert len(keys) == len(set(keys))
    assert set(found.rows.video.tolist()) == {video.video_id for video in videos}


def written(folder: Path, videos: list[Video], **changed: object) -> Path:
    from affectstream.dataset.fitting.network import write_network

    table = nested.table_of(videos, 0, LATE_S)
    heads = [fit(choice, table.features, table.target) for choice in (CHOICES[1], CHOICES[-1])]
    about = {"job": "affect", "version": VERSION, "columns": list(COLUMNS), "kind": "test"}
    about |= {"lag_s": 1.4, "valence_sd": 0.2, "arousal_sd": 0.3, "groups": 8}
    about |= {"valence_ccc": 0.9, "arousal_ccc": 0.8, **changed}
    write_network(folder / "affect.onnx", heads, about)
    return folder / "affect.onnx"


def test_the_file_says_what_was_fitted_also_of_absent_and_wild_values(
    videos: list[Video], tmp_path: Path
) -> None:
    table = nested.table_of(videos, 0, LATE_S)
    heads = [fit(choice, table.features, table.target) for choice in (CHOICES[1], CHOICES[-1])]
    head = FittedHead(written(tmp_path, videos))
    rows = table.features[:50].copy()
    rows[3] = np.nan
    rows[4] = 1e6
    wanted = np.clip(np.stack([one(rows) for one in heads], axis=1), -1, 1)
    np.testing.assert_allclose(head.read(rows), wanted, atol=1e-4)
    assert (tmp_path / "affect.onnx").read_bytes() == written(tmp_path, videos).read_bytes()


def test_a_run_reads_affect_by_the_file_and_says_so(videos: list[Video], tmp_path: Path) -> None:
    path, kept = written(tmp_path, videos), memory()
    out = tmp_path / "run"
    run = pipeline([synthetic(frames=40)], ("memory", kept), out=out, models={"affect": str(path)})
    run.start().join()
    people = [m.people[0] for m in kept.messages if isinstance(m, Reading)]
    assert {person.affect_source for person in people} == {"fitted"}
    assert {(person.valence_sd, person.arousal_sd) for person in people} == {(0.2, 0.3)}
    assert len({person.valence for person in people}) > 10, "it follows the face"
    record = json.loads((out / "run.json").read_text())["models"]["affect"]
    assert record["name"] == "affect"
    assert "0.90 valence" in record["why"]
    assert len(record["sha256"]["affect.onnx"]) == 64


def test_a_live_head_is_given_the_rows_that_a_fit_was_made_on(tmp_path: Path) -> None:
    """Both see the same people, but for the rounding of tables."""
    kept, live = memory(), Features()
    with as_file(files("affectstream.configs") / "demo.mp4") as path:
        options = config(sources=[str(path)], out=tmp_path / "run", workers=1, limit_frames=50)
        Pipeline(options, sinks=[("memory", kept)]).start().join()
    rows = {
        (message.seq, person.id): live.add(message.pts_s, person)
        for message in kept.messages
        if isinstance(message, Reading)
        for person in message.people
    }
    offline, again = Features(), {}
    for reading in readings_of(pd.read_csv(tmp_path / "run" / "readings.csv")):
        for person in reading.people:
            again[reading.seq, person.id] = offline.add(reading.pts_s, person)
    assert rows.keys() == again.keys() and len(rows) >= 40
    table = np.array(list(rows.values()))
    np.testing.assert_allclose(np.array(list(again.values())), table, atol=0.02)
    measured = [k for k, name in enumerate(COLUMNS) if name.startswith(MESH_MEASURES)]
    assert len(measured) == 3 * len(MESH_MEASURES)
    assert np.isfinite(table[-1][measured]).all()


def test_a_table_of_an_earlier_version_names_the_step_to_run() -> None:
    table = pd.DataFrame({name: [0] for name in READING_COLUMNS if name != "mouth_lift"})
    with pytest.raises(UsageError, match="anna have no column mouth_lift.*dataset extract"):
        list(readings_of(table, "anna"))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"version": VERSION + 1}, "fit it anew"),
        ({"columns": ["other"]}, "fit it anew"),
        ({"job": "pose"}, "fit it anew"),
        ({"valence_sd": "much"}, "is no head"),
    ],
)
def test_a_file_of_something_else_is_refused(
    videos: list[Video], tmp_path: Path, changed: dict[str, object], words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        FittedHead(written(tmp_path, videos, **changed))


def test_names_without_a_file() -> None:
    assert open_head(config()) is None
    assert open_head(config(models={"affect": "derived"})) is None
    with pytest.raises(ConfigError, match="dataset fit"):
        open_head(config(models={"affect": "/nowhere/affect.onnx"}))
    with pytest.raises(ConfigError, match="left out"):
        open_head(config(models={"affect": "none"}))
