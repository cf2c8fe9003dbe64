"""Reads what the page shows of the past from `run.db`, while the run goes on and afterwards."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

from ...stream import tables
from ...stream.errors import UsageError

MOST_POINTS = 4000
"""Of one person in one answer; a longer span is thinned to rows evenly spaced in time."""
SLACK_S = 0.002
"""Times are rounded where they are stored, and again where a page asks for one."""
_BUSY_S = 5.0


class Store:
    """One `run.db`; every call opens it read-only and closes it."""

    def __init__(self, path: Path) -> None:
        """Name the file; it need not be there yet."""
        self._path = path

    def meta(self) -> dict[str, Any]:
        """Return what is known of the run. Raises: UsageError where the file is no store."""
        if not self._path.is_file():
            raise UsageError(f"{self._path.parent} is no run: it has no {self._path.name}")
        try:
            version = self._rows("PRAGMA user_version")[0][0]
            if not 1 <= version <= tables.SCHEMA_VERSION:
                raise UsageError(
                    f"{self._path} has schema {version}, "
                    f"this version reads 1 to {tables.SCHEMA_VERSION}"
                )
            return {key: json.loads(text) for key, text in self._rows("SELECT key, value FROM run")}
        except sqlite3.Error as error:
            raise UsageError(f"{self._path} cannot be read: {error}") from None

    def record(self) -> dict[str, Any]:
        """Return `run.json`; empty where it is absent, as while the run goes on, or damaged."""
        try:
            found = json.loads(self._path.with_name("run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def sources(self) -> list[dict[str, Any]]:
        """Return what was declared of each source, and how long it was seen to be."""
        columns = ("source_id", "origin", "width_px", "height_px", "rate_hz", "duration_s")
        select = "SELECT source, origin, width_px, height_px, rate_hz, duration_s FROM sources"
        found = [dict(zip(columns, row, strict=True)) for row in self._rows(select)]
        ends = dict(self._rows("SELECT source, MAX(timestamp) FROM readings GROUP BY source"))
        return [one | {"duration_s": ends.get(one["source_id"]) or 0.0} for one in found]

    def ledger(self) -> list[tuple[Any, ...]]:
        """Return scope, name, reason and count."""
        return self._rows("SELECT scope, name, reason, count FROM ledger")

    def history(self, source: str, from_s: float, to_s: float) -> dict[str, Any]:
        """Return the rows of a span; empty before the first commit."""
        if not self._path.is_file():
            return {"windows": [], "events": [], "narrations": []}
        span = (source, from_s, to_s)
        where = "WHERE source = ? AND timestamp BETWEEN ? AND ?"
        events = ", ".join(tables.EVENT_COLUMNS)
        said = ", ".join(tables.NARRATION_COLUMNS)
        return {
            "windows": self._windows(span),
            "events": self._rows(f"SELECT {events} FROM events {where} ORDER BY timestamp", span),
            "narrations": self._rows(
                f"SELECT {said} FROM narrations {where} ORDER BY timestamp", span
            ),
        }

    def readings(self, source: str, from_s: float, to_s: float) -> list[dict[str, Any]]:
        """Return the readings of a span in the shape of `shapes.reading_shape`."""
        if not self._path.is_file():
            return []
        rows = self._rows(
            f"SELECT {self._selected('readings', tables.READING_COLUMNS)}, keypoints, epoch, "
            "t_wall_ns, invalid FROM readings "
            "WHERE source = ? AND timestamp BETWEEN ? AND ? ORDER BY frame, person",
            (source, from_s, to_s),
        )
        return [_reading(list(group)) for _, group in groupby(rows, key=lambda row: row[1])]

    def epoch(self, source: str, time_s: float) -> int:
        """Return the epoch of the last reading up to a time; 0 where there is none."""
        found = self._rows(
            "SELECT epoch FROM readings WHERE source = ? AND timestamp <= ? "
            "ORDER BY frame DESC LIMIT 1",
            (source, time_s + SLACK_S),
        )
        return int(found[0][0]) if found else 0

    def start_of(self, source: str, epoch: int) -> float:
        """Return the time of the first reading of an epoch."""
        wanted = "SELECT MIN(timestamp) FROM readings WHERE source = ? AND epoch = ?"
        return float(self._rows(wanted, (source, epoch))[0][0] or 0.0)

    def _windows(self, span: tuple[str, float, float]) -> list[tuple[Any, ...]]:
        columns = self._selected("windows", tables.WINDOW_COLUMNS)
        where = "WHERE source = ? AND timestamp BETWEEN ? AND ?"
        bounds = (
            f"SELECT MIN(timestamp), MAX(timestamp), COUNT(DISTINCT timestamp) FROM windows {where}"
        )
        first, last, count = self._rows(bounds, span)[0]
        if not count or count <= MOST_POINTS:
            select = f"SELECT {columns} FROM windows {where} ORDER BY timestamp, person"
            return self._rows(select, span)
        # SQLite takes the other columns from the row that holds the minimum.
        thin = columns.replace("timestamp", "MIN(timestamp)", 1)
        return self._rows(
            f"SELECT {thin} FROM windows {where} "
            "GROUP BY person, CAST((timestamp - ?) / ? AS INTEGER) ORDER BY timestamp, person",
            (*span, first, (last - first) / MOST_POINTS),
        )

    def _selected(self, table: str, columns: Sequence[str]) -> str:
        """Return the columns for a SELECT; one that an older store lacks is NULL."""
        there = {row[1] for row in self._rows(f"PRAGMA table_info({table})")}
        return ", ".join(name if name in there else f"NULL AS {name}" for name in columns)

    def _rows(self, statement: str, wanted: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        # A log beside the file means that somebody writes, or was killed; without one, `immutable`
        # lets the file be read where nothing may be written.
        log = self._path.with_name(self._path.name + "-wal")
        mode = "mode=ro" if log.exists() else "mode=ro&immutable=1"
        uri = f"{self._path.resolve().as_uri()}?{mode}"
        with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_S)) as connection:
            return connection.execute(statement, tuple(wanted)).fetchall()


def _reading(rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    *_, epoch, wall_ns, invalid = rows[0]
    return {
        "seq": rows[0][1],
        "epoch": epoch,
        "t": rows[0][2],
        "wall_ms": wall_ns / 1e6,
        "reason": invalid or "",
        "people": [_person(row) for row in rows if row[3]],
    }


def _person(row: tuple[Any, ...]) -> dict[str, Any]:
    width = len(tables.READING_COLUMNS)
    keypoints = json.loads(row[width]) if row[width] else None
    joints = None if keypoints is None else [[x, y, v] for x, y, _, v in keypoints]
    return {"row": row[3:width], "joints": joints, "marks": []}
