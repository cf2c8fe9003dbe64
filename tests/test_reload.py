"""A configuration read anew while the run goes on, in whole and by SIGHUP to a real process."""

import contextlib
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml
from helpers import memory
from made_videos import make
from servers import wait_for

from affectstream.models.scripted import ScriptedVision
from affectstream.stream.config import load
from affectstream.stream.messages import Narration, Reading
from affectstream.stream.pipeline import Pipeline

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no SIGHUP")


@pytest.fixture(autouse=True)
def private_place(monkeypatch):
    """The path of a control socket must be short."""
    folder = tempfile.mkdtemp(prefix="as-")
    monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
    yield
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make(tmp_path_factory.mktemp("clips") / "clip.mp4", 50)


class Place:
    """A run in this process, with a configuration file that a test rewrites."""

    def __init__(self, folder, clip, **more):
        self.path = folder / "run.yaml"
        self.sink = memory()
        self.keys = {
            "out": str(folder / "out"),
            "models": {"narrator": "scripted"},
            "cameras": [self.camera("door", clip)],
            "sinks": [{"kind": "alerts", "rules": [{"name": "one", "when": "coverage > 2"}]}],
            **more,
        }
        self.write()
        self.run = Pipeline(self.load(), vision=ScriptedVision(), sinks=[("memory", self.sink)])

    @staticmethod
    def camera(name, clip, **more):
        return {"name": name, "path": str(clip), "loop": True, **more}

    def load(self):
        return load(self.path)

    def write(self, **keys):
        self.keys |= keys
        self.path.write_text(yaml.safe_dump(self.keys))

    def reload(self, **keys):
        """Return what came of it."""
        self.write(**keys)
        told = self.run.summary.reloads
        before = len(told)
        self.run.reload(self.load)
        wait_for(lambda: len(told) > before, 30, "the reload")
        return told[-1]

    def seen(self, name):
        return [m for m in self.sink.messages if isinstance(m, Reading) and m.source_id == name]

    def goes_on(self, name):
        count = len(self.seen(name))
        wait_for(lambda: len(self.seen(name)) > count + 3, 30, f"pictures of {name}")


def test_cameras_come_go_pause_and_change(tmp_path, clip):
    place = Place(tmp_path, clip)
    camera = place.camera
    with place.run:
        place.goes_on("door")
        told = place.reload(cameras=[camera("door", clip), camera("hall", clip)])
        assert told["changed"] == ["camera hall: added"] and not told["needs_restart"]
        place.goes_on("hall")
        epoch = place.seen("hall")[-1].epoch
        changed = [camera("door", clip), camera("hall", clip, rate_hz=20)]
        assert place.reload(cameras=changed)["changed"] == ["camera hall: changed"]
        wait_for(lambda: place.seen("hall")[-1].epoch > epoch, 30, "hall is opened anew")
        off = [camera("door", clip), camera("hall", clip, rate_hz=20, enabled=False)]
        assert place.reload(cameras=off)["changed"] == ["camera hall: pausing"]
        wait_for(
            lambda: place.run._supervisor.roster.seats["hall"].state == "paused", 30, "the pause"
        )
        assert place.reload(cameras=changed)["changed"] == ["camera hall: resuming"]
        place.goes_on("hall")
        told = place.reload(cameras=[camera("door", clip)])
        assert told["changed"] == ["camera hall: removed"]
        wait_for(lambda: "hall" not in place.run._supervisor.roster.seats, 30, "it leaves")
        told = place.reload(cameras=[camera("other", clip)])
        assert told["changed"] == ["camera other: added", "camera door: removed"]
        place.goes_on("other")
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert len(record["reloads"]) == 6
    assert [one["name"] for one in record["config"]["cameras"]] == ["other"]


def test_rules_and_the_time_between_narrations_change(tmp_path, clip):
    place = Place(tmp_path, clip, narrate_s=3600)
    with place.run:
        place.goes_on("door")
        rules = [{"name": "two", "when": "coverage >= 0"}]
        told = place.reload(narrate_s=1, sinks=[{"kind": "alerts", "rules": rules}])
        assert told["changed"] == ["sinks alerts", "narrate_s"] and not told["needs_restart"]
        told_of = lambda: [m for m in place.sink.messages if isinstance(m, Narration)]  # noqa: E731
        wait_for(lambda: [m for m in told_of() if m.kind == "interval"], 30, "a narration")
        import sqlite3

        def raised():
            with contextlib.closing(sqlite3.connect(tmp_path / "out" / "alerts.db")) as store:
                return {row[0] for row in store.execute("SELECT rule FROM alerts")}

        wait_for(raised, 30, "an alert")
        assert raised() == {"two"}


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"privacy": "blur"}, ["privacy"]),
        ({"window_s": 5.0, "language": "de"}, ["window_s", "language"]),
        ({"sinks": [{"kind": "alerts", "grace_s": 1.0}]}, ["sinks alerts grace_s"]),
        ({"sinks": ["parquet"]}, ["sinks alerts", "sinks parquet"]),
    ],
)
def test_what_cannot_change_is_named_every_time(tmp_path, clip, keys, named, caplog):
    place = Place(tmp_path, clip)
    with place.run:
        assert place.reload(**keys)["needs_restart"] == named
        assert place.reload(**keys)["needs_restart"] == named
        assert "a restart is needed for " + ", ".join(named) in caplog.text
        place.goes_on("door")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cameras: [", "line 1, column 11: "),
        ("colour: red", "colour"),
        ("cameras: [{name: door}]", "needs exactly one of url, path, device"),
        ("purpose: workplace", "forbids"),
        ("sinks: [{kind: alerts, rules: [{name: a, when: valence <}]}]", "when"),
        ("{record: always, privacy: blur, out: x}", "leave one of them out"),
    ],
)
def test_a_wrong_file_is_refused_and_the_run_goes_on(tmp_path, clip, text, words, caplog):
    place = Place(tmp_path, clip)
    with place.run:
        place.goes_on("door")
        place.path.write_text(text)
        place.run.reload(place.load)
        wait_for(lambda: place.run.summary.reloads, 30, "the refusal")
        assert words in place.run.summary.reloads[0]["refused"] and words in caplog.text
        place.goes_on("door")
    assert place.run.summary.status == "interrupted"


@contextlib.contextmanager
def process(folder, *words, **options):
    child = subprocess.Popen(
        [sys.executable, "-m", "affectstream.stream", "run", *words],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        **options,
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def test_a_process_takes_its_file_anew_on_sighup(tmp_path, clip):
    path = tmp_path / "run.yaml"
    keys = {
        "models": {"face": "none", "pose": "none"},
        "cameras": [Place.camera("door", clip)],
        "out": "out",
    }
    path.write_text(yaml.safe_dump(keys))
    errors = tmp_path / "stderr"
    record = lambda: json.loads((tmp_path / "out" / "run.json").read_text())  # noqa: E731
    words = ["--config", "run.yaml", "--quiet", "--log", "json"]
    with (
        errors.open("w") as stderr,
        process(tmp_path, *words, stderr=stderr, stdin=subprocess.DEVNULL) as child,
    ):
        wait_for((tmp_path / "out" / "run.json").exists, 60, "the start")
        path.write_text(yaml.safe_dump(keys | {"cameras": "none"}))
        child.send_signal(signal.SIGHUP)
        wait_for(lambda: "reloads" in record(), 30, "the refusal")
        keys["cameras"].append(Place.camera("hall", clip))
        path.write_text(yaml.safe_dump(keys | {"workers": 2}))
        child.send_signal(signal.SIGHUP)
        wait_for(lambda: len(record()["reloads"]) == 2, 30, "the change")
        wait_for(lambda: "hall" in record()["sources"], 30, "hall")
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 143
    first, second = record()["reloads"]
    assert "cameras: must be a list" in first["refused"]
    assert second["changed"] == ["camera hall: added"] and second["needs_restart"] == ["workers"]
    texts = [json.loads(line)["text"] for line in errors.read_text().splitlines() if "{" in line]
    assert "configuration: changed camera hall: added" in texts
    assert "configuration: a restart is needed for workers" in texts


@pytest.mark.skipif(sys.platform != "linux", reason="a pseudo-terminal as Linux has it")
def test_a_run_whose_terminal_goes_ends_with_complete_files(tmp_path, clip):
    ours, theirs = pty.openpty()
    words = [str(clip), "--live", "--loop", "--quiet", "--out", "out"]
    words += ["--model", "face=none", "--model", "pose=none"]
    with process(
        tmp_path,
        *words,
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as child:
        os.close(theirs)
        wait_for(Path(tmp_path / "out" / "run.json").exists, 60, "the start")
        os.close(ours)
        child.send_signal(signal.SIGHUP)
        assert child.wait(60) == 0
    assert json.loads((tmp_path / "out" / "run.json").read_text())["status"] == "interrupted"
