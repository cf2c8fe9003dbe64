"""A camera on the network by RTSP: H.264, H.265 or what else FFmpeg decodes, over TCP or UDP.

The connection lives in a thread of its own (`_reader.py`); here is what watches over it: a stall is
found within five seconds, a lost camera is tried again for ever, and `health` says how it is.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from pydantic import Field, FilePath, PlainSerializer, PlainValidator

from ..errors import ConfigError
from ..messages import SourceHealth, SourceInfo, SourceState
from ..secrets import SecretUrl, scrub
from ._connection import Connection, Taken, Transport
from ._faults import DEFAULT_PORTS, Fault
from ._live_clock import LiveClock
from ._reader import Reader
from ._retry import LATER_S, retry_wait_s
from .base import Picture, SourceConfig, Tap

TICK_S = 0.15
CUT_S = 1.0
"""A step of a connection that outlives its time-out by so much hangs: it is left behind."""

PICTURE_S = 10.0
"""Packets that give no picture for so long are no video; the longest usual gap of key frames."""

STEADY_S = 5.0
"""A connection that played for less counts as one more failed attempt."""

MOST_DELAYED = 16
"""So many packets a decoder may hold back before it gives a picture. Source: H.264, A.3.1."""

MOST_WAITING = 8
MOST_STRAYS = 3
"""Readers left behind that still hang; while there are so many, no further one is started."""

LEAVE_S = 0.5


def _url(value: object) -> SecretUrl:
    url = value if isinstance(value, SecretUrl) else SecretUrl.parse(str(value))
    if url.scheme not in DEFAULT_PORTS:
        raise ConfigError(f"{url}: a camera's URL begins with rtsp:// or rtsps://")
    return url


class Config(SourceConfig):
    """A camera.

    An `rtsps://` camera must show a certificate that `ca_file` (PEM) vouches for; without one, any
    is taken, since most cameras sign their own. `timeout_s` is how long it may take to open, and to
    send the next picture.
    """

    kind: Literal["rtsp"] = "rtsp"
    url: Annotated[SecretUrl, PlainValidator(_url), PlainSerializer(str)]
    transport: Transport = Field("tcp", description="tcp, or udp for cameras that know no other")
    ca_file: FilePath | None = None
    timeout_s: float = Field(3.0, gt=0)


def connection_of(config: Config) -> Connection:
    """Return a connection to a camera, not opened yet."""
    return Connection(config.url, config.transport, config.ca_file, config.timeout_s)


class Rtsp:
    """See the module. Nothing connects before `pictures` runs, so a dead camera stops no start."""

    is_live = True

    def __init__(
        self,
        config: Config,
        source_id: str,
        spread: Callable[[], float] = random.random,
        connect: Callable[[Config], Connection] = connection_of,
    ) -> None:
        """Prepare; `spread` returns what shortens a wait, in [0, 1], `connect` a connection."""
        self._config = config
        self._connect_to = connect
        self._spread = spread
        self.info = SourceInfo(source_id, str(config.url))
        self.health: SourceHealth | None = SourceHealth("connecting", time.time_ns())
        self._clock = LiveClock()
        self._connection: Connection | None = None
        self._reader: Reader[Taken] | None = None
        self._strays: list[Reader[Taken]] = []
        self.tap: Tap | None = None
        self._share = 1.0
        self._interrupted = False
        self._attempts = self._outages = 0
        self._past_errors = self._past_shed = self._repeated = 0

    @property
    def decode_errors(self) -> int:
        """Pictures that were damaged, or that repeat the stamp of the one before."""
        now = self._connection.decode_errors if self._connection else 0
        return self._past_errors + self._repeated + now

    @property
    def shed_frames(self) -> int:
        """Pictures that were left out on purpose."""
        now = self._connection.shed_frames if self._connection else 0
        return self._past_shed + now + (self._reader.dropped if self._reader else 0)

    def pictures(self) -> Iterator[Picture | None]:
        """Yield pictures, and None while there is none, until `interrupt`."""
        try:
            yield from self._try_for_ever()
        finally:
            if self._connection is not None:
                self._part()

    def _try_for_ever(self) -> Iterator[Picture | None]:
        away_since_s = time.monotonic()
        while not self._interrupted:
            started_s = time.monotonic()
            self._attempts += 1
            self._connect()
            played_s = None
            for picture in self._play():
                if picture is not None and played_s is None:
                    played_s = time.monotonic()
                yield picture
            fault = self._part()
            if self._interrupted:
                return
            ended_s = time.monotonic()
            if played_s is not None:
                self._outages += 1
                started_s = away_since_s = ended_s
                if ended_s - played_s >= STEADY_S:
                    self._attempts = 0
            self._enter(fault.state, fault.detail)
            wait_s = retry_wait_s(
                max(0, self._attempts - 1), ended_s - away_since_s, self._spread()
            )
            if fault.state == "refused":
                wait_s = max(wait_s, LATER_S)  # Cameras lock those out who guess often.
            yield from self._wait(max(started_s + wait_s, ended_s + TICK_S))

    def interrupt(self) -> None:
        """End within `TICK_S`."""
        self._interrupted = True

    def keep(self, share: float) -> None:
        """Decode less from the next packet on; to decode more waits for a key frame."""
        self._share = share
        if self._connection is not None:
            self._connection.share = share

    def close(self) -> None:
        """Leave the connection; one that hangs ends by itself within its time-out."""
        self._interrupted = True
        reader = self._reader
        if self._connection is not None:
            self._part()
        if reader is not None:
            reader.join(LEAVE_S)

    def _connect(self) -> None:
        self._clock.begin()
        connection = self._connect_to(self._config)
        connection.share = self._share
        connection.tap = self.tap
        self._connection = connection
        name = f"rtsp-{self.info.source_id}"
        self._reader = Reader(name, connection.pictures(), MOST_WAITING)

    def _play(self) -> Iterator[Picture | None]:
        """Yield what the connection gives, until it ends or is cut off."""
        connection, reader = self._connection, self._reader
        assert connection is not None and reader is not None
        pictured_s = time.monotonic()
        while not self._interrupted and not reader.is_done:
            taken = reader.take(TICK_S)
            now_s = time.monotonic()
            picture = None if taken is None else self._picture(taken)
            if picture is not None:
                pictured_s = now_s
                self._enter("playing", self._remark(connection))
            elif now_s - connection.beat_s > self._config.timeout_s + CUT_S:
                connection.fault = self._cut(connection)
                return
            elif now_s - pictured_s > PICTURE_S and connection.tried > MOST_DELAYED:
                connection.fault = Fault("garbage", f"no whole picture for {PICTURE_S:.0f} s")
                return
            yield picture

    def _cut(self, connection: Connection) -> Fault:
        waited_s = self._config.timeout_s + CUT_S
        if connection.is_open:
            return Fault("stalled", f"no picture for {waited_s:g} s, not even a time-out")
        return Fault("silent", f"no answer within {waited_s:g} s: check host and network")

    def _part(self) -> Fault:
        """Leave the connection behind; return why it ended."""
        connection, reader = self._connection, self._reader
        assert connection is not None and reader is not None
        connection.leave()
        self._past_errors += connection.decode_errors
        self._past_shed += connection.shed_frames + reader.dropped
        self._connection, self._reader = None, None
        self._strays = [stray for stray in [*self._strays, reader] if stray.is_alive]
        return connection.fault or Fault("hung_up", "the connection ended")

    def _wait(self, until_s: float) -> Iterator[None]:
        while not self._interrupted:
            self._strays = [stray for stray in self._strays if stray.is_alive]
            if time.monotonic() >= until_s and len(self._strays) < MOST_STRAYS:
                return
            time.sleep(TICK_S)
            yield None

    def _picture(self, taken: Taken) -> Picture | None:
        height_px, width_px = taken.image_bgr.shape[:2]
        now_s = taken.t_mono_ns / 1e9
        pts_s = self._clock.tell(taken.stamp_s, now_s, (width_px, height_px))
        if pts_s is None:
            self._repeated += 1
            return None
        return Picture(pts_s, taken.image_bgr, self._clock.epoch, taken.t_wall_ns, taken.t_mono_ns)

    def _remark(self, connection: Connection) -> str:
        off_s = connection.sender.off_s
        if off_s is None or connection.sender.is_trusted:
            return ""
        return f"its clock is {off_s:+.0f} s off: set it; wall times are those of arrival"

    def _enter(self, state: SourceState, detail: str = "") -> None:
        old, detail = self.health, scrub(detail)
        if old is not None and old.state == state == "playing" and old.detail == detail:
            return
        since_ns = old.since_wall_ns if old and old.state == state else time.time_ns()
        self.health = SourceHealth(state, since_ns, self._attempts, self._outages, detail)


def build(config: Config, source_id: str) -> Rtsp:
    """Return the source."""
    return Rtsp(config, source_id)
