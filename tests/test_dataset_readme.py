"""The table of steps in the README is run, row by row, on a small folder."""

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

import made_dataset
import pytest
from click.testing import CliRunner
from dataset_visions import SEES

from affectstream.dataset import merge, pairs
from affectstream.dataset.fitting import comparison
from affectstream.dataset.steps import (
    FLOW,
    available,
    describe,
    evaluate,
    explore,
    fit,
    label,
    summarize,
)
from affectstream.stream.cli import main

pytest.importorskip("pyarrow", reason="needs the extra [dataset]")
pytest.importorskip("jinja2", reason="needs the extra [dataset]")

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COLUMNS = (ROOT / "docs" / "dataset.md").read_text(encoding="utf-8")
ROWS = re.findall(
    r"^\| \d+ \| `affectstream (dataset \w+ DIR --out OUT)` \| (.+) \|$", README, re.M
)


def test_the_table_holds_every_step_in_order() -> None:
    assert [command.split()[1] for command, _ in ROWS] == list(FLOW)


def told_in(section: str) -> set[str]:
    """The names in the first cells of a table of the document."""
    (text,) = re.findall(rf"^## {re.escape(section)}.*?$(.*?)(?=^## |\Z)", COLUMNS, re.M | re.S)
    cells = re.findall(r"^\| (`.+?) \|", text, re.M)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize(
    ("section", "columns"),
    [
        ("features/", ("video_id", *merge.RATING_COLUMNS)),
        ("dataset.csv", explore.COLUMNS),
        ("pairs.csv", pairs.COLUMNS),
        ("labels/", label.COLUMNS),
        ("descriptions.jsonl", describe.KEYS),
        ("evaluation.csv", evaluate.COLUMNS),
        ("fit/cross_validation.csv", set(comparison.CSV_COLUMNS) - set(evaluate.COLUMNS[9:])),
        ("fit/predictions.csv", fit.PREDICTED),
    ],
)
def test_every_column_is_told(section: str, columns: Iterable[str]) -> None:
    assert told_in(section) == set(columns)


def test_every_column_of_the_summary_is_told() -> None:
    named = {name for name in summarize.COLUMNS if not name.startswith("posture_")}
    told = told_in("summary.csv") - {"posture_*_share"}
    assert told - named == {"posture_upright_share"} <= set(summarize.COLUMNS)
    assert named <= told


def test_the_table_is_true(tmp_path: Path) -> None:
    out, root = tmp_path / "out", made_dataset.make(tmp_path / "videos")
    for command, leaves in ROWS:
        step = command.split()[1]
        if step not in available(FLOW):
            continue
        words = shlex.split(command.replace("DIR", str(root)).replace("OUT", str(out)))
        sees = ["--set", f"vision={SEES}"] if step == "extract" else []
        result = CliRunner().invoke(main, [*words, *sees])
        assert result.exit_code == 0, result.output
        for name in re.findall(r"`([\w./<>]+[./][\w./<>]*)`", leaves):
            if name != "readings.csv":
                assert list(out.glob(name.replace("<video_id>", "*"))), f"{step} left no {name}"
