"""The original stream of each source, around events or all of it: packets copied, not re-encoded.

Packets come by `tap` from the threads that read the sources, messages from the run, and a thread
of its own writes: a slow disk holds nobody up, what it cannot take is lost and counted.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from ..stream.messages import Delivery, Event, Frame, Window
from ._lines import folder_of
from ._reel import Encoded, Form, Reel, Stamps, encoded_of, form_of
from ._segment import Segment
from .base import Policy, RunInfo

log = logging.getLogger(__name__)

FOLDER = "recordings"
SEGMENT_S = 300.0
"""A longer recording goes on in another file, from a key frame on: old ones can be deleted."""
LATE_S = {True: 5.0, False: 30.0}
"""How late an event may be told: live, and in a replay, where some frames are under way at once."""
JOIN_S = 2.0
"""An event that is told so late still goes on in the file whose end lies before it."""
LIMIT_BYTES = 48 << 20
"""What waits of one source: 5 + 5 s of 38 Mbit/s."""
TICK_S = 0.1
RETRY_S = 5.0
GRACE_S = 8.0


@dataclass
class _Strip:
    """One source: its packets, the file that is being written, and its place in the list."""

    source_id: str
    reel: Reel
    stamps: Stamps = field(default_factory=Stamps)
    stream: VideoStream | None = None
    form: Form | None = None
    is_refused: bool = False
    why: list[str] = field(default_factory=list)
    ahead_s: float = 0.0
    segment: Segment | None = None
    place: int = 0
    broken: int = 0
    blocked_s: float = 0.0


class Recording:
    """The sink; `run.recordings` lists what it wrote."""

    policy: Policy = "every"
    wants_readings = False
    wants_frames = False

    def __init__(
        self,
        when: Literal["events", "always"],
        spans_s: tuple[float, float],
        run: RunInfo,
        create: Callable[[Path, str, Encoded], Segment] = Segment,
    ) -> None:
        """Prepare; `spans_s` is how much to keep before and after an event. Raises: UsageError."""
        self._when = when
        self._before_s, self._after_s = spans_s
        self._run = run
        self._create = create
        self._folder = folder_of(run, "record") / FOLDER
        self._strips: dict[str, _Strip] = {}
        self._leave = threading.Event()
        self._thread: threading.Thread | None = None
        run.alert_listeners.append(self.want)

    def tap(
        self, source_id: str, is_paused: Callable[[], bool]
    ) -> Callable[[Packet[VideoStream], VideoStream, float], None]:
        """Return what is to be shown the packets of a source, in the thread that reads it."""
        if source_id not in self._strips:
            keep_s = self._before_s + LATE_S[self._run.is_live]
            reel = Reel(keep_s, self._before_s + JOIN_S, LIMIT_BYTES)
            self._strips[source_id] = _Strip(source_id, reel)
        strip = self._strips[source_id]

        def take(packet: Packet[VideoStream], stream: VideoStream, media_s: float) -> None:
            if is_paused():
                strip.stream = None
            else:
                self._put(strip, packet, stream, media_s)

        return take

    def open(self) -> None:
        """Make the folder, which only its owner may enter, and start to write."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._thread = threading.Thread(target=self._write_all, name="recording", daemon=True)
        self._thread.start()

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Keep what is around an event about people."""
        if not isinstance(message, Event | Window):
            return
        strip = self._strips.get(message.source_id)
        if strip is not None and self._run.is_live:
            strip.ahead_s = message.t_mono_ns / 1e9 - message.pts_s
        if isinstance(message, Event) and message.kind != "source_state":
            self.want(message, message.kind)

    def want(self, message: Event | Window, why: str) -> None:
        """Keep what is around a message; from any thread."""
        strip = self._strips.get(message.source_id)
        if strip is None:
            return
        if why not in strip.why:
            strip.why = [*strip.why, why]
        if self._when == "events":
            at_s = message.t_mono_ns / 1e9 if self._run.is_live else message.pts_s
            strip.reel.want(at_s - self._before_s, at_s + self._after_s)

    def tick(self) -> None:
        """Do nothing: every fragment is written when it is complete."""

    def close(self) -> None:
        """Write what is still wanted, and complete the files; may be called twice."""
        self._leave.set()
        if self._thread is not None:
            self._thread.join(GRACE_S)
            if self._thread.is_alive():
                log.warning("record: the disk is too slow; the last file may lack its end")
            self._thread = None

    def _put(
        self, strip: _Strip, packet: Packet[VideoStream], stream: VideoStream, media_s: float
    ) -> None:
        if stream is not strip.stream:
            strip.stream, strip.form, strip.is_refused = stream, None, False
            strip.stamps = Stamps()
        if strip.form is None and (strip.is_refused or not packet.is_keyframe):
            return
        if strip.form is None:
            try:
                strip.form = form_of(packet, stream)
            except ValueError as error:
                strip.is_refused = True
                log.warning("%s: cannot be recorded: %s", strip.source_id, error)
                return
            if self._when == "always":
                strip.reel.want(-math.inf, math.inf)
        at_s = time.monotonic() if self._run.is_live else media_s
        for encoded in strip.stamps.give(encoded_of(packet, strip.form, at_s)):
            strip.reel.put(encoded)

    def _write_all(self) -> None:
        while not self._leave.wait(TICK_S):
            self._write_some()
        self._write_some()
        for strip in self._strips.values():
            self._end(strip)

    def _write_some(self) -> None:
        for strip in list(self._strips.values()):
            now_s = time.monotonic() if self._run.is_live else -math.inf
            while strip.reel.is_wanted:
                batch, is_over = strip.reel.take(now_s)
                for encoded in batch:
                    self._write(strip, encoded)
                if is_over:
                    self._end(strip)
                elif not batch:
                    break
            lost = strip.broken + strip.reel.lost
            if lost:
                told = self._run.recordings
                told.lost = {**told.lost, strip.source_id: lost}

    def _write(self, strip: _Strip, encoded: Encoded) -> None:
        segment = strip.segment
        if segment is not None and (
            not segment.follows(encoded)
            or (encoded.is_key and encoded.at_s - segment.began_s >= SEGMENT_S)
        ):
            self._end(strip)
        try:
            if strip.segment is None:
                if not encoded.is_key or time.monotonic() < strip.blocked_s:
                    strip.broken += 1
                    return
                self._begin(strip, encoded)
            assert strip.segment is not None
            strip.segment.add(encoded)
        except (OSError, ValueError, FFmpegError) as error:
            strip.broken += 1
            self._complain(strip, error)
            self._end(strip)

    def _begin(self, strip: _Strip, first: Encoded) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)  # Retention may have emptied it.
        strip.segment = self._create(self._folder, strip.source_id, first)
        moment = datetime.fromtimestamp(first.t_wall_ns / 1e9, UTC)
        strip.place = len(self._run.recordings.files)
        self._run.recordings.files.append(
            {
                "file": f"{FOLDER}/{strip.segment.path.name}",
                "source": strip.source_id,
                "began": moment.isoformat(timespec="milliseconds"),
            }
        )

    def _end(self, strip: _Strip) -> None:
        segment, strip.segment = strip.segment, None
        if segment is None:
            return
        try:
            segment.close()
        except (OSError, FFmpegError) as error:
            self._complain(strip, error)
        files = self._run.recordings.files
        files[strip.place] = files[strip.place] | {
            "from_s": round(segment.began_s - strip.ahead_s, 3),
            "to_s": round(segment.ended_s - strip.ahead_s, 3),
            "packets": segment.packets,
            "bytes": segment.bytes,
            "why": strip.why,
        }
        strip.why = []

    def _complain(self, strip: _Strip, error: Exception) -> None:
        log.warning("%s: recording: %s", strip.source_id, getattr(error, "strerror", None) or error)
        strip.blocked_s = time.monotonic() + RETRY_S
