"""Files that are no video are refused in plain words; broken ones are played as far as they go."""

import resource
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import memory, pipeline
from made_videos import count, cut, make, make_of_parts, make_png, make_sound, noisy, patch, scratch

from affectstream.stream.errors import AffectstreamError, IncompleteError, SourceError
from affectstream.stream.messages import Reading
from affectstream.stream.sources.base import Picture
from affectstream.stream.sources.video import Config, Video, build

FULL_RANGE = {"codec": "mjpeg", "pix_fmt": "yuvj420p"}
FASTSTART = {"movflags": "faststart"}
NOISY = {"draw": noisy, "options": {"bf": "2", "x264-params": "b-adapt=0", "g": "25"}}


def opened(path: Path) -> Video:
    return build(Config(path=path), "made")


def read(path: Path) -> tuple[list[Picture], str, int]:
    """Return the pictures of a file that is not whole, the last word about it, and the errors."""
    source, got = opened(path), []
    with pytest.raises(IncompleteError) as caught:
        for picture in source.pictures():
            got.append(picture)
    return got, str(caught.value), source.decode_errors


# Refused ------------------------------------------------------------------------------------------


def text(path: Path) -> Path:
    path.write_text("The emotions of men.\n" * 40)
    return path


def playlist(path: Path) -> Path:
    clip = make(path.with_name("clip.ts"), 5)
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{clip}\n#EXT-X-ENDLIST\n")
    return path


def concat(path: Path) -> Path:
    path.write_text(f"ffconcat version 1.0\nfile {make(path.with_name('clip.mp4'), 5).name}\n")
    return path


def random_bytes(path: Path) -> Path:
    path.write_bytes(np.random.default_rng(3).bytes(20_000))
    return path


def empty(path: Path) -> Path:
    path.touch()
    return path


def missing(path: Path) -> Path:
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def huge_raw(path: Path) -> Path:
    make(path, 2, codec="rawvideo", pix_fmt="bgra")
    return patch(path, struct.pack("<Ii", 96, -64), struct.pack("<Ii", 20_000, -20_000))


REFUSED: list[tuple[str, Callable[[Path], Path], str]] = [
    ("missing.mp4", missing, "no such file"),
    ("folder.mp4", folder, "not a file"),
    ("empty.mp4", empty, "empty"),
    ("random.mp4", random_bytes, "no video"),
    ("random.bin", random_bytes, "no video"),
    ("text.txt", text, "no video"),
    ("text.mp4", text, "no video"),
    ("playlist.m3u8", playlist, "no video"),
    ("list.ffconcat", concat, "no video"),
    ("sound.m4a", make_sound, "only sound"),
    ("sound.mkv", make_sound, "only sound"),
    ("cover.mp4", lambda path: make_sound(path, with_cover=True), "only sound"),
    ("index_at_end.mp4", lambda path: cut(make(path, 60, **NOISY), 0.6), "incomplete"),
    ("index_cut.mp4", lambda path: cut(make(path, 60, muxer=FASTSTART), 0.1), "incomplete"),
    ("head_only.mkv", lambda path: cut(make(path, 60, **NOISY), 0.02), "no picture of it"),
    ("codec.mp4", lambda path: patch(make(path), b"avc1", b"zzzz"), "codec is unknown"),
    ("huge.png", lambda path: make_png(path, 20_000, 10_000), "larger than 8K"),
    ("huge.avi", huge_raw, "larger than 8K"),
]


@pytest.mark.parametrize("name, spoil, words", REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_no_video_is_refused_in_plain_words(
    tmp_path: Path, name: str, spoil: Callable[[Path], Path], words: str
) -> None:
    path = spoil(tmp_path / name)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SourceError) as caught:
        opened(path)
    said(caught.value, path, words)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    assert grown_kib < 200_000, "nothing huge is decoded to find out"


def said(error: AffectstreamError, path: Path, words: str) -> None:
    """Check that an error is one line that names the file, and drags no other along."""
    message = str(error)
    assert message.startswith(f"{path}: ") and words in message
    assert "\n" not in message and "Traceback" not in message and "Errno" not in message
    assert error.__cause__ is None and (error.__context__ is None or error.__suppress_context__)


# Broken -------------------------------------------------------------------------------------------

CODED: dict[str, dict[str, Any]] = {
    "faststart.mp4": {**NOISY, "muxer": FASTSTART},
    "sound.mp4": {**NOISY, "muxer": FASTSTART, "with_sound": True},
    "fragments.mp4": {**NOISY, "muxer": {"movflags": "frag_keyframe+empty_moov"}},
    "hevc.mp4": {"draw": noisy, "codec": "libx265", "muxer": FASTSTART},
    "alone.mkv": NOISY,
    "sound.mkv": {**NOISY, "with_sound": True},
    "vp8.webm": {"draw": noisy, "codec": "libvpx", "options": {"deadline": "realtime"}},
    "mjpeg.avi": {"draw": noisy, **FULL_RANGE},
}
CUT = {
    "faststart.mp4": "before its declared end",
    "sound.mp4": "before its declared end",
    "fragments.mp4": "could not be decoded",
    "hevc.mp4": "before its declared end",
    "alone.mkv": "before its declared end",
    "sound.mkv": "before its declared end",
    "vp8.webm": "before its declared end",
    "mjpeg.avi": "damaged or cut off",
}


@pytest.mark.parametrize("name, words", CUT.items())
def test_a_file_cut_short_gives_all_that_can_be_decoded(
    tmp_path: Path, name: str, words: str
) -> None:
    path = cut(make(tmp_path / name, 120, **CODED[name]), 0.6)
    got, message, _ = read(path)
    assert len(got) == count(path) and 30 < len(got) < 100
    assert [p.pts_s for p in got] == sorted(p.pts_s for p in got)
    assert message.startswith(f"{path}: ") and words in message and "is kept" in message
    assert "\n" not in message


CODED |= {
    "mpeg2.mpg": {"draw": noisy, "codec": "mpeg2video", "form": "mpeg"},
    "mpeg4.avi": {"draw": noisy, "codec": "mpeg4"},
    "h264.ts": NOISY,
}
SCRATCHED = [
    # name, share of the file overwritten, pictures that come out at least, words
    ("faststart.mp4", 0.03, 110, "could not be decoded"),
    ("faststart.mp4", 0.2, 80, "could not be decoded"),
    ("hevc.mp4", 0.03, 25, "could not be decoded"),
    ("mpeg2.mpg", 0.03, 100, "damaged"),
    ("mpeg4.avi", 0.03, 90, "damaged"),
    ("h264.ts", 0.03, 100, "damaged"),
]


@pytest.mark.parametrize("name, share, at_least, words", SCRATCHED)
def test_bytes_overwritten_in_the_middle(
    tmp_path: Path, name: str, share: float, at_least: int, words: str
) -> None:
    path = scratch(make(tmp_path / name, 120, **CODED[name]), 0.5, share)
    got, message, decode_errors = read(path)
    assert len(got) == count(path) and at_least <= len(got) <= 120
    assert words in message
    assert (decode_errors > 0) == ("could not be decoded" in message)


@pytest.mark.parametrize("name", CODED)
def test_the_same_files_whole_are_no_error(tmp_path: Path, name: str) -> None:
    path = make(tmp_path / name, 120, **CODED[name])
    assert len(list(opened(path).pictures())) == count(path) == 120


# Through the pipeline -----------------------------------------------------------------------------

ENDS: list[tuple[str, Callable[[Path], Path], str]] = [
    ("whole.mp4", lambda path: make(path, 40, with_sound=True), "done"),
    ("one.png", lambda p: make(p, 1, codec="png", pix_fmt="rgb24", form="image2"), "done"),
    (
        "sizes.ts",
        lambda p: make_of_parts(p, [(96, 64), (160, 96)], codec="libx264", pix_fmt="yuv420p"),
        "done",
    ),
    ("turned.mp4", lambda path: make(path, 10, rotation=90), "done"),
    ("cut.mp4", lambda path: cut(make(path, 120, **CODED["faststart.mp4"]), 0.6), "incomplete"),
    ("cut.mkv", lambda path: cut(make(path, 120, **CODED["sound.mkv"]), 0.6), "incomplete"),
    (
        "hevc.mp4",
        lambda path: scratch(make(path, 120, **CODED["hevc.mp4"]), 0.5, 0.03),
        "incomplete",
    ),
    (
        "scratched.mp4",
        lambda p: scratch(make(p, 120, **CODED["faststart.mp4"]), 0.5, 0.2),
        "incomplete",
    ),
]


@pytest.mark.parametrize("name, spoil, status", ENDS, ids=[row[0] for row in ENDS])
def test_a_reading_for_every_picture(
    tmp_path: Path, name: str, spoil: Callable[[Path], Path], status: str
) -> None:
    path = spoil(tmp_path / name)
    source, sink = opened(path), memory()
    summary = pipeline([source], ("memory", sink)).start().join()
    readings = [m for m in sink.messages if isinstance(m, Reading)]
    row = summary.ledger["source:made"]
    assert [m.seq for m in readings] == list(range(count(path)))
    assert summary.status == status and summary.frames == {"made": len(readings)}
    assert (summary.notes["made"] != "") == (status == "incomplete")
    assert row["inferred"] == len(readings) and row["in_flight"] == 0
    assert row["captured"] == len(readings) + source.decode_errors
    assert row.get("decode_error", 0) == source.decode_errors
    assert all(r.get("pending", 0) == 0 for r in summary.ledger.values())
