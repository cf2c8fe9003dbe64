"""The table of steps in the README is run, row by row, on a small folder."""

import re
import shlex
from pathlib import Path

import made_dataset
import pytest
from click.testing import CliRunner
from dataset_visions import SEES

from affectstream.dataset.steps import FLOW, available
from affectstream.stream.cli import main

pytest.importorskip("pyarrow", reason="needs the extra [dataset]")
pytest.importorskip("jinja2", reason="needs the extra [dataset]")

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
ROWS = re.findall(
    r"^\| \d+ \| `affectstream (dataset \w+ DIR --out OUT)` \| (.+) \|$", README, re.M
)


def test_the_table_holds_every_step_in_order() -> None:
    assert [command.split()[1] for command, _ in ROWS] == list(FLOW)


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
