"""The narrator's child process and the one request that may be in flight with it.

A child that does not answer within the deadline is killed and started anew; what it says later is
dropped.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from ..models.base import Manner, Task
from ..models.facts import Facts, gather
from ..models.story import Chronicle, plain
from .bus import Socket, offer, receive
from .intervals import Interval
from .messages import Narration, stamp_of
from .narrator_process import Ask, Ready, Told
from .stage import Stage
from .worker import end_child, start_child

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
        self._arguments.append(msgspec.json.encode(config.manner).decode())
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
            memory.chronicle.add(self._facts, interval.windows)
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
