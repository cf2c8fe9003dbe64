"""`alerts.db`: every alert, committed before it is sent, and what became of it per channel."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ..stream.errors import SinkError

_SCHEMA = """\
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS alerts (
    id         TEXT PRIMARY KEY,
    run_id     TEXT NOT NULL,
    rule       TEXT NOT NULL,
    source     TEXT NOT NULL,
    person     INTEGER NOT NULL,  -- 0: the group
    pts_s      REAL NOT NULL,     -- s of media time
    created_ns INTEGER NOT NULL,  -- UTC, ns since 1970
    expires_ns INTEGER NOT NULL,
    text       TEXT NOT NULL,
    "values"   TEXT NOT NULL      -- JSON
);
CREATE TABLE IF NOT EXISTS deliveries (
    alert      TEXT NOT NULL REFERENCES alerts (id),
    channel    TEXT NOT NULL,
    state      TEXT NOT NULL,     -- pending, sent, expired, refused, quiet, limited
    tries      INTEGER NOT NULL DEFAULT 0,
    changed_ns INTEGER NOT NULL,
    error      TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (alert, channel)
);
"""
_COLUMNS = ("id", "run_id", "rule", "source", "person", "pts_s", "created_ns", "expires_ns", "text")


class AlertStore:
    """The file; used by the sink's thread and by the couriers, one at a time."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises: SinkError."""
        self.path = path
        self._lock = threading.Lock()
        with self._translated():
            self._store = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._store.executescript(_SCHEMA)

    def add(self, alert: dict[str, Any], channels: list[str], state: str) -> None:
        """Commit an alert with its deliveries. Raises: SinkError."""
        row = [*(alert[name] for name in _COLUMNS), msgspec.json.encode(alert["values"]).decode()]
        with self._transaction() as store:
            store.execute(f"INSERT INTO alerts VALUES ({', '.join('?' * len(row))})", row)
            store.executemany(
                "INSERT INTO deliveries (alert, channel, state, changed_ns) VALUES (?, ?, ?, ?)",
                [(alert["id"], channel, state, alert["created_ns"]) for channel in channels],
            )

    def next_pending(self, channel: str, now_ns: int) -> dict[str, Any] | None:
        """Return the oldest alert to send; those past their time become `expired`.

        Raises: SinkError.
        """
        with self._transaction() as store:
            store.execute(
                "UPDATE deliveries SET state = 'expired', changed_ns = ? WHERE channel = ? AND "
                "state = 'pending' AND alert IN (SELECT id FROM alerts WHERE expires_ns <= ?)",
                (now_ns, channel, now_ns),
            )
            row = store.execute(
                f'SELECT {", ".join(_COLUMNS)}, "values" FROM alerts JOIN deliveries ON alert = id '
                "WHERE channel = ? AND state = 'pending' ORDER BY created_ns LIMIT 1",
                (channel,),
            ).fetchone()
        if row is None:
            return None
        alert = dict(zip(_COLUMNS, row, strict=False))
        return {**alert, "values": msgspec.json.decode(row[-1])}

    def mark(self, alert_id: str, channel: str, state: str, now_ns: int, error: str = "") -> None:
        """Note a try and what it came to. Raises: SinkError."""
        with self._transaction() as store:
            store.execute(
                "UPDATE deliveries SET state = ?, tries = tries + 1, changed_ns = ?, error = ? "
                "WHERE alert = ? AND channel = ?",
                (state, now_ns, error, alert_id, channel),
            )

    def counts(self) -> dict[str, int]:
        """Return the number of deliveries by state. Raises: SinkError."""
        with self._transaction() as store:
            found = store.execute("SELECT state, count(*) FROM deliveries GROUP BY state")
            return dict(found.fetchall())

    def close(self) -> None:
        """Fold the log into the file and close. Raises: SinkError."""
        with self._lock, self._translated():
            self._store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._store.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._translated():
            self._store.execute("BEGIN IMMEDIATE")
            try:
                yield self._store
            except BaseException:
                self._store.execute("ROLLBACK")
                raise
            self._store.execute("COMMIT")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise SinkError(f"alerts: {self.path}: {error}") from error
