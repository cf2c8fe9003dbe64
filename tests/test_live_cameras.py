"""Cameras that come, go, fail and wait, in a live run: the others never notice."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import config, memory, synthetic, threads
from made_videos import make

from affectstream.models.base import Vision
from affectstream.models.scripted import ScriptedVision
from affectstream.sinks.base import Sink
from affectstream.sinks.memory import MemorySink
from affectstream.stream.cameras import Treatment
from affectstream.stream.control import ask, running
from affectstream.stream.errors import ConfigError, ModelError, SourceError
from affectstream.stream.live import Seat
from affectstream.stream.messages import Body, Event, Face, Frame, Looks, Observation, Reading
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.region import moved, region_px, see_region
from affectstream.stream.roster import Roster, RosterPlan
from affectstream.stream.schedule import Scheduler
from affectstream.stream.status import Ask, RunState
from affectstream.stream.strides import Strides

LONG_S = 20.0


@pytest.fixture(autouse=True)
def private_place(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs of this test see no others; the path of a socket must be short."""
    folder = tempfile.mkdtemp(prefix="as-")
    monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
    yield
    assert threads() == ["MainThread"]
    assert [path.name for path in Path(folder).glob("affectstream/*")] == []
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    make(path, 50, rate=100)
    return path


def live(
    *sinks: tuple[str, Sink], vision: Vision | None = None, sources=None, **options
) -> Pipeline:
    chosen = config(**{"live": True, "speed": "real", **options})
    return Pipeline(chosen, vision=vision or ScriptedVision(), sources=sources, sinks=sinks)


def endless(clip: Path, name: str, **options) -> dict[str, object]:
    return {"name": name, "path": str(clip), "loop": True, **options}


def tell(what: str, camera: str = "", **entry: object) -> str:
    answer = ask(running()[0].endpoint, Ask(what, camera, entry))
    assert answer.ok, answer.text
    return answer.text


def refused(what: str, camera: str = "", **entry: object) -> str:
    answer = ask(running()[0].endpoint, Ask(what, camera, entry))
    assert not answer.ok
    return answer.text


def until(holds: Callable[[dict[str, str]], bool]) -> RunState:
    """Ask for the state until it is as wanted."""
    end_s = time.monotonic() + LONG_S
    while time.monotonic() < end_s:
        state = ask(running()[0].endpoint, Ask("status")).state
        assert state is not None
        if holds({one.camera: one.state for one in state.cameras}):
            return state
    raise AssertionError(f"it never came to that; it is {state}")


def readings_of(sink: MemorySink, name: str) -> list[Reading]:
    return [m for m in sink.messages if isinstance(m, Reading) and m.source_id == name]


def test_a_source_that_raises_ends_alone() -> None:
    sink = memory()
    bad = synthetic("bad", frames=50, rate_hz=100, fail_at=5, fail_as="crash")
    cut = synthetic("cut", frames=50, rate_hz=100, fail_at=7)
    good = synthetic("good", frames=60, rate_hz=100)
    summary = live(("memory", sink), sources=[bad, cut, good]).start().join()
    assert summary.status == "incomplete"
    assert summary.notes["bad"] == "failed: RuntimeError: the synthetic source was told to crash"
    assert summary.notes["cut"].startswith("incomplete: ")
    assert summary.notes["good"] == ""
    assert summary.frames == {"bad": 5, "cut": 7, "good": 60}
    assert all(row["in_flight"] == 0 for s, row in summary.ledger.items() if s[:6] == "source")


def test_a_run_whose_every_source_fails_says_why() -> None:
    bad = [synthetic(n, frames=9, fail_at=5, fail_as="crash") for n in ("a", "b")]
    with pytest.raises(SourceError, match="a failed: .* crash; b failed: "):
        live(sources=bad).start().join()


def test_cameras_that_cannot_be_opened_are_failed_ones(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    run = live(
        cameras=[
            {"path": tmp_path / "missing.mp4"},
            {"path": tmp_path / "text.mp4"},
            {"path": clip, "name": "good"},
        ]
    ).start()
    state = until(lambda states: states["good"] == "running")
    assert [one.state for one in state.cameras] == ["failed", "failed", "running"]
    assert "no such file" in state.cameras[0].detail
    summary = run.join()
    assert summary.status == "incomplete" and summary.frames["good"] == 50
    assert "this is no video" in summary.notes["text"]


def test_no_camera_at_all_is_an_error(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        live(cameras=[{"path": tmp_path / "missing.mp4"}])
    with pytest.raises(ConfigError, match="every camera is off"):
        live(cameras=[{"path": clip, "enabled": False}])


class Hostile(ScriptedVision):
    """Fails on every frame of one source, as OpenCV does on an odd picture."""

    def see(self, frame: Frame, earlier: Observation | None) -> Observation:
        if frame.source_id == "odd":
            raise ValueError("an odd picture")
        return super().see(frame, earlier)


def test_pictures_that_no_network_can_take_harm_only_their_camera() -> None:
    sink = memory()
    sources = [synthetic(name, frames=40, rate_hz=100) for name in ("odd", "good")]
    summary = live(("memory", sink), vision=Hostile(), sources=sources).start().join()
    row = summary.ledger["source:odd"]
    assert row["infer_error"] + row.get("overwritten", 0) == 40 and "inferred" not in row
    assert readings_of(sink, "odd")[0].reason == "ValueError: an odd picture"
    assert all(reading.valid for reading in readings_of(sink, "good"))


def test_networks_that_fail_for_every_camera_end_the_run() -> None:
    sources = [synthetic(name, frames=10**6, rate_hz=100) for name in ("a", "b")]
    with pytest.raises(ModelError, match="10 frames in a row"):
        live(vision=ScriptedVision(fail_at=range(10**6)), sources=sources).start().join()


def test_a_camera_is_paused_and_goes_on_where_it_was(clip: Path) -> None:
    sink = memory()
    run = live(("memory", sink), cameras=[endless(clip, "A"), endless(clip, "b")]).start()
    until(lambda states: len(readings_of(sink, "a")) > 5)
    assert tell("pause", "a") == "a: pausing"
    until(lambda states: states["a"] == "paused")
    others = len(readings_of(sink, "b"))
    until(lambda states: len(readings_of(sink, "b")) > others + 5)  # What was under way is told.
    before = len(readings_of(sink, "a"))
    until(lambda states: len(readings_of(sink, "b")) > others + 20)
    assert len(readings_of(sink, "a")) == before
    tell("resume", "a")
    until(lambda states: len(readings_of(sink, "a")) > before + 5)
    assert tell("stop") == "stopping"
    summary = run.join()
    assert summary.status == "stopped"
    seen = readings_of(sink, "a")
    seqs, times = [r.seq for r in seen], [r.pts_s for r in seen]
    assert seqs == sorted(set(seqs)) and times == sorted(times)
    assert seen[before].epoch > seen[before - 1].epoch
    assert seen[before].pts_s > seen[before - 1].pts_s + 0.1, "the pause has passed"
    people = [{person.id for person in r.people} for r in seen]
    assert max(people[before - 1]) < min(people[before]), "nobody gets another one's number"
    row = summary.ledger["source:a"]
    assert row["captured"] >= summary.frames["a"] > seqs[-1] and row["in_flight"] == 0


def test_commands_that_make_no_sense_are_refused(clip: Path) -> None:
    cameras = [endless(clip, "a"), endless(clip, "b", enabled=False)]
    run = live(cameras=cameras).start()
    until(lambda states: states == {"a": "running", "b": "off"})
    assert refused("pause", "x") == "no camera 'x'; there are: a, b"
    assert refused("pause", "b") == "b is off, not running"
    assert refused("resume", "a") == "a is running; it cannot be resumed"
    assert "ctl add: camera 1: needs exactly one of" in refused("add")
    assert "choose another name" in refused("add", **endless(clip, "B"))
    assert "did you mean rate_hz" in refused("add", path=str(clip), rate=3)
    tell("remove", "b")
    assert "a is the last camera" in refused("remove", "a")
    tell("add", **endless(clip, ""))
    until(lambda states: states == {"a": "running", "clip": "running"})
    run.stop()
    assert run.join().status == "interrupted"


def test_a_replay_knows_status_and_stop() -> None:
    run = Pipeline(
        config(speed=1.0), vision=ScriptedVision(), sources=[synthetic(frames=10**6)]
    ).start()
    state = until(lambda states: states.get("made") == "running")
    assert not state.is_live
    assert "only status and stop" in refused("pause", "made")
    tell("stop")
    assert run.join().status == "stopped"


def test_a_hundred_cameras_come_and_go_and_leave_nothing(clip: Path) -> None:
    run = live(cameras=[endless(clip, "stays")]).start()

    def come_and_go() -> None:
        tell("add", **endless(clip, "guest"))
        until(lambda states: states["guest"] == "running")
        tell("remove", "guest")
        until(lambda states: "guest" not in states and not is_running("capture-guest"))

    def is_running(name: str) -> bool:
        return any(thread.name == name for thread in threading.enumerate())

    def held() -> tuple[int, int, int]:
        return (
            threading.active_count(),
            len(os.listdir("/proc/self/fd")),
            run._supervisor.bus.open_sockets,
        )

    try:
        come_and_go()
        before = held()
        for _ in range(100):
            come_and_go()
        after = held()
    finally:
        run.stop()
        summary = run.join()
    assert after[0] == before[0]
    assert after[1] <= before[1] + 20, "a hundred would leak; ZeroMQ closes its own a little later"
    assert after[2] <= before[2] + 1, "one link may still be about to close"
    assert summary.ledger["source:guest"]["in_flight"] == 0
    assert [info.source_id for info in summary.joined] == ["guest"]
    assert run._supervisor.bus.open_sockets == 0


def test_a_cap_is_counted_by_its_name() -> None:
    sink = memory()
    source = synthetic("made", frames=100, rate_hz=200)
    run = live(("memory", sink), sources=[source])
    seat = run._made.seats[0]
    seat.treatment = seat.treatment.model_copy(update={"rate_hz": 20.0})
    row = run.start().join().ledger["source:made"]
    assert row["captured"] == 100 and row["in_flight"] == 0
    assert row["inferred"] + row.get("overwritten", 0) + row["capped"] == 100
    assert row["capped"] >= 60, "half a second or more at 20 a second"


class Noting(ScriptedVision):
    """Notes what it was asked to look for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, list[Looks | None]] = {"shy": [], "open": []}

    def see(self, frame: Frame, earlier: Observation | None) -> Observation:
        self.asked[frame.source_id].append(frame.looks)
        return super().see(frame, earlier)


def test_privacy_travels_with_the_picture_and_strides_with_the_camera(clip: Path) -> None:
    sink, vision = memory(wants_frames=True), Noting()
    seen: list[Frame] = []
    sink.see = seen.append  # type: ignore[attr-defined]
    cameras = [
        {"path": clip, "name": "shy", "privacy": True, "pose_stride": 3},
        {"path": clip, "name": "open", "face_stride": 2},
    ]
    live(("memory", sink), cameras=cameras, vision=vision, workers=1).start().join()
    assert {frame.source_id: frame.is_private for frame in seen} == {"shy": True, "open": False}
    raw = {(frame.source_id, frame.seq): frame.image_bgr for frame in seen}
    given = [frame for frame in sink.frames if frame is not None]
    is_raw = [(f.source_id, f.image_bgr is raw[f.source_id, f.seq]) for f in given]
    assert set(is_raw) == {("shy", False), ("open", True)}
    assert vision.asked["shy"][0] == Looks(True, True, True)
    assert vision.asked["shy"][1:3] == [Looks(True, False, False)] * 2
    assert vision.asked["open"][1] == Looks(False, False, False)


def test_people_depart_when_their_camera_leaves(clip: Path) -> None:
    sink = memory()
    live(("memory", sink), cameras=[{"path": clip, "name": "a"}]).start().join()
    assert any(isinstance(m, Event) and m.kind == "arrival" for m in sink.messages)


def test_sixteen_cameras_get_equal_turns() -> None:
    """One worker for a third of the pictures; arrivals shifted as cameras are."""
    scheduler = Scheduler([], lag=4, is_live=True)
    names = [f"cam{k}" for k in range(16)]
    for name in names:
        scheduler.add(name, Strides(1, 2, 15), None)
    waiting: dict[str, int] = {}
    looked = dict.fromkeys(names, 0)
    image = np.zeros((2, 2, 3), np.uint8)
    for step in range(15 * 16 * 20):
        waiting[names[step * 7 % 16]] = step
        if step % 3:
            continue
        name = next(name for name in scheduler.wanted(1) if name in waiting)
        scheduler.admit(Frame(name, waiting.pop(name), 0, step / 240, 0, 0, image))
        job = scheduler.next_job()
        assert job is not None
        job.seen = Observation(source_id=name, seq=step, pts_s=0.0, width_px=2, height_px=2)
        scheduler.finish(job.number)
        looked[name] += len(list(scheduler.in_order()))
    assert max(looked.values()) <= 1.1 * min(looked.values())


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ((0, 0, 1, 1), (0, 0, 200, 100)),
        ((0.25, 0.5, 0.75, 1), (50, 50, 150, 100)),
        ((20, 10, 60, 400), (20, 10, 60, 100)),
        ((300, 0, 400, 50), (300, 0, 200, 50)),
    ],
)
def test_a_region_is_shares_or_pixels(region, expected) -> None:
    assert region_px(region, 200, 100) == expected


BODY = Body((1, 2, 3, 4), 0.9, "coco17", ((5, 6, 7, 0.5),), (8, 9, 10, 0.1))
FACE = Face((1, 2, 3, 4), 0.9, ((5, 6),))
IMAGE = np.arange(100 * 200 * 3, dtype=np.uint8).reshape(100, 200, 3)
FRAME = Frame("a", 7, 0, 1.0, 2, 3, IMAGE, is_private=True)


class Seer:
    """Remembers what it was given, and sees one body and one face."""

    keypoint_layout = "coco17"
    models: dict[str, object] = {}

    def see(self, frame: Frame, earlier: Observation | None) -> Observation:
        self.frame, self.earlier = frame, earlier
        height, width = frame.image_bgr.shape[:2]
        return Observation(
            source_id="a",
            seq=7,
            pts_s=1.0,
            width_px=width,
            height_px=height,
            faces=(FACE,),
            bodies=(BODY,),
        )


def test_what_is_seen_in_a_region_is_told_in_pixels_of_the_frame() -> None:
    seer = Seer()
    seen = see_region(seer, FRAME, None, (20, 10, 120, 60))
    assert np.array_equal(seer.frame.image_bgr, IMAGE[10:60, 20:120])
    assert (seen.width_px, seen.height_px) == (200, 100)
    assert seen.bodies == (
        Body((21, 12, 23, 14), 0.9, "coco17", ((25, 16, 7, 0.5),), (28, 19, 10, 0.1)),
    )
    assert seen.faces == (Face((21, 12, 23, 14), 0.9, ((25, 16),)),)
    see_region(seer, FRAME, seen, (20, 10, 120, 60))
    assert seer.earlier is not None and seer.earlier.bodies == (BODY,)
    assert (seer.earlier.width_px, seer.earlier.height_px) == (100, 50)


def test_a_past_of_another_size_is_none() -> None:
    seer = Seer()
    past = moved(see_region(seer, FRAME, None, (20, 10, 120, 60)), 0, 0, 640, 480)
    see_region(seer, FRAME, past, (20, 10, 120, 60))
    assert seer.earlier is not None and (seer.earlier.width_px, seer.earlier.height_px) == (0, 0)


def test_a_region_outside_the_picture_says_so() -> None:
    small = replace(FRAME, image_bgr=IMAGE[:20, :20])
    seen = see_region(Seer(), small, None, (20, 10, 120, 60))
    assert not seen.valid and "outside the picture of 20 x 20 px" in seen.reason


def test_sinks_are_told_who_joined_and_who_was_removed(clip: Path) -> None:
    run = live(cameras=[endless(clip, "one")]).start()
    tell("add", name="two", path=str(clip), loop=True)
    until(lambda states: states.get("two") == "running")
    health = run.run.health
    end_s = time.monotonic() + LONG_S
    while "two" not in health.cameras and time.monotonic() < end_s:
        run.wait(0.01)
    assert [info.source_id for info in health.joined] == ["two"]
    assert health.cameras == {"one": "running", "two": "running"}
    tell("remove", "two")
    while health.cameras["two"] != "removed" and time.monotonic() < end_s:
        run.wait(0.01)
    assert health.cameras == {"one": "running", "two": "removed"}
    run.stop()
    run.join()


def test_a_source_knows_that_the_run_finishes_before_it_is_interrupted() -> None:
    told: list[str] = []

    class Room:
        def command(self, command: Any) -> None:
            told.append(command.what)

    source = synthetic()
    source.interrupt = lambda: told.append("interrupt")
    seat = Seat(source.info, Treatment(), source=source, state="running")
    Roster([seat], RosterPlan(lambda *_: None, {}, None), Room()).tick(is_finishing=True)
    assert told.index("finish") < told.index("interrupt")
