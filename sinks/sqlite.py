"""`run.db`: the store of every run; `schema.sql` beside this file documents it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from ..stream import tables
from ..stream.errors import SinkError
from ..stream.messages import Delivery, Frame
from ._lines import folder_of
from ._rows import COLUMNS, Rows
from ._schema import upgrade
from .base import Policy, RunInfo, SinkConfig

COMMIT_ROWS = 1000
BUSY_TIMEOUT_S = 5.0
LOG_BYTES = 1 << 26
"""What the write-ahead log is cut back to after a reader that kept it growing has gone."""


class Config(SinkConfig):
    """Nothing to choose."""


def _insert(table: str, columns: Sequence[str]) -> str:
    places = ", ".join("?" * len(columns))
    return f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({places})"


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise SinkError(f"cannot write {path}: {error}") from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
    try:
        upgrade(connection)
    except ValueError as error:
        connection.close()
        raise SinkError(f"{path} {error}") from None
    return connection


class SqliteSink:
    """Keeps everything in one database that can be read while it grows.

    The connection is made, used and closed in the sink's thread. Rows are written by `tick` or when
    a thousand have gathered: one by one they cost twice the time. A row written twice is kept once.
    """

    policy: Policy = "every"
    wants_readings = True
    wants_frames = False

    def __init__(self, run: RunInfo) -> None:
        """Take the folder of the run and what its tables say about it."""
        self._rows = Rows(run)
        self._path = folder_of(run, "sqlite") / tables.STORE_NAME
        self._connection: sqlite3.Connection | None = None
        self._gathered: dict[str, list[Sequence[object]]] = defaultdict(list)
        self._count = 0

    def open(self) -> None:
        """Create the tables and write what is known of the run. Raises: SinkError."""
        with _translated(self._path):
            self._connection = _connect(self._path)
            for table, rows in self._rows.head():
                self._connection.executemany(_INSERT[table], rows)
            self._connection.commit()

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Gather the rows of a message. Raises: SinkError."""
        table, rows = self._rows.of(message)
        self._gathered[table] += rows
        self._count += len(rows)
        if self._count >= COMMIT_ROWS:
            self.tick()

    def tick(self) -> None:
        """Write and commit what has gathered. Raises: SinkError."""
        if self._count and self._connection is not None:
            with _translated(self._path):
                for table, rows in self._gathered.items():
                    self._connection.executemany(_INSERT[table], rows)
                self._connection.commit()
            self._gathered.clear()
            self._count = 0

    def close(self) -> None:
        """Write what has gathered, fold the log into the file and close. Raises: SinkError."""
        if self._connection is None:
            return
        with _translated(self._path), closing(self._connection) as connection:
            self.tick()
            self._connection = None
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


_INSERT = {name: _insert(name, columns) for name, columns in COLUMNS.items()}


def write_ledger(path: Path, rows: Iterable[tuple[str, str, str, int]]) -> None:
    """Write scope, name, reason and count into `run.db`, once every sink is closed.

    Raises: SinkError.
    """
    with _translated(path), closing(_connect(path)) as connection:
        connection.executemany(_INSERT["ledger"], rows)
        connection.commit()


def build(config: Config, run: RunInfo) -> SqliteSink:
    """Return the sink. Raises: UsageError where the run has no folder."""
    return SqliteSink(run)
