"""The proof of a fit: ratings that come from what a face was told to play, never from features."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_out import made_dataset

from affectstream.dataset.options import StepOptions
from affectstream.dataset.steps import fit

pytestmark = pytest.mark.slow
SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips of seven plays, one of them with a copy, looked at by the networks of the package."""
    pytest.importorskip("skimage", reason='needs pip install "affectstream[make]"')
    pytest.importorskip("sklearn", reason='needs pip install "affectstream[dataset]"')
    folder = tmp_path_factory.mktemp("rated")
    sys.path.insert(0, str(SCRIPTS))
    try:
        importlib.import_module("make_rated_clips").make(folder, 7, 1, 16.0)
    finally:
        sys.path.remove(str(SCRIPTS))
    ratings = {}
    for path in sorted((folder / "ratings").glob("*.csv")):
        table = pd.read_csv(path)
        ratings[path.stem] = table["time"].to_numpy(), table[["valence", "arousal"]].to_numpy()
    clips = {name: folder / "videos" / f"{name}.mp4" for name in ratings}
    return made_dataset(folder / "out", clips, ratings)


def fitted(out: Path, **config: int) -> pd.DataFrame:
    fit.run(StepOptions(out, out, config=config))
    name = "fit-shuffled" if config else "fit"
    table = pd.read_csv(out / name / "cross_validation.csv")
    return table.set_index(["dimension", "head"])


def test_a_fit_recovers_what_was_played(rated: Path) -> None:
    table = fitted(rated)
    for dimension, least in (("valence", 0.6), ("arousal", 0.7)):
        head, derived = table.loc[(dimension, "fitted")], table.loc[(dimension, fit.HEADS[2])]
        assert head["groups"] == 7, "the copy is in the group of its original"
        assert head["ccc"] > least
        assert head["ccc_low"] > derived["ccc_high"]


def test_ratings_of_other_videos_give_nothing(rated: Path) -> None:
    """A few short courses resemble one another by chance; on average over pairings they do not."""
    tables = [fitted(rated, shuffle=by) for by in (1, 2, 3)]
    for dimension in ("valence", "arousal"):
        found = [table.loc[(dimension, "fitted")] for table in tables]
        assert np.mean([row["ccc"] for row in found]) < 0.2
        assert min(row["ccc_low"] for row in found) < 0
