"""What the page may ask for: the newest of everything. Written by the sink, read by the server.

The sink's thread calls `see`, `tell`, `tell_health` and `end`; all else belongs to the server's
loop. Nothing here waits for a client: a picture is one slot per source, news is a ring in which a
client that fell behind finds a gap, and reads the past from the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ...stream import tables
from ...stream.messages import Delivery, Event, Frame, Narration, Reading, SourceInfo, Window
from .._look.blur import Blur, finds_faces
from ..base import RunInfo
from .health import Pulse

NEWS_KEPT = 512
"""Messages a client may be behind before it has to read the store."""
WINDOWS_KEPT, EVENTS_KEPT, NARRATIONS_KEPT = 20_000, 2_000, 1_000
"""Rows kept for a run without a store: an hour of one source with four people, and more."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The newest reading of a source, and its picture where the sink gets pictures."""

    reading: Reading
    frame: Frame | None


class Bell:
    """Wakes everybody who waits, in the server's loop."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Wake all."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    async def wait(self) -> None:
        """Return at the next ring."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)


class Hub:
    """The newest of everything, and bells for those who wait for newer."""

    def __init__(self, run: RunInfo) -> None:
        """Start with nothing seen."""
        self._run = run
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self.sights: dict[str, Sight] = {}
        self.sources: tuple[SourceInfo, ...] = ()
        self.pulses: dict[str, Pulse] = {}
        self.veils: dict[str, Blur] = {}
        self.picture_bells: dict[str, Bell] = {}
        self.news_bell = Bell()
        self.news: deque[tuple[int, str]] = deque(maxlen=NEWS_KEPT)
        self.number = 0
        self.ended = False
        self._rows: dict[str, deque[tables.Row]] = {
            "windows": deque(maxlen=WINDOWS_KEPT),
            "events": deque(maxlen=EVENTS_KEPT),
            "narrations": deque(maxlen=NARRATIONS_KEPT),
        }
        self._join(run.sources)

    def attach(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Name the loop in which clients wait; None when it ends."""
        self._loop = loop

    def see(self, reading: Reading, frame: Frame | None) -> None:
        """Take the newest reading of a source."""
        name = reading.source_id
        if name not in self.pulses:
            self._look_for_newcomers()
            if name not in self.pulses:
                return  # The supervisor has yet to tell who that is.
        self.veils[name].note(reading)
        self.sights[name] = Sight(reading, frame)
        self.pulses[name].beat(time.monotonic_ns(), reading.t_mono_ns)
        self._call(self.picture_bells[name].ring)

    def tell(self, message: Delivery) -> None:
        """Take a window, an event or a narration."""
        if isinstance(message, Window):
            self._post("windows", message.source_id, tables.window_rows(message))
        elif isinstance(message, Event):
            self._post("events", message.source_id, [tables.event_row(message)])
        elif isinstance(message, Narration) and message.kind != "line":
            self._post("narrations", message.source_id, [tables.narration_row(message)])

    def tell_health(self) -> None:
        """Tell rates, ages, drops and the time of each stage, and which cameras have joined."""
        self._look_for_newcomers()
        self._add({"kind": "health", **self.health()})

    def end(self) -> None:
        """Tell that nothing follows."""
        if not self.ended:
            self.tell_health()
            self._add({"kind": "end"})
            self.ended = True
            for bell in (self.news_bell, *self.picture_bells.values()):
                self._call(bell.ring)

    def health(self) -> dict[str, Any]:
        """Return how every source and stage does at this moment."""
        now_ns = time.monotonic_ns()
        health = self._run.health
        sources = {}
        for name, pulse in self.pulses.items():
            frames, camera = health.ledger.get(f"source:{name}", {}), health.cameras.get(name, "")
            pulse.hear(now_ns, frames.get("captured", 0))
            state = pulse.state(now_ns, health.states.get(name))
            is_here = camera in ("ready", "running", "leaving")
            note = None if is_here else health.notes.get(name)
            sources[name] = state | {"state": camera, "note": note, "frames": frames}
        return {
            "sources": sources,
            "stages": {name: stage.get("steps", {}) for name, stage in health.stages.items()},
        }

    def rows(self, table: str, source: str) -> list[tables.Row]:
        """Return what is remembered of a table, for a run without a store."""
        with self._lock:
            return [row for row in self._rows[table] if row[0] == source]

    def after(self, number: int) -> tuple[list[str], int, bool]:
        """Return the news after a number, the newest number, and whether some were lost."""
        with self._lock:
            lost = bool(self.news) and self.news[0][0] > number + 1
            return [text for k, text in self.news if k > number], self.number, lost

    def _look_for_newcomers(self) -> None:
        """Give every camera that was added to the run its place, and tell of it."""
        fresh = [one for one in self._run.health.joined if one.source_id not in self.pulses]
        if fresh:
            self._join(fresh)
            self._add({"kind": "sources"})

    def _join(self, sources: Sequence[SourceInfo]) -> None:
        # Others read these while the run goes on, so they are replaced, never changed.
        names = [source.source_id for source in sources]
        looks = finds_faces(self._run.models)
        fresh = {name: Blur("pixelate", finds_faces=looks) for name in names}
        self.veils = {**self.veils, **fresh}
        self.picture_bells = {**self.picture_bells, **{name: Bell() for name in names}}
        self.pulses = {**self.pulses, **{name: Pulse() for name in names}}
        self.sources = (*self.sources, *sources)

    def _post(self, table: str, source: str, rows: Sequence[tables.Row]) -> None:
        with self._lock:
            self._rows[table].extend(rows)
        self._add({"kind": table, "source": source, "rows": rows})

    def _add(self, message: dict[str, Any]) -> None:
        text = msgspec.json.encode(message).decode()
        with self._lock:
            self.number += 1
            self.news.append((self.number, text))
        self._call(self.news_bell.ring)

    def _call(self, ring: Any) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # The loop has just been closed.
                loop.call_soon_threadsafe(ring)
