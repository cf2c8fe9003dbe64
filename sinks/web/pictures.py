"""The newest picture of a source as a JPEG, encoded when somebody asks and once for all who do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import cv2
import msgspec
import numpy as np

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
        self._made: dict[tuple[str, int, bool, bool], tuple[int, asyncio.Future[bytes]]] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="web-jpeg")

    async def next(
        self, source: str, after: int, width_px: int, blurred: bool, with_mesh: bool
    ) -> bytes | None:
        """Wait for a picture newer than `after`; return reading and JPEG in one message.

        Four bytes say how long the reading is (JSON); where no picture may or can be shown, or with
        a width of 0, no JPEG follows. Returns None at the end of the run.
        """
        sight = await self.newer(source, after)
        if sight is None:
            return None
        return await self.message(source, sight, width_px, blurred, with_mesh)

    async def newer(self, source: str, after: int) -> Sight | None:
        """Wait for a reading newer than number `after` of a source; None at the end of the run."""
        while True:
            sight = self._hub.sights.get(source)
            if sight is not None and sight.reading.seq > after:
                return sight
            if self._hub.ended:
                return None
            await self._hub.picture_bells[source].wait()

    async def message(
        self, source: str, sight: Sight, width_px: int, blurred: bool, with_mesh: bool = False
    ) -> bytes:
        """Return the message of a reading, made once for all who ask for the same.

        The mesh of a face, by which it could be told, goes along only with a clear picture.
        """
        blurred = blurred or self._mode == "blurred"
        with_mesh = with_mesh and self._mode == "clear" and not blurred
        if width_px:
            width_px = next((w for w in WIDTHS_PX if w >= width_px), WIDTHS_PX[-1])
        key = (source, min(width_px, self._width_px), blurred, with_mesh)
        seq, made = self._made.get(key, (-1, None))
        if made is None or seq != sight.reading.seq:
            loop = asyncio.get_running_loop()
            made = loop.run_in_executor(self._pool, self._make, sight, *key)
            self._made[key] = (sight.reading.seq, made)
        return await asyncio.shield(made)

    async def image(self, source: str, sight: Sight, width_px: int, blurred: bool) -> Image | None:
        """Return the picture of a reading with even sides; None where none may be shown."""
        loop = asyncio.get_running_loop()
        blurred = blurred or self._mode == "blurred"
        shown = await loop.run_in_executor(self._pool, self._shown, sight, source, blurred)
        return None if shown is None else fitted(shown, width_px)

    def close(self) -> None:
        """Let the thread end."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _make(
        self, sight: Sight, source: str, width_px: int, blurred: bool, with_mesh: bool
    ) -> bytes:
        shape = reading_shape(sight.reading, with_mesh=with_mesh)
        head = msgspec.json.encode({"source": source, **shape})
        shown = self._shown(sight, source, blurred) if width_px else None
        jpeg = b"" if shown is None else encode(shown, width_px, self._quality)
        return len(head).to_bytes(HEAD_BYTES, "big") + head + jpeg

    def _shown(self, sight: Sight, source: str, blurred: bool) -> Image | None:
        is_hidden = self._mode == "none" or (blurred and not sight.reading.valid)
        if sight.frame is None or is_hidden:
            return None
        image = sight.frame.image_bgr
        return self._hub.veils[source].cover(image, sight.reading.pts_s) if blurred else image


def encode(image_bgr: Image, width_px: int, quality: int) -> bytes:
    """Return a JPEG at most `width_px` wide."""
    height, width = image_bgr.shape[:2]
    if width > width_px:
        size = (width_px, max(1, round(height * width_px / width)))
        image_bgr = cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA)
    options: Sequence[int] = (cv2.IMWRITE_JPEG_QUALITY, quality)
    done, data = cv2.imencode(".jpg", image_bgr, options)
    return bytes(data) if done else b""


def fitted(image_bgr: Image, width_px: int) -> Image:
    """Return a picture at most `width_px` wide, its sides even, as video needs them."""
    height, width = image_bgr.shape[:2]
    scale = min(1.0, width_px / width)
    size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
    return np.asarray(cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


def jpeg_of(message: bytes) -> bytes:
    """Return the JPEG of a message; empty where it has none."""
    head = int.from_bytes(message[:HEAD_BYTES], "big")
    return message[HEAD_BYTES + head :]
