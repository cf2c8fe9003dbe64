"""Recordings: packets as they came, around events, complete after a kill, never of the hidden."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import av
import pytest
from click.testing import CliRunner
from helpers import memory, pipeline
from made_videos import make, noisy
from rtsp_faults import Camera, encode
from servers import wait_for
from sink_messages import event, run_info, window

from affectstream.models.scripted import ScriptedVision
from affectstream.sinks import alerts
from affectstream.sinks._recording import Recording
from affectstream.sinks._reel import Encoded, Form, Reel
from affectstream.sinks._segment import Segment
from affectstream.stream.cli import main
from affectstream.stream.config import load
from affectstream.stream.errors import ConfigError
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.shelf import prune
from affectstream.stream.sources import rtsp, video

RATE_HZ = 10
SHAPES = {
    "h264": ("libx264", "mp4", {"g": "10", "bf": "2"}, {}),
    "hevc": ("libx265", "mp4", {"x265-params": "keyint=10:min-keyint=10:log-level=none"}, {}),
    "mpegts": ("libx264", "ts", {"g": "10"}, {}),
    "mjpeg": ("mjpeg", "avi", {}, {"pix_fmt": "yuvj420p"}),
    "vp8": ("libvpx", "webm", {"g": "10"}, {}),
}


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """20 s with a key frame a second, and pictures that refer to later ones."""
    path = tmp_path_factory.mktemp("clips") / "door.mp4"
    return make(path, 20 * RATE_HZ, rate=RATE_HZ, draw=noisy, options={"g": "10", "bf": "2"})


def packets(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [
            (bytes(p), float(p.pts * p.time_base), p.is_keyframe)
            for p in container.demux(stream)
            if p.size
        ]


def decoded(path):
    with av.open(str(path)) as container:
        return [float(frame.time) for frame in container.decode(video=0)]


def record(folder, path, events, when="events", spans_s=(5.0, 2.0)):
    """Play a file; `events` are times of events, and when each is told (media time)."""
    run = run_info(folder, sources=("door",))
    sink = Recording(when, spans_s, run)
    source = video.build(video.Config(path=path), "door")
    source.tap = sink.tap("door", lambda: False)
    sink.open()
    waiting = sorted(events, key=lambda pair: pair[1])
    for picture in source.pictures():
        while waiting and picture.pts_s >= waiting[0][1]:
            at_s, _ = waiting.pop(0)
            sink.write(event(int(at_s * 25), source="door"), None)
    sink.close()
    sink.close()
    return run.recordings


def kept(folder, recordings):
    return [folder / entry["file"] for entry in recordings.files]


def test_an_event_keeps_what_was_before_it_from_a_key_frame_on(clip, tmp_path):
    told = record(tmp_path, clip, [(12.48, 13.5)])
    (path,) = kept(tmp_path, told)
    entry = told.files[0]
    assert path.name.startswith("door-") and path.suffix == ".mp4" and entry["why"] == ["arrival"]
    assert entry["from_s"] == pytest.approx(7.0) and entry["to_s"] == pytest.approx(14.4, abs=0.31)
    times = decoded(path)
    assert len(times) == entry["packets"], "every picture can be decoded"
    assert 7.1 < times[-1] - times[0] <= 7.4
    original = {data: at_s for data, at_s, _ in packets(clip)}
    mine = packets(path)
    assert mine[0][2] and all(data in original for data, _, _ in mine), "bytes are the source's"
    shifts = {round(original[data] - at_s, 4) for data, at_s, _ in mine}
    assert len(shifts) == 1, "and so are their distances"


@pytest.mark.parametrize("shape", SHAPES)
def test_all_of_a_stream_is_the_same_bytes(shape, tmp_path):
    codec, ending, options, more = SHAPES[shape]
    path = make(tmp_path / f"in.{ending}", 40, rate=RATE_HZ, codec=codec, options=options, **more)
    told = record(tmp_path, path, [], "always")
    (mine,) = kept(tmp_path, told)
    assert mine.suffix == (".mkv" if shape == "vp8" else ".mp4")
    original, copy = packets(path), packets(mine)
    if shape != "mpegts":  # Whose start codes become lengths in MP4.
        assert [data for data, _, _ in copy] == [data for data, _, _ in original]
    zero = original[0][1] - copy[0][1]
    assert [at_s + zero for _, at_s, _ in copy] == pytest.approx([p[1] for p in original], abs=2e-3)
    assert len(decoded(mine)) == 40 and told.lost == {}


@pytest.mark.parametrize(
    ("events", "spans"),
    [
        ([(12.0, 12.5), (15.0, 15.5)], [(7.0, 17.0)]),
        ([(6.0, 6.5), (18.0, 18.5)], [(1.0, 8.0), (13.0, 19.9)]),
        ([(2.0, 2.5)], [(0.0, 4.0)]),
        ([(19.0, 20.5)], []),
        ([], []),
    ],
    ids=["near ones share a file", "far ones do not", "nothing before", "never told", "none"],
)
def test_events_and_files(clip, tmp_path, events, spans):
    told = record(tmp_path, clip, events)
    got = [(entry["from_s"], entry["to_s"]) for entry in told.files]
    assert len(got) == len(spans)
    for (from_s, to_s), (first_s, last_s) in zip(got, spans, strict=True):
        assert from_s == pytest.approx(first_s) and to_s == pytest.approx(last_s, abs=0.31)


FORM = Form(b"", 1)


def encoded(number, gop=5, size=100):
    return Encoded(bytes(size), number, number, 1, number % gop == 0, float(number), 0, FORM)


def test_what_nobody_wants_is_let_go_back_to_a_key_frame():
    reel = Reel(7.0, 5.0, 10_000)
    for number in range(1000):
        reel.put(encoded(number))
    reel.want(-1e9, 1e9)
    batch, _ = reel.take()
    assert [one.at_s for one in batch] == [float(k) for k in range(990, 1000)]
    assert batch[0].is_key and reel.lost == 0


def test_memory_is_bounded_and_what_is_lost_is_counted():
    reel = Reel(1e6, 5.0, 2_000)
    reel.want(-1e9, 1e9)
    for number in range(100):
        reel.put(encoded(number))
    got = reel.take()[0]
    assert reel.lost == 80 and got[0].is_key and got[-1].at_s == 99.0
    assert len(got) + reel.lost == 100


def test_a_slow_disk_holds_nobody_up(clip, tmp_path):
    """The writer hangs from its first packet on; the source plays to its end all the same."""
    is_free, has_begun = threading.Event(), threading.Event()

    class Stuck(Segment):
        def add(self, one):
            has_begun.set()
            is_free.wait(30)
            super().add(one)

    run = run_info(tmp_path, sources=("door",))
    sink = Recording("always", (5.0, 5.0), run, create=Stuck)
    source = video.build(video.Config(path=clip), "door")
    source.tap = sink.tap("door", lambda: False)
    sink.open()
    assert len(list(source.pictures())) == 200
    assert has_begun.wait(10)
    is_free.set()
    sink.close()
    assert run.recordings.files[0]["packets"] == 200


def test_a_full_disk_is_told_and_ends_no_run(clip, tmp_path, caplog):
    class Full(Segment):
        def add(self, one):
            raise OSError(28, "No space left on device")

    run = run_info(tmp_path, sources=("door",))
    sink = Recording("always", (5.0, 5.0), run, create=Full)
    source = video.build(video.Config(path=clip), "door")
    source.tap = sink.tap("door", lambda: False)
    sink.open()
    list(source.pictures())
    sink.close()
    assert run.recordings.lost == {"door": 200} and "No space left" in caplog.text


def test_while_the_run_is_paused_nothing_is_kept(clip, tmp_path):
    run = run_info(tmp_path, sources=("door",))
    sink = Recording("always", (5.0, 5.0), run)
    source = video.build(video.Config(path=clip), "door")
    is_paused = threading.Event()
    source.tap = sink.tap("door", is_paused.is_set)
    sink.open()
    for picture in source.pictures():
        (is_paused.set if 5.0 <= picture.pts_s < 10.0 else is_paused.clear)()
    sink.close()
    first, second = run.recordings.files
    assert first["to_s"] == pytest.approx(5.0, abs=0.5)
    assert second["from_s"] == pytest.approx(10.5, abs=0.6)
    for path in kept(tmp_path, run.recordings):
        assert decoded(path)


def test_an_alert_is_an_event_too(clip, tmp_path):
    run = run_info(tmp_path, sources=("door",))
    recording = Recording("events", (5.0, 2.0), run)
    rule = alerts.RuleConfig(name="long", when="group.coverage >= 0")
    teller = alerts.build(alerts.Config(rules=(rule,)), run)
    source = video.build(video.Config(path=clip), "door")
    source.tap = recording.tap("door", lambda: False)
    recording.open(), teller.open()
    for picture in source.pictures():
        if picture.pts_s == pytest.approx(12.0):
            teller.write(window(300, source="door"), None)
    teller.close(), recording.close()
    (entry,) = run.recordings.files
    assert entry["why"] == ["alert long"] and entry["from_s"] == pytest.approx(7.0)


# --- whole runs ---------------------------------------------------------------------------------


def test_a_run_lists_its_recordings_and_others_see_nothing_of_it(clip, tmp_path):
    config = load(
        None,
        sources=[str(clip)],
        out=tmp_path / "out",
        speed="max",
        record="events",
        models={"narrator": "scripted"},
    )
    summary = Pipeline(config, vision=ScriptedVision()).start().join()
    assert summary.status == "done"
    told = json.loads((tmp_path / "out" / "run.json").read_text())["recordings"]
    (entry,) = told["files"]
    assert "arrival" in entry["why"] and entry["from_s"] == 0.0
    assert len(decoded(tmp_path / "out" / entry["file"])) == entry["packets"] > 40
    assert oct((tmp_path / "out" / "recordings").stat().st_mode)[-3:] == "700"


def nals(unit):
    """Split a unit of an MP4, whose NAL units have their lengths in front."""
    found = []
    while unit:
        size = int.from_bytes(unit[:4], "big")
        found.append(unit[4 : 4 + size])
        unit = unit[4 + size :]
    return found


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_camera_is_recorded_through_an_outage(codec, tmp_path):
    sink = memory()
    with Camera(encode(codec)) as camera:
        cameras = [rtsp.build(rtsp.Config(url=camera.url(), timeout_s=0.5), "cam")]
        made = pipeline(cameras, ("memory", sink), out=tmp_path, record="always").start()
        files = made.run.recordings.files
        wait_for(lambda: files, 30, "the first file")
        camera.wait_for(30)
        camera.hang_up()
        wait_for(lambda: len(files) > 1, 30, "another file after the outage")
        camera.wait_for(30)
        listed = json.loads((tmp_path / "run.json").read_text())["recordings"]["files"]
        assert listed[0]["file"] == files[0]["file"], "a run that goes on lists them"
        made.stop()
        summary = made.join()
    assert summary.status == "interrupted" and made.run.recordings.lost == {}
    sent = camera.clip.units
    for path in kept(tmp_path, made.run.recordings):
        got = [nals(data) for data, _, _ in packets(path)]
        assert len(got) >= 20 and len(decoded(path)) == len(got)
        start = sent.index(got[0])
        assert got == [sent[(start + k) % len(sent)] for k in range(len(got))]


def test_a_camera_s_recording_begins_before_its_event(tmp_path):
    """Live, the clock is that of arrival; every fifth picture is a key frame."""
    run = run_info(tmp_path, sources=("cam",), is_live=True)
    sink = Recording("events", (0.5, 0.3), run)
    with Camera(encode()) as camera:
        source = rtsp.build(rtsp.Config(url=camera.url()), "cam")
        source.tap = sink.tap("cam", lambda: False)
        sink.open()
        count = 0
        for picture in source.pictures():
            count += picture is not None
            if picture is not None and count == 50:
                sink.write(event(50, source="cam", t_mono_ns=picture.t_mono_ns), None)
            if count >= 50 and "packets" in (run.recordings.files or [{}])[0]:
                break
        sink.close()
        source.close()
    (entry,) = run.recordings.files
    assert 0.79 <= entry["to_s"] - entry["from_s"] <= 1.5, entry
    assert entry["from_s"] <= 1.5 + 1e-3, "the event lies at 2 s of media time"
    assert len(decoded(tmp_path / entry["file"])) == entry["packets"] > 15


def test_a_kill_leaves_a_film_that_plays(clip, tmp_path):
    arguments = ["run", str(clip), "--live", "--loop", "--record", "always", "--out", "out"]
    arguments += ["--quiet", "--model", "face=none", "--model", "pose=none"]
    child = subprocess.Popen(
        [sys.executable, "-m", "affectstream.stream", *arguments],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.DEVNULL,
    )
    try:
        files = lambda: list(tmp_path.glob("out/recordings/*.mp4"))  # noqa: E731
        wait_for(files, 60, "a file")
        began_s = time.monotonic()
        wait_for(lambda: len(packets(files()[0])) >= 30, 30, "3 s of it")
        took_s = time.monotonic() - began_s
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    (path,) = files()
    times = decoded(path)
    assert len(times) >= 30 and times[-1] - times[0] >= 2.9, took_s
    listed = json.loads((tmp_path / "out" / "run.json").read_text())["recordings"]["files"]
    assert listed[0]["file"] == f"recordings/{path.name}"


# --- privacy and retention ------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["blur", "pixelate", "silhouette"])
@pytest.mark.parametrize("when", ["events", "always"])
def test_what_is_hidden_is_not_recorded(clip, tmp_path, when, way):
    words = ["run", str(clip), "--out", str(tmp_path / "out"), "--record", when, "--privacy", way]
    ended = CliRunner().invoke(main, words)
    assert ended.exit_code == 2 and "leave one of them out" in ended.output
    assert not (tmp_path / "out").exists()


def test_a_private_camera_is_left_out(clip, tmp_path, caplog):
    cameras = [
        {"name": "open", "path": str(clip)},
        {"name": "private", "path": str(clip), "privacy": True},
    ]
    config = load(
        None,
        cameras=cameras,
        out=tmp_path,
        speed="max",
        record="always",
        limit_frames=40,
        models={"narrator": "scripted"},
    )
    Pipeline(config, vision=ScriptedVision()).start().join()
    told = json.loads((tmp_path / "run.json").read_text())["recordings"]["files"]
    assert {entry["source"] for entry in told} == {"open"}
    assert not list(tmp_path.glob("recordings/private*"))
    assert "private: not recorded: it is private" in caplog.text


def test_the_default_keeps_nothing(clip, tmp_path):
    config = load(
        None,
        sources=[str(clip)],
        out=tmp_path,
        speed="max",
        limit_frames=20,
        models={"narrator": "scripted"},
    )
    assert config.record == "never"
    Pipeline(config, vision=ScriptedVision()).start().join()
    assert not (tmp_path / "recordings").exists()
    assert "recordings" not in json.loads((tmp_path / "run.json").read_text())


def test_no_folder_and_a_source_without_packets_are_told(clip, tmp_path):
    from helpers import synthetic

    ended = CliRunner().invoke(main, ["run", str(clip), "--record", "events"])
    assert ended.exit_code == 2 and "--out DIR" in ended.output
    with pytest.raises(ConfigError, match="no packets.*--sink video"):
        pipeline([synthetic()], out=tmp_path / "out", record="events")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("limit", ["90m", "2KB"])
def test_retention_takes_recordings_one_by_one_while_the_run_goes_on(tmp_path, limit):
    from sink_messages import write_all

    from affectstream.sinks import sqlite

    run = run_info(tmp_path / "door")
    run.folder.mkdir()
    write_all(sqlite.build(sqlite.Config(), run), [])
    (run.folder / "run.json").write_text('{"status": "running"}')
    (run.folder / "recordings").mkdir()
    now_s = time.time()
    for number, age_h in ((1, 2), (2, 1), (3, 0)):
        path = run.folder / "recordings" / f"cam-{number}.mp4"
        path.write_bytes(b"x" * 1000)
        os.utime(path, (now_s - 3600 * age_h,) * 2)
    (proof,) = prune(tmp_path, {"pictures": limit}, now_s)
    assert sorted(p.stem for p in run.folder.glob("recordings/*")) == ["cam-2", "cam-3"]
    assert proof["files"] == {"recordings/cam-1.mp4": 1000}
    assert Path(tmp_path / "deletions.jsonl").read_text().count("cam-1") == 1
