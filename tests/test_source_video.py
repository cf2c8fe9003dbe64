"""The replay source: true times and whole pictures, whatever the file."""

import itertools
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from made_videos import (
    corners,
    count,
    flat,
    make,
    make_of_parts,
    number,
    patch,
)

from affectstream.stream.sources.base import Picture
from affectstream.stream.sources.video import Config, Video, build

NTSC = Fraction(30_000, 1001)
B_FRAMES = {"bf": "2", "x264-params": "b-adapt=0"}
FULL_RANGE = {"codec": "mjpeg", "pix_fmt": "yuvj420p"}
UNEVEN_S = (0, Fraction("0.04"), Fraction("0.2"), Fraction("0.21"), 1, Fraction("1.04"), 3)


def opened(path: Path, **options: Any) -> Video:
    return build(Config(path=path, **options), "made")


def pictures(path: Path) -> list[Picture]:
    return list(opened(path).pictures())


# Time ---------------------------------------------------------------------------------------------

TIMES = [
    ("steady.mp4", 10, 25, {}),
    ("steady.mkv", 10, 25, {}),
    ("uneven.mp4", UNEVEN_S, 25, {}),
    ("uneven.mkv", UNEVEN_S, 25, {}),
    ("uneven_b.mp4", UNEVEN_S, 25, {"options": B_FRAMES}),
    ("ntsc.mp4", 12, NTSC, {}),
    ("ntsc.h264", 12, NTSC, {"options": {"bf": "0"}}),
    ("ntsc.mpg", 12, NTSC, {"codec": "mpeg2video", "form": "mpeg"}),
    ("b.mp4", 10, 25, {"options": B_FRAMES}),
    ("b.mkv", 10, 25, {"options": B_FRAMES}),
    ("b.ts", 10, 25, {"options": B_FRAMES}),
    ("no_pts_b.avi", 10, 25, {"options": B_FRAMES}),
    ("no_pts_b_too.avi", 10, 25, {"codec": "mpeg4", "options": {"bf": "2"}}),
    ("no_pts_b.h264", 10, 25, {"options": B_FRAMES}),
    ("no_duration.flv", 10, 25, {"codec": "flv1"}),
    ("late_start.mkv", [5 + k * Fraction("0.04") for k in range(9)], 25, {}),
    ("late_start.ts", [5 + k * Fraction("0.04") for k in range(9)], 25, {}),
    ("slow.gif", 5, 10, {"codec": "gif", "pix_fmt": "gray"}),
    ("one.mp4", 1, 25, {}),
    ("one.avi", 1, 25, FULL_RANGE),
    ("one.png", 1, 25, {"codec": "png", "pix_fmt": "rgb24", "form": "image2"}),
    ("one.jpg", 1, 25, {**FULL_RANGE, "form": "image2"}),
]


@pytest.mark.parametrize("name, times, rate, options", TIMES, ids=[row[0] for row in TIMES])
def test_times_are_the_medias_own(
    tmp_path: Path, name: str, times: Any, rate: Any, options: dict[str, Any]
) -> None:
    path = make(tmp_path / name, times, rate=rate, **options)
    got = pictures(path)
    exact = [k / Fraction(rate) for k in range(times)] if isinstance(times, int) else times
    wanted = [float(time_s - exact[0]) for time_s in exact]
    # Matroska and FLV count milliseconds.
    assert [p.pts_s for p in got] == pytest.approx(wanted, abs=0.0011)
    assert [number(p.image_bgr) for p in got] == pytest.approx(range(len(wanted)), abs=0.4)
    assert {p.epoch for p in got} == {0}


def test_sound_that_starts_earlier_leaves_the_pictures_late(tmp_path: Path) -> None:
    times = [1 + k * Fraction("0.04") for k in range(10)]
    got = pictures(make(tmp_path / "late.mp4", times, with_sound=True))
    assert got[0].pts_s == pytest.approx(1, abs=0.03)


def test_a_declared_rate_of_nothing_is_no_matter(tmp_path: Path) -> None:
    path = make(tmp_path / "zero.avi", 6, **FULL_RANGE)
    patch(path, struct.pack("<II", 1, 25) + bytes(4), struct.pack("<II", 1000, 0) + bytes(4))
    assert [p.pts_s for p in pictures(path)] == pytest.approx([k / 25 for k in range(6)])


def test_equal_stamps_keep_their_order_and_their_time(tmp_path: Path) -> None:
    path = make_of_parts(
        tmp_path / "equal.mkv", [(96, 64)] * 3, stamps=[0, 1, 1, 1, 2, 3], **FULL_RANGE
    )
    got = pictures(path)
    assert [p.pts_s for p in got] == pytest.approx([0, 0.04, 0.04, 0.04, 0.08, 0.12])
    assert [number(p.image_bgr) for p in got] == pytest.approx(range(6), abs=0.4)


def test_a_clock_that_falls_starts_an_epoch_and_time_goes_on(tmp_path: Path) -> None:
    path = make(tmp_path / "both.ts", 6)
    path.write_bytes(path.read_bytes() * 2)
    got = pictures(path)
    assert [p.pts_s for p in got] == pytest.approx([k / 25 for k in range(12)])
    assert [p.epoch for p in got] == [0] * 6 + [1] * 6


def test_pictures_left_out_of_an_avi_leave_their_gap(tmp_path: Path) -> None:
    """AVI tells the order of decoding alone."""
    stamps = [0, 1, 2, 3, 4, 30, 31, 32, 33, 34]
    times = [Fraction(stamp, 25) for stamp in stamps]
    path = make(tmp_path / "gap.avi", times, tick=Fraction(1, 25), options=B_FRAMES)
    got = pictures(path)
    assert [p.pts_s for p in got] == pytest.approx([k / 25 for k in stamps])
    assert [number(p.image_bgr) for p in got] == pytest.approx(range(10), abs=0.4)


@pytest.mark.parametrize("name, after_s, epoch", [("gap.mkv", 60, 0), ("gap.ts", 0.08, 1)])
def test_a_minute_without_pictures_is_a_jump_in_a_broadcast_alone(
    tmp_path: Path, name: str, after_s: float, epoch: int
) -> None:
    path = make(tmp_path / name, [0, Fraction("0.04"), 60, Fraction("60.04")])
    got = pictures(path)
    assert [p.pts_s for p in got] == pytest.approx([0, 0.04, after_s, after_s + 0.04])
    assert [p.epoch for p in got] == [0, 0, epoch, epoch]


def test_a_loop_goes_on_in_time_with_a_new_epoch(tmp_path: Path) -> None:
    source = opened(make(tmp_path / "loop.mp4", UNEVEN_S[:4]), loop=True)
    got = list(itertools.islice(source.pictures(), 10))
    lap_s = got[4].pts_s
    assert lap_s > got[3].pts_s
    assert [p.pts_s for p in got[4:8]] == pytest.approx([lap_s + float(t) for t in UNEVEN_S[:4]])
    assert [p.epoch for p in got] == [0] * 4 + [1] * 4 + [2] * 2


def test_interrupt_ends_a_loop(tmp_path: Path) -> None:
    source = opened(make(tmp_path / "loop.mp4", 5), loop=True)
    got = []
    for picture in source.pictures():
        got.append(picture)
        if len(got) == 8:
            source.interrupt()
    assert 8 <= len(got) <= 10


# Pictures -----------------------------------------------------------------------------------------

RED, GREEN, BLUE, WHITE = (0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255)
UPRIGHT = [RED, GREEN, BLUE, WHITE]
CLOCKWISE = [BLUE, RED, WHITE, GREEN]
UPSIDE_DOWN = [WHITE, BLUE, GREEN, RED]
COUNTER_CLOCKWISE = [GREEN, WHITE, RED, BLUE]
"""The quarters of `corners`, row by row, as a player shows them."""


def quarters(image: np.ndarray) -> list[Any]:
    height, width = image.shape[:2]
    return [
        pytest.approx(image[y, x].tolist(), abs=8)
        for y in (height // 4, 3 * height // 4)
        for x in (width // 4, 3 * width // 4)
    ]


@pytest.mark.parametrize(
    "rotation, wanted",
    [(0, UPRIGHT), (90, COUNTER_CLOCKWISE), (180, UPSIDE_DOWN), (270, CLOCKWISE)],
)
def test_rotation_is_counter_clockwise(tmp_path: Path, rotation: int, wanted: list[Any]) -> None:
    path = make(tmp_path / "turned.mp4", 2, draw=corners, rotation=rotation)
    source = opened(path)
    for picture in source.pictures():
        assert quarters(picture.image_bgr) == wanted
        assert picture.image_bgr.shape == (source.info.height_px, source.info.width_px, 3)
    assert (source.info.width_px, source.info.height_px) == (
        (64, 96) if rotation % 180 else (96, 64)
    )


def test_a_phone_held_upright(tmp_path: Path) -> None:
    """The matrix of ISO/IEC 14496-12 that phones write: x' = -y, y' = x, a clockwise turn."""
    path = make(tmp_path / "phone.mp4", 2, draw=corners)
    unity = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    turned = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    data = path.read_bytes()
    at = data.index(unity, data.index(b"tkhd"))
    path.write_bytes(data[:at] + turned + data[at + len(turned) :])
    assert quarters(pictures(path)[0].image_bgr) == CLOCKWISE


def test_a_photograph_with_an_exif_orientation(tmp_path: Path) -> None:
    """Orientation 6: the camera's right is the top, so the picture is to be turned clockwise."""
    path = make(tmp_path / "photo.jpg", 1, draw=corners, form="image2", **FULL_RANGE)
    tag = struct.pack("<HHIHH", 0x112, 3, 1, 6, 0)
    body = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + tag + bytes(4)
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:])
    assert quarters(pictures(path)[0].image_bgr) == CLOCKWISE


FORMATS = [
    ("odd.mp4", (101, 77), "mpeg4", "yuv420p"),
    ("odd.mkv", (101, 77), "ffv1", "yuv420p"),
    ("odd_mjpeg.mkv", (101, 77), "mjpeg", "yuvj420p"),
    ("odd.webm", (101, 77), "libvpx-vp9", "yuv420p"),
    ("odd_444.mp4", (101, 77), "libx264", "yuv444p"),
    ("one_pixel.mkv", (1, 1), "ffv1", "yuv420p"),
    ("hevc.mp4", (96, 64), "libx265", "yuv420p"),
    ("ten_bit.mp4", (96, 64), "libx264", "yuv420p10le"),
    ("ten_bit_422.mov", (96, 64), "prores_ks", "yuv422p10le"),
    ("gray.mkv", (96, 64), "ffv1", "gray"),
    ("gray_ten_bit.mkv", (96, 64), "ffv1", "gray10le"),
    ("rgb.mp4", (96, 64), "libx264rgb", "rgb24"),
    ("alpha.mkv", (96, 64), "ffv1", "yuva420p"),
    ("alpha.avi", (96, 64), "rawvideo", "bgra"),
]


@pytest.mark.parametrize("name, size, codec, pix_fmt", FORMATS, ids=[row[0] for row in FORMATS])
def test_any_size_and_pixel_format(
    tmp_path: Path, name: str, size: tuple[int, int], codec: str, pix_fmt: str
) -> None:
    got = pictures(make(tmp_path / name, 3, size=size, codec=codec, pix_fmt=pix_fmt))
    for k, picture in enumerate(got):
        image = picture.image_bgr
        assert image.shape == (size[1], size[0], 3) and image.dtype == np.uint8
        assert np.abs(image.astype(int) - flat(k, *size)).max() <= 6
        assert not image.flags.writeable and image.flags.c_contiguous
    assert len(got) == 3


@pytest.mark.parametrize(
    "name, codec, pix_fmt",
    [
        ("sizes.ts", "libx264", "yuv420p"),
        ("sizes.h264", "libx264", "yuv420p"),
        ("sizes.mkv", "mjpeg", "yuvj420p"),
        ("sizes.avi", "mjpeg", "yuvj420p"),
    ],
)
def test_a_change_of_size_in_mid_file(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    sizes = [(96, 64), (64, 48), (160, 96), (96, 64)]
    got = pictures(make_of_parts(tmp_path / name, sizes, codec=codec, pix_fmt=pix_fmt))
    assert [p.image_bgr.shape[1::-1] for p in got] == [size for size in sizes for _ in range(2)]
    assert [number(p.image_bgr) for p in got] == pytest.approx(range(8), abs=0.4)
    assert [p.pts_s for p in got] == pytest.approx([k / 25 for k in range(8)])


BT709, BT601 = 1, 6
LIMITED, FULL = 1, 2
MATRICES = {BT709: (0.2126, 0.0722), BT601: (0.299, 0.114)}
"""Kr and Kb. Source: ITU-R BT.709 and BT.601."""


def yuv(colour_bgr: tuple[int, int, int], standard: int, value_range: int) -> list[float]:
    """Return Y, Cb, Cr by the definition of the standards."""
    kr, kb = MATRICES[standard]
    blue, green, red = (value / 255 for value in colour_bgr)
    y = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - y) / (2 - 2 * kb), (red - y) / (2 - 2 * kr)
    if value_range == LIMITED:
        return [16 + 219 * y, 128 + 224 * cb, 128 + 224 * cr]
    return [255 * y, 128 + 255 * cb, 128 + 255 * cr]


@pytest.mark.parametrize("colour", [RED, GREEN, BLUE, WHITE, (0, 0, 0), (90, 130, 200)])
@pytest.mark.parametrize("value_range", [LIMITED, FULL])
@pytest.mark.parametrize("standard", [BT601, BT709])
def test_colours(
    tmp_path: Path, standard: int, value_range: int, colour: tuple[int, int, int]
) -> None:
    path = tmp_path / "colour.mp4"
    planes = [
        np.full((64, 96), np.clip(round(v), 0, 255)) for v in yuv(colour, standard, value_range)
    ]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv444p"
        stream.codec_context.colorspace = standard
        stream.codec_context.color_range = value_range
        frame = av.VideoFrame.from_ndarray(np.stack(planes).astype(np.uint8), format="yuv444p")
        frame.colorspace, frame.color_range = standard, value_range
        container.mux(stream.encode(frame) + stream.encode())
    image = pictures(path)[0].image_bgr
    assert np.abs(image.astype(int) - colour).max() <= 5


@pytest.mark.parametrize(
    "name", ["12:30.mp4", "concat:a.mp4", "percent%02d.png", "[x].mp4", "é.mp4"]
)
def test_a_name_is_only_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    if name.endswith(".png"):
        still = {"codec": "png", "pix_fmt": "rgb24", "form": "image2"}
        for other in ("percent01.png", "percent02.png", "made.png"):
            make(tmp_path / other, 1, **still)
        (tmp_path / "made.png").rename(tmp_path / name)
    else:
        make(tmp_path / "made.mp4", 1).rename(tmp_path / name)
    assert len(pictures(Path(name))) == 1


def test_a_title_in_another_alphabet(tmp_path: Path) -> None:
    path = make(tmp_path / "title.mkv", 2)
    patch(path, b"Lavf", b"\xe9\xff\xe8\xe0")
    assert len(pictures(path)) == 2


def test_pictures_cut_away_by_the_container_are_no_loss(tmp_path: Path) -> None:
    """An edit list hides the first two seconds; what it declares is what remains."""
    times = [Fraction(k - 50, 25) for k in range(100)]
    got = pictures(make(tmp_path / "trimmed.mp4", times))
    assert len(got) == 50 and got[0].pts_s == 0


# Real clips ---------------------------------------------------------------------------------------

CLIPS = [
    "intel_car-detection.mp4",
    "intel_hungry.mkv",
    "intel_one-by-one-person-detection.mp4",
    "intel_walk.mkv",
    "pyfeat_face_noface.mov",
    "pyfeat_no_face.mp4",
    "pyfeat_single_face.mp4",
    "pyfeat_single_face.jpg",
    "skimage_astronaut.png",
]


@pytest.mark.parametrize("name", CLIPS)
def test_every_picture_of_a_real_clip_and_no_error(clips: Path, name: str) -> None:
    times, epochs = [], set()
    for picture in opened(clips / name).pictures():
        times.append(picture.pts_s)
        epochs.add(picture.epoch)
    assert len(times) == count(clips / name)
    assert times[0] == 0 and all(b > a for a, b in itertools.pairwise(times)) and epochs == {0}


def test_a_declared_count_of_frames_is_no_evidence(clips: Path) -> None:
    source = opened(clips / "pyfeat_no_face.mp4")
    assert (source.info.frames, len(list(source.pictures()))) == (98, 95)
