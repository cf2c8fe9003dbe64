"""The cameras of a machine: what V4L2 says of them, which one a text means, and what is chosen."""

import json
import os

import pytest
from click.testing import CliRunner
from made_cameras import MODES, Driver, device

from affectstream.stream import webcams
from affectstream.stream.cli import main
from affectstream.stream.errors import SourceError
from affectstream.stream.locate import names_camera
from affectstream.stream.sources import _v4l2
from affectstream.stream.sources._camera import OpenCVCamera, taken_ns
from affectstream.stream.sources._devices import Mode, choose, devices, pick

linux = pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="asks Linux's V4L2")


@pytest.fixture
def driver(tmp_path):
    return Driver(tmp_path)


@linux
def test_what_the_driver_says_is_listed(driver):
    driver.add(2, "Second Camera", [Mode("MJPG", 800, 600, 29.97)])
    driver.add(0, "Front Camera", MODES)
    driver.add(1, "Front Camera", caps=0x00A00000)  # A camera's file for data about pictures.
    (driver.dev / "video-notes").touch()
    first, second = driver.list()
    assert (first.index, first.name, first.bus, first.fault) == (0, "Front Camera", "usb-1", "")
    assert set(first.modes) == set(MODES)
    assert second.modes == (Mode("MJPG", 800, 600, 29.97),)


@linux
def test_a_driver_whose_list_never_ends_does_not_hold_us(driver):
    path = driver.add(0, "Endless", MODES[:1])

    def ask(fd, request, block):
        if request in (0xC02C564A, 0xC034564B):
            block[0:4] = bytes(4)
        driver.ask(fd, request, block)

    found = _v4l2.list_devices(driver.dev, driver.sys, ask)
    assert found[0].path == str(path) and found[0].modes == MODES[:1]


@linux
def test_bounds_of_a_size_become_common_sizes(driver):
    driver.add(0, "Any Size", MODES[:1])

    def ask(fd, request, block):
        driver.ask(fd, request, block)
        if request == 0xC02C564A:
            block[8:36] = b"".join(n.to_bytes(4, "little") for n in (3, 16, 1600, 2, 16, 1200, 2))

    sizes = {
        (mode.width_px, mode.height_px)
        for mode in _v4l2.list_devices(driver.dev, driver.sys, ask)[0].modes
    }
    assert sizes == {(320, 240), (640, 480), (1280, 720), (1600, 1200)}


@linux
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may open all")
def test_a_forbidden_device_is_listed_with_the_remedy(driver):
    driver.add(0, "Front Camera", MODES).chmod(0)
    assert "usermod -aG video" in driver.list()[0].fault


@linux
@pytest.mark.parametrize(
    ("number", "words"),
    [(13, "usermod -aG video"), (1, "usermod -aG video"), (19, "plug it in"), (5, "plug it in")],
)
def test_a_driver_that_refuses_is_a_fault_with_a_remedy(driver, number, words):
    path = driver.add(0, "Front Camera", MODES)

    def ask(fd, request, block):
        raise OSError(number, os.strerror(number))

    (found,) = _v4l2.list_devices(driver.dev, driver.sys, ask)
    assert (found.name, found.modes) == ("Front Camera", ()) and words in found.fault
    with pytest.raises(SourceError, match=words):
        _v4l2.check_free(str(path), ask)


@linux
def test_a_busy_device_names_who_holds_it(driver, tmp_path):
    path = driver.add(0, "Front Camera", MODES)
    _v4l2.check_free(str(path), driver.ask)
    driver.busy.add(str(path))
    holder = tmp_path / "proc" / "4242"
    (holder / "fd").mkdir(parents=True)
    (holder / "comm").write_text("zoom\n")
    with pytest.raises(SourceError, match="in use by another program; end that first"):
        _v4l2.check_free(str(path), driver.ask, tmp_path / "proc")
    (holder / "fd" / "7").symlink_to(path)
    with pytest.raises(SourceError, match=r"in use by zoom \(process 4242\)"):
        _v4l2.check_free(str(path), driver.ask, tmp_path / "proc")


@linux
def test_opening_what_is_no_camera_is_refused(tmp_path):
    (tmp_path / "video1").touch()
    for name, words in (("video0", "it is not there"), ("video1", "cannot be opened")):
        absent = device(path=str(tmp_path / name))
        with pytest.raises(SourceError, match=f"{name}: {words}"):
            OpenCVCamera(absent, MODES[0])


FRONT, BACK = device(0), device(3, "Back Camera", path="/dev/video3")
BACK_2 = device(4, "Back Camera Wide", path="/dev/video4")


@pytest.mark.parametrize(
    ("text", "index"),
    [("0", 0), ("3", 3), ("/dev/video3", 3), ("front", 0), ("BACK CAMERA", 3), ("wide", 4)],
)
def test_which_camera_a_text_means(text, index):
    assert pick(text, [FRONT, BACK, BACK_2]).index == index


@pytest.mark.parametrize(
    ("text", "found", "words"),
    [
        ("1", [FRONT, BACK], "no such camera; there are: 0 Front Camera, 3 Back Camera"),
        ("camera", [FRONT, BACK], "names several cameras: 0 Front Camera, 3 Back Camera"),
        ("/dev/video1", [FRONT], "no such camera"),
        ("side", [FRONT], "affectstream devices"),
    ],
)
def test_a_text_that_means_no_camera_is_refused(text, found, words):
    with pytest.raises(SourceError, match=words):
        pick(text, found)


@pytest.mark.parametrize(
    ("size", "rate", "wanted"),
    [
        (None, None, ("MJPG", 1280, 720, 30.0)),
        ((640, 480), None, ("YUYV", 640, 480, 30.0)),
        ((1280, 720), 60, ("MJPG", 1280, 720, 60.0)),
        ((1280, 720), 10, ("YUYV", 1280, 720, 10.0)),
        ((1920, 1080), 29.97, ("MJPG", 1920, 1080, 30.0)),
        (None, 60, ("MJPG", 1280, 720, 60.0)),
    ],
)
def test_the_best_format_that_gives_the_rate(size, rate, wanted):
    assert choose(device(), size, rate) == Mode(*wanted)


@pytest.mark.parametrize(
    ("modes", "wanted"),
    [
        ([Mode("YUYV", 1920, 1080, 30.0)], ("YUYV", 1920, 1080, 30.0)),
        ([Mode("YUYV", 640, 480, 15.0), Mode("YUYV", 1280, 720, 5.0)], ("YUYV", 640, 480, 15.0)),
        ([Mode("H264", 1280, 720, 30.0), Mode("YUYV", 640, 480, 5.0)], ("YUYV", 640, 480, 5.0)),
        ([Mode("MJPG", 640, 480, 120.0), Mode("MJPG", 640, 480, 60.0)], ("MJPG", 640, 480, 60.0)),
        ([Mode("YUYV", 640, 480, 0.0)], ("YUYV", 640, 480, 0.0)),
    ],
)
def test_unusual_cameras(modes, wanted):
    assert choose(device(modes=modes)) == Mode(*wanted)


def test_a_camera_that_cannot_be_asked_has_no_mode():
    assert choose(device(modes=()), (640, 480), 30) is None


@pytest.mark.parametrize(
    ("fields", "size", "rate", "words"),
    [
        ({}, (800, 600), None, "does not give 800x600; it gives: 640x480, 1280x720, 1920x1080"),
        ({}, (1280, 720), 25, "does not give 25 pictures .* it gives: 10, 30, 60"),
        ({"modes": [Mode("H264", 640, 480, 30.0)]}, None, None, "gives H264, which is not read"),
    ],
)
def test_what_a_camera_has_not_is_refused(fields, size, rate, words):
    with pytest.raises(SourceError, match=words):
        choose(device(**fields), size, rate)


@pytest.mark.parametrize(
    ("text", "is_camera"),
    [
        ("0", True),
        ("12", True),
        ("/dev/video2", True),
        ("/dev/v4l/by-id/usb-camera", True),
        ("clip.mp4", False),
        ("folder/0", False),
        ("*.mp4", False),
        ("no such thing at all", False),
        ("", False),
        ("²", False),
    ],
)
def test_what_is_a_camera_on_the_command_line(text, is_camera):
    assert names_camera(text) == is_camera


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="only V4L2 tells its clock")
@pytest.mark.parametrize(
    ("stamp_ms", "wanted_ns"),
    [(9_990.0, 9_990_000_000), (0.0, 10**10), (10_001.0, 10**10), (8_000.0, 10**10), (-1, 10**10)],
)
def test_a_stamp_of_another_clock_is_not_believed(stamp_ms, wanted_ns):
    assert taken_ns(stamp_ms, 10**10) == wanted_ns


def test_the_list_for_people_and_for_programs():
    found = [device(), device(1, "Plain", modes=()), device(2, "Locked", fault="no permission")]
    text = webcams.as_text(found)
    assert text.splitlines()[:3] == [
        "0  Front Camera  (/dev/video0)",
        "     MJPG  1920x1080  30",
        "     MJPG   1280x720  60, 30",
    ]
    assert text.endswith("2  Locked  (/dev/video2)\n     no permission")
    assert json.loads(webcams.listing(found))[0]["modes"][0] == {
        "fourcc": "YUYV",
        "width_px": 640,
        "height_px": 480,
        "rate_hz": 30.0,
    }
    assert webcams.as_text([]) == webcams.NONE and webcams.listing([]) == "[]"


def test_the_command_on_this_machine():
    told = CliRunner().invoke(main, ["devices", "--json"])
    assert (told.exit_code, len(json.loads(told.output))) == (0, len(devices()))
    shown = CliRunner().invoke(main, ["devices"])
    assert shown.exit_code == 0 and shown.output.strip() == webcams.as_text()


def test_an_absent_camera_ends_the_command():
    told = CliRunner().invoke(main, ["run", "99", "--model", "pose=none"])
    assert told.exit_code == 3
    assert "99: no such camera" in told.output and "affectstream devices" in told.output
