"""The zip that is handed on: what is in it, whom it does not show, and that it stays the same."""

import hashlib
import json
import os
import shutil
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import made_dataset
import pandas as pd
import pytest
from made_dataset import do, done

from affectstream.dataset.files import write_rows
from affectstream.dataset.steps import export, load_step
from affectstream.dataset.steps.evaluate import COLUMNS

pytest.importorskip("matplotlib", reason='needs pip install "affectstream[dataset]"')
pytest.importorskip("pyarrow", reason='needs pip install "affectstream[dataset]"')

BEFORE = ("explore", "match", "extract", "combine", "label", "summarize")
SHOWN = ("001", "alone")
FEW = ("--limit", "2")
JPEG = b"\xff\xd8\xff"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_dataset.make(tmp_path_factory.mktemp("export") / "videos")


@pytest.fixture(scope="module")
def finished(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished") / "out"
    for step in (*BEFORE, "describe", "story", "narrate", "plots"):
        done(step, root, out, *FEW)
    return out


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "out"))


def zipped(out: Path) -> dict[str, bytes]:
    with ZipFile(out / "export" / "dataset.zip") as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_holds_what_the_steps_left(root: Path, copied: Path) -> None:
    row = {"scope": "overall", "dimension": "valence", "lag": "best", "lag_s": 1.5}
    row |= {"ccc": 0.5, "ccc_low": 0.25, "ccc_high": 0.75}
    write_rows(copied / "evaluation.csv", COLUMNS, [row])
    (copied / "fit").mkdir()
    (copied / "fit" / "card.md").write_text("a head\n", encoding="utf-8")
    done("export", root, copied, *FEW)
    held = zipped(copied)
    expected = {"MODEL_CARD.md", "MANIFEST.json", "features.parquet", "pairs.csv", "summary.csv"}
    expected |= {"descriptions.jsonl", "report.html", "labels/normalisation.json"}
    expected |= {"evaluation.csv", "fit/card.md"}
    expected |= {path.relative_to(copied).as_posix() for path in copied.glob("plots/*.png")}
    for one in SHOWN:
        expected |= {f"features/{one}.csv", f"labels/{one}.csv", f"narratives/{one}.md"}
        expected |= {f"story/{one}.html", f"plots/{one}/timeline.png"}
    assert set(held) == expected
    own = [name for name in held if not name.endswith((".html", ".json", "CARD.md"))]
    assert [name for name in own if held[name] != (copied / name).read_bytes()] == []
    card = held["MODEL_CARD.md"].decode()
    assert "| valence | 1.5 s (best) | +0.50 | +0.25 to +0.75 |" in card
    rows = sum(len(pd.read_csv(BytesIO(held[f"features/{one}.csv"]))) for one in SHOWN)
    assert len(pd.read_parquet(BytesIO(held["features.parquet"]))) == rows


def test_the_manifest_proves_every_member(root: Path, copied: Path) -> None:
    done("export", root, copied, *FEW)
    held = zipped(copied)
    listed = json.loads(held.pop("MANIFEST.json"))
    assert listed["pictures_of_people"] is False
    assert [one["path"] for one in listed["files"]] == sorted(held) == list(held)
    for one in listed["files"]:
        data = held[one["path"]]
        assert (one["bytes"], one["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    data = (copied / "export" / "dataset.zip").read_bytes()
    told = (copied / "export" / "dataset.zip.sha256").read_text(encoding="utf-8")
    assert told == f"{hashlib.sha256(data).hexdigest()}  dataset.zip\n"


def test_nobody_is_shown_unless_asked_for(root: Path, copied: Path) -> None:
    shown = [f"story/{SHOWN[1]}.png", f"plots/{SHOWN[1]}/annotated.mp4"]
    output = done("export", root, copied, *FEW).output
    assert "left out" in output and "--set pictures=true" in output
    held = zipped(copied)
    assert not set(shown) & set(held)
    assert not [name for name, data in held.items() if data.startswith(JPEG)]
    pages = {name: data for name, data in held.items() if name.endswith(".html")}
    assert len(pages) == 1 + len(SHOWN)
    for data in pages.values():
        assert b"image/jpeg" not in data and b".mp4" not in data
        assert b"image/png" in data, "plots stay"
    assert b"**Pictures of people are not in it**" in held["MODEL_CARD.md"]
    assert "mind whom" in done("export", root, copied, *FEW, "--set", "pictures=true").output
    held = zipped(copied)
    assert set(shown) < set(held)
    assert [name for name, data in held.items() if data.startswith(JPEG)]
    assert held["report.html"] == (copied / "report.html").read_bytes()
    assert b"**Pictures of people are in it**" in held["MODEL_CARD.md"]


def test_the_same_files_make_the_same_bytes(root: Path, copied: Path) -> None:
    made = copied / "export" / "dataset.zip"
    done("export", root, copied, *FEW)
    first, at_ns = made.read_bytes(), made.stat().st_mtime_ns
    assert "were done before" in done("export", root, copied, *FEW).output
    assert made.stat().st_mtime_ns == at_ns
    os.utime(copied / "summary.csv", (1, 1))
    assert "1 done" in done("export", root, copied, *FEW).output
    assert made.read_bytes() == first
    with (copied / "summary.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert "1 done" in done("export", root, copied, *FEW).output
    assert made.read_bytes() != first


def test_a_dry_run_writes_nothing(root: Path, copied: Path) -> None:
    assert "would put" in done("export", root, copied, *FEW, "--dry-run").output
    assert not (copied / "export").exists()


def test_formats_are_those_of_combine(root: Path, copied: Path) -> None:
    wanted = ("--set", "formats=[csv, pkl]")
    refused = do("export", root, copied, *FEW, *wanted)
    assert refused.exit_code == 2
    assert "features.csv is missing" in refused.output and "formats=[csv, pkl]" in refused.output
    done("combine", root, copied, *FEW, *wanted)
    done("export", root, copied, *FEW)
    assert "features.pkl" not in zipped(copied)
    done("export", root, copied, *FEW, *wanted)
    held = zipped(copied)
    assert {"features.csv", "features.pkl"} < set(held) and "features.parquet" not in held
    assert b"opening one runs" in held["MODEL_CARD.md"]


@pytest.mark.parametrize(
    ("gone", "step"),
    [
        ("pairs.csv", "match"),
        ("features", "extract"),
        ("features.parquet", "combine"),
        ("labels", "label"),
        ("labels/normalisation.json", "label"),
        ("summary.csv", "summarize"),
        ("descriptions.jsonl", "describe"),
        ("story", "story"),
        ("narratives", "narrate"),
        ("plots", "plots"),
        ("report.html", "plots"),
    ],
)
def test_a_step_that_was_not_run_is_named(root: Path, copied: Path, gone: str, step: str) -> None:
    path = copied / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    result = do("export", root, copied, *FEW)
    assert result.exit_code == 2
    assert f"affectstream dataset {step}`" in result.output or step == "combine"
    assert f"dataset {step}" in result.output and gone.split("/")[0] in result.output
    assert not (copied / "export").exists()


def test_a_video_that_failed_is_told_and_stops_nothing(root: Path, copied: Path) -> None:
    (copied / "narratives" / f"{SHOWN[0]}.md").unlink()
    assert f"1 videos lack something, since a step failed or was not run: {SHOWN[0]}" in (
        done("export", root, copied, *FEW).output
    )
    held = zipped(copied)
    assert f"narratives/{SHOWN[0]}.md" not in held and f"narratives/{SHOWN[1]}.md" in held
    assert f"\n- {SHOWN[0]}\n" in held["MODEL_CARD.md"].decode()


def test_the_card_tells_what_ran_and_what_it_is_not(root: Path, copied: Path) -> None:
    record = copied / "runs" / SHOWN[0] / "run.json"
    told = json.loads(record.read_text(encoding="utf-8"))
    told["models"] = {
        "mesh": {"name": "face_mesh", "sha256": {"face_mesh.onnx": "ab" * 32}},
        "affect": {"name": "own|head", "sha256": {"own.onnx": "cd" * 32}},
    }
    record.write_text(json.dumps(told), encoding="utf-8")
    (copied / "runs" / SHOWN[1] / "run.json").unlink()
    done("export", root, copied, *FEW)
    card = zipped(copied)["MODEL_CARD.md"].decode()
    assert f"| mesh | face_mesh | face_mesh.onnx `{'ab' * 32}` | Apache-2.0 | 1 |" in card
    assert f"| affect | own/head | own.onnx `{'cd' * 32}` | not told | 1 |" in card
    assert "1 videos have no `run.json`" in card
    assert f"affectstream {told['versions']['affectstream']}" in card
    assert told["versions"]["platform"] not in card and str(copied) not in card
    assert "| videos | 2 |" in card and "| of them with ratings | 1 |" in card
    assert "| frames looked at | 10 |" in card
    assert "Normalised by scale: 0 and 1 are the ends of each scale." in card
    assert "-10..10 and -10..10 (1 videos)" in card
    assert "Expressions are not feelings" in card and "Nobody may be identified" in card


def test_a_photograph_leaves_a_page_and_a_plot_stays() -> None:
    page = (
        '<img alt="a > b" src="data:image/jpeg;base64,AAAA"><img src="data:image/png;base64,BBBB">'
        '<a href="plots/x/annotated.mp4">the film</a>, <a href="story/x.html">the story</a>'
    )
    kept = export.without_photographs(page)
    assert "AAAA" not in kept and "BBBB" in kept
    assert ".mp4" not in kept and 'href="story/x.html"' in kept


def test_its_keys_are_declared() -> None:
    assert set(load_step("export").Config.model_fields) == {"formats", "pictures"}
