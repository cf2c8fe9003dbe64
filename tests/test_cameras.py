"""Lists of cameras: what is read, what is refused and in which words, and what they are called."""

from pathlib import Path

import pytest

from affectstream.stream.cameras import Camera
from affectstream.stream.config import RunConfig, load
from affectstream.stream.errors import ConfigError
from affectstream.stream.locate import unique_ids
from affectstream.stream.pace import Metronome, RateCap
from affectstream.stream.strides import Stretch, Strides


def cameras(tmp_path: Path, text: str, name: str = "cameras.yaml") -> tuple[Camera, ...]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load(None, sources=[str(path)]).cameras


def test_a_list_holds_every_option_and_makes_the_run_live(tmp_path: Path) -> None:
    path = tmp_path / "cameras.yaml"
    path.write_text(
        """
window_s: 5
cameras:
  - name: Front door
    url: rtsp://watch:CANARY@10.0.0.5/one
    rate_hz: 5
    region: [0.1, 0, 1, 0.5]
    face_stride: 2
    pose_stride: 3
    privacy: true
    enabled: false
  - {path: hall.mp4, loop: true}
  - {device: 0}
  - rtsp://10.0.0.6/two
""",
        encoding="utf-8",
    )
    config = load(None, sources=[str(path)], narrate_s=7.0)
    assert config.live and config.window_s == 5 and config.narrate_s == 7
    door, hall, web, two = config.cameras
    assert (door.title, door.rate_hz, door.region) == ("Front door", 5, (0.1, 0, 1, 0.5))
    assert (door.face_stride, door.pose_stride, door.privacy, door.enabled) == (2, 3, True, False)
    assert hall.path == tmp_path / "hall.mp4" and hall.loop and hall.enabled
    assert (web.device, two.title) == ("0", "10.0.0.6 /two")
    assert "CANARY" not in str(config.model_dump(mode="json")) + repr(config)


def test_streams_hold_a_source_a_line(tmp_path: Path) -> None:
    found = cameras(tmp_path, "# doors\nrtsp://h/a\n\n  0 \nhall.mp4\n/abs/x.mp4\n", "c.streams")
    places = [(one.url and one.url.get_secret_value(), one.device, one.path) for one in found]
    assert places == [
        ("rtsp://h/a", None, None),
        (None, "0", None),
        (None, None, tmp_path / "hall.mp4"),
        (None, None, Path("/abs/x.mp4")),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cameras: 3", "cameras: must be a list"),
        ("cameras: []", "cameras: must be a list"),
        ("cameras: [{name: a}]", "camera 1 (a): needs exactly one of url, path, device; it has no"),
        ("cameras: [{path: a, device: 0}]", "camera 1: needs exactly one of .* path and device"),
        ("cameras: [{path: a}, {path: b, rate: 5}]", "camera 2: unknown key rate; did you mean"),
        ("cameras: [{path: a, rate_hz: 0}]", "camera 1: rate_hz: got 0. .* greater than 0"),
        ("cameras: [{path: a, region: [0, 0, 1]}]", "camera 1: region.3: got .*Field required"),
        ("cameras: [{path: a, region: [5, 0, 1, 9]}]", "camera 1: region: needs 0 <= x1 < x2"),
        ("cameras: [{path: a, pose_stride: 0}]", "camera 1: pose_stride: got 0. .* to 1"),
        ("cameras: [{url: host/path}]", r"camera 1: url: begins with rtsp://"),
        ("cameras: [true]", "camera 1: .*valid dictionary"),
        ("cameras: [{path: a}]\nlive: false", "cameras are live: leave `live: false` out"),
        ("camera: [{path: a}]", "unknown key camera; did you mean cameras"),
    ],
)
def test_errors_name_file_entry_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("(", r"\(").replace(")", r"\)")) as raised:
        cameras(tmp_path, text)
    assert str(tmp_path / "cameras.yaml") in str(raised.value)


def test_every_fault_of_a_list_is_told_at_once_and_none_tells_a_password(tmp_path: Path) -> None:
    text = "cameras: [{url: [rtsp://u:CANARY@h]}, {path: a, loop: 7}, {path: b, fps: 1}]"
    with pytest.raises(ConfigError) as raised:
        cameras(tmp_path, text)
    lines = str(raised.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == ["camera 1", "camera 2", "camera 3"]
    assert "CANARY" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such file"),
        ("# none\n", "names no source"),
        ("x://", "line 1: url: names no host"),
    ],
)
def test_errors_of_streams_name_the_line(tmp_path: Path, text: str | None, words: str) -> None:
    path = tmp_path / "c.streams"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=f"{path.name}.*{words}" if text else words):
        load(None, sources=[str(path)])


def test_one_configuration_at_a_time(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="b.yaml: one configuration at a time; there is a.yaml"):
        load(Path("a.yaml"), sources=["b.yaml"])


def test_the_example_is_valid() -> None:
    from importlib.resources import files

    config = load(Path(str(files("affectstream.configs") / "cameras.yaml")))
    assert len(config.cameras) >= 3
    told = set().union(*(camera.model_fields_set for camera in config.cameras))
    assert told == set(Camera.model_fields), "the example shows every key"
    assert isinstance(config, RunConfig)


def test_names_are_ids_and_numbered_when_repeated() -> None:
    assert unique_ids(["Front Door", "front door", "Été!", ""]) == [
        "front-door",
        "front-door-2",
        "t",
        "source",
    ]
    assert unique_ids(["a", "b"], taken=["a"]) == ["a-2", "b"]
    assert all(len(one) <= 32 for one in unique_ids(["x" * 50, "x" * 50]))


@pytest.mark.parametrize(
    ("rate_hz", "times_s", "expected"),
    [
        (None, [0, 0, 0.1], [True] * 3),
        (10, [k / 15 for k in range(16)], None),
        (1, [0, 0.5, 0.99, 1.0, 1.5, 2.2, 3.1], [True, False, False, True, False, True, True]),
        (1, [0, 10, 10.1, 11], [True, True, False, True]),
    ],
)
def test_a_cap_lets_pictures_through_evenly(
    rate_hz: float | None, times_s: list[float], expected: list[bool] | None
) -> None:
    cap = RateCap(rate_hz)
    found = [cap.admits(t) for t in times_s]
    if expected is None:
        assert sum(found) == 11, "ten a second, and the first"
    else:
        assert found == expected


def test_a_file_that_stands_in_for_a_camera_does_not_wait_for_a_slow_decoder() -> None:
    beat = Metronome(2.0)
    assert beat.early_s(0.0, 100.0) == 0.0
    assert beat.early_s(1.0, 100.1) == pytest.approx(0.4)
    assert beat.early_s(1.2, 100.9) == pytest.approx(-0.3), "late, and not forgiven"
    assert beat.early_s(2.0, 101.0) == pytest.approx(0.0)
    assert beat.early_s(2.2, 103.0) == pytest.approx(-1.9), "held up: its time slips"
    assert beat.early_s(2.4, 103.0) == pytest.approx(0.1)


def looks(factors: list[int], rate_hz: float = 100.0, **strides: int) -> str:
    """B: bodies, N: newcomers too, f: faces alone, -: nothing, w: bodies had to wait."""
    of = Strides(**{"face": 1, "pose": 2, "refresh": 2, **strides})
    found = ""
    for number, factor in enumerate(factors):
        look, waits = of.next(factor, number / rate_hz)
        word = "N" if look.newcomers else "B" if look.bodies else "f" if look.faces else "-"
        found += "w" if waits else word
    return found


@pytest.mark.parametrize(
    ("factors", "strides", "expected"),
    [
        ([1] * 8, {}, "NfBfNfBf"),
        ([1] * 6, {"face": 3, "pose": 4, "refresh": 1}, "N--fN-"),
        ([2] * 9, {}, "NfwwBfwwN"),
        ([1, 1, 4, 4, 4, 1, 1, 1], {}, "NfwwwBfN"),
        ([8] * 8, {"rate_hz": 1}, "NfBfNfBf"),
        ([8] * 8, {"rate_hz": 2}, "NfwBfwNf"),
    ],
)
def test_bodies_wait_under_load_and_come_back(
    factors: list[int], strides: dict[str, int], expected: str
) -> None:
    assert looks(factors, **strides) == expected


@pytest.mark.parametrize(
    ("lost_of_100", "expected"),
    [
        ([0] * 5, [1] * 5),
        ([10] * 5, [1] * 5),
        ([30] * 5, [2, 4, 8, 8, 8]),
        ([30, 0, 0, 0, 0, 0, 0], [2, 2, 2, 2, 2, 1, 1]),
        ([30, 0, 0, 0, 10, 0, 0, 0, 0, 0], [2] * 9 + [1]),
    ],
)
def test_the_stretch_rises_at_once_and_falls_after_a_while(
    lost_of_100: list[int], expected: list[int]
) -> None:
    stretch = Stretch()
    assert [stretch.tell(100 - lost, lost, busy=0.9) for lost in lost_of_100] == expected


def test_free_workers_are_not_stretched() -> None:
    assert Stretch().tell(50, 50, busy=0.5) == 1


def test_a_stretch_that_fell_too_soon_stays_longer_the_next_time() -> None:
    stretch, lengths, length = Stretch(), [], 0
    for _ in range(400):
        factor = stretch.tell(60, 40, 1.0) if stretch.factor == 1 else stretch.tell(100, 0, 1.0)
        length = length + 1 if factor > 1 else 0
        if stretch.factor == 1 and length == 0:
            lengths.append(0)
        elif lengths:
            lengths[-1] = max(lengths[-1], length)
    stays = [n for n in lengths if n]
    assert stays[0] < stays[2] and max(stays) <= 61
