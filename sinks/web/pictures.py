"""The newest picture of a source as a JPEG, encoded when somebody asks and once for all who do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import cv2
import msgspec

from ...stream.messages import Image
from .hub import Hub, Sight
from .shapes import reading_shape

WIDTHS_PX = (320, 480, 640, 960, 1280, 1920, 2560, 3840)
"""Pictures are sent in these widths only, so that clients share them."""
HEAD_BYTES = 4


class Pictures:
    """Encodes in a thread of its own; lives in the server's loop."""

    def __init__(
        self, hub: Hub, mode: Literal["clear", "blurred", "none"], width_px: int, quality: int
    ) -> None:
        """Fix what may leave the process, and the largest width."""
        self._hub = hub
        self._mode = mode
        self._width_px = width_px
        self._quality = quality
        self._made: dict[tuple[str, int, bool], tuple[int, asyncio.Future[bytes]]] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="web-jpeg")

    async def next(self, source: str, after: int, width_px: int, blurred: bool) -> bytes | None:
        """Wait for a picture newer than `after`; return reading and JPEG in one message.

        Four bytes say how long the reading is (JSON); where no picture may or can be shown, no JPEG
        follows. Returns None at the end of the run.
        """
        sight = await self.newer(source, after)
        return None if sight is None else await self.message(source, sight, width_px, blurred)

    async def newer(self, source: str, after: int) -> Sight | None:
        """Wait for a reading newer than number `after` of a source; None at the end of the run."""
        while True:
            sight = self._hub.sights.get(source)
            if sight is not None and sight.reading.seq > after:
                return sight
            if self._hub.ended:
                return None
            await self._hub.picture_bells[source].wait()

    async def message(self, source: str, sight: Sight, width_px: int, blurred: bool) -> bytes:
        """Return the message of a reading, made once for all who ask for the same."""
        blurred = blurred or self._mode == "blurred"
        width_px = next((w for w in WIDTHS_PX if w >= width_px), WIDTHS_PX[-1])
        key = (source, min(width_px, self._width_px), blurred)
        seq, made = self._made.get(key, (-1, None))
        if made is None or seq != sight.reading.seq:
            loop = asyncio.get_running_loop()
            made = loop.run_in_executor(self._pool, self._make, source, sight, key[1], blurred)
            self._made[key] = (sight.reading.seq, made)
        return await asyncio.shield(made)

    def close(self) -> None:
        """Let the thread end."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _make(self, source: str, sight: Sight, width_px: int, blurred: bool) -> bytes:
        head = msgspec.json.encode({"source": source, **reading_shape(sight.reading)})
        jpeg = b""
        is_hidden = self._mode == "none" or (blurred and not sight.reading.valid)
        if sight.frame is not None and not is_hidden:
            image = sight.frame.image_bgr
            if blurred:
                image = self._hub.veils[source].cover(image, sight.reading.pts_s)
            jpeg = encode(image, width_px, self._quality)
        return len(head).to_bytes(HEAD_BYTES, "big") + head + jpeg


def encode(image_bgr: Image, width_px: int, quality: int) -> bytes:
    """Return a JPEG at most `width_px` wide."""
    height, width = image_bgr.shape[:2]
    if width > width_px:
        size = (width_px, max(1, round(height * width_px / width)))
        image_bgr = cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA)
    options: Sequence[int] = (cv2.IMWRITE_JPEG_QUALITY, quality)
    done, data = cv2.imencode(".jpg", image_bgr, options)
    return bytes(data) if done else b""


def jpeg_of(message: bytes) -> bytes:
    """Return the JPEG of a message; empty where it has none."""
    head = int.from_bytes(message[:HEAD_BYTES], "big")
    return message[HEAD_BYTES + head :]
