"""Aggregation: observations become readings, windows and events, and go to every sink.

What is remembered of a source is in `SourceState`; the loop only moves messages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import msgspec

from .bus import Socket, receive, ring
from .deliver import Outlet, connect_outlet
from .mailbox import Mailbox
from .messages import End, Event, Observation, Reading, Window
from .source_state import SourceState
from .stage import Stage

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Observation | End).decode


def aggregate_loop(
    stage: Stage, outlets: Sequence[Outlet], begin: Callable[[], SourceState]
) -> None:
    """Read observations to their end; tell sinks and the narrator, then send `End` to all.

    `begin` makes the state of a source that is seen for the first time.
    """
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
            if seen.source_id not in states:
                states[seen.source_id] = begin()
            state = states[seen.source_id]
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
