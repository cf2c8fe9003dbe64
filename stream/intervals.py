"""Which windows and events one narration tells of, when it falls due, and in which order. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from .messages import Event, Window


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


class Queue:
    """The intervals that wait to be told of, in the order in which they fell due."""

    def __init__(self, every_s: float, is_live: bool) -> None:
        """Start with none; one falls due every `every_s` of media time, which may change."""
        self.every_s, self._is_live = every_s, is_live
        self._journals: dict[str, Journal] = {}
        self._due: deque[Interval] = deque()

    def __len__(self) -> int:
        """Count them."""
        return len(self._due)

    def add(self, message: Window | Event) -> None:
        """Take a message; live, what falls due while another waits is told together with it."""
        journal = self._journals.setdefault(message.source_id, Journal(self.every_s))
        if journal.every_s != self.every_s:
            journal.every_s, journal.next_s = self.every_s, 0.0
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
        if self._is_live and waiting and waiting[-1].kind == "interval":
            self._due.remove(waiting[-1])
            interval = waiting[-1].and_then(interval)
        self._due.append(interval)

    def again(self, interval: Interval) -> bool:
        """Queue a failed interval once more; False when its turn is over."""
        if self._is_live or interval.tries > 1:
            return False
        self._due.appendleft(interval)
        return True

    def pop(self) -> Interval:
        """Return the one whose turn it is."""
        return self._due.popleft()
