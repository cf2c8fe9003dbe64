"""A saved video (or picture) by PyAV, with the timestamps of the media itself.

Time is what a player shows: the container's start is 0. A declared rate or frame count is never
used to make a timestamp; only a picture without one gets the time of the last plus its duration.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..errors import IncompleteError, SourceError
from ..messages import Image, SourceInfo
from .base import Picture, SourceConfig

log = logging.getLogger(__name__)

EXTENSIONS = frozenset(
    ".3gp .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .webm .wmv".split()
)
"""What a folder is searched for; a file named on the command line may have any name."""

MAX_PIXELS = 8192 * 4352
"""A larger picture is refused before it is decoded: 8K is the largest format cameras deliver."""

_SHORT_S = 1.0
_SHORT_SHARE = 0.02
"""A file that ends this much before its declared end, in seconds and in share, was cut short.
Both, since containers round: a clip of 98 declared frames may hold 95."""


class Config(SourceConfig):
    """A file to replay; `loop` starts it anew for ever, media time going on."""

    kind: Literal["video"] = "video"
    path: Path
    loop: bool = False


class Video:
    """See the module."""

    def __init__(self, config: Config, source_id: str) -> None:
        """Look at the file's header. Raises: SourceError."""
        self._path = config.path
        self._loop = config.loop
        self._interrupted = False
        self.decode_errors = 0
        container, stream = self._open()
        with container:
            rate = stream.average_rate
            self.info = SourceInfo(
                source_id,
                self._path.name,
                stream.codec_context.width,
                stream.codec_context.height,
                float(rate) if rate else 0.0,
                stream.frames,
                _declared_duration_s(container, stream) or 0.0,
            )

    def pictures(self) -> Iterator[Picture]:
        """Yield every picture that can be decoded. Raises: IncompleteError at the end."""
        epoch, offset_s = 0, 0.0
        while True:
            last_s, step_s = offset_s, 0.0
            for picture in self._once(epoch, offset_s):
                step_s = picture.pts_s - last_s or step_s
                last_s, epoch = picture.pts_s, picture.epoch
                yield picture
            if not self._loop or self._interrupted:
                return
            epoch, offset_s = epoch + 1, last_s + step_s

    def interrupt(self) -> None:
        """End at the next picture."""
        self._interrupted = True

    def close(self) -> None:
        """Nothing stays open between pictures of a replay."""

    def _open(self) -> tuple[InputContainer, VideoStream]:
        if not self._path.is_file():
            raise SourceError(f"{self._path}: no such file")
        if self._path.stat().st_size == 0:
            raise SourceError(f"{self._path}: the file is empty")
        try:
            container = av.open(str(self._path), metadata_errors="replace")
        except (av.error.FFmpegError, OSError) as error:
            reason = error.strerror or type(error).__name__
            raise SourceError(
                f"{self._path}: cannot be opened as a video ({reason}); "
                "it may be incomplete or of another kind"
            ) from None
        if not container.streams.video:
            container.close()
            raise SourceError(f"{self._path}: holds no picture, only sound or data")
        stream = container.streams.video[0]
        context = stream.codec_context
        if context.width * context.height > MAX_PIXELS:
            size = f"{context.width}x{context.height}"
            container.close()
            raise SourceError(f"{self._path}: pictures of {size} are larger than {MAX_PIXELS} px")
        return container, stream

    def _once(self, epoch: int, offset_s: float) -> Iterator[Picture]:
        container, stream = self._open()
        clock = _Clock(container, stream, epoch, offset_s)
        faults: list[str] = []
        with container:
            stream.thread_type = "NONE"
            for frame in self._decoded(container, stream, faults):
                if self._interrupted:
                    return
                yield Picture(clock.tell(frame), to_bgr(frame), clock.epoch)
            declared_s = _declared_duration_s(container, stream)
        if declared_s is not None:
            missing_s = declared_s - (clock.last_s + clock.step_s - offset_s)
            if missing_s > _SHORT_S and missing_s > _SHORT_SHARE * declared_s:
                faults.append(f"it ends {missing_s:.1f} s before its declared end")
        if faults:
            raise IncompleteError(f"{self._path}: {faults[0]}; what was decoded is kept")

    def _decoded(
        self, container: InputContainer, stream: VideoStream, faults: list[str]
    ) -> Iterator[VideoFrame]:
        packets = container.demux(stream)
        while not self._interrupted:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (av.error.FFmpegError, OSError) as error:
                faults.append(f"reading stopped early ({error.strerror})")
                packet = None
            try:
                yield from stream.decode(packet)
            except av.error.EOFError:
                return
            except av.error.FFmpegError as error:
                self.decode_errors += 1
                faults.append(f"a picture could not be decoded ({error.strerror})")
            if packet is None:
                return


class _Clock:
    """Media time of each picture, never falling; a jump back starts a new epoch."""

    def __init__(
        self, container: InputContainer, stream: VideoStream, epoch: int, offset_s: float
    ) -> None:
        self._offset_s = offset_s
        self._base_s = stream.time_base
        self._start_s = (
            None if container.start_time is None else container.start_time / av.time_base
        )
        rate = stream.average_rate
        self.step_s = float(1 / rate) if rate and 1 <= rate <= 240 else 0.04
        self.last_s = offset_s
        self.epoch = epoch
        self._is_first = True

    def tell(self, frame: VideoFrame) -> float:
        if frame.pts is None or frame.time_base is None:
            time_s = self.last_s + (0.0 if self._is_first else self.step_s)
        else:
            raw_s = float(frame.pts * frame.time_base)
            if self._start_s is None:
                self._start_s = raw_s
            time_s = raw_s - self._start_s + self._offset_s
            if time_s < self.last_s - 1e-9 and not self._is_first:
                self._offset_s += self.last_s + self.step_s - time_s
                time_s = self.last_s + self.step_s
                self.epoch += 1
        time_s = round(max(0.0, time_s), 6)
        if not self._is_first and time_s > self.last_s:
            self.step_s = time_s - self.last_s
        self.last_s, self._is_first = time_s, False
        return time_s


def to_bgr(frame: VideoFrame) -> Image:
    """Return the picture upright, H x W x 3 uint8, read-only.

    The rotation that a phone writes into the file is a multiple of 90 degrees, counter-clockwise.
    """
    image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    turns = round(getattr(frame, "rotation", 0) / 90) % 4
    if turns:
        image = np.ascontiguousarray(np.rot90(image, turns))
    image.setflags(write=False)
    return image


def _declared_duration_s(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is not None and len(container.streams) == 1:
        return container.duration / av.time_base
    return None


def build(config: Config, source_id: str) -> Video:
    """Return the source. Raises: SourceError."""
    return Video(config, source_id)
