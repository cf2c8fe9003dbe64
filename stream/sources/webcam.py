"""A camera of this machine, live: `0`, `/dev/video2`, or a part of its name.

A thread of its own reads the device, since a driver may hold a read for as long as it likes. A
camera that gives nothing for `STALL_S` is closed and opened anew until it is back; its epoch rises
then. Proved on Linux (V4L2) only; AVFoundation and Media Foundation are written by their manuals.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal

from pydantic import Field

from ..errors import SourceError
from ..messages import SourceHealth, SourceInfo, SourceState
from ._camera import Camera, OpenCVCamera, Shot
from ._devices import Device, Mode, choose, devices, pick
from .base import Picture, SourceConfig

log = logging.getLogger(__name__)

FIRST_S = 8.0
"""The longest wait for the first picture; cameras that adjust to the light take a second or two."""
STALL_S = 2.0
RETRY_S = 0.5
MOST_RETRY_S = 5.0
"""Tries to open a lost camera come after 0.5 s, then twice as long each time, up to 5 s."""

TICK_S = 0.2
_PAUSE_S = 0.02
"""Between reads of a device that fails at once."""
_STACK = 2
"""Pictures between the two threads; the driver holds four more."""


class Config(SourceConfig):
    """A camera, and what is asked of it; absent: the best that it has, up to 1280x720 at 30."""

    kind: Literal["webcam"] = "webcam"
    device: str
    resolution: str | None = Field(None, pattern=r"^\d+x\d+$")
    rate_hz: float | None = Field(None, gt=0)


Opener = Callable[[Device, Mode | None, Mode | None], Camera]


class Webcam:
    """See the module. The device is open from here until `close`."""

    is_live = True
    shed_frames = 0

    def __init__(
        self,
        config: Config,
        source_id: str,
        *,
        find: Callable[[], list[Device]] = devices,
        opener: Opener = OpenCVCamera,
        stall_s: float = STALL_S,
        retry_s: float = RETRY_S,
    ) -> None:
        """Find the camera, open it and take a picture. Raises: SourceError."""
        self._config, self._find, self._opener = config, find, opener
        self._stall_s, self._retry_s = stall_s, retry_s
        self._leave = threading.Event()
        self._shots: queue.Queue[tuple[int, Shot]] = queue.Queue(_STACK)
        self._reader: threading.Thread | None = None
        self._error: Exception | None = None
        self.decode_errors = 0
        self._device = pick(config.device, find())
        self._camera: Camera | None = self._open(self._device)
        first = self._first()
        self.info = SourceInfo(
            source_id,
            self._device.name,
            first.image_bgr.shape[1],
            first.image_bgr.shape[0],
            self._camera.rate_hz,
        )
        self.health: SourceHealth | None = SourceHealth("playing", time.time_ns())

    def pictures(self) -> Iterator[Picture | None]:
        """Yield pictures as they come, and None while there is none."""
        self._reader = threading.Thread(
            target=self._run, name=f"webcam-{self.info.source_id}", daemon=True
        )
        self._reader.start()
        zero_ns = newest_ns = 0
        while not self._leave.is_set():
            try:
                epoch, shot = self._shots.get(timeout=TICK_S)
            except queue.Empty:
                if self._error is not None:
                    raise self._error from None
                yield None
                continue
            zero_ns = zero_ns or shot.taken_ns
            newest_ns = max(newest_ns, shot.taken_ns)
            t_wall_ns = time.time_ns() - (time.monotonic_ns() - shot.taken_ns)
            pts_s = (newest_ns - zero_ns) / 1e9
            yield Picture(pts_s, shot.image_bgr, epoch, t_wall_ns, shot.here_ns)

    def keep(self, share: float) -> None:
        """Ignore it: pictures that stand alone cost little, and the driver drops what waits."""

    def interrupt(self) -> None:
        """End within a tick."""
        self._leave.set()

    def close(self) -> None:
        """Let go of the device; one whose driver does not answer is left to it."""
        self._leave.set()
        if self._reader is not None:
            self._reader.join(self._stall_s)
            if self._reader.is_alive():
                log.warning("%s: the driver does not answer", self._device.path)
                return
        self._shut()

    def _open(self, device: Device) -> Camera:
        if device.fault:
            raise SourceError(f"{device.path}: {device.name}: {device.fault}")
        width, _, height = (self._config.resolution or "").partition("x")
        size = (int(width), int(height)) if width else None
        mode = choose(device, size, self._config.rate_hz)
        wanted = Mode("", *(size or (0, 0)), self._config.rate_hz or 0.0)
        return self._opener(device, mode, wanted)

    def _first(self) -> Shot:
        """Return the first picture; a wrong size is not taken silently."""
        assert self._camera is not None
        end_s = time.monotonic() + min(FIRST_S, 4 * self._stall_s)
        while (shot := self._camera.read()) is None:
            if time.monotonic() > end_s:
                self._shut()
                raise SourceError(
                    f"{self._device.path}: {self._device.name} gives no picture; close it in "
                    "other programs, open its shutter, or plug it in again"
                )
            self._leave.wait(_PAUSE_S)
        height, width = shot.image_bgr.shape[:2]
        if self._config.resolution not in (None, f"{width}x{height}"):
            self._shut()
            raise SourceError(
                f"{self._device.path}: {self._device.name} gives {width}x{height} instead of "
                f"{self._config.resolution}; leave --resolution away or name that"
            )
        return shot

    def _run(self) -> None:
        """Read; what goes wrong in a way that nobody foresaw is raised by `pictures`."""
        try:
            self._read()
        except Exception as error:
            self._error = error

    def _read(self) -> None:
        """Hand pictures over until told to leave; the camera is this thread's."""
        epoch, is_lost, delay_s = 0, False, self._retry_s
        heard_s = time.monotonic()
        while not self._leave.is_set():
            shot = self._camera.read() if self._camera is not None else None
            if shot is not None:
                if is_lost:
                    self._tell("playing")
                is_lost, delay_s, heard_s = False, self._retry_s, time.monotonic()
                self._hand_over(epoch, shot)
            elif self._camera is not None and time.monotonic() - heard_s < self._stall_s:
                self._leave.wait(_PAUSE_S)
            else:
                if not is_lost:
                    self._tell("stalled", "it gives no picture: close it elsewhere, or plug it in")
                    epoch += 1
                is_lost = True
                self._open_anew(delay_s)
                delay_s, heard_s = min(2 * delay_s, MOST_RETRY_S), time.monotonic()

    def _hand_over(self, epoch: int, shot: Shot) -> None:
        while not self._leave.is_set():
            try:
                self._shots.put((epoch, shot), timeout=TICK_S)
                return
            except queue.Full:
                continue

    def _open_anew(self, delay_s: float) -> None:
        """Close the camera, wait, and open it where it is found."""
        self._shut()
        if self._leave.wait(delay_s):
            return
        try:
            device = self._again()
            self._camera = self._open(device)
        except SourceError as error:
            self._tell("not_found", str(error))
        else:
            self._device = device

    def _tell(self, state: SourceState, detail: str = "") -> None:
        """Say how the camera is, in `health` and in the log."""
        was = self.health or SourceHealth("playing", 0)
        since_ns = was.since_wall_ns if was.state == state else time.time_ns()
        attempts = 0 if state == "playing" else was.attempts + (state == "not_found")
        outages = was.outages + (was.state == "playing" != state)
        self.health = SourceHealth(state, since_ns, attempts, outages, detail)
        log.info("%s: %s: %s %s", self._device.path, self._device.name, state, detail)

    def _again(self) -> Device:
        """Find the camera where it was plugged in, else by its name: its index may have changed."""
        found = self._find()
        was = self._device
        same = [device for device in found if device.name == was.name]
        there = [device for device in same if device.bus == was.bus] or same
        if len(there) != 1:
            raise SourceError(f"{was.path}: {was.name} is not there")
        return there[0]

    def _shut(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()


def build(config: Config, source_id: str) -> Webcam:
    """Return the source. Raises: SourceError."""
    return Webcam(config, source_id)
