"""Stand-ins for cameras: a V4L2 driver that answers, and an opened camera that a test feeds."""

import errno
import queue
import struct
import time
from pathlib import Path

import numpy as np

from affectstream.stream.errors import SourceError
from affectstream.stream.sources import _v4l2
from affectstream.stream.sources._camera import Shot
from affectstream.stream.sources._devices import Device, Mode

MODES = (
    Mode("YUYV", 640, 480, 30.0),
    Mode("YUYV", 1280, 720, 10.0),
    Mode("MJPG", 640, 480, 30.0),
    Mode("MJPG", 1280, 720, 30.0),
    Mode("MJPG", 1280, 720, 60.0),
    Mode("MJPG", 1920, 1080, 30.0),
)


LATE_NS = 5_000_000
"""How much later a made picture is here than it was taken."""


def device(index=0, name="Front Camera", modes=MODES, **fields):
    fields.setdefault("path", f"/dev/video{index}")
    return Device(index, name=name, modes=tuple(modes), **fields)


class Driver:
    """Answers V4L2's questions about device files of a folder, byte for byte as a kernel does."""

    def __init__(self, root: Path) -> None:
        self.dev, self.sys = root / "dev", root / "sys"
        self.dev.mkdir(parents=True)
        self.busy: set[str] = set()
        self._cards: dict[str, tuple[str, int, list[Mode]]] = {}

    def add(self, index: int, name: str, modes=(), caps: int = 1) -> Path:
        path = self.dev / f"video{index}"
        path.touch()
        self._cards[str(path)] = (name, caps, list(modes))
        note = self.sys / "class" / "video4linux" / path.name / "name"
        note.parent.mkdir(parents=True)
        note.write_text(name + "\n")
        return path

    def list(self):
        return _v4l2.list_devices(self.dev, self.sys, self.ask)

    def ask(self, fd: int, request: int, block: bytearray) -> None:
        path = str(Path(f"/proc/self/fd/{fd}").readlink())
        name, caps, modes = self._cards[path]
        fourccs = list(dict.fromkeys(mode.fourcc for mode in modes))
        if request == 0x80685600:  # VIDIOC_QUERYCAP
            struct.pack_into("16s32s32s", block, 0, b"made", name.encode(), b"usb-1")
            struct.pack_into("III", block, 80, 0x60100, 0x84A00001, caps)
        elif request == 0xC0405602:  # VIDIOC_ENUM_FMT
            struct.pack_into("4s", block, 44, _nth(fourccs, block, 0).encode())
        elif request == 0xC02C564A:  # VIDIOC_ENUM_FRAMESIZES
            fourcc = block[4:8].decode()
            sizes = list(
                dict.fromkeys((m.width_px, m.height_px) for m in modes if m.fourcc == fourcc)
            )
            struct.pack_into("III", block, 8, 1, *_nth(sizes, block, 0))
        elif request == 0xC034564B:  # VIDIOC_ENUM_FRAMEINTERVALS
            size = struct.unpack_from("II", block, 8)
            fourcc = block[4:8].decode()
            rates = [
                m.rate_hz for m in modes if (m.fourcc, m.width_px, m.height_px) == (fourcc, *size)
            ]
            struct.pack_into("III", block, 16, 1, 1000, round(1000 * _nth(rates, block, 0)))
        elif request == 0xC0D05605 and path in self.busy:  # VIDIOC_S_FMT
            raise OSError(errno.EBUSY, "Device or resource busy")
        elif request not in (0xC0D05604, 0xC0D05605):  # VIDIOC_G_FMT
            raise OSError(errno.ENOTTY, "Inappropriate ioctl for device")


def _nth(items, block: bytearray, offset: int):
    number = struct.unpack_from("I", block, offset)[0]
    if number >= len(items):
        raise OSError(errno.EINVAL, "Invalid argument")
    return items[number]


class FedCamera:
    """An opened camera that gives what it is fed: a grey level, or None for no picture."""

    rate_hz = 30.0

    def __init__(self, *levels: int | None, size=(64, 48)) -> None:
        self._fed: queue.Queue[int | None] = queue.Queue()
        self._size = size
        self.is_closed = False
        self.feed(*levels)

    def feed(self, *levels: int | None) -> None:
        for level in levels:
            self._fed.put(level)

    def read(self) -> Shot | None:
        assert not self.is_closed
        try:
            level = self._fed.get(timeout=0.01)
        except queue.Empty:
            return None
        if level is None:
            return None
        width, height = self._size
        taken_ns = time.monotonic_ns()
        image = np.full((height, width, 3), level, np.uint8)
        return Shot(image, taken_ns, taken_ns + LATE_NS)

    def close(self) -> None:
        self.is_closed = True


class Plug:
    """Finds and opens cameras one after another; None stands for a camera that is not there."""

    def __init__(self, *cameras: FedCamera | None, found=None) -> None:
        self._waiting = list(cameras)
        self.found = [device()] if found is None else found
        self.asked: list[tuple[str, Mode | None, Mode | None]] = []

    def find(self):
        return self.found

    def open(self, wanted: Device, mode: Mode | None, asked: Mode | None) -> FedCamera:
        self.asked.append((wanted.path, mode, asked))
        camera = self._waiting.pop(0) if self._waiting else None
        if camera is None:
            raise SourceError("it is not there")
        return camera
