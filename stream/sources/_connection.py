"""One connection to a camera on the network, by PyAV, from its opening to its first fault."""

from __future__ import annotations

import struct
import time
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

from ..messages import Image
from ..secrets import SecretUrl
from ._faults import Fault, fault_of
from ._live_clock import Lateness, SenderClock
from ._media import MAX_PIXELS
from ._pixels import to_bgr
from ._shed import PacketChoice
from .base import Tap

Transport = Literal["tcp", "udp"]

_WASH_S = 2.0
"""Pictures after a damaged one are predicted from it until the next key frame; a stream that has
none renews itself within about this time."""

_PROBE = "100000"
"""Bytes and microseconds of looking into the stream: the default takes 1.2 s and then delivers a
burst of old pictures; measured with 640x360 at 25 per second."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A decoded picture: the camera's stamp, when it was taken (UTC) and when it was decoded."""

    image_bgr: Image
    stamp_s: float | None
    t_wall_ns: int
    t_mono_ns: int


class Connection:
    """Counts what it could not decode (`decode_errors`) and what it left out (`shed_frames`).

    `share` is how much of the pictures to decode. `beat_s` is the monotonic time of its last step;
    `tried` are the packets decoded since the last whole picture; `fault` is why it ended.
    """

    def __init__(
        self, url: SecretUrl, transport: Transport, ca_file: Path | None, timeout_s: float
    ) -> None:
        """Prepare; `pictures` connects. `timeout_s` is for opening, and for each packet."""
        self._url = url
        self._timeout_s = timeout_s
        self._options = {
            "rtsp_transport": transport,
            "allowed_media_types": "video",
            "analyzeduration": _PROBE,
            "probesize": _PROBE,
            "protocol_whitelist": "rtsp,rtsps,rtp,srtp,udp,tcp,tls,crypto",
            "user_agent": "affectstream",
        }
        if ca_file is not None:
            self._options |= {"tls_verify": "1", "ca_file": str(ca_file)}
        self._ca_file = ca_file
        self._stalled = Fault("stalled", f"no picture for {timeout_s:g} s")
        self.decode_errors = self.tried = 0
        self.share = 1.0
        self.beat_s = time.monotonic()
        self.is_open = False
        self.fault: Fault | None = None
        self.sender = SenderClock()
        self.tap: Tap | None = None
        self._is_wanted = True
        self._choice = PacketChoice()
        self._dirty_until_s: float | None = None

    @property
    def shed_frames(self) -> int:
        """How many pictures were left out on purpose."""
        return self._choice.left_out

    def leave(self) -> None:
        """Make `pictures` end at the next packet; from any thread."""
        self._is_wanted = False

    def pictures(self) -> Iterator[Taken]:
        """Connect and yield pictures until a fault or `leave`; runs in a thread of its own."""
        try:
            with av.open(
                self._url.reveal(), timeout=self._timeout_s, options=self._options
            ) as container:
                self._step()
                self.is_open = True
                yield from self._read(container)
        except (av.error.FFmpegError, OSError) as error:
            took_s = time.monotonic() - self.beat_s
            self._step()
            if self._is_wanted:
                self.fault = self._fault(error, took_s >= self._timeout_s)

    def _fault(self, error: Exception, is_timeout: bool) -> Fault:
        if not self.is_open:
            return fault_of(error, self._url, self._ca_file, is_timeout=is_timeout)
        if is_timeout or isinstance(error, av.error.ExitError):
            return self._stalled
        return Fault("hung_up", "the camera broke the connection off")

    def _read(self, container: InputContainer) -> Iterator[Taken]:
        stream = container.streams.best("video")
        if not isinstance(stream, VideoStream) or stream.codec_context is None:
            self.fault = Fault("unsupported", "it sends no video that can be decoded")
            return
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        stream.thread_type = "NONE"
        base_s, late, convert = float(stream.time_base or 0), Lateness(), VideoReformatter()
        for packet in container.demux(stream):
            waited_s = time.monotonic() - self.beat_s
            self._step()
            if not self._is_wanted:
                return
            if waited_s >= self._timeout_s:
                # The time-out has struck: this is what the parser held back, and FFmpeg would now
                # wait for as long again.
                self.fault = self._stalled
                return
            if not packet.size:
                break
            if self.tap is not None:
                self.tap(packet, stream, (packet.pts or 0) * base_s)
            is_behind = False
            if packet.pts is not None:
                is_behind = late.is_behind(packet.pts * base_s, self.beat_s)
                self._hear(packet, packet.pts * base_s)
            for frame in self._decode(stream, packet, 0.0 if is_behind else self.share):
                stamp_s = None if frame.pts is None else frame.pts * base_s
                image_bgr = to_bgr(frame, convert)
                wall_ns = self.sender.wall_ns(stamp_s, time.time_ns())
                yield Taken(image_bgr, stamp_s, wall_ns, time.monotonic_ns())
        self.fault = Fault("hung_up", "the camera ended the stream")

    def _decode(
        self, stream: VideoStream, packet: Packet[VideoStream], share: float
    ) -> list[VideoFrame]:
        """Return the whole pictures that come out; count the others."""
        self._choice.share = share
        if not self._choice.takes(packet.is_keyframe):
            return []
        stream.codec_context.skip_frame = self._choice.skips
        try:
            frames = stream.decode(packet)
            self._choice.decoded(len(frames))
        except av.error.FFmpegError:
            frames = []
            self._choice.decoded(1)
            self._damage()
        whole = [frame for frame in frames if self._is_whole(frame)]
        self.tried = 0 if whole else self.tried + 1
        return whole

    def _is_whole(self, frame: VideoFrame) -> bool:
        """Return whether a picture shows what the camera saw, no mending of a damaged one."""
        if frame.is_corrupt:
            self._damage()
            return False
        if self._dirty_until_s is not None:
            if not frame.key_frame and self.beat_s < self._dirty_until_s:
                self.decode_errors += 1
                return False
            self._dirty_until_s = None
        return True

    def _damage(self) -> None:
        self.decode_errors += 1
        if self._dirty_until_s is None:
            self._dirty_until_s = self.beat_s + _WASH_S

    def _hear(self, packet: Packet[VideoStream], stamp_s: float) -> None:
        """Take the time of a sender report, which FFmpeg carries on to each packet."""
        if packet.has_sidedata("prft"):
            (wall_us,) = struct.unpack_from("=q", bytes(packet.get_sidedata("prft")))
            self.sender.hear(wall_us / 1e6, stamp_s, time.time())

    def _step(self) -> None:
        self.beat_s = time.monotonic()
