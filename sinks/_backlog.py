"""What waits to be sent to a server: in memory first, on disk when much of it waits."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Waits between tries; the last one repeats."""


class Unreachable(Exception):
    """The other end did not take a payload and may take it later; the text holds no secrets."""


class Backlog:
    """A queue of payloads in order; what does not fit into memory lies in a file meanwhile.

    One thread puts, one takes.
    """

    def __init__(self, path: Path, in_memory: int = 64, limit_bytes: int = 1 << 30) -> None:
        """Start empty; the file is made when it is needed. `limit_bytes` bounds it."""
        self._path = path
        self._in_memory = in_memory
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._memory: deque[bytes] = deque()
        self._on_disk = 0
        self._store: sqlite3.Connection | None = None
        self._changed = threading.Condition()

    def __len__(self) -> int:
        """Return how many payloads wait."""
        return len(self._memory) + self._on_disk

    def put(self, payload: bytes) -> bool:
        """Append; return False where the disk is full or the limit reached."""
        with self._changed:
            if not self._on_disk and len(self._memory) < self._in_memory:
                self._memory.append(payload)
            elif not self._spill(payload):
                return False
            self._changed.notify_all()
        return True

    def first(self, timeout_s: float) -> bytes | None:
        """Return the oldest payload, which stays; None when none came in time."""
        with self._changed:
            if not len(self):
                self._changed.wait(timeout_s)
            if not self._memory and self._on_disk:
                self._load()
            return self._memory[0] if self._memory else None

    def drop_first(self) -> None:
        """Let go of the oldest payload: it has arrived."""
        with self._changed:
            self._memory.popleft()
            self._changed.notify_all()

    def wait_empty(self, timeout_s: float) -> bool:
        """Wait until everything has arrived; return whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: not len(self), timeout_s)

    def close(self) -> None:
        """Close the file, and remove it when nothing waits in it."""
        with self._changed:
            for payload in self._memory if self._store is not None else ():
                self._insert(payload)
            if self._store is not None:
                self._store.close()
                self._store = None
                if not len(self):
                    self._path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Close the file and remove it, whatever waits."""
        with self._changed:
            self._memory.clear()
            self._on_disk = 0
        self.close()

    def _spill(self, payload: bytes) -> bool:
        if self._bytes + len(payload) > self._limit_bytes:
            return False
        try:
            if self._store is None:
                self._path.unlink(missing_ok=True)
                self._store = sqlite3.connect(
                    self._path, isolation_level=None, check_same_thread=False
                )
                self._store.execute("PRAGMA synchronous = OFF")
                self._store.execute("PRAGMA journal_mode = MEMORY")
                self._store.execute("CREATE TABLE waiting (id INTEGER PRIMARY KEY, payload BLOB)")
                self._path.chmod(0o600)
            self._insert(payload)
        except (sqlite3.Error, OSError) as error:
            log.warning("%s: %s", self._path, error)
            return False
        self._on_disk += 1
        self._bytes += len(payload)
        return True

    def _insert(self, payload: bytes) -> None:
        assert self._store is not None
        self._store.execute("INSERT INTO waiting (payload) VALUES (?)", (payload,))

    def _load(self) -> None:
        assert self._store is not None
        rows = self._store.execute(
            "SELECT id, payload FROM waiting ORDER BY id LIMIT ?", (self._in_memory,)
        ).fetchall()
        self._memory.extend(payload for _, payload in rows)
        self._store.execute("DELETE FROM waiting WHERE id <= ?", (rows[-1][0],))
        self._on_disk -= len(rows)
        self._bytes -= sum(len(payload) for _, payload in rows)


class Courier:
    """Sends payloads in order from a thread of its own, as often as it takes.

    A sink's own thread never waits for a server: its link would fill and hold up the pipeline.
    """

    def __init__(
        self,
        name: str,
        backlog: Backlog,
        send: Callable[[bytes], None],
        end: Callable[[], None] = lambda: None,
        tell: Callable[[str], None] = lambda fault: None,
    ) -> None:
        """Start the thread; `send` is called there and raises Unreachable to be asked again.

        `end` is called there last, to close what `send` opened; `tell` is told there why the server
        cannot be reached, "" once it can.
        """
        self.error: Exception | None = None
        self._name = name
        self._backlog = backlog
        self._send = send
        self._end = end
        self._tell = tell
        self._fault: str | None = None
        self._hurry = threading.Event()
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{name}-courier", daemon=True)
        self._thread.start()

    def close(self, grace_s: float) -> int:
        """Wait for the rest to be sent, at most `grace_s`; return how many payloads are left."""
        self._hurry.set()
        if self.error is None:
            self._backlog.wait_empty(grace_s)
        self._leave.set()
        self._thread.join(grace_s)
        return len(self._backlog)

    def _run(self) -> None:
        try:
            self._send_all()
        except Exception as error:
            self.error = error
        finally:
            self._end()

    def _send_all(self) -> None:
        tries = 0
        while not self._leave.is_set():
            payload = self._backlog.first(0.2)
            if payload is None:
                continue
            try:
                self._send(payload)
            except Unreachable as error:
                self._note(str(error))
                if self._hurry.is_set():
                    self._leave.wait(BACK_OFF_S[0])
                else:
                    self._hurry.wait(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)])
                tries += 1
            else:
                self._note("")
                tries = 0
                with suppress(IndexError):
                    self._backlog.drop_first()

    def _note(self, fault: str) -> None:
        """Say what has changed: reachable or not, and why not."""
        if fault == self._fault:
            return
        if fault:
            log.warning("%s: %s; what comes meanwhile waits", self._name, fault)
        elif self._fault:
            log.warning("%s: reachable again", self._name)
        self._fault = fault
        self._tell(fault)
