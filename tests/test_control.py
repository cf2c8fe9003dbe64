"""The control socket: private, found, answered; and `affectstream ctl` as a user runs it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from affectstream.stream.bus import Bus, offer, poll
from affectstream.stream.control import ControlSocket, ask, find, private_folder, running
from affectstream.stream.errors import UsageError
from affectstream.stream.status import (
    Answer,
    Ask,
    CameraState,
    RateMeter,
    RunState,
    status_text,
)

COMMAND = [sys.executable, "-m", "affectstream.stream"]
CLIP = str(files("affectstream.configs") / "demo.mp4")
FAST = ["--quiet", *(f"--model={job}=none" for job in ("pose", "mesh", "expression"))]


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder of this test alone; the path of a socket must be short."""
    folder = Path(tempfile.mkdtemp(prefix="as-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def bus() -> Iterator[Bus]:
    bus = Bus()
    yield bus
    bus.shut()


def test_the_folder_is_private(place: Path) -> None:
    folder = private_folder()
    assert folder == place / "affectstream" and folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o750)
    with pytest.raises(UsageError, match="nobody else may enter"):
        private_folder()


def test_a_link_in_place_of_the_folder_is_refused(place: Path, tmp_path: Path) -> None:
    (place / "affectstream").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="must be a folder of yours"):
        private_folder()


def test_runs_are_found_by_their_folder_or_alone(bus: Bus, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run is going on"):
        find(None)
    one = ControlSocket(bus, "one", tmp_path / "a")
    assert find(None).run_id == find(tmp_path / "a").run_id == "one"
    two = ControlSocket(bus, "two", None)
    with pytest.raises(UsageError, match=r"several runs .* --run DIR: .*/a, process \d+"):
        find(None)
    with pytest.raises(UsageError, match="no run writes to .*/b at the moment: "):
        find(tmp_path / "b")
    for socket in (one, one, two):
        socket.close()
        assert running()
    for socket in (one, one, two):
        socket.leave()
    assert list(private_folder().iterdir()) == []


def test_what_a_killed_run_left_is_cleared(bus: Bus) -> None:
    socket = ControlSocket(bus, "gone", None)
    card = private_folder() / "gone.json"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    card.write_text(json.dumps({**json.loads(card.read_text()), "pid": ended.pid}))
    (private_folder() / "torn.json").write_text("{")
    assert running() == []
    assert not card.exists() and not (private_folder() / "gone").exists()
    socket.close()


def test_a_run_that_does_not_answer_is_told_of(bus: Bus) -> None:
    socket = ControlSocket(bus, "deaf", None)
    with pytest.raises(UsageError, match=r"did not answer within 0.3 s"):
        ask(find(None).endpoint, Ask("status"), timeout_s=0.3)
    socket.close()


def test_nonsense_is_answered_and_does_no_harm(bus: Bus) -> None:
    socket = ControlSocket(bus, "run", None)
    peer = bus.socket("dealer", "ctl", connect=find(None).endpoint)
    for nonsense in (b"", b"\xff" * 100, b"\x81\xa4what\xa4boom"):
        assert offer(peer, nonsense)
        poll(socket.sockets, 5.0)
        assert socket.next() is None
        assert poll([peer], 5.0)
        assert b"not a command" in peer.recv()
    bus.close(peer)
    socket.close()


STATE = RunState(
    "abc",
    7,
    "out",
    61.4,
    True,
    4,
    (
        CameraState("door", "running", "", 14.96, 41.6, 900, {"capped": 3, "overwritten": 2}),
        CameraState("yard", "failed", "no such file"),
    ),
)


def test_the_state_is_a_table() -> None:
    assert status_text(STATE).splitlines() == [
        "run abc, process 7, 1 min 1 s, results in out; bodies 4 times rarer",
        "camera   state                  results/s   age ms   not looked at",
        "door     running                     15.0       42   overwritten 2, capped 3",
        "yard     failed: no such file         0.0            none",
    ]


def test_rates_are_of_late() -> None:
    meter = RateMeter()
    assert meter.per_s() == 0.0
    for second in range(20):
        meter.note(float(second), 10 * second)
    assert meter.per_s() == 10.0
    for second in range(20, 26):
        meter.note(float(second), 190)
    assert meter.per_s() == 0.0


def ctl(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, "ctl", *words], capture_output=True, text=True, timeout=60)


def said(*words: str) -> str:
    done = ctl(*words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_without_a_run_the_command_says_so() -> None:
    done = ctl("status")
    assert done.returncode == 2
    assert done.stderr == "affectstream: no run is going on; start one by affectstream run\n"


def test_a_run_is_looked_at_changed_and_stopped(tmp_path: Path) -> None:
    (tmp_path / "cameras.yaml").write_text(
        f"cameras:\n- {{name: Door, path: {CLIP}, loop: true, rate_hz: 5}}\n"
        f"- {{name: Spare, path: {CLIP}, loop: true, enabled: false}}\n- missing.mp4\n"
    )
    run = subprocess.Popen(
        [*COMMAND, "run", str(tmp_path / "cameras.yaml"), "--out", str(tmp_path / "o"), *FAST],
        stderr=subprocess.DEVNULL,
    )
    try:
        change(run, tmp_path)
    finally:
        run.kill()
        run.wait()
    record = json.loads((tmp_path / "o" / "run.json").read_text())
    assert record["status"] == "stopped"
    assert set(record["sources"]) == {"door", "spare", "missing", "yard", "text"}
    assert all(row["in_flight"] == 0 for s, row in record["ledger"].items() if s[:7] == "source:")
    assert record["ledger"]["source:door"]["capped"] > 0


def change(run: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    end_s = time.monotonic() + 60
    while not running() and time.monotonic() < end_s:
        assert run.poll() is None
    assert said("resume", "spare") == "spare: running\n"
    assert said("add", CLIP, "--name", "Yard", "--rate", "3", "--region", "0,0,.5,1", "--loop")
    assert said("pause", "door", "--run", str(tmp_path / "o")) == "door: paused\n"
    assert said("remove", "spare") == "spare: removed\n"
    state = json.loads(said("status", "--json"))
    assert [(one["camera"], one["state"]) for one in state["cameras"]] == [
        ("door", "paused"),
        ("missing", "failed"),
        ("yard", "running"),
    ]
    assert "not looked at" in said("status")
    wrong = ctl("add", str(tmp_path / "text.mp4"))
    assert wrong.returncode == 2 and "text: " in wrong.stderr and "no such file" in wrong.stderr
    assert ctl("add", CLIP, "--region", "0,0,.5").returncode == 2
    assert said("stop") == "stopped\n"
    assert run.wait(timeout=30) == 0


def test_messages_travel_as_they_are(bus: Bus) -> None:
    socket = ControlSocket(bus, "run", None)
    peer = bus.socket("dealer", "ctl", connect=find(None).endpoint)
    offer(peer, msgspec.msgpack.encode(Ask("add", "x", {"path": "a", "rate_hz": 2.5})))
    poll(socket.sockets, 5.0)
    got = socket.next()
    assert got is not None and got[1] == Ask("add", "x", {"path": "a", "rate_hz": 2.5})
    socket.answer(got[0], Answer(True, "done", STATE))
    poll([peer], 5.0)
    assert msgspec.msgpack.decode(peer.recv(), type=Answer) == Answer(True, "done", STATE)
    assert os.path.exists(private_folder() / "run")
    bus.close(peer)
    socket.close()
