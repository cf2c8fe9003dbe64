"""Descriptions, stories, narratives, plots, the report and agreement, over a small folder."""

import json
import re
import shutil
from pathlib import Path

import av
import cv2
import made_dataset
import pandas as pd
import pytest
from made_dataset import FRAMES, do, done

from affectstream.dataset.options import StepOptions
from affectstream.dataset.report import MANY, write_report
from affectstream.dataset.results import Results

pytest.importorskip("matplotlib", reason='needs pip install "affectstream[dataset]"')
pytest.importorskip("pyarrow", reason='needs pip install "affectstream[dataset]"')

BEFORE = ("explore", "match", "extract", "label")
STEPS = ("describe", "story", "narrate", "plots")
SHOWN = ("001", "alone", "movie")
"""The first three of the pairs: a folder of pictures, one without ratings, and a long one."""

FEW = ("--limit", "3")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_dataset.make(tmp_path_factory.mktemp("insight") / "videos")


@pytest.fixture(scope="module")
def labelled(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("labelled") / "out"
    for step in BEFORE:
        done(step, root, out)
    return out


@pytest.fixture(scope="module")
def finished(root: Path, labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = Path(shutil.copytree(labelled, tmp_path_factory.mktemp("finished") / "out"))
    done("evaluate", root, out)
    for step in STEPS:
        done(step, root, out, *FEW)
    return out


@pytest.fixture
def copied(labelled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(labelled, tmp_path / "out"))


def made_by(out: Path) -> dict[str, bytes]:
    folders = ("story", "narratives", "plots")
    files = [path for name in folders for path in sorted((out / name).rglob("*"))]
    files += [out / "descriptions.jsonl", out / "report.html"]
    return {str(path.relative_to(out)): path.read_bytes() for path in files if path.is_file()}


def test_descriptions_cover_every_video_from_its_start_to_its_end(finished: Path) -> None:
    lines = (finished / "descriptions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert lines[0].startswith('{"video_id": ')
    assert [row["video_id"] for row in rows] == list(SHOWN)
    for video_id in SHOWN:
        own = [row for row in rows if row["video_id"] == video_id]
        last_s = pd.read_csv(finished / "features" / f"{video_id}.csv")["timestamp"].max()
        assert own[0]["start_s"] == 0.0
        assert own[-1]["end_s"] == pytest.approx(last_s, abs=1e-3)
        for one, after in zip(own, own[1:], strict=False):
            assert one["end_s"] == after["start_s"]
    assert all(row["text"] and row["facts"]["people_count"] >= 1 for row in rows)


def test_intervals_are_as_long_as_asked(root: Path, copied: Path) -> None:
    done("describe", root, copied, "--set", "interval_s=0.5")
    lines = (copied / "descriptions.jsonl").read_text(encoding="utf-8").splitlines()
    own = [row for row in map(json.loads, lines) if row["video_id"] == "movie"]
    assert [row["start_s"] for row in own] == [0.0, 0.5, 1.0, 1.5]


@pytest.mark.parametrize("video_id", SHOWN)
def test_a_story_is_a_picture_and_a_page(finished: Path, video_id: str) -> None:
    picture = cv2.imread(str(finished / "story" / f"{video_id}.png"))
    assert picture.shape[1] > 1400
    page = (finished / "story" / f"{video_id}.html").read_text(encoding="utf-8")
    moments = len(re.findall(r'class="moment ', page))
    assert 2 <= moments <= 6
    assert page.count("data:image/jpeg;base64,") == moments


def test_a_narrative_tells_what_the_table_holds(finished: Path) -> None:
    text = (finished / "narratives" / "movie.md").read_text(encoding="utf-8")
    features = pd.read_csv(finished / "features" / "movie.csv")
    mean = features.groupby("frame")[["valence", "arousal"]].mean().mean()
    assert text.startswith("# The story of movie\n")
    assert f"valence averages {mean['valence']:+.2f}" in text
    assert f"arousal {mean['arousal']:+.2f}" in text
    assert "2 people are seen in it" in text
    assert "The ratings of valence average" in text
    rows = [line for line in text.splitlines() if line.startswith("| 0.0 s")]
    assert len(rows) == 1


def test_a_report_of_many_videos_shows_few_of_them_and_lists_all(root: Path, copied: Path) -> None:
    pairs = pd.read_csv(copied / "pairs.csv", dtype=str)
    one = pairs[pairs["video_id"] == "1"]
    ids = [f"copy {k}" for k in range(MANY + 1)]
    pd.concat([one.assign(video_id=name) for name in ids]).to_csv(copied / "pairs.csv", index=False)
    for name in ids:
        for folder in ("features", "labels"):
            shutil.copy(copied / folder / "1.csv", copied / folder / f"{name}.csv")
    (copied / "story").mkdir()
    (copied / "story" / "copy 7.html").touch()
    write_report(Results(StepOptions(root, copied)), [], 2)
    text = (copied / "report.html").read_text(encoding="utf-8")
    assert 'type="search"' in text and "39 more videos" in text
    table = text.partition("<tbody>")[2].partition("</tbody>")[0]
    links = re.findall(r'<td>(?:<a href="([^"]*)">)?(copy \d+)', table)
    assert [name for _, name in links] == ids
    assert {name: link for link, name in links if link} == {
        **{"copy 0": "#copy 0", "copy 1": "#copy 1"},
        "copy 7": "story/copy%207.html",
    }
    write_report(Results(StepOptions(root, copied, limit=MANY)), [], 2)
    assert 'type="search"' not in (copied / "report.html").read_text(encoding="utf-8")


def test_the_report_needs_nothing_but_itself(finished: Path) -> None:
    text = (finished / "report.html").read_text(encoding="utf-8")
    links = re.findall(r'(?:src|href)="([^"]{0,60})', text)
    outside = [one for one in links if not one.startswith(("data:", "#", "plots/", "story/"))]
    assert links and not outside
    assert "<script" not in text and "url(" not in text
    for one in re.findall(r'href="((?:plots|story)/[^"]+)"', text):
        assert (finished / one).is_file(), "what it points to lies beside it"
    for video_id in SHOWN:
        assert f'id="{video_id}"' in text
    assert "Agreement with the ratings" in text


@pytest.mark.parametrize("video_id", ["movie", "001"])
def test_the_annotated_film_has_every_frame(finished: Path, video_id: str) -> None:
    with av.open(str(finished / "plots" / video_id / "annotated.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == FRAMES[video_id]


def test_the_same_bytes_again_and_nothing_twice(root: Path, finished: Path, copied: Path) -> None:
    done("evaluate", root, copied)
    for step in STEPS:
        done(step, root, copied, *FEW)
    first, again = made_by(finished), made_by(copied)
    assert sorted(first) == sorted(again)
    assert [name for name in first if first[name] != again[name]] == []
    times = {name: (copied / name).stat().st_mtime_ns for name in again if "story" in name}
    result = done("story", root, copied, *FEW)
    assert f"{len(SHOWN)} were done before" in result.output
    assert {name: (copied / name).stat().st_mtime_ns for name in times} == times


def test_only_what_changed_is_done_again(root: Path, copied: Path) -> None:
    done("narrate", root, copied)
    features = copied / "features" / "0.csv"
    features.write_bytes(features.read_bytes())
    (copied / "narratives" / "1.md").unlink()
    assert "2 done" in done("narrate", root, copied).output
    assert f"{len(FRAMES)} done" in done("narrate", root, copied, "--set", "chapters=2").output


def test_a_dry_run_writes_nothing(root: Path, copied: Path) -> None:
    before = sorted(copied.rglob("*"))
    for step in (*STEPS, "evaluate"):
        done(step, root, copied, "--dry-run")
    assert sorted(copied.rglob("*")) == before


def test_a_video_that_is_gone_stops_no_other(root: Path, copied: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(root, tmp_path / "videos"))
    (moved / "alone.mp4").unlink()
    result = do("story", moved, copied, "--limit", "2")
    assert result.exit_code == 5
    assert "alone" in result.output and "no longer there" in result.output
    assert [path.stem for path in (copied / "story").glob("*.png")] == ["001"]


def test_steps_out_of_order_name_the_one_before(root: Path, tmp_path: Path) -> None:
    for step in (*STEPS, "evaluate", "fit"):
        result = do(step, root, tmp_path / "out")
        assert result.exit_code == 2
        assert "affectstream dataset match" in result.output


def test_agreement_is_by_video_person_and_all(finished: Path) -> None:
    table = pd.read_csv(finished / "evaluation.csv", dtype={"video_id": str})
    assert set(table["scope"]) == {"overall", "video", "person"}
    assert set(table["lag"]) == {"zero", "best"}
    assert (table.loc[table["lag"] == "zero", "lag_s"] == 0).all()
    assert table["ccc"].between(-1, 1).all()
    best = table[table["lag"] == "best"].set_index(["scope", "video_id", "person", "dimension"])
    zero = table[table["lag"] == "zero"].set_index(["scope", "video_id", "person", "dimension"])
    assert (best["ccc"] >= zero["ccc"].reindex(best.index) - 1e-9).all()
    assert "alone" not in set(table["video_id"])


def test_ratings_that_are_not_on_their_own_scale_are_remarked_on(root: Path, copied: Path) -> None:
    assert "normalised" not in done("evaluate", root, copied).output
    done("label", root, copied, "--set", "normalise=subject")
    told = done("evaluate", root, copied).output
    assert "the ratings were normalised by subject" in told
    assert "puts this into report.html" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "too few"),
        (["--set", "group_by=("], "group_by"),
        (["--set", "groups=/nowhere.csv"], "/nowhere.csv"),
        (["--set", "group=x"], "did you mean groups?"),
    ],
)
def test_a_fit_that_makes_no_sense_is_refused(
    root: Path, copied: Path, words: list[str], told: str
) -> None:
    result = do("fit", root, copied, *words)
    assert result.exit_code == 2
    assert told in result.output
