"""A webcam as a source: pictures in time, lost and found again, and the run around it."""

import threading
import time

import numpy as np
import pytest
from helpers import memory, pipeline
from made_cameras import LATE_NS, FedCamera, Plug, device

from affectstream.stream.bus import Bus
from affectstream.stream.errors import ConfigError, SourceError
from affectstream.stream.kinds import configure, load_kind
from affectstream.stream.messages import SourceInfo
from affectstream.stream.sources._devices import Mode
from affectstream.stream.sources.base import Picture
from affectstream.stream.sources.webcam import Config, Webcam
from affectstream.stream.stage import Command, ControlRoom, Stage


def webcam(plug, **options):
    config = Config(device=options.pop("device", "0"), **options)
    return Webcam(config, "front", find=plug.find, opener=plug.open, stall_s=0.1, retry_s=0.01)


def taken(source, count):
    """Return so many pictures, whatever ticks lie between."""
    got = []
    for picture in source.pictures():
        if picture is not None:
            got.append(picture)
        if len(got) == count:
            return got
    return got


def levels(pictures):
    return [int(picture.image_bgr[0, 0, 0]) for picture in pictures]


def test_pictures_in_order_with_the_time_at_which_they_were_taken():
    camera = FedCamera(9, 10, 11, 12, size=(80, 60))
    source = webcam(Plug(camera))
    assert (source.info.width_px, source.info.height_px, source.info.rate_hz) == (80, 60, 30.0)
    assert source.is_live and source.info.origin == "Front Camera"
    assert source.health.state == "playing"
    got = taken(source, 3)
    source.close()
    source.close()
    assert camera.is_closed
    assert levels(got) == [10, 11, 12] and {picture.epoch for picture in got} == {0}
    first, drift_ns = got[0], time.time_ns() - time.monotonic_ns()
    for picture in got:
        taken_ns = picture.t_mono_ns - LATE_NS
        assert picture.pts_s == pytest.approx((taken_ns - first.t_mono_ns + LATE_NS) / 1e9)
        assert picture.t_wall_ns - taken_ns == pytest.approx(drift_ns, abs=50_000_000)


def test_a_lost_camera_comes_back_in_another_epoch():
    first, second = FedCamera(1, 2), FedCamera(7, 8)
    plug = Plug(first, None, None, second)
    source = webcam(plug)
    got = taken(source, 3)
    source.close()
    assert levels(got) == [2, 7, 8]
    assert [picture.epoch for picture in got] == [0, 1, 1]
    assert got[0].pts_s < got[1].pts_s < got[2].pts_s
    assert first.is_closed and second.is_closed
    assert (source.health.state, source.health.outages, source.health.attempts) == ("playing", 1, 0)


def test_it_is_found_by_its_name_after_it_got_another_index():
    plug = Plug(FedCamera(1, 2), FedCamera(3))
    source = webcam(plug)
    plug.found = [device(0, "Another Camera"), device(5)]
    assert levels(taken(source, 2)) == [2, 3]
    source.close()
    assert [path for path, _, _ in plug.asked] == ["/dev/video0", "/dev/video5"]


def test_another_camera_is_never_taken_in_its_place():
    plug = Plug(FedCamera(1, 2), FedCamera(3))
    source = webcam(plug)
    waiting = threading.Event()

    def find():
        waiting.set()
        return [device(0, "Another Camera")]

    source._find = find
    pictures = source.pictures()
    seen = [next(pictures)]
    while not waiting.is_set():
        seen.append(next(pictures))
    source.close()
    assert levels([picture for picture in seen if picture is not None]) == [2]
    assert source.health.state in ("stalled", "not_found")
    assert len(plug.asked) == 1


def test_nothing_to_see_is_told_in_time_and_interrupt_ends_it():
    source = webcam(Plug(FedCamera(1, *[None] * 3)))
    pictures = source.pictures()
    assert next(pictures) is None
    source.interrupt()
    assert list(pictures) == []
    source.close()


@pytest.mark.parametrize(
    ("options", "mode", "wanted"),
    [
        ({}, Mode("MJPG", 1280, 720, 30.0), Mode("", 0, 0, 0.0)),
        (
            {"resolution": "640x480", "rate_hz": 30},
            Mode("YUYV", 640, 480, 30.0),
            Mode("", 640, 480, 30.0),
        ),
    ],
)
def test_what_is_asked_of_the_camera(options, mode, wanted):
    width, height = wanted.width_px or 1280, wanted.height_px or 720
    plug = Plug(FedCamera(1, size=(width, height)))
    webcam(plug, **options).close()
    assert plug.asked == [("/dev/video0", mode, wanted)]


@pytest.mark.parametrize(
    ("plug", "options", "words"),
    [
        (Plug(None), {}, "it is not there"),
        (Plug(found=[]), {}, "none is connected"),
        (Plug(found=[device(fault="no permission; run: sudo x")]), {}, "no permission; run: sudo"),
        (Plug(FedCamera()), {}, "gives no picture"),
        (Plug(FedCamera(1)), {"resolution": "640x480"}, "gives 64x48 instead of 640x480"),
        (Plug(), {"resolution": "641x480"}, "does not give 641x480"),
    ],
)
def test_a_camera_that_cannot_be_used_is_refused(plug, options, words):
    with pytest.raises(SourceError, match=words):
        webcam(plug, **options)


def test_a_fault_of_the_reader_is_raised_and_not_swallowed():
    class Faulty(FedCamera):
        def read(self):
            shot = super().read()
            if shot is not None and shot.image_bgr[0, 0, 0] == 3:
                raise ZeroDivisionError("a fault of ours")
            return shot

    source = webcam(Plug(Faulty(1, 2, 3)))
    with pytest.raises(ZeroDivisionError):
        taken(source, 5)
    source.close()


@pytest.mark.parametrize(
    "options",
    [{"resolution": "big"}, {"resolution": "640x"}, {"rate_hz": 0}, {"colour": 1}],
)
def test_wrong_options_are_refused(options):
    with pytest.raises(ConfigError):
        configure(load_kind("sources", "webcam"), {"device": "0", **options})


class Steered:
    """A live source that pauses its own run, and looks whether its pictures are then taken."""

    def __init__(self, seen):
        self.info = SourceInfo("front", "made", 64, 48)
        self.decode_errors = self.shed_frames = 0
        self.is_live, self.health = True, None
        self.run = None
        self.offered, self.lost = 0, 0
        self._seen = seen

    def picture(self):
        self.offered += 1
        return Picture(self.offered / 100, np.zeros((48, 64, 3), np.uint8))

    def pictures(self):
        yield self.picture()
        yield None
        assert len(self._seen) == 1
        self.run.pause()
        while len(self._seen) == self.offered:
            yield self.picture()
        for _ in range(3):
            yield self.picture()
        self.lost = self.offered - len(self._seen)
        self.run.resume()
        before = len(self._seen)
        while len(self._seen) == before:
            yield self.picture()
            self.lost += len(self._seen) == before

    def keep(self, share):
        pass

    def interrupt(self):
        pass

    def close(self):
        pass


def test_a_paused_live_run_lets_pictures_go_and_goes_on_with_the_newest():
    viewer = memory()
    viewer.seen = []
    viewer.see = viewer.seen.append
    source = Steered(viewer.seen)
    run = source.run = pipeline([source], ("memory", viewer))
    summary = run.start().join()
    assert run.run.is_live and summary.status == "done"
    assert source.lost >= 4
    assert summary.frames["front"] == len(viewer.seen) == source.offered - source.lost
    assert [frame.seq for frame in viewer.seen] == list(range(len(viewer.seen)))
    assert viewer.seen[-1].pts_s == source.offered / 100


def test_a_run_over_a_webcam_ends_with_it_closed():
    camera = FedCamera(0, *range(1, 6))
    summary = pipeline([webcam(Plug(camera))], limit_frames=5).start().join()
    assert (summary.status, summary.frames) == ("limited", {"front": 5})
    assert camera.is_closed and summary.ledger["source:front"]["in_flight"] == 0


@pytest.mark.parametrize(("then", "is_paused"), [("resume", False), ("finish", True)])
def test_a_stage_holds_until_the_run_goes_on_or_finishes(then, is_paused):
    bus = Bus()
    room, stage = ControlRoom(bus), Stage(bus, "capture")
    while not room.subscribers:
        room.reports()
    room.command(Command("pause"))
    while not stage.is_paused:
        stage.obey()
    room.command(Command(then))
    stage.hold()
    assert stage.is_paused == is_paused
    stage.close()
    room.close()
    bus.shut()
