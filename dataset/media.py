"""What a video is: size, rates, frames, codec, sound, a strip of pictures, and what looks wrong.

Its packets are counted and timed and only a few pictures are decoded, so that a look at a video
of an hour takes seconds.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import av.error
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from ..stream.messages import Image
from ..stream.sources._media import declared_duration_s, open_media
from ..stream.sources._pixels import to_bgr
from .pictures import RATE_HZ, pictures_of

STRIP_PICTURES = 6
STRIP_HEIGHT_PX = 90
_JPEG_QUALITY = 72
_RATE_OFF = 0.01
_UNEVEN = 0.2
_SHORT_S = 1.0
_DARK = 12.0
_SMALL_PX = 160
"""Share by which rates and steps may be off, s, mean of 0..255, px: our choices."""


def look(path: Path) -> dict[str, Any]:
    """Return the facts of a video or of a folder of pictures, `strip` a JPEG in base64.

    Raises: SourceError.
    """
    return _look_at_pictures(path) if path.is_dir() else _look_at_video(path)


def _look_at_video(path: Path) -> dict[str, Any]:
    container, stream = open_media(path)
    with container:
        declared_hz = float(stream.average_rate or 0)
        declared_s = declared_duration_s(container, stream)
        base_s = float(stream.time_base or 0)
        sound = next((s.codec_context.codec.canonical_name for s in container.streams.audio), "")
        times, damaged, fault = [], 0, ""
        try:
            for packet in container.demux(stream):
                stamp = packet.dts if packet.pts is None else packet.pts
                if stamp is None or packet.is_discard:
                    continue
                damaged += packet.is_corrupt
                times.append((stamp * base_s, (packet.duration or 0) * base_s))
        except (av.error.FFmpegError, OSError) as error:
            fault = f"cannot be read to its end ({error.strerror})"
        facts: dict[str, Any] = {
            "width_px": stream.codec_context.width,
            "height_px": stream.codec_context.height,
            "fps_declared": round(declared_hz, 3) or None,
            "duration_declared_s": round(declared_s, 3) or None,
            "codec": stream.codec_context.name,
            "audio": sound,
            "frames": len(times),
        }
    facts |= _timing(times)
    wrong = [fault] if fault else []
    if damaged:
        wrong.append(f"{damaged} damaged packets")
    wrong += _faults(facts, np.diff(sorted(time for time, _ in times)))
    images = _some_pictures(path, facts["duration_s"] or 0.0)
    if images:  # as shown: turned upright
        facts["height_px"], facts["width_px"] = images[0].shape[:2]
    return {**facts, **_strip(images, wrong)}


def _timing(times: list[tuple[float, float]]) -> dict[str, Any]:
    if not times:
        return {"fps_true": None, "duration_s": None}
    times = sorted(times)
    span_s = times[-1][0] - times[0][0]
    rate_hz = (len(times) - 1) / span_s if span_s > 0 else None
    last_s = times[-1][1] or (1 / rate_hz if rate_hz else 0.0)
    return {
        "fps_true": round(rate_hz, 3) if rate_hz else None,
        "duration_s": round(span_s + last_s, 3),
    }


def _faults(facts: dict[str, Any], steps_s: np.ndarray[Any, np.dtype[np.float64]]) -> list[str]:
    wrong = []
    true, declared = facts["fps_true"], facts["fps_declared"]
    if facts["frames"] < 2:
        wrong.append(f"only {facts['frames']} frames")
    if true and declared and abs(true / declared - 1) > _RATE_OFF:
        wrong.append(f"says {declared:g} fps but has {true:g}")
    if len(steps_s) and np.median(steps_s) > 0:
        low, high = np.quantile(steps_s, [0.05, 0.95]) / np.median(steps_s)
        if high - low > _UNEVEN:
            wrong.append("frame rate varies")
    short_s = (facts["duration_declared_s"] or 0) - (facts["duration_s"] or 0)
    if short_s > _SHORT_S:
        wrong.append(f"ends {short_s:.1f} s before its declared end")
    if min(facts["width_px"], facts["height_px"]) < _SMALL_PX:
        wrong.append(f"small picture ({facts['width_px']}x{facts['height_px']} px)")
    return wrong


def _look_at_pictures(folder: Path) -> dict[str, Any]:
    paths = pictures_of(folder)
    numbers = [int(path.stem) for path in paths]
    chosen = [paths[k] for k in np.linspace(0, len(paths) - 1, STRIP_PICTURES).astype(int)]
    read = (cv2.imread(str(path)) for path in dict.fromkeys(chosen))
    images: list[Image] = [np.asarray(image, np.uint8) for image in read if image is not None]
    height_px, width_px = images[0].shape[:2] if images else (0, 0)
    facts = {
        "width_px": width_px,
        "height_px": height_px,
        "fps_declared": None,
        "duration_declared_s": None,
        "codec": paths[0].suffix[1:].lower(),
        "audio": "",
        "frames": len(paths),
        "fps_true": RATE_HZ,
        "duration_s": round(len(paths) / RATE_HZ, 3),
    }
    missing = numbers[-1] - numbers[0] + 1 - len(numbers)
    wrong = [f"{missing} numbers are missing among its pictures"] if missing else []
    return {**facts, **_strip(images, wrong)}


def _some_pictures(path: Path, duration_s: float) -> list[Image]:
    """Return pictures from begin to end; fewer where they cannot be decoded."""
    images: list[Image] = []
    container, stream = open_media(path)
    convert = VideoReformatter()
    base_s = float(stream.time_base or 1)
    start = stream.start_time or 0
    with container:
        for k in range(STRIP_PICTURES):
            wanted = start + int((k + 0.5) / STRIP_PICTURES * duration_s / base_s)
            try:
                container.seek(wanted, stream=stream)
                for frame in container.decode(stream):
                    if frame.pts is None or frame.pts >= wanted:
                        break
                images.append(to_bgr(frame, convert))
            except (av.error.FFmpegError, OSError, UnboundLocalError):
                continue
    return images


def _strip(images: list[Image], wrong: list[str]) -> dict[str, Any]:
    """Return the strip as a JPEG in base64, and what looks wrong, pictures included."""
    if not images:
        return {"strip": "", "looks_wrong": [*wrong, "no picture could be decoded"]}
    wrong = list(wrong)
    if max(float(image.mean()) for image in images) < _DARK:
        wrong.append("dark throughout")
    same = [np.array_equal(images[0], image) for image in images[1:]]
    if same and all(same):
        wrong.append("pictures look all the same: frozen?")
    small = []
    for image in images:
        height_px, width_px = image.shape[:2]
        size = (max(1, round(width_px * STRIP_HEIGHT_PX / height_px)), STRIP_HEIGHT_PX)
        picture = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        white = (255, 255, 255)
        small.append(cv2.copyMakeBorder(picture, 0, 0, 1, 1, cv2.BORDER_CONSTANT, value=white))
    _, data = cv2.imencode(".jpg", cv2.hconcat(small), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return {"strip": base64.b64encode(data.tobytes()).decode(), "looks_wrong": wrong}
