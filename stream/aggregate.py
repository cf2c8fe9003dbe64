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
_decode = msgspec.msgpack.Decoder(Observation | Event | End).decode


def aggregate_loop(
    stage: Stage, outlets: Sequence[Outlet], begin: Callable[[int], SourceState]
) -> None:
    """Read observations to their end; tell sinks and the narrator, then send `End` to all.

    `begin` makes the state of a source that is seen for the first time, or again after it left;
    people are numbered from what it is given.
    """
    inbox = stage.socket("pull", "observations", bind="observations")
    fan = _Fan(stage, outlets)
    states: dict[str, SourceState] = {}
    baselines = 0
    first_person: dict[str, int] = {}
    while True:
        stage.wait([inbox])
        if stage.baselines != baselines:
            baselines = stage.baselines
            for one in states.values():
                one.restart_baseline()
        while (payload := receive(inbox)) is not None:
            seen = _decode(payload)
            if isinstance(seen, End) and seen.source_id:
                left = states.pop(seen.source_id, None)
                if left is not None:
                    first_person[seen.source_id] = left.next_person
                    fan.tell(left.finish())
                continue
            if isinstance(seen, End):
                for one in states.values():
                    fan.tell(one.finish())
                fan.end()
                return
            if isinstance(seen, Event):
                fan.inform(seen)
                continue
            if seen.source_id not in states:
                states[seen.source_id] = begin(first_person.get(seen.source_id, 1))
            state = states[seen.source_id]
            start_s = time.perf_counter()
            reading, due = state.take(seen)
            stage.timings.add("take", (time.perf_counter() - start_s) * 1000)
            fan.read(reading)
            fan.tell(due)
            age_ms = (time.monotonic_ns() - seen.t_mono_ns) / 1e6
            stage.timings.add("age", age_ms)
            stage.peak(f"age_ms:{seen.source_id}", age_ms)


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
            self._stage.send(self._windows, _encode(message))
            self.inform(message)

    def inform(self, message: Window | Event) -> None:
        """Tell sinks alone: the narrator speaks of people, not of cameras."""
        payload = _encode(message)
        for name, socket in self._sinks.items():
            self._stage.tally.add(f"sink:{name}", "offered")
            self._stage.send(socket, payload)

    def end(self) -> None:
        payload = _encode(End("aggregate"))
        for socket in [self._windows, *self._sinks.values()]:
            self._stage.send(socket, payload)
