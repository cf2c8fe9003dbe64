"""Aggregation: observations become readings, windows and events, and go to every sink.

`SourceState` is pure and holds all that is remembered of one source; the loop only moves messages.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from ..models import affect
from ..models.body import MovementMeter, posture
from ..models.tracking import Tracked, Tracker
from .bus import Socket, receive, ring
from .deliver import Outlet, connect_outlet
from .mailbox import Mailbox
from .messages import End, Event, Observation, Person, Reading, Window
from .stage import Stage
from .window import SlidingWindow

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Observation | End).decode


class SourceState:
    """Who is there and how they were over the window, for one source. Pure."""

    def __init__(self, window_s: float) -> None:
        """Start with nobody."""
        self._tracker = Tracker()
        self._meter = MovementMeter()
        self._window = SlidingWindow(window_s)

    def take(self, seen: Observation) -> tuple[Reading, list[Window | Event]]:
        """Turn an observation into a reading, and return what falls due with it."""
        people = (
            tuple(
                self._person(seen.pts_s, tracked)
                for tracked in self._tracker.update(seen.pts_s, seen.faces, seen.bodies)
            )
            if seen.valid
            else ()
        )
        reading = Reading(
            source_id=seen.source_id,
            seq=seen.seq,
            epoch=seen.epoch,
            pts_s=seen.pts_s,
            t_wall_ns=seen.t_wall_ns,
            t_mono_ns=seen.t_mono_ns,
            width_px=seen.width_px,
            height_px=seen.height_px,
            people=people,
            timings_ms=seen.timings_ms,
            valid=seen.valid,
            reason=seen.reason,
        )
        return reading, self._window.add(reading)

    def finish(self) -> list[Window | Event]:
        """Return the last window."""
        return self._window.finish()

    def _person(self, pts_s: float, tracked: Tracked) -> Person:
        face, body = tracked.face, tracked.body
        movement = None if body is None else self._meter.update(pts_s, tracked.id, body)
        recent = self._meter.latest(pts_s, tracked.id)
        valence, arousal = None, None
        if face is not None and face.emotions is not None:
            valence, arousal = affect.derive(face.emotions)
            valence, arousal = affect.fuse(valence, arousal, recent)
        return Person(
            tracked.id,
            face,
            body,
            movement,
            None if body is None else posture(body),
            valence,
            arousal,
            "" if valence is None else affect.SOURCE,
        )


def aggregate_loop(stage: Stage, outlets: Sequence[Outlet], window_s: float) -> None:
    """Read observations to their end; tell sinks and the narrator, then send `End` to all."""
    inbox = stage.socket("pull", "observations", bind="observations")
    fan = _Fan(stage, outlets)
    states: dict[str, SourceState] = {}
    while True:
        stage.wait([inbox])
        while (payload := receive(inbox)) is not None:
            seen = _decode(payload)
            if isinstance(seen, End):
                for state in states.values():
                    fan.tell(state.finish())
                fan.end()
                return
            state = states.setdefault(seen.source_id, SourceState(window_s))
            start_s = time.perf_counter()
            reading, due = state.take(seen)
            stage.timings.add("take", (time.perf_counter() - start_s) * 1000)
            fan.read(reading)
            fan.tell(due)


class _Fan:
    """One link per sink, and one to the narrator."""

    def __init__(self, stage: Stage, outlets: Sequence[Outlet]) -> None:
        self._stage = stage
        self._windows = stage.socket("push", "windows", connect="windows")
        self._sinks: dict[str, Socket] = {}
        self._bells: dict[str, tuple[Mailbox[bytes], Socket]] = {}
        self._readers = [outlet.name for outlet in outlets if outlet.wants_readings]
        for outlet in outlets:
            self._sinks[outlet.name] = connect_outlet(stage, outlet)
            if outlet.newest is not None:
                bell = stage.socket("push", "deliver.latest", connect=f"latest/{outlet.name}")
                self._bells[outlet.name] = (outlet.newest, bell)

    def read(self, reading: Reading) -> None:
        payload = _encode(reading)
        for name in self._readers:
            socket = self._sinks[name]
            self._stage.tally.add(f"sink:{name}", "offered")
            if name not in self._bells:
                self._stage.send(socket, payload)
                continue
            newest, bell = self._bells[name]
            if newest.put(payload):
                self._stage.tally.add(f"sink:{name}", "dropped")
            ring(bell, b"")

    def tell(self, due: Sequence[Window | Event]) -> None:
        for message in due:
            payload = _encode(message)
            self._stage.send(self._windows, payload)
            for name, socket in self._sinks.items():
                self._stage.tally.add(f"sink:{name}", "offered")
                self._stage.send(socket, payload)

    def end(self) -> None:
        payload = _encode(End("aggregate"))
        for socket in [self._windows, *self._sinks.values()]:
            self._stage.send(socket, payload)
