"""Whole runs with cameras on the network: states, ledger, the harm of a dead one, passwords."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers import memory, pipeline
from rtsp_faults import Camera, camera_process, encode

from affectstream.models.scripted import ScriptedVision
from affectstream.stream.cli import main
from affectstream.stream.config import load
from affectstream.stream.messages import Event, Reading
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.sources.rtsp import Config, build

PATIENCE_S = 60.0
CANARY = "CANARY-p@ss%"
FORMS = ("CANARY", "Q0FOQVJZ")
"""The password and what Basic logins make of it."""


def wait(holds: Callable[[], object], what: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.02)


def test_one_dead_and_one_lost_camera_harm_no_other(tmp_path: Path) -> None:
    sink = memory()
    with (
        socket.socket() as unused,
        Camera(encode()) as well,
        Camera(encode()) as weak,
    ):
        unused.bind(("127.0.0.1", 0))
        urls = {
            "well": well.url(),
            "weak": weak.url(),
            "dead": f"rtsp://127.0.0.1:{unused.getsockname()[1]}/x",
        }
        cameras = [build(Config(url=url, timeout_s=0.5), name) for name, url in urls.items()]
        run = pipeline(cameras, ("memory", sink), out=tmp_path / "out", overwrite=True)
        assert run.run.is_live, "a camera makes a run live without being told"
        run.start()
        states = run.summary.states
        wait(lambda: counted(sink, "well") > 10 and counted(sink, "weak") > 10, "both play")
        weak.behaviour = "stall"
        wait(lambda: states["weak"].state != "playing", "the stall is told")
        before = counted(sink, "well")
        wait(lambda: counted(sink, "well") > before + 20, "the other goes on")
        wait(lambda: in_record(tmp_path, "weak") not in ("", "playing"), "run.json tells it")
        assert in_record(tmp_path, "dead") == "closed_port"
        weak.behaviour = "play"
        wait(lambda: states["weak"].state == "playing", "it comes back")
        wait(lambda: in_record(tmp_path, "weak") == "playing", "run.json tells it")
        run.stop()
        summary = run.join()
    assert summary.status == "interrupted"
    assert states["weak"].outages == 1 and states["dead"].attempts >= 2
    for name in urls:
        row = summary.ledger[f"source:{name}"]
        assert row["in_flight"] == 0, summary.ledger
    told = [m for m in sink.messages if isinstance(m, Event) and m.kind == "source_state"]
    weak_states = [event.after for event in told if event.source_id == "weak"]
    assert weak_states[0] == "playing" and weak_states[-1] == "playing"
    assert {"stalled", "silent"} & set(weak_states)
    assert [(e.before, e.after) for e in told if e.source_id == "dead"] == [
        ("connecting", "closed_port")
    ]


def counted(sink: object, name: str) -> int:
    return sum(isinstance(m, Reading) and m.source_id == name for m in sink.messages)  # type: ignore[attr-defined]


def in_record(folder: Path, name: str) -> str:
    record = json.loads((folder / "out" / "run.json").read_text())
    return str(record["sources"][name].get("state", ""))


def test_a_run_stops_soon_while_a_camera_hangs() -> None:
    with Camera(encode(), behaviour="silent") as camera:
        run = pipeline([build(Config(url=camera.url()), "cam")], ("memory", memory())).start()
        wait(lambda: camera.accepted, "it connects")
        started_s = time.monotonic()
        run.stop()
        run.join()
        assert time.monotonic() - started_s < 2.0


def test_a_camera_is_paced_by_itself_and_no_frame_limit_is_missed() -> None:
    sink = memory()
    with Camera(encode()) as camera:
        cameras = [build(Config(url=camera.url()), "cam")]
        summary = pipeline(cameras, ("memory", sink), limit_frames=12, speed=0.01).start().join()
    assert summary.status == "limited" and summary.frames == {"cam": 12}


@contextmanager
def command(
    *arguments: str, folder: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "stdout").open("w") as out, (folder / "stderr").open("w") as errors:
        child = subprocess.Popen(
            [sys.executable, "-m", "affectstream.stream", *arguments],
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1", **(env or {})},
            stdout=out,
            stderr=errors,
        )
        try:
            yield child
        finally:
            child.kill()
            child.wait()


def canaries(folder: Path) -> list[Path]:
    """Return the files that hold the password in any form."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(form.encode() in path.read_bytes() for form in FORMS)]


def states(folder: Path) -> dict[str, str]:
    """Return how each camera is by `run.json`."""
    try:
        record = json.loads((folder / "out" / "run.json").read_text())
    except (OSError, ValueError):
        return {}
    return {name: source.get("state", "") for name, source in record["sources"].items()}


@pytest.mark.slow
def test_every_fault_has_its_name_in_the_record_the_terminal_and_the_status(tmp_path: Path) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="as-") as place,
        socket.socket() as unused,
        socket.socket() as deaf,
        camera_process() as (killed, killed_url),
        camera_process() as (frozen, frozen_url),
        Camera(encode(), user="admin", password="right") as strict,
        Camera(encode(), behaviour="noise") as noise,
    ):
        for one in (unused, deaf):
            one.bind(("127.0.0.1", 0))
        deaf.listen(8)
        urls = {
            "killed": killed_url,
            "frozen": frozen_url,
            "login": strict.url("admin:CANARY-wrong"),
            "name": "rtsp://no-such-camera.invalid/x",
            "port": f"rtsp://127.0.0.1:{unused.getsockname()[1]}/x",
            "deaf": f"rtsp://127.0.0.1:{deaf.getsockname()[1]}/x",
            "noise": noise.url(),
        }
        cameras = [{"name": name, "url": url} for name, url in urls.items()]
        (tmp_path / "c.yaml").write_text(json.dumps({"cameras": cameras}))
        options = ("--out", "out", "--model", "face=none", "--model", "pose=none")
        env = {"XDG_RUNTIME_DIR": place}
        with command("run", "c.yaml", *options, folder=tmp_path, env=env):
            out = tmp_path / "stdout"
            for name in ("killed", "frozen"):
                wait(lambda name=name: states(tmp_path).get(name) == "playing", f"{name} plays")
            killed.kill()
            frozen.send_signal(signal.SIGSTOP)
            expected = {
                "killed": {"closed_port"},
                "frozen": {"silent"},
                "login": {"refused"},
                "name": {"no_host"},
                "port": {"closed_port"},
                "deaf": {"silent", "no_route"},  # Once the queue of the port is full.
                "noise": {"garbage"},
            }
            for name, words in expected.items():
                wait(lambda name=name, words=words: states(tmp_path).get(name) in words, name)
                told = [f"{name}  camera {word.replace('_', ' ')}: " for word in words]
                assert any(one in out.read_text() for one in told), (name, out.read_text())
            assert "frozen  camera stalled: " in out.read_text()
            status = json.loads(ctl("status", "--json", folder=tmp_path, env=env).stdout)
            found = {one["camera"]: one for one in status["cameras"]}
            for name, words in expected.items():
                assert found[name]["state"] in words and found[name]["detail"], found[name]
            frozen.send_signal(signal.SIGCONT)
            wait(lambda: states(tmp_path)["frozen"] == "playing", "it plays again")
            assert ctl("stop", folder=tmp_path, env=env).returncode == 0
    assert not canaries(tmp_path / "out")


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads /proc")
def test_the_password_is_nowhere(tmp_path: Path) -> None:
    with (
        Camera(encode(), user="admin", password=CANARY, basic=True) as camera,
        Camera(encode(), user="admin", password="other") as strict,
    ):
        urls = (
            camera.url(f"admin:{CANARY}"),
            strict.url("admin:CANARY-wrong"),
            "rtsp://admin:CANARY%40x@no-such-camera.invalid/live?password=CANARYq",
        )
        options = ("--out", "out", "--model", "face=none", "--model", "pose=none")
        options += ("--record", "always")
        with command("run", *urls, *options, folder=tmp_path) as child:
            out = tmp_path / "stdout"
            for words in ("camera playing", "camera refused", "camera no host"):
                wait(lambda words=words: words in out.read_text(), words)
            arguments = Path(f"/proc/{child.pid}/cmdline").read_text()
            assert "rtsp://admin:{AFFECTSTREAM_ARGUMENT_1}@127.0.0.1" in arguments
            assert "CANARYx" not in arguments and CANARY not in arguments
            camera.behaviour = "refuse"
            camera.hang_up()
            wait(lambda: "camera hung up" in out.read_text(), "the loss is told")
            child.send_signal(signal.SIGTERM)
            assert child.wait(PATIENCE_S) == 143
    assert "rtsp://admin:***@" in (tmp_path / "out" / "run.json").read_text()
    assert list(tmp_path.glob("out/recordings/*.mp4"))
    assert not canaries(tmp_path), canaries(tmp_path)


def test_cameras_join_and_leave_a_run_and_tell_no_password(tmp_path: Path) -> None:
    """What `ctl` is told, shows and leaves behind; a slash in a password moves no part of a URL."""
    password = "CANARY/p@ss"
    with (
        tempfile.TemporaryDirectory(prefix="as-") as place,
        Camera(encode(), user="admin", password=password) as first,
        Camera(encode(), user="admin", password=password) as second,
    ):
        env = {"XDG_RUNTIME_DIR": place}
        options = ("--out", "out", "--model", "face=none", "--model", "pose=none")
        with command("run", first.url(f"admin:{password}"), *options, folder=tmp_path, env=env):
            said = partial(ctl, folder=tmp_path, env=env)
            wait(lambda: said("status").returncode == 0, "the run is there")
            added = said("add", "-", "--name", "Yard", text=second.url(f"admin:{password}"))
            assert added.stdout == "yard: playing\n", added
            assert said("pause", "yard").stdout == "yard: paused\n"
            assert said("resume", "yard").stdout == "yard: playing\n"
            wrong = said("add", "-", "--name", "Gate", text=second.url("admin:CANARY-wrong"))
            assert "gate: refused" in wrong.stdout, wrong
            unnamed = said("add", second.url(f"admin:{password}"))
            assert unnamed.stdout == "127-0-0-1-clip-2: playing\n", unnamed
            broken = said("add", f"rtsp://admin:{password}@h:x/")
            assert broken.returncode == 2 and "rtsp://admin:***@h:x/" in broken.stderr
            assert said("stop").returncode == 0
            wait(lambda: said("status").returncode == 2, "the run has ended")
    assert not canaries(tmp_path), canaries(tmp_path)
    shown = "".join(one.stdout + one.stderr for one in HEARD)
    assert not any(form in shown for form in FORMS), shown


HEARD: list[subprocess.CompletedProcess[str]] = []


def ctl(
    *words: str, folder: Path, env: dict[str, str], text: str = ""
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "affectstream.stream", "ctl", *words],
        cwd=folder,
        env={**os.environ, **env},
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    HEARD.append(done)
    return done


BAD = [
    (("run", "rtsp://admin:CANARYx@host:port/x"), 2, "a port that is no number"),
    (("run", "rtsp://admin:{AFFECTSTREAM_NONE}@host/x"), 2, "set AFFECTSTREAM_NONE"),
    (("run", "http://admin:CANARYx@host/x"), 3, "http:// sources are not supported"),
    (("run", "rtsp://admin:CANARYx@host/x", "--transport", "smoke"), 2, "transport"),
    (("run", "rtsp://admin:CANARYx@h/x", "rtsp://a:CANARYy@h:x/"), 2, "rtsp://a:***@h:x/"),
]


@pytest.mark.parametrize("arguments, code, words", BAD, ids=[row[0][1] for row in BAD])
def test_an_error_tells_no_password(arguments: tuple[str, ...], code: int, words: str) -> None:
    ended = CliRunner().invoke(main, arguments)
    assert ended.exit_code == code
    assert words in ended.output and "CANARY" not in ended.output


def test_a_pipeline_that_fails_tells_no_password(tmp_path: Path) -> None:
    bad = memory(fail_on="write", fail_after=3, fail_with="fault")
    with Camera(encode(), user="u", password=CANARY) as camera:
        url = camera.url(f"u:{CANARY}")
        config = load(None, sources=[url], out=tmp_path, models={"narrator": "scripted"})
        run = Pipeline(config, vision=ScriptedVision(), sinks=[("bad", bad)])
        with pytest.raises(RuntimeError, match="as its script says") as caught:
            run.start().join()
    assert "CANARY" not in str(caught.value)
    assert not canaries(tmp_path)
