"""Asks Linux (V4L2) for its cameras and what they can do, without starting any of them.

Layouts of the structures and numbers of the requests. Source: Linux, `include/uapi/linux/
videodev2.h`; they have not changed since 2.6.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..errors import SourceError
from ._devices import Device, Mode

Ask = Callable[[int, int, bytearray], object]
"""`fcntl.ioctl` with a buffer that is filled in."""

_READ, _READ_WRITE = 2, 3


def _request(direction: int, number: int, size_bytes: int) -> int:
    return direction << 30 | size_bytes << 16 | ord("V") << 8 | number


_CAPABILITY = struct.Struct("=16s32s32sII I12x")
_FORMAT_NAME = struct.Struct("=III32s4s16x")
_SIZE = struct.Struct("=I4sI6I8x")
_INTERVAL = struct.Struct("=I4sIII6I8x")
_FORMAT_BYTES = 208 if struct.calcsize("P") == 8 else 204

QUERYCAP = _request(_READ, 0, _CAPABILITY.size)
ENUM_FMT = _request(_READ_WRITE, 2, _FORMAT_NAME.size)
G_FMT = _request(_READ_WRITE, 4, _FORMAT_BYTES)
S_FMT = _request(_READ_WRITE, 5, _FORMAT_BYTES)
ENUM_FRAMESIZES = _request(_READ_WRITE, 74, _SIZE.size)
ENUM_FRAMEINTERVALS = _request(_READ_WRITE, 75, _INTERVAL.size)

CAN_CAPTURE = 0x1
HAS_DEVICE_CAPS = 0x8000_0000
_CAPTURE = 1
_DISCRETE = 1
_MOST = 100
"""Of a driver's answers; one that never ends its list must not hold us."""

_COMMON_PX = ((320, 240), (640, 480), (1280, 720), (1920, 1080))
"""What is offered of a camera that takes any size within bounds."""

FORBIDDEN = "no permission; run: sudo usermod -aG video $USER, then log in again"


def list_devices(
    dev: Path = Path("/dev"), sys: Path = Path("/sys"), ask: Ask = fcntl.ioctl
) -> list[Device]:
    """Return the devices that capture pictures; those that cannot be asked have a `fault`.

    A camera has further device files, for data about its pictures; they are left out.
    """
    found = []
    for path in dev.glob("video*"):
        match = re.fullmatch(r"video(\d+)", path.name)
        if match is None:
            continue
        name_file = sys / "class" / "video4linux" / path.name / "name"
        try:
            name = name_file.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            name = path.name
        device = _device(int(match[1]), path, name, ask)
        if device is not None:
            found.append(device)
    return sorted(found, key=lambda device: device.index)


def _device(index: int, path: Path, name: str, ask: Ask) -> Device | None:
    try:
        fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        return Device(index, str(path), name, fault=_fault(error))
    try:
        block = bytearray(_CAPABILITY.size)
        ask(fd, QUERYCAP, block)
        _, card, bus, _, all_caps, own_caps = _CAPABILITY.unpack(block)
        if not (own_caps if all_caps & HAS_DEVICE_CAPS else all_caps) & CAN_CAPTURE:
            return None
        modes = tuple(sorted(set(_modes(fd, ask))))
        return Device(index, str(path), _text(card) or name, _text(bus), modes)
    except OSError as error:
        if error.errno == errno.ENOTTY:
            return None
        return Device(index, str(path), name, fault=_fault(error))
    finally:
        os.close(fd)


def _modes(fd: int, ask: Ask) -> Iterator[Mode]:
    for number in range(_MOST):
        answer = _asked(fd, ask, ENUM_FMT, _FORMAT_NAME, number, _CAPTURE, 0, b"", b"")
        if answer is None:
            return
        fourcc = answer[4]
        for width, height in _sizes(fd, ask, fourcc):
            for rate_hz in _rates_hz(fd, ask, fourcc, width, height):
                yield Mode(_name_of(fourcc), width, height, rate_hz)


def _name_of(fourcc: bytes) -> str:
    """Return the four letters; the highest bit of the last one says big-endian."""
    letters = bytes(letter & 0x7F for letter in fourcc).decode("ascii")
    return letters.strip() + ("-BE" if fourcc[3] & 0x80 else "")


def _sizes(fd: int, ask: Ask, fourcc: bytes) -> Iterator[tuple[int, int]]:
    for number in range(_MOST):
        answer = _asked(fd, ask, ENUM_FRAMESIZES, _SIZE, number, fourcc, *[0] * 7)
        if answer is None:
            return
        if answer[2] == _DISCRETE:
            yield answer[3], answer[4]
            continue
        least_w, most_w, step_w, least_h, most_h, step_h = answer[3:]
        for width, height in {*_COMMON_PX, (most_w, most_h)}:
            if least_w <= width <= most_w and least_h <= height <= most_h:
                if (width - least_w) % (step_w or 1) == (height - least_h) % (step_h or 1) == 0:
                    yield width, height
        return


def _rates_hz(fd: int, ask: Ask, fourcc: bytes, width: int, height: int) -> Iterator[float]:
    """Yield the rates; of a camera that takes any within bounds, the highest; 0 where unknown."""
    for number in range(_MOST):
        empty = (fourcc, width, height, *[0] * 7)
        answer = _asked(fd, ask, ENUM_FRAMEINTERVALS, _INTERVAL, number, *empty)
        if answer is None:
            if number == 0:
                yield 0.0
            return
        numerator, denominator = answer[5:7]
        if numerator:
            yield round(denominator / numerator, 3)
        if answer[4] != _DISCRETE:
            return


def _asked(
    fd: int, ask: Ask, request: int, layout: struct.Struct, *fields: Any
) -> tuple[Any, ...] | None:
    """Return the driver's answer; None at the end of its list."""
    block = bytearray(layout.pack(*fields))
    try:
        ask(fd, request, block)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOTTY):
            return None
        raise
    return layout.unpack(block)


def check_free(path: str, ask: Ask = fcntl.ioctl, proc: Path = Path("/proc")) -> None:
    """Ask for nothing to be changed, which a driver refuses while somebody else records.

    Raises: SourceError naming the remedy.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        try:
            block = bytearray(_FORMAT_BYTES)
            struct.pack_into("=I", block, 0, _CAPTURE)
            ask(fd, G_FMT, block)
            ask(fd, S_FMT, block)
        finally:
            os.close(fd)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise SourceError(f"{path}: in use{_by_whom(path, proc)}; end that first") from None
        raise SourceError(f"{path}: {_fault(error)}") from None


def _by_whom(path: str, proc: Path) -> str:
    """Return who has the device open, as far as we may see."""
    for link in proc.glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) == path:
                if link.parts[-3] == str(os.getpid()):
                    return " by this run already, which can name it once only"
                name = (proc / link.parts[-3] / "comm").read_text(errors="replace").strip()
                return f" by {name} (process {link.parts[-3]})"
        except OSError:
            continue
    return " by another program"


def _fault(error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return FORBIDDEN
    if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return "it is not there; plug it in again"
    return f"cannot be opened ({error.strerror}); plug it in again"


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "replace").strip()
