"""A saved video (or picture) by PyAV, with the timestamps of the media itself.

Time is what a player shows: the container's start is 0. A declared rate or frame count is never
used to make a timestamp; only a picture without one follows the last by that one's duration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from ..errors import IncompleteError, SourceError
from ..messages import SourceInfo
from ._clock import MediaClock
from ._media import declared_duration_s, open_media
from ._pixels import quarter_turns, to_bgr
from ._shed import PacketChoice
from .base import Picture, PlainSource, SourceConfig, Tap

EXTENSIONS = frozenset(
    ".3gp .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .webm .wmv".split()
)
"""What a folder is searched for; a file named on the command line may have any name."""

_SHORT_S = 1.0
_SHORT_SHARE = 0.02
"""A file that ends this much before its declared end, in seconds and in share, was cut short.
Both, since containers round: a clip of 98 declared frames may hold 95."""

_JUMP_S = 10.0
"""A longer gap in a broadcast format, whose clock may start anew anywhere, is a jump of its clock.
Source: `-dts_delta_threshold` of ffmpeg."""


class Config(SourceConfig):
    """A file to replay; `loop` starts it anew for ever, media time going on."""

    kind: Literal["video"] = "video"
    path: Path
    loop: bool = False


@dataclass
class _Harm:
    """What FFmpeg said of the state of the media: why reading ended, and what it calls corrupt."""

    reading: str = ""
    packets: int = 0
    frames: int = 0


class Video(PlainSource):
    """See the module. The file is open only while `pictures` runs.

    As a stand-in for a camera it can be told to decode less: see `keep`. `shed_frames` counts what
    that left out.
    """

    def __init__(self, config: Config, source_id: str) -> None:
        """Look at the header and the first picture. Raises: SourceError."""
        self._path = config.path
        self._loop = config.loop
        self._interrupted = False
        self._harm, self.decode_errors = _Harm(), 0
        self._choice = PacketChoice()
        self._skipped_to = 0
        self.tap: Tap | None = None
        self._clock = MediaClock()
        container, stream = open_media(self._path)
        with container:
            frame = next(self._frames(container, stream), None)
            if frame is None:
                raise SourceError(
                    f"{self._path}: no picture of it can be decoded; it is incomplete, damaged or "
                    "larger than 8K: copy, record or convert it anew"
                )
            size_px = (frame.width, frame.height)
            self.info = SourceInfo(
                source_id,
                self._path.name,
                *(size_px[::-1] if quarter_turns(frame) % 2 else size_px),
                float(stream.average_rate or 0),
                stream.frames,
                declared_duration_s(container, stream),
            )
        self._choice = PacketChoice()

    def pictures(self) -> Iterator[Picture]:
        """Yield every picture that can be decoded. Raises: IncompleteError at the end."""
        self._clock = MediaClock()
        yield from self._once(self._clock)
        while self._loop and not self._interrupted:
            yield from self._once(self._clock)

    def interrupt(self) -> None:
        """End at the next picture."""
        self._interrupted = True

    @property
    def shed_frames(self) -> int:
        """How many pictures were left out by `keep`, up to the last whole pass."""
        return self._choice.left_out

    def keep(self, share: float) -> None:
        """Decode only this share of each group of pictures, and at least its key frame."""
        self._choice.share = share

    def close(self) -> None:
        """Nothing to let go of."""

    def _once(self, clock: MediaClock) -> Iterator[Picture]:
        """Yield the pictures from the start of the file to its end."""
        self._harm, self.decode_errors, self._skipped_to = _Harm(), 0, 0
        convert = VideoReformatter()
        container, stream = open_media(self._path)
        base_s = float(stream.time_base or 0)
        with container:
            kind, start = container.format.name, container.start_time
            # AVI tells the order of decoding alone: its first picture is its start.
            start_s = None if start is None or kind == "avi" else start / av.time_base
            clock.begin(start_s, _JUMP_S if kind in ("mpeg", "mpegts") else float("inf"))
            for frame in self._frames(container, stream):
                stamp = frame.dts if frame.pts is None else frame.pts
                stamp_s = None if stamp is None else stamp * base_s
                time_s = clock.tell(stamp_s, frame.duration * base_s)
                yield Picture(time_s, to_bgr(frame, convert), clock.epoch)
            self._choice.end_pass()
            if self._skipped_to:
                clock.reach(self._skipped_to * base_s)
            missing_s = declared_duration_s(container, stream) - clock.played_s
        faults = self._faults(missing_s, clock)
        if faults and not self._interrupted:
            raise IncompleteError(
                f"{self._path}: {faults}; what was decoded is kept, copy or record it anew"
            )

    def _frames(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """Yield what the decoder gives, past what it cannot decode, and note the faults."""
        packets = container.demux(stream)
        while not self._interrupted:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, OSError) as error:
                self._harm.reading = f"it cannot be read to its end ({error.strerror})"
                packet = None
            self._harm.packets += packet is not None and packet.is_corrupt
            if packet is not None and packet.size and self.tap is not None:
                self._show(self.tap, packet, stream)
            if packet is not None and packet.size and not self._choice.takes(packet.is_keyframe):
                end = (packet.pts or 0) + (packet.duration or 0)
                self._skipped_to = max(end, self._skipped_to)
                continue
            stream.codec_context.skip_frame = self._choice.skips
            try:
                frames = stream.decode(packet)
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                self.decode_errors += 1
                self._choice.decoded(1)
                frames = []
            self._choice.decoded(len(frames))
            self._harm.frames += sum(frame.is_corrupt for frame in frames)
            yield from frames
            if packet is None:
                return

    def _show(self, tap: Tap, packet: Packet[VideoStream], stream: VideoStream) -> None:
        stamp = packet.dts if packet.pts is None else packet.pts
        base_s = float(stream.time_base or 0)
        tap(packet, stream, self._clock.place(0.0 if stamp is None else stamp * base_s))

    def _faults(self, missing_s: float, clock: MediaClock) -> str:
        """Return what is wrong with the media; empty when it was whole.

        Where recordings were put one behind the other, FFmpeg calls each seam damaged.
        """
        found = [self._harm.reading] if self._harm.reading else []
        if not clock.jumps and missing_s > max(_SHORT_S, _SHORT_SHARE * clock.played_s):
            found.append(f"it ends {missing_s:.1f} s before its declared end")
        if self.decode_errors:
            found.append(f"{self.decode_errors} of its pictures could not be decoded")
        harm = max(self._harm.packets, self._harm.frames)
        if harm > clock.jumps and not self.shed_frames:
            found.append("it is damaged or cut off in places")
        return ", ".join(found)


def build(config: Config, source_id: str) -> Video:
    """Return the source. Raises: SourceError."""
    return Video(config, source_id)
