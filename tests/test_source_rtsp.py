"""A camera on the network, against a small camera in pure Python that fails on demand."""

import gc
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rtsp_faults import Behaviour, Camera, Clip, camera_process, encode

from affectstream.stream.messages import SourceHealth
from affectstream.stream.sources import rtsp
from affectstream.stream.sources._connection import Connection, Taken
from affectstream.stream.sources.base import Picture
from affectstream.stream.sources.rtsp import Config, Rtsp, connection_of

PATIENCE_S = 30.0
"""Much longer than anything here takes; a test that waits so long fails."""

SOON_S = 0.5
"""A time-out for tests that do not ask how long it is."""


@pytest.fixture(scope="module")
def clip() -> Clip:
    return encode()


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No reader outlives its source for long."""
    yield
    deadline_s = time.monotonic() + PATIENCE_S
    while any(thread.name.startswith("rtsp-") for thread in threading.enumerate()):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


class Viewer:
    """A source, and the one run over its pictures."""

    def __init__(
        self,
        url: str,
        timeout_s: float = SOON_S,
        connect: Callable[[Config], Connection] = connection_of,
        **options: object,
    ) -> None:
        config = Config(url=url, timeout_s=timeout_s, **options)
        self.source = Rtsp(config, "cam", connect=connect)
        self.pictures = self.source.pictures()
        self.taken: list[Picture] = []

    def __enter__(self) -> "Viewer":
        return self

    def __exit__(self, *_: object) -> None:
        self.source.close()

    @property
    def health(self) -> SourceHealth:
        assert self.source.health is not None
        return self.source.health

    def until(self, holds: Callable[[], object]) -> list[Picture]:
        """Take pictures until a condition holds; return all that were taken so far."""
        deadline_s = time.monotonic() + PATIENCE_S
        for picture in self.pictures:
            if picture is not None:
                self.taken.append(picture)
            if holds():
                return self.taken
            assert time.monotonic() < deadline_s, (self.health, len(self.taken))
        raise AssertionError("the source ended")

    def take(self, number: int) -> list[Picture]:
        """Take so many further pictures; return all that were taken so far."""
        end = len(self.taken) + number
        return self.until(lambda: len(self.taken) >= end)


def grey(picture: Picture) -> float:
    return float(picture.image_bgr.mean())


def numbers(taken: list[Picture]) -> list[int]:
    """Return which pictures of 25 a second these are, from 0; a busy machine may miss some."""
    at = [(picture.pts_s - taken[0].pts_s) / 0.04 for picture in taken]
    assert at == pytest.approx([round(number) for number in at], abs=0.03)
    return [round(number) for number in at]


def steps(taken: list[Picture]) -> list[int]:
    at = numbers(taken)
    return [b - a for a, b in zip(at, at[1:], strict=False)]


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_pictures_come_in_order_with_their_times(codec: str) -> None:
    began_ns = time.monotonic_ns()
    with Camera(encode(codec)) as camera, Viewer(camera.url()) as made:
        assert made.source.is_live and made.health.state == "connecting"
        pictures = made.take(15)
        assert made.health.state == "playing"
    assert {picture.image_bgr.shape for picture in pictures} == {(120, 160, 3)}
    first = round((grey(pictures[0]) - 40) / 8)
    for number, picture in zip(numbers(pictures), pictures, strict=True):
        assert grey(picture) == pytest.approx(40 + 8 * ((first + number) % 20), abs=3.9)
    assert {picture.epoch for picture in pictures} == {0}
    assert all(began_ns < picture.t_mono_ns <= time.monotonic_ns() for picture in pictures)
    assert made.source.decode_errors == 0


FAULTS: list[tuple[Behaviour, str, str]] = [
    ("silent", "silent", "accepts and says nothing"),
    ("refuse", "hung_up", "hangs up at once"),
    ("noise", "garbage", "another protocol than RTSP"),
    ("no_describe", "not_found", "check the path /clip"),
]


@pytest.mark.parametrize("behaviour, state, words", FAULTS, ids=[row[0] for row in FAULTS])
def test_a_camera_that_does_not_play_says_why_and_is_tried_again(
    clip: Clip, behaviour: Behaviour, state: str, words: str
) -> None:
    with Camera(clip, behaviour=behaviour) as camera, Viewer(camera.url()) as made:
        made.until(lambda: made.health.attempts >= 2 and made.health.state != "connecting")
        assert made.health.state == state
        assert words in made.health.detail
        camera.behaviour = "play"
        assert made.take(1)
        assert made.health.state == "playing" and made.health.detail == ""


def test_a_port_where_nothing_listens_and_a_name_that_nobody_knows() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with Viewer(f"rtsp://127.0.0.1:{unused.getsockname()[1]}/x") as made:
            made.until(lambda: made.health.attempts >= 2)
            assert made.health.state == "closed_port"
    with Viewer("rtsp://u:CANARY@no-such-camera.invalid/x") as made:
        made.until(lambda: made.health.state != "connecting")
        assert made.health.state == "no_host"
        assert "no-such-camera.invalid cannot be resolved" in made.health.detail


def test_a_connection_that_nobody_accepts_is_silent() -> None:
    """Half-open: the kernel has answered for a program that never will."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        with Viewer(f"rtsp://127.0.0.1:{deaf.getsockname()[1]}/x") as made:
            made.until(lambda: made.health.state != "connecting")
            assert made.health.state == "silent"


@pytest.mark.parametrize("basic", [False, True], ids=["digest", "basic"])
def test_a_login_is_given_and_a_wrong_one_is_refused(clip: Clip, basic: bool) -> None:
    password = "CANARY-p@ss%/é"
    with Camera(clip, user="admin", password=password, basic=basic) as camera:
        with Viewer(camera.url(f"admin:{password}")) as made:
            assert made.take(1)
        for login, words in (("admin:CANARY-wrong", "check user and"), ("", "asks for a user")):
            with Viewer(camera.url(login)) as made:
                made.until(lambda: made.health.state != "connecting")
                assert made.health.state == "refused"
                assert words in made.health.detail
                assert "CANARY" not in f"{made.health} {made.source.info} {made.source._config!r}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for this machine that vouches for itself, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("makes a certificate by the command openssl")
    folder = tmp_path_factory.mktemp("tls")
    files = folder / "certificate.pem", folder / "key.pem"
    made = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=camera".split()
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    out = ["-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run([openssl, *made, *names, *out], check=True, capture_output=True)
    return files


def test_a_camera_over_tls(clip: Clip, certificate: tuple[Path, Path], tmp_path: Path) -> None:
    with Camera(clip, user="u", password="pass", certificate=certificate) as camera:
        for trusted in (None, certificate[0]):
            with Viewer(camera.url("u:pass"), ca_file=trusted) as made:
                made.take(3)
        other = ssl.get_default_verify_paths().cafile
        if other is not None:
            with Viewer(camera.url("u:pass"), ca_file=other) as made:
                made.until(lambda: made.health.state != "connecting")
                assert made.health.state == "refused"
                assert "is not vouched for" in made.health.detail
    with Camera(clip, behaviour="noise") as camera:
        with Viewer(camera.url().replace("rtsp:", "rtsps:")) as made:
            made.until(lambda: made.health.state != "connecting")
            assert made.health.state in ("garbage", "silent")


def test_who_is_refused_does_not_guess_often(clip: Clip) -> None:
    """Cameras lock out who does."""
    with Camera(clip, user="a", password="bbbb") as camera:
        with Viewer(camera.url("a:cccc")) as made:
            seen_s = None
            for _ in made.pictures:
                if made.health.state == "refused":
                    seen_s = seen_s or time.monotonic()
                    if time.monotonic() - seen_s > 2.0:
                        break
            assert made.health.attempts == 1, "elsewhere three attempts are made in this time"


def test_a_stall_is_found_within_five_seconds_and_ends_within_eight(clip: Clip) -> None:
    with Camera(clip) as camera, Viewer(camera.url(), timeout_s=3.0) as made:
        taken = made.take(5)
        camera.behaviour = "stall"
        made.until(lambda: made.health.state != "playing")
        assert made.health.state == "stalled"
        assert time.monotonic() - taken[-1].t_mono_ns / 1e9 < 5.0
        assert made.health.outages == 1
        made.until(lambda: made.health.attempts >= 2)
        camera.behaviour, back_s, before = "play", time.monotonic(), len(taken)
        made.take(1)
        assert time.monotonic() - back_s < 8.0
        gone_s = (taken[before].t_mono_ns - taken[before - 1].t_mono_ns) / 1e9
        assert taken[before].epoch == taken[before - 1].epoch + 1
        assert taken[before].pts_s - taken[before - 1].pts_s == pytest.approx(gone_s, abs=0.5)


def test_pictures_of_another_size_and_codec_are_taken_after_an_outage(clip: Clip) -> None:
    with Camera(clip) as camera, Viewer(camera.url()) as made:
        taken = made.take(5)
        camera.behaviour = "refuse"
        camera.hang_up()
        made.until(lambda: made.health.state == "hung_up")
        before = len(taken)
        camera.clip, camera.behaviour = encode("h265", size=(320, 240)), "play"
        made.take(5)
    after = taken[before:]
    assert {picture.image_bgr.shape for picture in after} == {(240, 320, 3)}
    assert {picture.epoch for picture in after} == {taken[before - 1].epoch + 1}
    assert all(b.pts_s > a.pts_s for a, b in zip(taken, taken[1:], strict=False))
    assert min(map(grey, taken)) > 30, "no black picture stands for a missing one"


def test_another_size_in_the_middle_starts_an_epoch() -> None:
    small, large = encode(frames=10), encode(size=(320, 240), frames=10)
    both = Clip("h264", small.units + large.units, [k * 3600 for k in range(21)])
    with Camera(both) as camera, Viewer(camera.url()) as made:
        taken = made.take(30)
    shapes = [(picture.epoch, picture.image_bgr.shape[0]) for picture in taken]
    assert len(set(shapes)) == shapes[-1][0] + 1, "one size in each epoch"
    assert {height for _, height in shapes} == {120, 240}


def test_a_server_that_is_killed_and_one_that_is_frozen() -> None:
    with camera_process() as (child, url), Viewer(url) as made:
        made.take(5)
        child.send_signal(signal.SIGSTOP)
        made.until(lambda: made.health.state == "stalled")
        made.until(lambda: made.health.state == "silent")
        child.send_signal(signal.SIGCONT)
        made.take(1)
        child.kill()
        made.until(lambda: made.health.state == "hung_up")
        made.until(lambda: made.health.state == "closed_port")
        assert made.health.outages == 2


def test_damaged_pictures_are_counted_and_never_shown() -> None:
    """Random noise is large: a picture takes many packets, and losing one of them harms it."""
    clip = encode(size=(320, 240), frames=20, gop=10, noise=True)
    lost = (7, 2)
    with (
        Camera(clip, lose=lambda unit, part: (unit % 20, part) == lost) as camera,
        Viewer(camera.url()) as made,
    ):
        taken = made.take(40)
    assert made.source.decode_errors >= 2, "the damaged one, and those predicted from it"
    assert max(steps(taken)) >= 4, "7, 8 and 9 are missing; 10 is a key frame"


def test_packets_of_garbage_give_no_picture(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    with Camera(clip) as camera, Viewer(camera.url()) as made:
        taken = made.take(5)
        camera.behaviour, wrong = "garbage", made.source.decode_errors
        made.until(lambda: made.source.decode_errors + made.health.outages > wrong + 3)
        camera.behaviour = "play"
        made.take(5)
    assert all(min(abs(grey(p) - 40 - 8 * k) for k in range(20)) < 4 for p in taken)


@pytest.mark.parametrize("declared", ["0", "NaN", "1000", "30"])
def test_a_declared_rate_does_no_harm(clip: Clip, declared: str) -> None:
    with Camera(clip, declared_hz=declared) as camera, Viewer(camera.url()) as made:
        taken = made.take(12)
    assert min(steps(taken)) == 1


STAMPS = {
    "wrap of 32 bits": (lambda n: 2**32 - 10 * 3600 + n * 3600, 0),
    "back to zero": (lambda n: (n % 30) * 3600 + (0 if n >= 30 else 9_000_000), 1),
    "an hour ahead": (lambda n: n * 3600 + (324_000_000 if n >= 30 else 0), 1),
}


@pytest.mark.parametrize("name", STAMPS)
def test_time_goes_on_whatever_the_stamps_do(clip: Clip, name: str) -> None:
    ticks, epochs = STAMPS[name]
    with Camera(clip, ticks=ticks) as camera, Viewer(camera.url()) as made:
        taken = made.take(45)
    gone_s = [b.pts_s - a.pts_s for a, b in zip(taken, taken[1:], strict=False)]
    assert min(gone_s) > 0 and max(gone_s) < 2.0, "no second is invented"
    assert taken[-1].epoch == epochs


RATES = {
    "NTSC": lambda n: n * 3003,
    "a variable rate": lambda n: n * 3600 + (n % 7) * 400,
}


@pytest.mark.parametrize("name", RATES)
def test_times_are_those_of_the_stamps(clip: Clip, name: str) -> None:
    with (
        Camera(clip, ticks=RATES[name], declared_hz="30") as camera,
        Viewer(camera.url()) as made,
    ):
        taken = made.take(40)[2:]
    first = next(
        n
        for n in range(20)
        if all(
            abs(picture.pts_s - taken[0].pts_s - (RATES[name](n + k) - RATES[name](n)) / 90_000)
            < 1e-4
            for k, picture in enumerate(taken)
        )
    )
    assert first >= 0


def test_wall_time_comes_from_sender_reports(clip: Clip) -> None:
    taken_s = time.time() - 20.0
    with Camera(clip, wall_s=taken_s) as camera, Viewer(camera.url()) as made:
        taken = made.take(10)
    for picture in taken[2:]:
        number = round((picture.pts_s - taken[2].pts_s) / 0.04)
        assert picture.t_wall_ns / 1e9 == pytest.approx(
            taken[2].t_wall_ns / 1e9 + number * 0.04, abs=0.002
        )
    assert abs(taken[5].t_wall_ns / 1e9 - taken_s) < 2.0, "the camera's time, 20 s ago"


def test_a_clock_that_was_never_set_is_told_and_not_believed(clip: Clip) -> None:
    with Camera(clip, wall_s=1000.0) as camera, Viewer(camera.url()) as made:
        taken = made.take(10)
        assert "its clock is -" in made.health.detail
    assert abs(taken[-1].t_wall_ns / 1e9 - time.time()) < PATIENCE_S


def test_who_takes_slowly_gets_the_newest(clip: Clip) -> None:
    with Camera(clip, wall_s=time.time()) as camera, Viewer(camera.url()) as made:
        made.take(1)
        camera.wait_for(40)
        late = [p for p in (next(made.pictures) for _ in range(3)) if p is not None]
        assert made.source.shed_frames > 20, "what nobody took is counted"
        assert time.monotonic_ns() - late[0].t_mono_ns < 2e9


def test_less_is_decoded_on_demand(clip: Clip) -> None:
    with Camera(clip) as camera, Viewer(camera.url()) as made:
        made.take(5)
        made.source.keep(0.0)
        keys = made.take(8)[-3:]
        assert all(step % 5 == 0 for step in steps(keys)), "one in five is a key frame"
        assert made.source.shed_frames >= 4
        made.source.keep(0.4)
        heads = made.take(8)[-4:]
        assert {step % 5 for step in steps(heads)} <= {0, 1, 4}, "the first two of each five"
        made.source.keep(1.0)
        after = made.take(15)[-5:]
    assert min(steps(after)) == 1
    assert made.source.decode_errors == 0, "it began again with a key frame"


def test_stopping_takes_no_time_while_a_read_hangs(clip: Clip) -> None:
    with Camera(clip) as camera:
        made = Viewer(camera.url(), timeout_s=3.0)
        made.take(3)
        camera.behaviour = "stall"
        started_s = time.monotonic()
        made.source.close()
        made.source.close()
        assert time.monotonic() - started_s < 2.0


class Hung(Connection):
    """A connection whose read outlives every time-out, as a name server that never answers."""

    released = threading.Event()

    def pictures(self) -> Iterator[Taken]:
        self.released.wait(PATIENCE_S)
        yield from ()


def test_a_read_that_outlives_its_time_out_is_left_behind(clip: Clip) -> None:
    made_so_far: list[Connection] = []

    def connect(config: Config) -> Connection:
        hangs = len(made_so_far) < rtsp.MOST_STRAYS
        url = config.url
        made_so_far.append((Hung if hangs else Connection)(url, "tcp", None, config.timeout_s))
        return made_so_far[-1]

    with Camera(clip) as camera, Viewer(camera.url(), 0.05, connect=connect) as made:
        made.until(lambda: made.health.attempts >= rtsp.MOST_STRAYS and made.source._strays)
        made.until(lambda: len(made.source._strays) == rtsp.MOST_STRAYS)
        assert made.health.state == "silent"
        assert "no answer within 1.05 s" in made.health.detail
        ticks = iter(range(20))
        made.until(lambda: next(ticks, None) is None)
        assert len(made_so_far) == rtsp.MOST_STRAYS, "no further one while so many hang"
        Hung.released.set()
        made.until(lambda: len(made_so_far) > rtsp.MOST_STRAYS)


def left() -> tuple[int, int]:
    gc.collect()
    return threading.active_count(), len(os.listdir("/proc/self/fd"))


def memory_kb() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_failed_attempts_cost_no_memory(clip: Clip) -> None:
    """500 of them: another project lost memory with each."""
    with Camera(clip, behaviour="no_describe") as camera:
        for k in range(600):
            connection = connection_of(Config(url=camera.url()))
            assert list(connection.pictures()) == []
            camera.requests.clear()
            if k == 100:
                before_kb = memory_kb()
        assert memory_kb() - before_kb < 3000


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files in /proc")
@pytest.mark.parametrize("times", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_restarts_leave_nothing_behind(clip: Clip, times: int) -> None:
    before = left()
    with Camera(clip) as camera:
        for k in range(times):
            camera.behaviour = ("play", "refuse")[k % 5 == 4]
            with Viewer(camera.url()) as made:
                made.until(lambda: made.taken or made.health.state == "hung_up")
    deadline_s = time.monotonic() + PATIENCE_S
    while left() != before:
        assert time.monotonic() < deadline_s, (before, left())
        time.sleep(0.05)
