"""`scripts/rtsp_server` and our cameras: GStreamer on one side, FFmpeg on the other."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from made_videos import make, noisy, number
from test_source_rtsp import Viewer, numbers, steps

SCRIPT = Path(__file__).parents[1] / "scripts" / "rtsp_server"
PASSWORD = "CANARY@/%"
CODECS = {"h264": "libx264", "h265": "libx265"}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    made = {name: make(folder / f"{name}.mp4", codec=codec) for name, codec in CODECS.items()}
    many = {"g": "10", "bf": "2"}
    made["reordered"] = make(folder / "reordered.mkv", 30, size=(160, 120), options=many)
    made["large"] = make(folder / "large.mkv", 20, size=(640, 360), draw=noisy)
    return made


@contextmanager
def server(*arguments: str | Path, password: str = "") -> Iterator[tuple[int, list[str]]]:
    """Run the script; yield its process number and the URLs it told."""
    child = subprocess.Popen(
        [str(SCRIPT), "--port", "0", *map(str, arguments)],
        env={**os.environ, "AFFECTSTREAM_RTSP_PASSWORD": password},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None and child.stderr is not None
    try:
        lines = []
        for line in child.stdout:
            if line.startswith("ready"):
                break
            lines.append(line.strip())
        else:
            said = child.stderr.read()
            if child.wait() == 2 and "apt-get install" in said:
                pytest.skip("the RTSP server of GStreamer or its Python bindings are absent")
            raise AssertionError(said)
        yield child.pid, lines
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("name", CODECS)
def test_a_loop_has_every_picture_and_an_even_clock(
    clips: dict[str, Path], name: str, transport: str
) -> None:
    with server(clips[name]) as (_, urls), Viewer(urls[0], 5.0, transport=transport) as made:
        assert urls[0].endswith(f"/{name}")
        taken = made.take(25)
    first = round(number(taken[0].image_bgr))
    shown = [round(number(picture.image_bgr)) for picture in taken]
    assert shown == [(first + k) % 10 for k in numbers(taken)], "also where the clip begins anew"
    assert made.source.decode_errors == 0 and {p.epoch for p in taken} == {0}


def test_several_cameras_with_a_login(clips: dict[str, Path]) -> None:
    mounts = [f"a={clips['reordered']}", f"b={clips['large']}"]
    with server("--user", "admin", *mounts, password=PASSWORD) as (_, urls):
        assert [url.rsplit("/", 1)[1] for url in urls] == ["a", "b"]
        assert all("admin:PASSWORD@" in url for url in urls), "it does not tell it"
        for url, width_px in zip(urls, (160, 640), strict=True):
            with Viewer(url.replace("PASSWORD", PASSWORD), 5.0) as made:
                taken = made.take(25)
            assert {picture.image_bgr.shape[1] for picture in taken} == {width_px}
            assert min(steps(taken)) == 1
        with Viewer(urls[0].replace("PASSWORD", "CANARY-wrong")) as made:
            made.until(lambda: made.health.state == "refused")
        with Viewer(urls[0].replace("PASSWORD", PASSWORD).replace("/a", "/none")) as made:
            made.until(lambda: made.health.state == "not_found")


def test_its_wall_time_is_told_and_taken(clips: dict[str, Path]) -> None:
    with server(clips["h264"]) as (_, urls), Viewer(urls[0], 5.0) as made:
        made.until(lambda: made.taken and made.source._connection.sender.is_trusted)
        taken = made.take(5)[-5:]
    told = [(picture.t_wall_ns - taken[0].t_wall_ns) / 40e6 for picture in taken]
    assert told == pytest.approx(numbers(taken), abs=0.03), "by the camera, not by our waiting"


def test_a_frozen_and_a_killed_server(clips: dict[str, Path]) -> None:
    with server(clips["h264"]) as (pid, urls), Viewer(urls[0]) as made:
        made.take(5)
        os.kill(pid, signal.SIGSTOP)
        made.until(lambda: made.health.state == "stalled")
        os.kill(pid, signal.SIGCONT)
        made.take(5)
        os.kill(pid, signal.SIGKILL)
        made.until(lambda: made.health.state == "closed_port")
        assert made.health.outages == 2
    assert {picture.epoch for picture in made.taken} == {0, 1}


def test_it_says_what_it_cannot_serve(tmp_path: Path, clips: dict[str, Path]) -> None:
    with server(clips["h264"]):
        pass
    other = make(tmp_path / "other.mp4", 3, codec="mpeg4")
    for given, words in (
        (tmp_path / "none.mp4", "no such file"),
        (other, "no H.264 or H.265 in it; convert it"),
        ("--user", "expected one argument"),
    ):
        ended = subprocess.run([str(SCRIPT), str(given)], capture_output=True, text=True)
        assert ended.returncode != 0
        assert words in ended.stderr and "Traceback" not in ended.stderr
