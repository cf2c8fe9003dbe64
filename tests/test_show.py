"""The window: what its keys do, what it shows, and the whole of it on a real X server."""

import os
import shutil
import subprocess
import sys
import threading
import time

import cv2
import numpy as np
import pytest
from helpers import pipeline, synthetic
from made_cameras import FedCamera, Plug
from PIL import ImageGrab
from sink_messages import face, frame, narration, person, reading, run_info, window

from affectstream.models.scripted import ScriptedVision
from affectstream.sinks import show
from affectstream.sinks._look.blur import veil_of
from affectstream.sinks._look.keys import KEYS
from affectstream.sinks._look.screen import SDLScreen, window_size
from affectstream.sinks._look.tile import GONE_S, Tile, scaled, strip_height_px
from affectstream.stream.errors import MissingExtraError, UsageError
from affectstream.stream.messages import Frame, SourceInfo
from affectstream.stream.sources.webcam import Config, Webcam

SIZE = (640, 480)
SECOND_NS = 10**9


class FakeScreen:
    """Gives out a script of keys, one at each look, and keeps what it was shown."""

    def __init__(self, *script: str, size=SIZE) -> None:
        self._script, self._size = list(script), size
        self.shown, self.opened, self.is_closed = [], None, False

    def desktop_px(self):
        return 1600, 1000

    def open(self, title, size):
        self.opened = size

    def size_px(self):
        return self._size

    def keys(self):
        return [self._script.pop(0)] if self._script else []

    def show(self, canvas_bgr):
        self.shown.append(canvas_bgr.copy())

    def close(self):
        self.is_closed = True

    def is_over(self):
        return not self._script


class Wishes:
    def __init__(self):
        self.made = []

    def __getattr__(self, name):
        return lambda: self.made.append(name)


def attended(*script, sink=None, folder=None, blur=False, sources=("clip",), is_live=True, fed=()):
    """Attend a window with a script of keys; return its screen and what was wished."""
    screen, wishes = FakeScreen(*script), Wishes()
    run = run_info(folder, sources=sources, is_live=is_live)
    sink = show.ShowSink(show.Config(blur=blur), run, screen)
    for message in fed:
        sink.see(message) if isinstance(message, Frame) else sink.write(message, None)
    sink.attend(wishes, screen.is_over)
    return screen, wishes.made


@pytest.mark.parametrize(
    ("keys", "wished"),
    [
        (["q"], ["stop"]),
        (["close"], ["stop"]),
        (["space", "q", "b"], ["pause", "stop"]),
        (["space", "space", "b", "x"], ["pause", "resume", "restart_baseline"]),
        (["p", "h", "s"], []),
    ],
)
def test_keys_steer_the_run(keys, wished):
    screen, made = attended(*keys)
    assert made == wished and screen.is_closed


def test_every_key_of_the_help_is_known():
    assert [key for key, _ in KEYS] == ["q", "space", "b", "p", "s", "h"]
    screen, _ = attended("x", "h", "h", "x")
    assert not np.array_equal(screen.shown[0], screen.shown[1])
    assert np.array_equal(screen.shown[0], screen.shown[2])


def test_the_newest_picture_is_shown_before_anybody_looked_at_it():
    screen, _ = attended("x", fed=[frame(0, value=10), frame(1, value=200)])
    assert (screen.shown[0][100:300, 200:400] == 200).all()
    assert screen.opened == (640, 480 + 21) and strip_height_px(screen.opened) == 21


def test_a_replay_shows_each_picture_with_its_reading():
    screen = FakeScreen("x")
    sink = show.ShowSink(show.Config(), run_info(), screen)
    assert sink.wants_frames and sink.policy == "latest"
    sink.see(frame(7, value=90))
    sink.write(reading(3), frame(3, value=200))
    sink.attend(Wishes(), screen.is_over)
    assert (screen.shown[0][100:300, 200:400] == 200).all()


def test_several_sources_share_the_window():
    names = ("a", "b", "c")
    screen, _ = attended(
        "x", sources=names, fed=[frame(0, name, value=50 * k) for k, name in enumerate(names, 1)]
    )
    tiles = [
        screen.shown[0][y : y + 100, x : x + 100] for y, x in ((50, 100), (50, 420), (290, 100))
    ]
    assert [tile.mean() for tile in tiles] == [50, 100, 150]
    assert not screen.shown[0][300:, 330:].any()


@pytest.mark.parametrize(("blur", "is_plain"), [(False, True), (True, False)])
def test_a_snapshot_is_what_is_shown(tmp_path, blur, is_plain):
    image = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    seen = Frame("clip", 0, 0, 0.0, 0, 0, image)
    screen, _ = attended("x", "s", folder=tmp_path, blur=blur, fed=[seen])
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("snapshot-") and path.suffix == ".png"
    kept = cv2.imread(str(path))
    assert np.array_equal(kept[100:300, 200:400], screen.shown[0][100:300, 200:400])
    middle = cv2.resize(image, (613, 460), interpolation=cv2.INTER_AREA)[100:300, 187:387]
    assert np.array_equal(kept[100:300, 200:400], middle) == is_plain


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    screen, _ = attended("x", "s", fed=[frame()])
    assert not np.array_equal(screen.shown[0], screen.shown[1])
    assert list(tmp_path.iterdir()) == []


FINDS_FACES = {"face": {"name": "made"}}


def tile_at(age_s, is_veiled=False, image=None, way="none", models=FINDS_FACES):
    """Draw a picture with a reading that is so much older; return both, and the line below."""
    veil = veil_of({"privacy": way}, models)
    tile = Tile(SourceInfo("cam", "made", *SIZE), 10.0, True, veil)
    if image is None:
        image = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    now_ns = 100 * SECOND_NS
    tile.see(Frame("cam", 9, 0, 9.0, 0, now_ns, image), 100.0)
    if age_s is not None:
        then_ns = now_ns - round(age_s * SECOND_NS)
        seen = reading(5, [person()], "cam", t_mono_ns=then_ns)
        tile.take(seen, 100.0)
    size = (640, 480 + 21)
    canvas = tile.draw(size, is_veiled=is_veiled, is_paused=False, now_s=100.1)
    return image, canvas[:480], canvas[480:]


FACE = (slice(70, 200), slice(90, 190))


def test_boxes_fade_with_their_age():
    grey = np.full((480, 640, 3), 90, np.uint8)
    drawn = [tile_at(age_s, image=grey)[1] for age_s in (0.1, 0.8, GONE_S + 0.1)]
    fresh, old, gone = (np.abs(one[FACE].astype(int) - 90).sum() for one in drawn)
    assert 0.6 * fresh > old > 0.4 * fresh
    assert gone == 0


def test_the_line_below_tells_the_age():
    strips = [tile_at(age_s)[2] for age_s in (None, 0.0, 0.1, 0.3, 5.0)]
    assert len({strip.tobytes() for strip in strips}) == 5


@pytest.mark.parametrize("age_s", [None, 0.7, 5.0])
def test_the_whole_picture_is_covered_while_nobody_looked(age_s):
    picture, drawn, _ = tile_at(age_s, is_veiled=True)
    corner = drawn[440:460, 20:40]
    assert len(np.unique(corner.reshape(-1, 3), axis=0)) <= 4
    assert not np.array_equal(drawn[440:], picture[440:])


@pytest.mark.parametrize("age_s", [None, 0.0, 0.3, 5.0])
def test_a_silhouette_in_the_window_holds_no_pixel_of_the_picture(age_s):
    light = np.full((480, 640, 3), 250, np.uint8)
    dark = np.full((480, 640, 3), 5, np.uint8)
    drawn = [tile_at(age_s, True, image, "silhouette")[1] for image in (light, dark)]
    assert np.array_equal(*drawn)


@pytest.mark.parametrize("way", ["none", "blur", "pixelate"])
def test_without_a_network_for_faces_the_window_shows_nobody(way):
    picture, drawn, _ = tile_at(0.0, True, way=way, models={"pose": {}})
    assert detail(drawn[300:]) < detail(picture[300:]) / 5


def detail(picture):
    return float(np.abs(np.diff(picture.astype(int), axis=1)).mean())


def test_a_private_source_is_covered_whatever_is_pressed():
    image = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    seen = Frame("clip", 0, 0, 0.0, 0, 0, image, is_private=True)
    screen, _ = attended("x", "p", "p", "x", fed=[seen])
    for shown in screen.shown:
        assert len(np.unique(shown[440:460, 20:40].reshape(-1, 3), axis=0)) <= 4


def test_else_only_heads_are():
    picture, drawn, _ = tile_at(0.1, is_veiled=True)
    assert np.array_equal(drawn[440:], picture[440:])
    assert len(np.unique(drawn[120:150, 120:160].reshape(-1, 3), axis=0)) <= 16


def test_a_reading_fits_a_picture_of_another_size():
    small = scaled(reading(0, [person(face=face((100.0, 80.0, 180.0, 190.0)))]), 0.5)
    assert small.people[0].face.box_xyxy == (50.0, 40.0, 90.0, 95.0)
    assert small.people[0].body is None


@pytest.mark.parametrize(
    ("count", "wanted"), [(1, (1, 1)), (2, (2, 1)), (4, (2, 2)), (5, (3, 2)), (16, (4, 4))]
)
def test_the_wall(count, wanted):
    assert show.grid(count) == wanted


@pytest.mark.parametrize(
    ("size", "wanted"), [((700, 820), (1, 2)), ((1600, 500), (2, 1)), ((320, 900), (1, 2))]
)
def test_the_wall_follows_the_window(size, wanted):
    assert show.grid(2, size) == wanted


@pytest.mark.parametrize(
    ("pictures", "wanted"),
    [((640, 480), (640, 500)), ((3840, 2160), (1440, 830)), ((64, 48), (320, 200))],
)
def test_the_window_fits_the_screen(pictures, wanted):
    assert window_size(pictures, 20, (1600, 1000)) == wanted


linux = pytest.mark.skipif(sys.platform != "linux", reason="displays of X and Wayland")


@linux
@pytest.mark.parametrize("display", ["", ":6789"])
def test_no_display_is_a_matter_of_usage(monkeypatch, display):
    if display:
        pytest.importorskip("pygame", reason="needs the extra [show]")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    monkeypatch.setenv("DISPLAY", display)
    with pytest.raises(UsageError, match="there is no display"):
        SDLScreen()


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":6789")
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(MissingExtraError, match=r'pip install "affectstream\[show\]"'):
        SDLScreen()


@linux
def test_the_command_without_a_display_touches_nothing(tmp_path):
    from importlib.resources import files

    out = tmp_path / "out"
    out.mkdir()
    (out / "readings.csv").write_text("earlier\n")
    clip = str(files("affectstream.configs") / "demo.mp4")
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-m", "affectstream.stream", "run", clip, "--show", "--overwrite"]
        + ["--out", str(out), "--model", "pose=none", "--model", "mesh=none"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr.startswith("affectstream: there is no display") and "Trace" not in done.stderr
    )
    assert (out / "readings.csv").read_text() == "earlier\n"


@pytest.fixture
def display(monkeypatch):
    """An X server of our own, on a number that is free."""
    pytest.importorskip("pygame", reason="needs the extra [show]")
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed (Debian: apt-get install xvfb)")
    ours, theirs = os.pipe()
    command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[theirs], stderr=subprocess.DEVNULL)
    os.close(theirs)
    try:
        with os.fdopen(ours) as told:
            number = told.readline().strip()
        assert number, "Xvfb did not start"
        monkeypatch.setenv("DISPLAY", f":{number}")
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


class Endless(FedCamera):
    """Gives a grey level for ever, a hundred times a second."""

    level = 120

    def read(self):
        self.feed(self.level)
        time.sleep(0.01)
        return super().read()


def test_a_webcam_is_shown_on_a_real_display_and_q_ends_the_run(display, tmp_path):
    import pygame

    camera = Endless(size=(640, 480))
    plug = Plug(camera)
    source = Webcam(Config(device="0"), "front", find=plug.find, opener=plug.open)
    run = pipeline([source], vision=ScriptedVision(), sinks=["show"], out=str(tmp_path / "out"))
    seen = []

    def user():
        """Wait for the picture on the screen, look through another one, keep it, and leave."""
        deadline_s = time.monotonic() + 30
        for level, key in ((120, "s"), (200, "q")):
            camera.level = level
            while time.monotonic() < deadline_s:
                pixels = np.asarray(ImageGrab.grab(xdisplay=display))
                if (pixels[280:300, 200:220] == level).all():
                    seen.append(level)
                    break
            press(pygame, key)

    hands = threading.Thread(target=user)
    run.start()
    hands.start()
    summary = run.join()
    hands.join()
    assert seen == [120, 200]
    assert summary.status == "interrupted" and camera.is_closed
    assert summary.stages["sink-show"]
    (kept,) = (tmp_path / "out").glob("snapshot-*.png")
    assert cv2.imread(str(kept))[200, 300].tolist() in ([120] * 3, [200] * 3)
    assert not pygame.display.get_init()


def press(pygame, key):
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=getattr(pygame, f"K_{key}")))


def test_the_words_of_the_narrator_are_shown():
    quiet, _ = attended("x", fed=[frame(), reading(0)])
    told, _ = attended("x", fed=[frame(), reading(0), window(), narration()])
    assert not np.array_equal(quiet.shown[0], told.shown[0])


def test_a_window_that_breaks_ends_the_run_and_is_told():
    class Broken(show.ShowSink):
        def attend(self, controls, is_over):
            raise RuntimeError("the display went away")

    sink = Broken(show.Config(), run_info(sources=("made",)), FakeScreen())
    run = pipeline([synthetic(frames=10_000)], ("show", sink), speed="real").start()
    with pytest.raises(RuntimeError, match="the display went away"):
        run.join()
