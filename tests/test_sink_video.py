import contextlib
import os
import resource
import signal
import subprocess
import sys

import av
import numpy as np
import pytest
from sink_messages import frame, narration, person, reading, run_info, window

from affectstream.sinks import video
from affectstream.sinks.video import even, letterboxed
from affectstream.stream.errors import SinkError, UsageError

SMALL = (96, 64)


def make(folder, **fields):
    return video.build(video.Config(), run_info(folder, **fields))


def film(sink, count, size=SMALL, source="clip", pts_s=None, first=0):
    for seq in range(first, first + count):
        at_s = seq / 25 if pts_s is None else pts_s[seq - first]
        shown = reading(seq, [], source, at_s, size)
        sink.write(shown, frame(seq, source, size, at_s, value=seq % 200))


def decoded(path):
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def test_no_folder_is_a_wrong_use():
    with pytest.raises(UsageError, match="--out"):
        make(None)


def test_every_frame_at_its_time(tmp_path):
    times = [0.0, 0.04, 0.1, 0.5, 0.51, 2.25]
    sink = make(tmp_path)
    sink.open()
    sink.write(window(), None)
    sink.write(narration(), None)
    film(sink, len(times), pts_s=times)
    sink.tick()
    sink.close()
    sink.close()
    found = [
        float(picture.pts * picture.time_base) for picture in decoded(tmp_path / "overlay.mp4")
    ]
    assert found == pytest.approx(times, abs=2e-5)


@pytest.mark.parametrize(
    ("times", "epochs"),
    [
        ([0.0, 0.04, 0.04, 0.02, 0.08], [0] * 5),
        ([1.0, 1.04, 0.0, 0.04, 0.08], [0, 0, 1, 1, 1]),
        ([-0.04, 0.0, 0.04, 0.08, 0.12], [0] * 5),
    ],
)
def test_time_always_rises(tmp_path, times, epochs):
    sink = make(tmp_path)
    sink.open()
    for seq, (at_s, epoch) in enumerate(zip(times, epochs, strict=True)):
        shown = reading(seq, [], pts_s=at_s, size=SMALL, epoch=epoch)
        sink.write(shown, frame(seq, size=SMALL, pts_s=at_s, epoch=epoch))
    sink.close()
    found = [picture.pts for picture in decoded(tmp_path / "overlay.mp4")]
    assert len(found) == len(times)
    assert all(before < after for before, after in zip(found, found[1:], strict=False))
    if epochs[-1]:
        assert found[4] - found[2] == 2 * 3600


def test_a_key_frame_each_second(tmp_path):
    sink = make(tmp_path)
    sink.open()
    film(sink, 80)
    sink.close()
    pictures = decoded(tmp_path / "overlay.mp4")
    keys = [index for index, picture in enumerate(pictures) if picture.key_frame]
    assert keys == [0, 25, 50, 75]


@pytest.mark.parametrize("size", [(96, 64), (97, 65), (33, 200)])
def test_the_file_has_even_sides(tmp_path, size):
    sink = make(tmp_path)
    sink.open()
    film(sink, 3, size)
    sink.close()
    pictures = decoded(tmp_path / "overlay.mp4")
    assert {(p.width, p.height) for p in pictures} == {(even(size[0]), even(size[1]))}


def test_a_change_of_size_loses_no_frame(tmp_path):
    sink = make(tmp_path)
    sink.open()
    film(sink, 5, (96, 64))
    film(sink, 5, (40, 80), first=5)
    film(sink, 5, (300, 64), first=10)
    sink.close()
    pictures = decoded(tmp_path / "overlay.mp4")
    assert {(p.width, p.height) for p in pictures} == {(96, 64)}
    assert len(pictures) == 15


@pytest.mark.parametrize("colour", [(0, 0, 255), (255, 0, 0), (40, 180, 90)])
def test_colours_come_back(tmp_path, colour):
    image = np.zeros((480, 640, 3), np.uint8)
    image[:] = colour
    config = video.Config()
    file = video.VideoFile(tmp_path / "x.mp4", config, 25.0, image)
    file.add(image, 0.0, 0)
    file.close()
    (picture,) = decoded(tmp_path / "x.mp4")
    middle = picture.to_ndarray(format="bgr24")[200:280, 280:360].reshape(-1, 3).mean(axis=0)
    assert middle.tolist() == pytest.approx(colour, abs=6)


def test_the_picture_is_drawn_on(tmp_path):
    size = (640, 480)
    sink = make(tmp_path)
    sink.open()
    sink.write(reading(0, [person()], size=size), frame(0, size=size, value=90))
    sink.close()
    (picture,) = decoded(tmp_path / "overlay.mp4")
    assert picture.to_ndarray(format="bgr24").std() > 5


def test_a_file_per_source(tmp_path):
    sink = make(tmp_path, sources=("a", "b"))
    sink.open()
    film(sink, 2, source="a")
    film(sink, 3, source="b")
    sink.close()
    assert sorted(os.listdir(tmp_path)) == ["overlay-a.mp4", "overlay-b.mp4"]
    assert len(decoded(tmp_path / "overlay-b.mp4")) == 3


@pytest.mark.parametrize("rate_hz", [0.0, 29.97, 1000.0, float("nan")])
def test_a_declared_rate_changes_no_time(tmp_path, rate_hz):
    image = np.zeros((64, 96, 3), np.uint8)
    file = video.VideoFile(tmp_path / "x.mp4", video.Config(), rate_hz, image)
    for at_s in (0.0, 0.5, 1.5):
        file.add(image, at_s, 0)
    file.close()
    found = [float(p.pts * p.time_base) for p in decoded(tmp_path / "x.mp4")]
    assert found == pytest.approx([0.0, 0.5, 1.5], abs=2e-5)


@pytest.mark.parametrize(
    ("size", "into", "filled"),
    [
        ((96, 64), (96, 64), (0, 0, 96, 64)),
        ((95, 63), (96, 64), (0, 0, 96, 64)),
        ((48, 64), (96, 64), (24, 0, 72, 64)),
        ((192, 64), (96, 64), (0, 16, 96, 48)),
    ],
)
def test_letterboxed(size, into, filled):
    image = np.full((size[1], size[0], 3), 200, np.uint8)
    result = letterboxed(image, *into)
    assert result.shape == (into[1], into[0], 3)
    rows, columns = np.nonzero(result[..., 0])
    found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert tuple(int(edge) for edge in found) == filled


CHILD = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from test_sink_video import film, make
sink = make(sys.argv[1])
sink.open()
film(sink, 110)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_costs_less_than_a_second(tmp_path):
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), os.path.dirname(__file__)], check=False
    )
    assert child.returncode == -signal.SIGKILL
    frames = len(decoded(tmp_path / "overlay.mp4"))
    assert 110 - 25 <= frames <= 110


def test_a_full_disk_is_told_and_what_is_there_plays(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
    chance = np.random.default_rng(0)
    noise = [chance.integers(0, 255, (64, 96, 3), np.uint8) for _ in range(10)]
    file = video.VideoFile(tmp_path / "x.mp4", video.Config(), 25.0, noise[0])
    try:
        with pytest.raises(SinkError, match="x.mp4"):
            for seq in range(500):
                file.add(noise[seq % 10], seq / 25, 0)
        with contextlib.suppress(SinkError):
            file.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    with av.open(str(tmp_path / "x.mp4")) as container:
        assert next(container.decode(video=0)).width == 96


def test_a_folder_that_is_gone_is_told(tmp_path):
    sink = make(tmp_path / "nowhere")
    sink.open()
    with pytest.raises(SinkError, match="overlay.mp4"):
        film(sink, 1)
    sink.close()
