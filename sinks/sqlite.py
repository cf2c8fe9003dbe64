"""`run.db`: the store of every run; `schema.sql` beside this file documents it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from ..stream import tables
from ..stream.errors import SinkError
from ..stream.messages import Delivery, Event, Frame, Narration, Person, Reading, Window
from ._lines import folder_of
from .base import Policy, RunInfo, SinkConfig

COMMIT_ROWS = 1000
BUSY_TIMEOUT_S = 5.0
LOG_BYTES = 1 << 26
"""What the write-ahead log is cut back to after a reader that kept it growing has gone."""

_READINGS = (*tables.READING_COLUMNS, "keypoints", "epoch", "t_wall_ns", "invalid")
_WINDOWS = (*tables.WINDOW_COLUMNS, "epoch", "is_final")
_EVENTS = (*tables.EVENT_COLUMNS, "epoch")
_NARRATIONS = (*tables.NARRATION_COLUMNS, "facts", "epoch")
_SOURCES = ("source", "origin", "width_px", "height_px", "rate_hz", "frames", "duration_s")


class Config(SinkConfig):
    """Nothing to choose."""


def _insert(table: str, columns: Sequence[str]) -> str:
    places = ", ".join("?" * len(columns))
    return f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({places})"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


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
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, tables.SCHEMA_VERSION):
        connection.close()
        raise SinkError(f"{path} has schema {version}; this program writes {tables.SCHEMA_VERSION}")
    return connection


class KeypointJson:
    """Writes the keypoints of a body as JSON, with the decimals of the CSV."""

    def __init__(self, layout: str) -> None:
        """Prepare one format for the whole body."""
        self._layout = layout
        px, unit = tables.PX_DECIMALS, tables.UNIT_DECIMALS
        depth = f"%.{px}f" if tables.has_depth(layout) else "null%.0s"
        joint = f"[%.{px}f,%.{px}f,{depth},%.{unit}f]"
        self._format = "[" + ",".join([joint] * len(tables.joints(layout))) + "]"

    def of(self, person: Person) -> str | None:
        """Return the JSON text; None where no body was measured."""
        body = person.body
        if body is None or body.layout != self._layout:
            return None
        text = self._format % tuple(chain.from_iterable(body.keypoints))
        return text.replace("nan", "null").replace("-inf", "null").replace("inf", "null")


class SqliteSink:
    """Keeps everything in one database that can be read while it grows.

    The connection is made, used and closed in the sink's thread. Rows are committed by `tick` or
    when a thousand have gathered; a row written twice is kept once.
    """

    policy: Policy = "every"
    wants_readings = True
    wants_frames = False

    def __init__(self, run: RunInfo) -> None:
        """Take the folder of the run and what its tables say about it."""
        self._run = run
        self._path = folder_of(run, "sqlite") / tables.STORE_NAME
        self._keypoints = KeypointJson(run.keypoint_layout)
        self._connection: sqlite3.Connection | None = None
        self._uncommitted = 0

    def open(self) -> None:
        """Create the tables and write what is known of the run. Raises: SinkError."""
        schema = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
        with _translated(self._path):
            self._connection = _connect(self._path)
            self._connection.executescript(schema)
            self._connection.executemany(_insert("run", ("key", "value")), self._run_rows())
            self._connection.executemany(
                _insert("sources", _SOURCES),
                [tuple(asdict(source).values()) for source in self._run.sources],
            )
            self._connection.commit()

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Add the rows of a message. Raises: SinkError."""
        if isinstance(message, Reading):
            self._add(_INSERT_READING, self._reading_rows(message))
        elif isinstance(message, Window):
            rows = tables.window_rows(message)
            final = int(message.final)
            self._add(_INSERT_WINDOW, [(*row, message.epoch, final) for row in rows])
        elif isinstance(message, Event):
            *head, before, after = tables.event_row(message)
            self._add(_INSERT_EVENT, [(*head, before or "", after or "", message.epoch)])
        elif isinstance(message, Narration):
            row = (*tables.narration_row(message), _json(message.facts), message.epoch)
            self._add(_INSERT_NARRATION, [row])

    def tick(self) -> None:
        """Commit what has gathered. Raises: SinkError."""
        if self._uncommitted and self._connection is not None:
            self._uncommitted = 0
            with _translated(self._path):
                self._connection.commit()

    def close(self) -> None:
        """Commit, fold the write-ahead log into the file and close. Raises: SinkError."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with _translated(self._path), closing(connection):
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _add(self, statement: str, rows: Sequence[tables.Row]) -> None:
        assert self._connection is not None
        with _translated(self._path):
            self._connection.executemany(statement, rows)
        self._uncommitted += len(rows)
        if self._uncommitted >= COMMIT_ROWS:
            self.tick()

    def _reading_rows(self, reading: Reading) -> list[tables.Row]:
        reason = None if reading.valid else reading.reason or "invalid"
        tail = (reading.epoch, reading.t_wall_ns, reason)
        rows = tables.reading_rows(reading)
        if not reading.people:
            row = rows[0]
            return [(*row[:_PERSON], 0, *row[_PERSON + 1 :], None, *tail)]
        return [
            (*row, self._keypoints.of(person), *tail)
            for row, person in zip(rows, reading.people, strict=True)
        ]

    def _run_rows(self) -> list[tuple[str, str]]:
        run = self._run
        facts = {
            "schema_version": tables.SCHEMA_VERSION,
            "run_id": run.run_id,
            "keypoint_layout": run.keypoint_layout,
            "keypoint_names": list(tables.joints(run.keypoint_layout)),
            "window_s": run.window_s,
            "is_live": run.is_live,
            "config": run.config,
            "models": run.models,
        }
        return [(key, _json(value)) for key, value in facts.items()]


_PERSON = tables.READING_COLUMNS.index("person")
_INSERT_READING = _insert("readings", _READINGS)
_INSERT_WINDOW = _insert("windows", _WINDOWS)
_INSERT_EVENT = _insert("events", _EVENTS)
_INSERT_NARRATION = _insert("narrations", _NARRATIONS)


def write_ledger(path: Path, rows: Iterable[tuple[str, str, str, int]]) -> None:
    """Write scope, name, reason and count into `run.db`, once every sink is closed.

    Raises: SinkError.
    """
    columns = ("scope", "name", "reason", "count")
    with _translated(path), closing(_connect(path)) as connection:
        connection.executemany(_insert("ledger", columns), rows)
        connection.commit()


def build(config: Config, run: RunInfo) -> SqliteSink:
    """Return the sink. Raises: UsageError where the run has no folder."""
    return SqliteSink(run)
