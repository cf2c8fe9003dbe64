"""What a source tells beside its pictures: how many it lost, and how it is."""

from __future__ import annotations

import time

import msgspec

from .messages import GROUP, Event, SourceHealth
from .sources.base import Picture, Source
from .stage import Stage

_encode = msgspec.msgpack.Encoder().encode


class SourceWatch:
    """Counts and reports what has changed since the last look; lives in the capture thread."""

    def __init__(self, stage: Stage, source: Source) -> None:
        """Look for the first time."""
        self._stage = stage
        self._source = source
        self._scope = f"source:{source.info.source_id}"
        self._counted = {"decode_error": 0, "shed": 0}
        self._health: SourceHealth | None = None
        self._epoch, self._zero_s = 0, time.monotonic()
        self._socket = (
            stage.socket("push", "observations", connect="observations") if source.is_live else None
        )
        self.look(-1, None)

    def look(self, seq: int, picture: Picture | None) -> None:
        """Take the counters, and tell of another health.

        `seq` is the number of the last frame sent, `picture` what the source gave just now.
        """
        if picture is not None and picture.t_mono_ns:
            self._epoch, self._zero_s = picture.epoch, picture.t_mono_ns / 1e9 - picture.pts_s
        self._count("decode_error", self._source.decode_errors)
        self._count("shed", self._source.shed_frames)
        health = self._source.health
        if health is None or health is self._health:
            return
        before, self._health = self._health, health
        self._stage.report("state", source_id=self._source.info.source_id, health=health)
        if before is not None and before.state != health.state:
            self._tell(max(0, seq), before.state, health)

    def _count(self, name: str, number: int) -> None:
        known, self._counted[name] = self._counted[name], number
        more = number - known if number >= known else number  # A looped file counts anew.
        if more:
            self._stage.tally.add(self._scope, "captured", more)
            self._stage.tally.add(self._scope, name, more)

    def _tell(self, seq: int, before: str, health: SourceHealth) -> None:
        """Send an event at the media time that it would be by now."""
        if self._socket is None:
            return
        event = Event(
            source_id=self._source.info.source_id,
            seq=seq,
            epoch=self._epoch,
            pts_s=round(max(0.0, time.monotonic() - self._zero_s), 3),
            t_wall_ns=health.since_wall_ns,
            t_mono_ns=time.monotonic_ns(),
            kind="source_state",
            person=GROUP,
            before=before,
            after=health.state,
            detail=health.detail,
        )
        self._stage.send(self._socket, _encode(event))
