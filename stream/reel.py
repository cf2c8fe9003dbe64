"""A saved video opened to be looked at here and there, by the time that a replay of it tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import av.error
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from .errors import SourceError
from .messages import Image
from .sources._media import open_media
from .sources._pixels import to_bgr

GO_ON_S = 2.0
"""A moment at most so far ahead is reached by decoding on, a later one by a jump. Our choice: a key
frame a second or two is usual."""
BACK_S = (0.0, 1.0, 5.0, 1e6)
"""How far before the moment a jump aims, until it lands there; the last is the start."""
SLACK_S = 0.002
"""Times are stored rounded; a picture this much later is still the one that is meant."""


class Reel:
    """An open file; belongs to one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises: SourceError."""
        self._container, self._stream = open_media(path)
        self._base_s = float(self._stream.time_base or 1)
        start, kind = self._container.start_time, self._container.format.name
        self._start_s = 0.0 if start is None or kind == "avi" else start / av.time_base
        self.has_jumps = kind in ("mpeg", "mpegts")
        self._convert = VideoReformatter()
        self._frames: Iterator[VideoFrame] = iter(())
        self._shown: VideoFrame | None = None
        self._next: VideoFrame | None = None

    def at(self, time_s: float) -> Image | None:
        """Return the picture that is shown at a time from the start; None where there is none.

        Raises: SourceError where it cannot be decoded.
        """
        try:
            return self._at(time_s)
        except (av.error.FFmpegError, OSError) as error:
            self._shown = self._next = None
            raise SourceError(f"no picture at {time_s:.3f} s: {error.strerror}") from None

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    def _at(self, time_s: float) -> Image | None:
        shown_s = None if self._shown is None else self._time_s(self._shown)
        if shown_s is None or not shown_s - SLACK_S <= time_s <= shown_s + GO_ON_S:
            self._jump(max(0.0, time_s))
        while self._next is not None and self._time_s(self._next) <= time_s + SLACK_S:
            self._shown, self._next = self._next, next(self._frames, None)
        return None if self._shown is None else to_bgr(self._shown, self._convert)

    def _jump(self, time_s: float) -> None:
        """Stand at or before a time; some formats land behind it, so more is tried."""
        for back_s in BACK_S:
            stamp = int((max(0.0, time_s - back_s) + self._start_s) / self._base_s)
            self._container.seek(stamp, stream=self._stream)
            self._frames = self._container.decode(self._stream)
            self._shown, self._next = None, next(self._frames, None)
            if self._next is not None and self._time_s(self._next) <= time_s + SLACK_S:
                return

    def _time_s(self, frame: VideoFrame) -> float:
        stamp = frame.dts if frame.pts is None else frame.pts
        return 0.0 if stamp is None else stamp * self._base_s - self._start_s
