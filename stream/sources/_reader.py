"""A thread that reads a camera, so that a read which hangs can be left behind.

Where `worker.py` makes the threads of the stages, this makes the one thread of a connection: it may
hang in foreign code for longer than a stage may wait, and then nobody waits for it. It ends by
itself as soon as its read returns, and cannot keep the program from ending.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Reader(Generic[T]):
    """Runs an iterator in a thread; the newest few of what it yields wait to be taken."""

    def __init__(self, name: str, items: Iterator[T], most: int) -> None:
        """Start; beyond `most` that wait, the oldest is dropped and counted in `dropped`."""
        self._items = items
        self._most = most
        self._waiting: deque[T] = deque()
        self._change = threading.Condition()
        self._error: BaseException | None = None
        self._is_done = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> T | None:
        """Return the oldest that waits, None when nothing came in time.

        Raises what the iterator raised, once everything before was taken.
        """
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._is_done, timeout_s)
            if self._waiting:
                return self._waiting.popleft()
            if self._error is not None:
                raise self._error
            return None

    @property
    def is_done(self) -> bool:
        """Whether the iterator has ended and everything was taken."""
        with self._change:
            return self._is_done and not self._waiting

    @property
    def is_alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end, or for the time to pass."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            for item in self._items:
                with self._change:
                    if len(self._waiting) >= self._most:
                        self._waiting.popleft()
                        self.dropped += 1
                    self._waiting.append(item)
                    self._change.notify()
        except BaseException as error:
            self._error = error
        finally:
            with self._change:
                self._is_done = True
                self._change.notify()
