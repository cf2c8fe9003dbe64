"""The steps over a small folder: what each leaves, what it does not do twice, what it survives."""

import json
import re
import shutil
import sys
from pathlib import Path

import made_dataset
import made_ratings
import made_videos
import numpy as np
import pandas as pd
import pytest
import yaml
from dataset_visions import FAILS
from made_dataset import FRAMES, do, done

from affectstream.stream import tables

pytest.importorskip("pyarrow", reason="needs the extra [dataset]")
pytest.importorskip("jinja2", reason="needs the extra [dataset]")

STEPS = ("explore", "match", "extract", "combine", "label", "summarize")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_dataset.make(tmp_path_factory.mktemp("dataset") / "videos")


@pytest.fixture(scope="module")
def finished(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished") / "out"
    for step in STEPS:
        done(step, root, out)
    return out


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "out", symlinks=True))


def features(out: Path, video_id: str) -> pd.DataFrame:
    return pd.read_csv(out / "features" / f"{video_id}.csv", dtype={"video_id": str})


@pytest.mark.parametrize("video_id", FRAMES)
def test_every_frame_of_every_video_has_a_row(finished: Path, video_id: str) -> None:
    table = features(finished, video_id)
    assert table["frame"].drop_duplicates().tolist() == list(range(FRAMES[video_id]))
    labels = pd.read_csv(finished / "labels" / f"{video_id}.csv", dtype={"video_id": str})
    keys = ["video_id", "frame", "timestamp", "person"]
    assert len(table.merge(labels, on=keys, validate="one_to_one")) == len(table) == len(labels)


def test_features_are_the_readings_with_the_ratings_behind(finished: Path) -> None:
    readings = (finished / "runs" / "1" / "readings.csv").read_text(encoding="utf-8").splitlines()
    lines = (finished / "features" / "1.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"video_id,{readings[0]},rating_valence,rating_arousal,rating_raters"
    assert lines[0].split(",")[1:5] == list(tables.READING_COLUMNS[:4])
    for line, reading in zip(lines[1:], readings[1:], strict=True):
        value = int(reading.split(",")[1]) / 20
        assert line == f"1,{reading},{value:g},{0 - value:g},1"


def test_ratings_lie_at_the_times_of_the_pictures(finished: Path) -> None:
    table = features(finished, "movie")
    expected = np.interp(table["timestamp"], range(4), made_ratings.VALENCE)
    np.testing.assert_allclose(table["rating_valence"], expected, atol=1e-5)
    assert features(finished, "alone")["rating_valence"].isna().all()
    afew = features(finished, "001").drop_duplicates("frame")
    assert afew["rating_valence"].tolist() == [0, 2, 5, -5]


def test_pairs_say_how_they_were_found(finished: Path) -> None:
    pairs = pd.read_csv(finished / "pairs.csv", dtype=str, keep_default_na=False)
    pairs = pairs.set_index("video_id")
    assert pairs["reader"].to_dict() == {
        **{"001": "afew_va", "alone": "", "movie": "liris_accede", "0": "veatic", "1": "veatic"}
    }
    assert pairs.loc["0", ["matched_by", "time_base", "frames"]].tolist() == ["id", "frames", "12"]
    assert pairs.loc["movie", "rating_path"].count(";") == 1
    told = yaml.safe_load((finished / "pairs.yaml").read_text(encoding="utf-8"))
    assert (told["without_ratings"], told["without_video"]) == (["alone"], [])


def test_the_one_table_holds_all_of_them(finished: Path) -> None:
    whole = pd.read_parquet(finished / "features.parquet")
    assert whole.groupby("video_id")["frame"].nunique().to_dict() == FRAMES
    assert str(whole["frame"].dtype) == "int64" and "happiness" in set(whole["emotion"])
    one = whole[whole["video_id"] == "movie"].reset_index(drop=True)
    alone = features(finished, "movie")
    for name in ("timestamp", "valence", "rating_arousal", "kp_nose_x"):
        np.testing.assert_allclose(one[name], alone[name])


def test_other_formats_are_made_on_request(root: Path, copied: Path) -> None:
    done("combine", root, copied, "--set", "formats=[csv, pkl, parquet]")
    table = pd.read_csv(copied / "features.csv", dtype={"video_id": str}, low_memory=False)
    kept = pd.read_pickle(copied / "features.pkl")
    rows = sum(len(features(copied, video_id)) for video_id in FRAMES)
    assert len(table) == len(kept) == rows
    assert list(table.columns) == list(kept.columns)


def test_labels_are_of_0_to_1(finished: Path) -> None:
    labels = pd.read_csv(finished / "labels" / "0.csv").drop_duplicates("frame")
    np.testing.assert_allclose(labels["rating_valence_01"], 0.5 + np.arange(12) / 40, atol=1e-4)
    assert labels["rating_label"].tolist() == ["neutral"] * 3 + ["calm"] * 9
    said = json.loads((finished / "labels" / "normalisation.json").read_text(encoding="utf-8"))
    assert (said["normalise"], said["neutral_radius"]) == ("scale", 0.15)
    assert said["scales"]["001"]["rating_valence"] == "-10..10"
    afew = pd.read_csv(finished / "labels" / "001.csv").drop_duplicates("frame")
    assert afew["rating_valence_01"].tolist() == [0.5, 0.6, 0.75, 0.25]


def test_labels_by_dataset_and_by_subject_use_their_own_range(root: Path, copied: Path) -> None:
    done("label", root, copied, "--set", "normalise=subject")
    own = pd.read_csv(copied / "labels" / "0.csv")
    assert (own["rating_valence_01"].min(), own["rating_valence_01"].max()) == (
        0,
        pytest.approx(1, abs=0.01),
    )
    done("label", root, copied, "--set", "normalise=dataset")
    common = pd.read_csv(copied / "labels" / "0.csv")
    assert common["rating_valence_01"].min() > 0.3
    said = json.loads((copied / "labels" / "normalisation.json").read_text(encoding="utf-8"))
    assert said["percentiles"] == [1.0, 99.0]
    assert said["ranges_01"]["dataset"]["rating_valence"] == [0.25, pytest.approx(0.775, abs=0.003)]


def test_the_summary_adds_up(finished: Path) -> None:
    table = pd.read_csv(finished / "summary.csv", dtype={"video_id": str})
    assert table["video_id"].drop_duplicates().tolist() == list(sorted(FRAMES, key=_order))
    whole = table[table["person"] == "all"].set_index("video_id")
    names = [f"{name}_s" for name in ("excited", "calm", "angry", "sad", "neutral")]
    np.testing.assert_allclose(whole[names].sum(axis=1), whole["duration_s"], atol=1e-3)
    assert whole.loc["0", "duration_s"] == pytest.approx(12 / 25)
    assert whole.loc["0", "rating_valence_01_trend_per_s"] == pytest.approx(25 / 40, abs=1e-3)
    assert whole.loc["0", "arrival_events"] >= 1


def _order(video_id: str) -> int:
    return ["001", "alone", "movie", "0", "1"].index(video_id)


def test_what_is_done_is_not_done_again(root: Path, copied: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in copied.rglob("*.csv")}
    for step in STEPS:
        assert "5 were done before" in done(step, root, copied).output or step in (
            "explore",
            "match",
        )
    again = [path.name for path, at in before.items() if path.stat().st_mtime_ns != at]
    assert sorted(again) == ["dataset.csv", "pairs.csv", "summary.csv"]
    assert "5 done" in done("label", root, copied, "--overwrite").output


def test_another_offset_moves_the_ratings_without_looking_anew(root: Path, copied: Path) -> None:
    run = (copied / "runs" / "0" / "run.json").stat().st_mtime_ns
    content = yaml.safe_load((copied / "pairs.yaml").read_text(encoding="utf-8"))
    names = [f"rating_averaged/0_{name}.csv" for name in ("valence", "arousal")]
    content["pairs"] = {"0": {"ratings": names, "offset_s": 0.08}, "1": "none"}
    (copied / "pairs.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    for step in STEPS[1:3]:
        done(step, root, copied)
    moved = features(copied, "0").drop_duplicates("frame")["rating_valence"]
    assert moved.iloc[:2].isna().all() and moved.iloc[2] == 0 and moved.iloc[11] == 0.45
    assert features(copied, "1")["rating_valence"].isna().all()
    assert (copied / "runs" / "0" / "run.json").stat().st_mtime_ns == run
    kept = yaml.safe_load((copied / "pairs.yaml").read_text(encoding="utf-8"))
    assert kept["pairs"] == content["pairs"]


def test_a_crash_loses_one_video_and_is_listed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(made_dataset.HERE))
    videos, out = tmp_path / "videos", tmp_path / "out"
    videos.mkdir()
    for name in ("fine", "killed", "faulty", "well"):
        shutil.copy(root / "alone.mp4", videos / f"{name}.mp4")
    (videos / "broken.mp4").write_bytes(b"no video at all")
    made_videos.cut(made_videos.make(videos / "cut.mkv", 60, draw=made_videos.noisy), 0.5)
    for step in ("explore", "match"):
        done(step, videos, out)
    result = do("extract", videos, out, "--jobs", "2", vision=FAILS)
    assert result.exit_code == 5
    failed = pd.read_csv(out / "failures.csv").set_index("item")["reason"]
    assert sorted(failed.index) == ["broken", "faulty", "killed"]
    assert "SIGKILL" in failed["killed"] and "this is no video" in failed["broken"]
    assert sorted(path.stem for path in (out / "features").iterdir()) == ["cut", "fine", "well"]
    seen = features(out, "cut")["frame"].nunique()
    assert seen == made_videos.count(videos / "cut.mkv") and "cut: incomplete" in result.output
    for step in STEPS[3:]:
        assert do(step, videos, out).exit_code == 0
    again = do("extract", videos, out)
    assert "broken" in again.output and "2 were done before" not in again.output


def test_a_dry_run_writes_nothing_and_a_limit_is_kept(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = done("all", root, out, "--dry-run")
    assert not out.exists() and "would look at 9 of 9 videos and rating files" in result.output
    assert "then match, extract, combine, label, summarize" in result.output
    done("explore", root, out, "--limit", "2")
    done("match", root, out, "--limit", "2")
    assert (
        pd.read_csv(out / "pairs.csv")["video_id"].tolist() == [1, "alone"]
        or len(pd.read_csv(out / "pairs.csv")) == 2
    )
    told = done("extract", root, out, "--dry-run", "--limit", "1").output
    assert "would extract 1 of 1 videos" in told and not (out / "features").exists()


@pytest.mark.parametrize(
    ("step", "more", "words"),
    [
        ("match", (), "dataset.csv is missing: run `affectstream dataset explore` first"),
        ("extract", (), "pairs.csv is missing: run `affectstream dataset match` first"),
        ("label", ("--set", "normalize=subject"), "unknown key normalize; did you mean normalise"),
        ("label", ("--set", "normalise=x"), "normalise: got 'x'. Input should be 'scale'"),
        ("label", ("--set", "normalise"), "write KEY=VALUE"),
        ("explore", ("--config", "absent.yaml"), "absent.yaml: no such configuration file"),
        ("extract", ("--set", "run={speed: real}"), "run.speed is set by the step"),
        ("extract", ("--set", "run={windows_s: 1}"), "did you mean window_s"),
        ("extract", ("--set", "run={privacy: blur}"), "run.privacy hides people"),
    ],
)
def test_a_wrong_command_is_explained(
    root: Path, tmp_path: Path, step: str, more: tuple[str, ...], words: str
) -> None:
    result = do(step, root, tmp_path / "out", *more)
    assert result.exit_code == 2 and words in result.output


def test_what_is_forbidden_is_refused_before_any_video(root: Path, tmp_path: Path) -> None:
    result = do("extract", root, tmp_path / "out", "--set", "run={purpose: workplace}")
    assert result.exit_code == 4 and "AI Act" in result.output


def test_what_no_video_can_do_without_stops_at_once(root: Path, tmp_path: Path) -> None:
    for step in ("explore", "match"):
        done(step, root, tmp_path / "out")
    result = do("extract", root, tmp_path / "out", vision="nowhere:Vision")
    assert result.exit_code == 2 and "vision nowhere:Vision: cannot be made" in result.output


def test_links_that_lead_back_and_the_results_are_not_searched(root: Path, tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    (videos / "deep").mkdir(parents=True)
    shutil.copy(root / "alone.mp4", videos / "deep")
    (videos / "deep" / "back").symlink_to(videos, target_is_directory=True)
    (videos / "out").mkdir()
    shutil.copy(root / "alone.mp4", videos / "out" / "made.mp4")
    done("explore", videos, videos / "out")
    assert pd.read_csv(videos / "out" / "dataset.csv")["path"].tolist() == ["deep/alone.mp4"]


@pytest.mark.parametrize(("name", "words"), [("nowhere", "no such folder"), ("", "holds no video")])
def test_a_folder_without_videos_is_named(tmp_path: Path, name: str, words: str) -> None:
    result = do("explore", tmp_path / name, tmp_path / "out")
    assert result.exit_code == 2 and words in result.output


@pytest.mark.parametrize(("step", "module"), [("explore", "jinja2"), ("combine", "pyarrow")])
def test_a_missing_extra_is_told(
    root: Path, copied: Path, monkeypatch: pytest.MonkeyPatch, step: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    result = do(step, root, copied, "--overwrite")
    assert result.exit_code == 2 and 'pip install "affectstream[dataset]"' in result.output


def test_the_page_needs_nothing_else_and_shows_what_is_wrong(root: Path, tmp_path: Path) -> None:
    videos, out = tmp_path / "videos", tmp_path / "out"
    videos.mkdir()
    made_videos.make(videos / "<b>bold.mp4", 30, size=(320, 240), with_sound=True)
    made_videos.cut(made_videos.make(videos / "cut.mkv", 60, draw=made_videos.noisy), 0.5)
    made_ratings.veatic(videos, "9", [0.1, 7.0], [0.2, 0.3])
    made_ratings.write(videos / "bad.csv", "time,valence\n0,low\n")
    done("explore", videos, out)
    table = pd.read_csv(out / "dataset.csv", keep_default_na=False).set_index("path")
    assert table.loc["<b>bold.mp4", ["frames", "fps_true", "audio"]].tolist() == ["30", "25", "aac"]
    assert table.loc["<b>bold.mp4", "looks_wrong"] == ""
    assert "before its declared end" in table.loc["cut.mkv", "looks_wrong"]
    outside = "valence goes from 0.1 to 7, outside of its scale -1..1, first in line 2"
    assert outside in "".join(table["looks_wrong"])
    assert (
        "bad.csv, line 2, column valence: 'low' is no number" in table.loc["bad.csv", "looks_wrong"]
    )
    page = (out / "dataset.html").read_text(encoding="utf-8")
    assert "<b>bold" not in page and "&lt;b&gt;bold" in page
    assert not re.findall(r"""(?:src|href)=["'](?!data:)|https?://""", page)


def test_valence_and_arousal_in_tables_of_their_own_rate_one_video(
    root: Path, tmp_path: Path
) -> None:
    videos, out = tmp_path / "videos", tmp_path / "out"
    videos.mkdir()
    shutil.copy(root / "alone.mp4", videos / "anna.mp4")
    for name, high in (("valence", 9), ("arousal", 7)):
        text = f"time,{name}\n0,1\n0.2,{high}\n"
        made_ratings.write(videos / f"anna_{name}.csv", text)
    for step in STEPS[:3]:
        done(step, videos, out)
    pair = pd.read_csv(out / "pairs.csv").iloc[0]
    assert pair[["valence_scale", "arousal_scale"]].tolist() == ["1..9", "1..7"]
    table = features(out, "anna").drop_duplicates("frame")
    np.testing.assert_allclose(table["rating_valence"], 1 + 40 * table["timestamp"], atol=1e-3)
    np.testing.assert_allclose(table["rating_arousal"], 1 + 30 * table["timestamp"], atol=1e-3)
    assert table["rating_raters"].tolist() == [1] * len(table)


def test_doubts_are_asked_and_answered(root: Path, tmp_path: Path) -> None:
    videos, out = tmp_path / "videos", tmp_path / "out"
    videos.mkdir()
    for name in ("anna_walks", "told"):
        shutil.copy(root / "alone.mp4", videos / f"{name}.mp4")
    rated = "time,valence,arousal\n0,1,2\n0.1,5,9\n"
    for name in ("ana_walks", "other"):
        made_ratings.write(videos / f"{name}.csv", rated)
    made_ratings.write(videos / "manifest.csv", "video,ratings,offset_s\ntold.mp4,other.csv,0.04\n")
    done("explore", videos, out)
    assert "doubtful, answer in pairs.yaml: anna_walks" in done("match", videos, out).output
    told = yaml.safe_load((out / "pairs.yaml").read_text(encoding="utf-8"))
    candidate = told["questions"]["anna_walks"]["candidates"][0]
    told["pairs"] = {"anna_walks": candidate}
    told["readers"] = {"ana_walks.csv": {"reader": "generic", "valence_scale": [0, 10]}}
    (out / "pairs.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    done("match", videos, out)
    pairs = pd.read_csv(out / "pairs.csv").set_index("video_id")
    columns = ["matched_by", "rating_path", "offset_s", "valence_scale", "arousal_scale"]
    assert pairs[columns].T.to_dict("list") == {
        "anna_walks": ["pairs.yaml", "ana_walks.csv", 0.0, "0..10", "1..9"],
        "told": ["manifest", "other.csv", 0.04, "1..5", "1..9"],
    }
    told["pairs"] = {"told": {"subject": "ben", "offset_s": 0.08}}
    told["pairs"] |= {"anna_walks": {"ratings": "none"}}
    (out / "pairs.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    made_ratings.write(videos / "manifest.csv", "video,ratings\n")
    (videos / "other.csv").rename(videos / "told.csv")
    done("explore", videos, out)
    done("match", videos, out)
    pairs = pd.read_csv(out / "pairs.csv", keep_default_na=False).set_index("video_id")
    columns = ["matched_by", "rating_path", "offset_s", "subject"]
    assert pairs.loc["told", columns].tolist() == ["id", "told.csv", "0.08", "ben"]
    assert pairs.loc["anna_walks", "rating_path"] == ""
    (videos / "told.csv").rename(videos / "other.csv")
    told["readers"]["other.csv"] = {"valence_scale": [0, 7]}
    told["pairs"] = {"anna_walks": {"ratings": ["ana_walks.csv", "other.csv"]}, "told": "none"}
    (out / "pairs.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    mixed = do("match", videos, out)
    assert mixed.exit_code == 2 and "anna_walks: its ratings have more than one" in mixed.output
    told["pairs"] = {"anna_walks": "absent.csv"}
    (out / "pairs.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    assert "there is no file absent.csv" in do("match", videos, out).output
