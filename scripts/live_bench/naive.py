"""The loop that everybody writes first: read each camera in turn, and look, in one thread."""

from __future__ import annotations

import itertools
import time
from collections import defaultdict

import cv2

from affectstream.stream.config import load
from affectstream.stream.messages import Frame
from affectstream.stream.prepare import open_vision


class Camera:
    """A capture that is opened anew when it ends; a picture is due by its own stamp."""

    def __init__(self, place: str, rate_hz: int) -> None:
        """Open it; its first picture is due when it comes."""
        self._place, self._rate_hz = place, rate_hz
        self._is_file = "://" not in place
        self._capture = cv2.VideoCapture(place)
        self._zero_s: float | None = None
        self._number = 0

    def read(self) -> tuple[cv2.typing.MatLike, float]:
        """Return the next picture, and when it was due (monotonic, s); of a file, wait for that."""
        found, image = self._capture.read()
        if not found:
            self._capture = cv2.VideoCapture(self._place)
            if not self._is_file:
                self._zero_s = None
            found, image = self._capture.read()
            if not found:
                raise SystemExit(f"bench live: {self._place} ended")
        number, self._number = self._number, self._number + 1
        stamp_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if self._is_file:
            stamp_s = number / self._rate_hz
        if self._zero_s is None:
            self._zero_s = time.monotonic() - stamp_s
        due_s = self._zero_s + stamp_s
        if self._is_file:
            time.sleep(max(0.0, due_s - time.monotonic()))
        return image, due_s


def naive(places: list[str], seconds: float, rate_hz: int) -> tuple[dict[str, list[float]], float]:
    """Return the ages of the results of each camera in ms, and the time it took in s."""
    eyes = open_vision(load(None))
    cameras = [Camera(place, rate_hz) for place in places]
    ages_ms: dict[str, list[float]] = defaultdict(list)
    start_s = time.monotonic()
    for number in itertools.count():
        for index, camera in enumerate(cameras):
            image, due_s = camera.read()
            eyes.see(Frame(f"cam{index}", number, 0, number / rate_hz, 0, 0, image), None)
            ages_ms[f"cam{index}"].append((time.monotonic() - due_s) * 1000)
        if time.monotonic() - start_s > seconds:
            break
    return ages_ms, time.monotonic() - start_s
