"""The camera of whoever has the page open: JPEGs that the page sends, newest only.

Needs the sink `web` in the same run. While no page sends, there are no pictures.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Literal

import cv2
import numpy as np
from PIL import Image as Pillow

from ..messages import Image, SourceInfo
from ..uploads import close_upload, open_upload
from .base import Picture, PlainSource, SourceConfig

WAIT_S = 0.2
MOST_PX = 4096 * 2304
"""A picture that says to be larger is not decoded: a few bytes can ask for gigabytes."""


_TOO_LARGE = (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning)


class Config(SourceConfig):
    """Nothing to choose."""

    kind: Literal["browser"] = "browser"


class Browser(PlainSource):
    """See the module. Times are those of arrival."""

    is_live = True

    def __init__(self, config: Config, source_id: str) -> None:
        """Let a server find the source."""
        self.info = SourceInfo(source_id, "browser")
        self.decode_errors = 0
        self._upload = open_upload(source_id)
        self._interrupted = False

    def pictures(self) -> Iterator[Picture | None]:
        """Yield pictures as they come, None where there is none yet."""
        start_s: float | None = None
        while not self._interrupted:
            jpeg = self._upload.take(WAIT_S)
            now_s = time.monotonic()
            image = None if jpeg is None else decode(jpeg)
            if image is None:
                self.decode_errors += jpeg is not None
                yield None
                continue
            start_s = now_s if start_s is None else start_s
            yield Picture(round(now_s - start_s, 6), image)

    def interrupt(self) -> None:
        """End within `WAIT_S`."""
        self._interrupted = True

    def close(self) -> None:
        """Take no more pictures."""
        self._interrupted = True
        close_upload(self.info.source_id, self._upload)


def decode(jpeg: bytes) -> Image | None:
    """Return the picture, H x W x 3 uint8; None where it is no JPEG, or too large."""
    try:
        with Pillow.open(io.BytesIO(jpeg), formats=("JPEG",)) as head:
            width, height = head.size
    except (OSError, ValueError, SyntaxError, *_TOO_LARGE):
        return None
    if not 0 < width * height <= MOST_PX:
        return None
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return None if image is None else np.asarray(image, np.uint8)


def build(config: Config, source_id: str) -> Browser:
    """Return the source."""
    return Browser(config, source_id)
