"""An opened camera: pictures by OpenCV, each with the time at which it was taken."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import Protocol

import cv2

from ..errors import SourceError
from ..messages import Image
from ._devices import Device, Mode

_BACKENDS = {"linux": cv2.CAP_V4L2, "darwin": cv2.CAP_AVFOUNDATION, "win32": cv2.CAP_MSMF}
_BELIEVED_NS = 1_000_000_000
"""A driver's stamp that lies further back, or ahead of now, is of another clock."""

READ_S = 2

REMEDIES = {
    "darwin": "allow it in System Settings > Privacy & Security > Camera, and close it elsewhere",
    "win32": "allow it in Settings > Privacy & security > Camera, and close it elsewhere",
}


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture; when it was taken and when it was here, by the clock of `time.monotonic_ns`."""

    image_bgr: Image
    taken_ns: int
    here_ns: int


class Camera(Protocol):
    """What a webcam reads from; used by one thread at a time."""

    rate_hz: float

    def read(self) -> Shot | None:
        """Return the next picture; None where the device gave none."""
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...


class OpenCVCamera:
    """A camera by V4L2, AVFoundation or Media Foundation, as the platform has it."""

    def __init__(self, device: Device, mode: Mode | None, wanted: Mode | None = None) -> None:
        """Open it in a mode, or ask for what is `wanted` of one that cannot tell its modes.

        Raises: SourceError.
        """
        # OpenCV waits 10 s for a picture unless told otherwise, and then writes to the terminal.
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(READ_S))
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        if sys.platform == "linux":
            from ._v4l2 import check_free

            check_free(device.path)
        settings, backend = _settings(mode or wanted), _BACKENDS.get(sys.platform, 0)
        if sys.platform == "linux":
            flat = [number for setting in settings for number in setting]
            self._capture = cv2.VideoCapture(device.path, backend, flat)
        else:
            # Given on opening, a setting that a camera does not know would keep it from opening.
            self._capture = cv2.VideoCapture(device.index, backend)
            for name, value in settings:
                self._capture.set(name, value)
        if not self._capture.isOpened():
            remedy = REMEDIES.get(sys.platform, "unplug it and plug it in again")
            raise SourceError(f"{device.path}: {device.name} cannot be opened; {remedy}")
        told_hz = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate_hz = told_hz if 0 < told_hz < 1000 else mode.rate_hz if mode else 0.0

    def read(self) -> Shot | None:
        """Return the next picture; V4L2 stamps it when its exposure ends or its transfer starts."""
        grabbed, image = self._capture.read()
        now_ns = time.monotonic_ns()
        if not grabbed or image is None or image.size == 0:
            return None
        image.setflags(write=False)
        return Shot(image, taken_ns(self._capture.get(cv2.CAP_PROP_POS_MSEC), now_ns), now_ns)

    def close(self) -> None:
        """Let go of the device."""
        self._capture.release()


def taken_ns(stamp_ms: float, now_ns: int) -> int:
    """Return the driver's time of a picture where it is of the monotonic clock, else the arrival.

    Source: V4L2, `V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC`; other platforms count from the start.
    """
    if sys.platform != "linux" or not 0 < stamp_ms < 1e15:
        return now_ns
    stamp_ns = int(stamp_ms * 1e6)
    return stamp_ns if 0 <= now_ns - stamp_ns <= _BELIEVED_NS else now_ns


def _settings(mode: Mode | None) -> list[tuple[int, int]]:
    """Return OpenCV's names and values, in the order in which a driver wants them."""
    if mode is None:
        return []
    found = []
    if mode.fourcc:
        found.append((cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*mode.fourcc.ljust(4))))
    if mode.width_px:
        found.append((cv2.CAP_PROP_FRAME_WIDTH, mode.width_px))
        found.append((cv2.CAP_PROP_FRAME_HEIGHT, mode.height_px))
    if mode.rate_hz:
        found.append((cv2.CAP_PROP_FPS, round(mode.rate_hz)))
    return found
