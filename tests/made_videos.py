"""Small videos made by PyAV, whole ones and broken ones.

Picture k is flat with the grey level `40 + 12 * k`, so that a test can tell which one it got; where
the size of the file matters, `noisy` pictures are drawn instead.
"""

import random
import struct
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from affectstream.stream.messages import Image

Draw = Callable[[int, int, int], Image]
"""From number, width and height to the picture (BGR)."""

TICK = Fraction(1, 90_000)


def flat(k: int, width_px: int, height_px: int) -> Image:
    return np.full((height_px, width_px, 3), (40 + 12 * k) % 256, np.uint8)


def noisy(k: int, width_px: int, height_px: int) -> Image:
    noise = np.random.default_rng(0).integers(0, 256, (height_px, width_px, 3))
    return np.roll(noise, k, axis=1).astype(np.uint8)


def corners(k: int, width_px: int, height_px: int) -> Image:
    """Red, green; blue, white."""
    image = np.full((height_px, width_px, 3), 255, np.uint8)
    image[: height_px // 2, : width_px // 2] = (0, 0, 255)
    image[: height_px // 2, width_px // 2 :] = (0, 255, 0)
    image[height_px // 2 :, : width_px // 2] = (255, 0, 0)
    return image


def number(image: Image) -> float:
    """Return which picture this is, from its grey level."""
    return (float(image.mean()) - 40) / 12


def make(
    path: Path,
    times_s: Sequence[float] | int = 10,
    *,
    size: tuple[int, int] = (96, 64),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rate: Fraction | int = 25,
    tick: Fraction = TICK,
    draw: Draw = flat,
    options: dict[str, str] | None = None,
    muxer: dict[str, str] | None = None,
    form: str | None = None,
    rotation: int = 0,
    with_sound: bool = False,
) -> Path:
    """Write a video of that many pictures at a steady rate, or at those times, counted in ticks."""
    step = 1 / Fraction(rate)
    times = [k * step for k in range(times_s)] if isinstance(times_s, int) else times_s
    with av.open(str(path), "w", format=form, options=muxer or {}) as container:
        stream = _video(container, codec, rate, size, pix_fmt, options or {})
        stream.time_base = stream.codec_context.time_base = (
            step if isinstance(times_s, int) else tick
        )
        if rotation:
            stream.set_display_rotation(rotation)
        sound = container.add_stream("aac", rate=48_000, layout="mono") if with_sound else None
        for k, time_s in enumerate(times):
            image = draw(k, *size)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format=pix_fmt)
            frame.time_base = stream.codec_context.time_base
            frame.pts = round(Fraction(time_s) / frame.time_base)
            container.mux(stream.encode(frame))
            if sound is not None:
                container.mux(sound.encode(_hum(k)))
        for each in (stream, sound):
            container.mux(each.encode() if each is not None else [])
    return path


def _video(
    container: OutputContainer,
    codec: str,
    rate: Fraction | int,
    size: tuple[int, int],
    pix_fmt: str,
    options: dict[str, str],
) -> VideoStream:
    quiet = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    stream: VideoStream = container.add_stream(codec, rate=rate, options={**quiet, **options})
    stream.width, stream.height = size
    stream.pix_fmt = pix_fmt
    return stream


def _hum(k: int) -> av.AudioFrame:
    """Return 40 ms of noise."""
    noise = np.random.default_rng(k).integers(-9000, 9000, (1, 1920)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
    frame.rate, frame.pts, frame.time_base = 48_000, 1920 * k, Fraction(1, 48_000)
    return frame


def make_of_parts(
    path: Path,
    sizes: Sequence[tuple[int, int]],
    *,
    codec: str,
    pix_fmt: str,
    stamps: Sequence[int] | None = None,
) -> Path:
    """Write two pictures of each size; `stamps` are their times in 1/25 s."""
    with av.open(str(path), "w") as container:
        stream = _video(container, codec, 25, sizes[0], pix_fmt, {})
        k = 0
        for size in sizes:
            encoder = av.CodecContext.create(codec, "w")
            encoder.width, encoder.height = size
            encoder.pix_fmt = pix_fmt
            encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
            if codec == "libx264":
                encoder.options = {"bf": "0", "x264-params": "repeat-headers=1:annexb=1"}
            packets = []
            for _ in range(2):
                frame = av.VideoFrame.from_ndarray(flat(k, *size), format="bgr24")
                frame = frame.reformat(format=pix_fmt)
                frame.pts, frame.time_base = k, Fraction(1, 25)
                packets += encoder.encode(frame)
                k += 1
            for packet in [*packets, *encoder.encode()]:
                packet.stream = stream
                if stamps is not None:
                    packet.pts = packet.dts = stamps[packet.pts]
                container.mux(packet)
    return path


def make_sound(path: Path, *, with_cover: bool = False) -> Path:
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=48_000, layout="mono")
        if with_cover:
            cover = _video(container, "mjpeg", 25, (96, 64), "yuvj420p", {})
            cover.disposition = av.stream.Disposition.attached_pic
            frame = av.VideoFrame.from_ndarray(flat(5, 96, 64), format="bgr24")
            container.mux(cover.encode(frame.reformat(format="yuvj420p")) + cover.encode())
        for k in range(25):
            container.mux(sound.encode(_hum(k)))
        container.mux(sound.encode())
    return path


def make_png(path: Path, width_px: int, height_px: int) -> Path:
    """Write a black picture of any size, without holding it in memory."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(1)
    row = bytes(1 + 3 * width_px)
    data = b"".join(packer.compress(row) for _ in range(height_px)) + packer.flush()
    head = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )
    return path


def cut(path: Path, share: float) -> Path:
    """Keep that share of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def scratch(path: Path, at: float, share: float) -> Path:
    """Overwrite a share of a file from there (0 its start, 1 its end) with random bytes."""
    data = bytearray(path.read_bytes())
    start, length = int(len(data) * at), int(len(data) * share)
    data[start : start + length] = random.Random(1).randbytes(length)
    path.write_bytes(data)
    return path


def patch(path: Path, old: bytes, new: bytes) -> Path:
    """Replace bytes that must be there."""
    data = path.read_bytes()
    assert old in data and len(old) == len(new)
    path.write_bytes(data.replace(old, new))
    return path


def count(path: Path) -> int:
    """Count the pictures of a file by PyAV alone: all that decode, whatever else fails."""
    pictures = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        try:
            for packet in container.demux(stream):
                try:
                    pictures += len(packet.decode())
                except av.error.InvalidDataError:
                    continue
        except av.error.InvalidDataError:
            pictures += len(stream.decode(None))
    return pictures
