"""The cameras of this machine: which there are, what they can do, which one a text means.

Linux is asked by V4L2 (`_v4l2.py`). Elsewhere FFmpeg lists names (AVFoundation, DirectShow) and
what a camera can do is learnt by opening it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import av.error

from ..errors import SourceError

log = logging.getLogger(__name__)

USUAL_PX = (1280, 720)
USUAL_HZ = 30.0
"""What is taken where nothing is asked for: networks gain nothing from more."""

RATE_SLACK_HZ = 0.5
"""So that 30 finds 29.97."""

PLAIN = ("YUYV", "UYVY", "NV12", "NV21", "YU12", "YV12", "BGR3", "RGB3", "GREY")
PACKED = ("MJPG", "JPEG")
"""Formats that OpenCV turns into pictures. Source: OpenCV, `modules/videoio/src/cap_v4l.cpp`."""

_LISTERS = {"darwin": "avfoundation", "win32": "dshow"}


@dataclass(frozen=True, slots=True, order=True)
class Mode:
    """One thing a camera can deliver; `fourcc` is V4L2's name of the format."""

    fourcc: str
    width_px: int
    height_px: int
    rate_hz: float


@dataclass(frozen=True, slots=True)
class Device:
    """A camera. `modes` is empty where they cannot be asked for; `fault` says why it is no use."""

    index: int
    path: str
    name: str
    bus: str = ""
    modes: tuple[Mode, ...] = ()
    fault: str = ""


def devices() -> list[Device]:
    """Return the cameras of this machine, in order of their index."""
    if sys.platform == "linux":
        from ._v4l2 import list_devices

        return list_devices()
    return _named_by_ffmpeg(_LISTERS.get(sys.platform, ""))


def _named_by_ffmpeg(lister: str) -> list[Device]:
    if lister not in av.formats_available:
        return []
    try:
        found = av.enumerate_input_devices(lister)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        log.warning("cameras cannot be listed: %s", error)
        return []
    names = [device.description for device in found if "video" in device.media_types]
    return [Device(index, str(index), name) for index, name in enumerate(names)]


def is_camera(text: str) -> bool:
    """Return whether a text can mean nothing but a camera: its index, or a device file."""
    return text.isascii() and text.isdigit() or text.startswith(("/dev/video", "/dev/v4l/"))


def pick(text: str, found: Sequence[Device]) -> Device:
    """Return the camera that an index, a device file or a part of a name means.

    Raises: SourceError naming the cameras there are.
    """
    if text.isascii() and text.isdigit():
        matching = [device for device in found if device.index == int(text)]
        if not matching and not found and sys.platform != "linux":
            return Device(int(text), text, f"camera {text}")
    elif text.startswith("/"):
        real = str(Path(text).resolve())
        matching = [device for device in found if real == str(Path(device.path).resolve())]
    else:
        word = text.casefold()
        matching = [device for device in found if device.name.casefold() == word]
        matching = matching or [device for device in found if word in device.name.casefold()]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise SourceError(f"{text}: this names several cameras: {_listed(matching)}; use an index")
    there = f"there are: {_listed(found)}" if found else "none is connected"
    raise SourceError(f"{text}: no such camera; {there} (see: affectstream devices)")


def _listed(found: Sequence[Device]) -> str:
    return ", ".join(f"{device.index} {device.name}" for device in found)


def choose(
    device: Device, size_px: tuple[int, int] | None = None, rate_hz: float | None = None
) -> Mode | None:
    """Return the best that a camera has; None where it cannot be asked what it has.

    What is asked for must be there. Else: the largest size up to `USUAL_PX`, else the smallest; the
    lowest rate from `USUAL_HZ` on, else the highest. A plain format wins where it gives that rate;
    otherwise it is MJPG. Raises: SourceError naming the sizes or rates there are.
    """
    modes = [mode for mode in device.modes if mode.fourcc in PLAIN + PACKED]
    if not modes:
        if device.modes:
            kinds = ", ".join(sorted({mode.fourcc for mode in device.modes}))
            raise SourceError(f"{device.path}: {device.name} gives {kinds}, which is not read")
        return None
    width, height = size_px or _usual_size(modes)
    sized = [mode for mode in modes if (mode.width_px, mode.height_px) == (width, height)]
    if not sized:
        sizes = sorted({(mode.width_px, mode.height_px) for mode in modes})
        raise SourceError(
            f"{device.path}: {device.name} does not give {width}x{height}; it gives: "
            + ", ".join(f"{w}x{h}" for w, h in sizes)
        )
    rates = sorted({mode.rate_hz for mode in sized})
    if rate_hz is not None:
        rate = min(rates, key=lambda offered: abs(offered - rate_hz))
        if abs(rate - rate_hz) > RATE_SLACK_HZ:
            raise SourceError(
                f"{device.path}: {device.name} does not give {rate_hz:g} pictures a second at "
                f"{width}x{height}; it gives: " + ", ".join(f"{offered:g}" for offered in rates)
            )
    else:
        enough = [offered for offered in rates if offered >= USUAL_HZ - RATE_SLACK_HZ]
        rate = enough[0] if enough else rates[-1]
    order = PLAIN + PACKED
    return min(
        (mode for mode in sized if abs(mode.rate_hz - rate) <= RATE_SLACK_HZ),
        key=lambda mode: (order.index(mode.fourcc), abs(mode.rate_hz - rate)),
    )


def _usual_size(modes: Sequence[Mode]) -> tuple[int, int]:
    """Prefer a size that some format gives at `USUAL_HZ`: 5 pictures a second are no video."""
    brisk = [mode for mode in modes if mode.rate_hz >= USUAL_HZ / 2]
    sizes = {(mode.width_px, mode.height_px) for mode in brisk or modes}
    fitting = [size for size in sizes if size[0] <= USUAL_PX[0] and size[1] <= USUAL_PX[1]]
    if fitting:
        return max(fitting, key=lambda size: size[0] * size[1])
    return min(sizes, key=lambda size: size[0] * size[1])
