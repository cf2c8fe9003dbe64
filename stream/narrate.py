"""Narration: windows become words, in a child process that can neither slow nor stop the rest.

One request is in flight; a child that does not answer within the deadline is killed and started
anew. In a replay every narration that falls due is made, with a second try after a failure; live,
a request that falls due while another is in flight waits, and a newer one takes its place. What
could not be told is a `Narration` with `gap` set.
"""

from __future__ import annotations

import json
import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ..models.facts import Facts, gather
from .bus import Socket, offer, receive
from .deliver import Outlet, connect_outlet
from .messages import End, Event, Narration, Window
from .narrator_process import Ask, Told
from .stage import Stage
from .worker import end_child, start_child

QUEUE = 4
"""In a replay, intervals that may wait before windows are left in the link, which then waits."""
HURRY_S = 2.0
"""The deadline while the run is being ended by the user."""

_decode = msgspec.msgpack.Decoder(Window | Event | End).decode
_decode_told = msgspec.msgpack.Decoder(Told).decode
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True)
class Narrating:
    """How to narrate: the engine and its options, how often in media time, how long it may take."""

    engine: str
    options: dict[str, Any]
    every_s: float
    deadline_s: float
    is_live: bool


@dataclass(slots=True)
class Interval:
    """The windows and events that one narration tells of."""

    windows: list[Window]
    events: list[Event]
    tries: int = 0

    @property
    def source_id(self) -> str:
        """The source that all of them are about."""
        return self.windows[-1].source_id


@dataclass(slots=True)
class Journal:
    """Collects the windows of one source until a narration falls due. Pure."""

    every_s: float
    windows: list[Window] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    next_s: float = 0.0

    def add(self, message: Window | Event) -> Interval | None:
        """Take a message; return the interval that it completes, if any.

        Narrations fall due at multiples of `every_s` of media time, and at the last window.
        """
        if isinstance(message, Event):
            self.events.append(message)
            return None
        if not self.next_s:
            self.next_s = (message.pts_s // self.every_s + 1) * self.every_s
        self.windows.append(message)
        if message.pts_s + 1e-6 < self.next_s and not message.final:
            return None
        self.next_s = (message.pts_s // self.every_s + 1) * self.every_s
        return self.cut()

    def cut(self) -> Interval | None:
        """Return what was collected since the last narration; None when there is no window."""
        if not self.windows:
            return None
        interval = Interval(self.windows, self.events)
        self.windows, self.events = [], []
        return interval


class Desk:
    """The child process and the one request that may be in flight with it."""

    def __init__(self, stage: Stage, config: Narrating) -> None:
        """Start the child; it loads its engine while the first windows fill."""
        self._stage = stage
        self._engine = config.engine
        self._options = json.dumps(config.options)
        self._deadline_s = config.deadline_s
        self._number = 0
        self._previous: dict[str, Facts] = {}
        self._facts: Facts | None = None
        self._interval: Interval | None = None
        self._asked_s = 0.0
        self._unsent = b""
        self._hire()

    @property
    def is_busy(self) -> bool:
        """Whether a request is in flight."""
        return self._interval is not None

    def ask(self, interval: Interval) -> None:
        """Send a request."""
        last = interval.windows[-1]
        self._facts = gather(interval.windows, interval.events, self._previous.get(last.source_id))
        self._number += 1
        interval.tries += 1
        self._interval, self._asked_s = interval, time.monotonic()
        self._unsent = _encode(Ask(self._number, msgspec.to_builtins(self._facts)))

    def poll(self) -> tuple[Interval, Narration] | None:
        """Return what the request came to, or None while it may still be answered."""
        if self._interval is None:
            return None
        if self._unsent and offer(self.socket, self._unsent):
            self._unsent = b""  # Until the child has connected, there is nobody to send to.
        while (payload := receive(self.socket)) is not None:
            told = _decode_told(payload)
            if told.id == self._number:
                return self._conclude(told.text, told.fault or ("" if told.text else "no text"))
        waited_s = time.monotonic() - self._asked_s
        deadline_s = min(self._deadline_s, HURRY_S if self._stage.is_finishing else math.inf)
        if self._child.poll() is not None:
            fault = f"the narrator process ended with code {self._child.returncode}"
        elif waited_s > deadline_s:
            fault = f"no answer within {deadline_s:g} s"
        else:
            return None
        self.dismiss()
        self._hire()
        return self._conclude("", fault)

    def dismiss(self) -> None:
        """End the child."""
        end_child(self._child)
        self._stage.drop(self.socket)

    def _hire(self) -> None:
        self.socket: Socket = self._stage.socket("dealer", "requests")
        endpoint = self._stage.bus.bind_private(self.socket)
        self._child = start_child(
            "affectstream.stream.narrator_process", [endpoint, self._engine, self._options]
        )

    def _conclude(self, text: str, fault: str) -> tuple[Interval, Narration]:
        interval, facts = self._interval, self._facts
        assert interval is not None and facts is not None
        self._interval = None
        last = interval.windows[-1]
        if last.final:
            self._previous.pop(last.source_id, None)
        elif not fault:
            self._previous[last.source_id] = facts
        return interval, Narration(
            source_id=last.source_id,
            seq=last.seq,
            epoch=last.epoch,
            pts_s=last.pts_s,
            t_wall_ns=last.t_wall_ns,
            t_mono_ns=last.t_mono_ns,
            text=text,
            engine=self._engine,
            grounded=self._engine == "grounded" and not fault,
            latency_s=round(time.monotonic() - self._asked_s, 4),
            facts=msgspec.to_builtins(facts),
            gap=fault,
        )


class _Queue:
    """The intervals that wait to be told of, in the order in which they fell due."""

    def __init__(self, config: Narrating) -> None:
        self._config = config
        self._journals: dict[str, Journal] = {}
        self._due: deque[Interval] = deque()

    def __len__(self) -> int:
        return len(self._due)

    def add(self, message: Window | Event) -> None:
        journal = self._journals.setdefault(message.source_id, Journal(self._config.every_s))
        self._put(journal.add(message))
        if isinstance(message, Window) and message.final:
            del self._journals[message.source_id]

    def end(self) -> None:
        """Queue what every source has left."""
        for journal in self._journals.values():
            self._put(journal.cut())

    def _put(self, interval: Interval | None) -> None:
        if interval is None:
            return
        if self._config.is_live:
            self._due = deque(one for one in self._due if one.source_id != interval.source_id)
        self._due.append(interval)

    def again(self, interval: Interval) -> bool:
        """Queue a failed interval once more; False when its turn is over."""
        if self._config.is_live or interval.tries > 1:
            return False
        self._due.appendleft(interval)
        return True

    def pop(self) -> Interval:
        return self._due.popleft()


def narrate_loop(stage: Stage, outlets: Sequence[Outlet], config: Narrating) -> None:
    """Tell of the windows until aggregation ends, then send `End` to every sink."""
    inbox = stage.socket("pull", "windows", bind="windows")
    sinks = {one.name: connect_outlet(stage, one) for one in outlets}
    due = _Queue(config)
    has_ended = False
    desk = Desk(stage, config)
    try:
        while not has_ended or due or desk.is_busy:
            reads = not has_ended and len(due) < QUEUE
            stage.wait([desk.socket, inbox] if reads else [desk.socket])
            payload = receive(inbox) if reads else None
            if payload is not None:
                message = _decode(payload)
                if isinstance(message, End):
                    has_ended = True
                    due.end()
                else:
                    due.add(message)
            outcome = desk.poll()
            if outcome is not None and not (outcome[1].gap and due.again(outcome[0])):
                _deliver(stage, sinks, outcome[1])
            if due and not desk.is_busy:
                desk.ask(due.pop())
        for socket in sinks.values():
            stage.send(socket, _encode(End("narrate")))
    finally:
        desk.dismiss()


def _deliver(stage: Stage, sinks: dict[str, Socket], narration: Narration) -> None:
    payload = _encode(narration)
    stage.tally.add("narrator", "gaps" if narration.gap else "told")
    for name, socket in sinks.items():
        stage.tally.add(f"sink:{name}", "offered")
        stage.send(socket, payload)
