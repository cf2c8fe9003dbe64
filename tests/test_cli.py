"""The command as a user runs it: exit codes, messages, signals, and complete files."""

import csv
import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import av
import pytest

COMMAND = [sys.executable, "-m", "affectstream.stream"]
FAST = ["--speed", "max", "--quiet", "--model", "pose=none", "--model", "mesh=none"]


def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=120
    )


@pytest.fixture(scope="session")
def clip() -> Path:
    from importlib.resources import files

    return Path(str(files("affectstream.configs") / "demo.mp4"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_limited_run_leaves_every_output(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = run("run", clip, "--out", out, "--limit", "30", "--sink", "video", *FAST)
    assert (done.returncode, done.stdout) == (0, "")
    said = done.stderr.splitlines()
    assert said[0] == (
        "networks: face blazeface_full_range, expression expression, narrator grounded"
    )
    assert len(said) == 2 and said[1].startswith("limited: 30 frames in ")
    names = {path.name for path in out.iterdir()}
    assert names == {
        "readings.csv",
        "windows.csv",
        "events.csv",
        "run.db",
        "run.json",
        "narration.jsonl",
        "narrative.md",
        "overlay.mp4",
    }
    assert [int(row["frame"]) for row in rows(out / "readings.csv")] == list(range(30))
    record = json.loads((out / "run.json").read_text())
    assert record["status"] == "limited"
    assert record["ledger"]["source:demo"] == {"captured": 30, "in_flight": 0, "inferred": 30}
    with sqlite3.connect(out / "run.db") as store:
        assert store.execute("SELECT count(*) FROM readings").fetchone() == (30,)
        assert store.execute("SELECT count(*) FROM ledger").fetchone()[0] > 0


def test_two_runs_give_the_same_bytes_whatever_the_workers(clip: Path, tmp_path: Path) -> None:
    for workers in ("1", "3"):
        options = ["--speed", "max", "--quiet", "--limit", "40", "--workers", workers]
        done = run("run", clip, "--out", tmp_path / workers, *options)
        assert done.returncode == 0, done.stderr
    for name in ("readings.csv", "windows.csv", "events.csv"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run"], 2, "no source"),
        (["run", "missing.mp4"], 3, "missing.mp4: no such file"),
        (["run", "*.nothing"], 3, "no file matches"),
        (["run", "empty.mp4"], 3, "empty.mp4: the file is empty"),
        (["run", "text.mp4"], 3, "text.mp4: this is no video"),
        (["run", "folder"], 3, "holds no video"),
        (["run", "http://camera/1"], 3, "http:// sources are not supported"),
        (["run", "CLIP", "--speed", "slow"], 2, "--speed slow: real, max or a number"),
        (["run", "CLIP", "--speed", "-1"], 2, "speed"),
        (["run", "CLIP", "--window", "0"], 2, "window_s"),
        (["run", "CLIP", "--limit", "0"], 2, "limit_frames"),
        (["run", "CLIP", "--sink", "vidoe"], 2, "there are: "),
        (["run", "CLIP", "--sink", "video"], 2, "--out"),
        (["run", "CLIP", "--model", "pose"], 2, "write JOB=NAME"),
        (["run", "CLIP", "--model", "pose=resnet"], 2, "no model 'resnet' for pose"),
        (["run", "CLIP", "--model", "smell=auto"], 2, "models.smell"),
        (["run", "CLIP", "--model", "narrator=poet"], 2, "no narrator 'poet'"),
        (["run", "CLIP", "--out", "folder"], 2, "--overwrite"),
        (["run", "CLIP", "--out", "text.mp4"], 2, "text.mp4"),
        (["run", "CLIP", "--config", "missing.yaml"], 2, "no such configuration file"),
        (["run", "CLIP", "--config", "typo.yaml"], 2, "did you mean window_s?"),
        (["run", "CLIP", "--config", "torn.yaml"], 2, "torn.yaml: line 1, column 5: mapping"),
        (["run", "CLIP", "--config", "text.mp4"], 2, "must hold keys and values"),
        (["models", "check", "nothing"], 2, "no model 'nothing'"),
        (["run", "CLIP", "--frobnicate"], 2, "--frobnicate"),
    ],
)
def test_bad_input_gets_a_line_and_a_code(
    arguments: list[str], code: int, words: str, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("this is no video")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "note.txt").touch()
    (tmp_path / "torn.yaml").write_text("a: b: c\n")
    (tmp_path / "typo.yaml").write_text("windows_s: 5\n")
    given = [str(clip) if word == "CLIP" else word for word in arguments]
    done = run(*given, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr and "CANARY" not in done.stderr


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "term"]
)
def test_a_signal_ends_the_run_with_complete_files(
    number: int, code: int, clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(
        [*COMMAND, "run", str(clip), "--loop", "--out", str(out), "--sink", "video"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(process.pid, number)
    _, told = process.communicate(timeout=30)
    assert process.returncode == code, told
    assert "interrupted: " in told
    record = json.loads((out / "run.json").read_text())
    assert record["status"] == "interrupted"
    frames = record["sources"]["demo"]["frames"]
    assert [int(row["frame"]) for row in rows(out / "readings.csv")] == list(range(frames))
    with sqlite3.connect(out / "run.db") as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert store.execute("SELECT count(DISTINCT frame) FROM readings").fetchone() == (frames,)


def test_a_kill_leaves_files_that_open_and_no_child(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(
        [*COMMAND, "run", str(clip), "--loop", "--out", str(out), "--sink", "video"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for _ in range(4):
        told = process.stdout.readline()
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True
    )
    children = [os.pidfd_open(int(pid)) for pid in listed.stdout.split()]
    process.kill()
    process.communicate()
    assert children, "the narrator runs in a child"
    for child in children:
        assert select.select([child], [], [], 10.0)[0], "the child left with its parent"
        os.close(child)
    media_s = float(told.split()[0].rpartition(":")[2])
    with (out / "readings.csv").open(newline="") as file:
        seen = [row["timestamp"] for row in csv.DictReader(file) if row["timestamp"]]
    with sqlite3.connect(out / "run.db") as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored_s = store.execute("SELECT max(timestamp) FROM readings").fetchone()[0]
    with av.open(str(out / "overlay.mp4")) as container:
        shown_s = [frame.time for frame in container.decode(video=0)][-1]
    for kept_s in (float(seen[-1]), stored_s, shown_s):
        assert kept_s >= media_s - 2.0, "what was told a second ago is on disk"


def test_a_fault_of_ours_is_a_line_and_code_70(clip: Path, tmp_path: Path) -> None:
    sink = "{kind: memory, fail_on: write, fail_with: fault}"
    (tmp_path / "config.yaml").write_text(f"sinks: [{sink}]")
    done = run("run", clip, "--config", "config.yaml", *FAST, cwd=tmp_path)
    assert done.returncode == 70
    assert "internal fault" in done.stderr and "Traceback" not in done.stderr


def test_doctor_says_what_auto_picks(tmp_path: Path) -> None:
    done = run("doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    for word in ("onnxruntime", "blazeface", "CPUExecutionProvider", "narrator", "none"):
        assert word in done.stdout


def test_models_are_listed_and_checked(tmp_path: Path) -> None:
    listed = run("models", "list", cwd=tmp_path)
    assert listed.returncode == 0 and "blazepose" in listed.stdout
    checked = run("models", "check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count("as listed") >= 4


def test_help_imports_nothing_heavy() -> None:
    heavy = ("numpy", "cv2", "av", "pandas", "pydantic", "onnxruntime", "zmq", "rich")
    code = (
        "import sys; from affectstream.stream.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip().endswith("[]"), done.stdout
