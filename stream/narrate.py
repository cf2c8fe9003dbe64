"""Narration: windows become words, in a child process that can neither slow nor stop the rest.

One request is in flight; a child that does not answer within the deadline is killed and started
anew, and what it says later is dropped. In a replay every narration that falls due is made, with a
second try after a failure; live, what falls due while a request is in flight waits, and is told
together with what falls due next. What could not be told is a `Narration` with `gap` set. At the
end of a source comes the story of the whole.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Literal

import msgspec

from ..models.base import Manner, Task
from ..models.facts import Facts, gather
from ..models.story import Chronicle, plain
from .bus import Socket, offer, receive
from .deliver import Outlet, connect_outlet
from .messages import End, Event, Narration, Window, stamp_of
from .narrator_process import Ask, Ready, Told
from .rolling import Rolling
from .stage import Stage
from .worker import end_child, start_child

QUEUE = 4
"""In a replay, intervals that may wait before windows are left in the link, which then waits."""
HURRY_S = 2.0
"""The deadline while the run is being ended by the user."""
LEAST_DEADLINE_S = 20.0
TIMES_MEASURED = 4.0
"""Without a deadline of the user's, one text may take so many times what it usually takes."""
MEASURED = 9
"""Latencies that are remembered."""
LOADING_S = 300.0
"""How long an engine may take to load its model."""
STARVED = 0.25
"""A child that got less of a processor than this was starved rather than stuck."""
EARLIER = 2
"""Texts that the next one must continue and not repeat."""

_decode = msgspec.msgpack.Decoder(Window | Event | End).decode
_decode_told = msgspec.msgpack.Decoder(Told | Ready).decode
_encode = msgspec.msgpack.Encoder().encode


@dataclass
class Narrating:
    """How to narrate: the engine and its options, how often in media time, how long it may take.

    `every_s` may change while the run goes on. Without a `deadline_s` it is `LEAST_DEADLINE_S` or
    `TIMES_MEASURED` the measured time.
    """

    engine: str
    options: dict[str, Any]
    every_s: float
    deadline_s: float | None
    is_live: bool
    manner: Manner = Manner()


@dataclass(slots=True)
class Interval:
    """The windows and events that one narration tells of; for a story, the last window."""

    windows: list[Window]
    events: list[Event]
    tries: int = 0
    kind: Literal["interval", "story"] = "interval"

    @property
    def source_id(self) -> str:
        """The source that all of them are about."""
        return self.windows[-1].source_id

    def and_then(self, later: Interval) -> Interval:
        """Return both as one."""
        return Interval([*self.windows, *later.windows], [*self.events, *later.events])


@dataclass(slots=True)
class Journal:
    """Collects the windows of one source until a narration falls due. Pure."""

    every_s: float
    windows: list[Window] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    next_s: float = 0.0
    last: Window | None = None

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
        self.last = message
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


@dataclass(slots=True)
class Memory:
    """What is remembered of one source: the last facts, the last texts, and all for the story."""

    facts: Facts | None = None
    texts: deque[str] = field(default_factory=lambda: deque(maxlen=EARLIER))
    chronicle: Chronicle = field(default_factory=Chronicle)


class Desk:
    """The child process and the one request that may be in flight with it."""

    def __init__(self, stage: Stage, config: Narrating) -> None:
        """Start the child; it loads its engine while the first windows fill."""
        self._stage = stage
        self._config = config
        self._arguments = [config.engine, json.dumps(config.options)]
        self._arguments.append(config.manner.model_dump_json())
        self._number = 0
        self._memories: dict[str, Memory] = {}
        self._latencies_s: deque[float] = deque(maxlen=MEASURED)
        self._task: Task | None = None
        self._facts: Facts | None = None
        self._interval: Interval | None = None
        self._asked_s = 0.0
        self._unsent = b""
        self._ready: Ready | None = None
        self._cpu_s = math.nan
        self._hire()

    @property
    def is_busy(self) -> bool:
        """Whether a request is in flight."""
        return self._interval is not None

    @property
    def deadline_s(self) -> float:
        """How long the child may take over the request, once its engine is loaded."""
        if self._stage.is_finishing:
            return HURRY_S
        if self._ready is None:
            return LOADING_S
        return allowed_s(self._config.deadline_s, self._ready.expected_s, self._latencies_s)

    def ask(self, interval: Interval) -> None:
        """Send a request; nothing is sent for a story of which nothing was seen."""
        memory = self._memories.setdefault(interval.source_id, Memory())
        task = self._task_of(interval, memory)
        if task is None:
            return
        self._number += 1
        interval.tries += 1
        self._task, self._interval = task, interval
        self._asked_s, self._cpu_s = time.monotonic(), _cpu_s(self._child.pid)
        self._unsent = _encode(Ask(self._number, task))
        self._send()

    def poll(self) -> tuple[Interval, Narration] | None:
        """Return what the request came to, or None while it may still be answered."""
        self._send()
        while (payload := receive(self.socket)) is not None:
            told = _told(payload)
            if isinstance(told, Ready):
                self._ready, self._asked_s = told, time.monotonic()
            elif told.id == self._number and self._interval is not None:
                return self._conclude(told)
        if self._interval is None:
            return None
        fault = self._fault()
        if not fault:
            return None
        self.dismiss()
        self._hire()
        return self._conclude(Told(self._number, "", fault))

    def dismiss(self) -> None:
        """End the child."""
        end_child(self._child)
        self._stage.drop(self.socket)

    def _send(self) -> None:
        """Send what waits to be sent; until the child has connected, there is nobody to take it."""
        if self._unsent and offer(self.socket, self._unsent):
            self._unsent = b""

    def _fault(self) -> str:
        """Return why no answer will be waited for, or nothing."""
        if self._child.poll() is not None:
            return f"the narrator process ended with code {self._child.returncode}"
        waited_s = time.monotonic() - self._asked_s
        if waited_s <= self.deadline_s:
            return ""
        told = f"no answer within {self.deadline_s:g} s"
        had_s = _cpu_s(self._child.pid) - self._cpu_s
        if not math.isnan(had_s) and 0.0 < had_s < STARVED * waited_s:
            told += f", with {had_s / waited_s:.0%} of a core: the machine is busy"
        return told

    def _hire(self) -> None:
        self._ready = None
        self.socket: Socket = self._stage.socket("dealer", "requests")
        endpoint = self._stage.bus.bind_private(self.socket)
        self._child = start_child(
            "affectstream.stream.narrator_process", [endpoint, *self._arguments]
        )
        self._cpu_s = math.nan

    def _task_of(self, interval: Interval, memory: Memory) -> Task | None:
        if interval.kind == "story":
            story = memory.chronicle.story()
            return None if story is None else Task("story", plain(story, with_views=True))
        self._facts = gather(interval.windows, interval.events, memory.facts)
        if not interval.tries:
            memory.chronicle.add(self._facts)
        return Task("interval", msgspec.to_builtins(self._facts), tuple(memory.texts))

    def _conclude(self, told: Told) -> tuple[Interval, Narration]:
        interval, task = self._interval, self._task
        assert interval is not None and task is not None
        self._interval = None
        latency_s = time.monotonic() - self._asked_s
        gap = told.fault or ("" if told.text else "no text")
        memory = self._memories[interval.source_id]
        if not gap:
            self._latencies_s.append(latency_s)
            if interval.kind == "interval":
                memory.facts = self._facts
                memory.texts.append(told.text)
        last = interval.windows[-1]
        if interval.kind == "story" and not gap:
            del self._memories[interval.source_id]
        facts = {key: value for key, value in task.facts.items() if key != "views"}
        return interval, Narration(
            **stamp_of(last),
            text="" if gap else told.text,
            engine=self._config.engine,
            grounded=told.grounded,
            latency_s=round(latency_s, 4),
            facts=facts,
            gap=gap,
            kind=interval.kind,
            line=told.line,
            tokens=told.tokens,
            faults=told.faults,
        )


def allowed_s(deadline_s: float | None, expected_s: float, latencies_s: Collection[float]) -> float:
    """Return how long a text may take: what the user said, else by what it usually takes."""
    if deadline_s is not None:
        return deadline_s
    usual_s = median(latencies_s) if latencies_s else expected_s
    return max(LEAST_DEADLINE_S, TIMES_MEASURED * usual_s)


def _told(payload: bytes) -> Told | Ready:
    """Return a message of the child's; one that is none is an answer to nothing."""
    try:
        told: Told | Ready = _decode_told(payload)
        return told
    except msgspec.MsgspecError:
        return Told(-1, "")


def _cpu_s(pid: int) -> float:
    """Return the processor time a child has had, in s; NaN where the system does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return math.nan
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Queue:
    """The intervals that wait to be told of, in the order in which they fell due."""

    def __init__(self, config: Narrating) -> None:
        """Start with none."""
        self._config = config
        self._journals: dict[str, Journal] = {}
        self._due: deque[Interval] = deque()

    def __len__(self) -> int:
        """Count them."""
        return len(self._due)

    def add(self, message: Window | Event) -> None:
        """Take a message; live, what falls due while another waits is told together with it."""
        journal = self._journals.setdefault(message.source_id, Journal(self._config.every_s))
        if journal.every_s != self._config.every_s:
            journal.every_s, journal.next_s = self._config.every_s, 0.0
        self._put(journal.add(message))
        if isinstance(message, Window) and message.final:
            self._close(message.source_id)

    def end(self) -> None:
        """Queue what every source has left, and its story."""
        for source_id in list(self._journals):
            self._close(source_id)

    def _close(self, source_id: str) -> None:
        journal = self._journals.pop(source_id)
        self._put(journal.cut())
        if journal.last is not None:
            self._due.append(Interval([journal.last], [], kind="story"))

    def _put(self, interval: Interval | None) -> None:
        if interval is None:
            return
        waiting = [one for one in self._due if one.source_id == interval.source_id]
        if self._config.is_live and waiting and waiting[-1].kind == "interval":
            self._due.remove(waiting[-1])
            interval = waiting[-1].and_then(interval)
        self._due.append(interval)

    def again(self, interval: Interval) -> bool:
        """Queue a failed interval once more; False when its turn is over."""
        if self._config.is_live or interval.tries > 1:
            return False
        self._due.appendleft(interval)
        return True

    def pop(self) -> Interval:
        """Return the one whose turn it is."""
        return self._due.popleft()


def narrate_loop(stage: Stage, outlets: Sequence[Outlet], config: Narrating) -> None:
    """Tell of the windows until aggregation ends, then send `End` to every sink."""
    inbox = stage.socket("pull", "windows", bind="windows")
    sinks = {one.name: connect_outlet(stage, one) for one in outlets}
    shown = {one.name: sinks[one.name] for one in outlets if one.pictures is not None}
    due = Queue(config)
    rolling = Rolling(config.manner.language, config.every_s)
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
                    _roll(stage, shown, rolling.add(message))
            outcome = desk.poll()
            if outcome is not None and not (outcome[1].gap and due.again(outcome[0])):
                _deliver(stage, sinks, outcome[1])
            if due and not desk.is_busy:
                desk.ask(due.pop())
        for socket in sinks.values():
            stage.send(socket, _encode(End("narrate")))
    finally:
        desk.dismiss()


def _roll(stage: Stage, shown: dict[str, Socket], line: Narration | None) -> None:
    """Send a line to the sinks that show pictures."""
    if line is not None:
        payload = _encode(line)
        for name, socket in shown.items():
            stage.tally.add(f"sink:{name}", "offered")
            stage.send(socket, payload)


def _deliver(stage: Stage, sinks: dict[str, Socket], narration: Narration) -> None:
    payload = _encode(narration)
    stage.tally.add("narrator", "gaps" if narration.gap else "told")
    for name, socket in sinks.items():
        stage.tally.add(f"sink:{name}", "offered")
        stage.send(socket, payload)
