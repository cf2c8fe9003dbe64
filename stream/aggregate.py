"""Aggregation: observations become readings, windows and events, and go to every sink.

What is remembered of a source is in `SourceState`; the loop only moves messages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import msgspec

from .bus import receive
from .messages import End, Event, Observation, Window
from .outlets import Fan, Outlet
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
    out = _Out(stage, outlets)
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
                    out.tell(left.finish())
                continue
            if isinstance(seen, End):
                for one in states.values():
                    out.tell(one.finish())
                out.end()
                return
            if isinstance(seen, Event):
                out.sinks.tell(seen)  # The narrator speaks of people, not of cameras.
                continue
            if seen.source_id not in states:
                states[seen.source_id] = begin(first_person.get(seen.source_id, 1))
            state = states[seen.source_id]
            start_s = time.perf_counter()
            reading, due = state.take(seen)
            stage.timings.add("take", (time.perf_counter() - start_s) * 1000)
            out.sinks.read(reading)
            out.tell(due)
            age_ms = (time.monotonic_ns() - seen.t_mono_ns) / 1e6
            stage.timings.add("age", age_ms)
            stage.peak(f"age_ms:{seen.source_id}", age_ms)


class _Out:
    """The links to the sinks, and the one to the narrator."""

    def __init__(self, stage: Stage, outlets: Sequence[Outlet]) -> None:
        self._stage = stage
        self._windows = stage.socket("push", "windows", connect="windows")
        self.sinks = Fan(stage, outlets)

    def tell(self, due: Sequence[Window | Event]) -> None:
        for message in due:
            self._stage.send(self._windows, _encode(message))
            self.sinks.tell(message)

    def end(self) -> None:
        self._stage.send(self._windows, _encode(End("aggregate")))
        self.sinks.end()
