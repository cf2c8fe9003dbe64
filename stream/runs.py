"""Reads a run folder: the one door for everything that looks at results afterwards."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from . import tables
from .errors import NotARunError as NotARunError

_TEXT_COLUMNS = tables.TEXT_COLUMNS | {"keypoints", "facts", "origin", "scope", "name", "reason"}
_INTEGER_COLUMNS = tables.INTEGER_COLUMNS | {"width_px", "height_px", "frames", "count"}


class Run:
    """A run on disk, finished or still going. Every call opens the store read-only and closes it.

    Tables are DataFrames with the columns of the CSV files; a cell that was not measured is
    missing (NA). `person` is a nullable integer in readings and text in windows and events, where
    the group is `group`.
    """

    def __init__(self, folder: Path | str) -> None:
        """Open a run folder. Raises: NotARunError."""
        self.folder = Path(folder)
        self._path = self.folder / tables.STORE_NAME
        if not self._path.is_file():
            raise NotARunError(f"{self.folder} is no run: it has no {tables.STORE_NAME}")
        try:
            self._check_version()
            self.meta: Mapping[str, Any] = {
                key: json.loads(value) for key, value in self._rows("SELECT key, value FROM run")
            }
        except sqlite3.Error as error:
            raise NotARunError(f"{self._path} cannot be read: {error}") from error

    @property
    def keypoint_layout(self) -> str:
        """The name of the layout of the `kp_` columns; "" where no bodies were looked for."""
        return str(self.meta["keypoint_layout"])

    def summary(self) -> dict[str, Any]:
        """Return `run.json`; empty while the run goes on or when it was killed.

        Raises: NotARunError where the file is no JSON object.
        """
        path = self.folder / "run.json"
        if not path.is_file():
            return {}
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise NotARunError(f"{path} is no JSON: {error}") from error
        if not isinstance(content, dict):
            raise NotARunError(f"{path} holds no JSON object")
        return content

    def sources(self) -> pd.DataFrame:
        """Return what was declared of each source: origin, size px, rate, frames, duration."""
        columns = ("source", "origin", "width_px", "height_px", "rate_hz", "frames", "duration_s")
        return self._frame("sources", columns, "source")

    def readings(self, source: str | None = None) -> pd.DataFrame:
        """Return a row per person per frame, in order, of all sources or of one."""
        columns = (*tables.READING_COLUMNS, "keypoints")
        table = self._frame("readings", columns, "source, frame, person", source)
        people = table["person"].astype("Int64")
        table["person"] = people.mask(people == 0)
        names = tables.keypoint_columns(self.keypoint_layout)
        points = pd.DataFrame(
            _keypoint_array(table.pop("keypoints"), len(names)), columns=list(names)
        )
        return pd.concat([table, points], axis=1)

    def windows(self, source: str | None = None) -> pd.DataFrame:
        """Return a row per second per person and for the group, in order."""
        order = "source, epoch, timestamp, is_final, person = 0, person"
        return _named(self._frame("windows", tables.WINDOW_COLUMNS, order, source))

    def events(self, source: str | None = None) -> pd.DataFrame:
        """Return arrivals, departures, changes of quadrant and spikes, in order."""
        table = _named(self._frame("events", tables.EVENT_COLUMNS, "rowid", source))
        for column in ("before", "after"):
            table[column] = pd.Series([text or None for text in table[column]], dtype=object)
        return table

    def narrations(self, source: str | None = None) -> pd.DataFrame:
        """Return the narrations in order, the story after the intervals; `facts` are dicts.

        `grounded` is `true`, `false` or `fallback`.
        """
        columns = (*tables.NARRATION_COLUMNS, "facts")
        table = self._frame("narrations", columns, "source, epoch, timestamp, kind", source)
        table["facts"] = pd.Series([json.loads(text) for text in table["facts"]], dtype=object)
        return table

    def ledger(self) -> pd.DataFrame:
        """Return scope, name, reason and count; empty while the run goes on."""
        return self._frame("ledger", ("scope", "name", "reason", "count"), "scope, name, reason")

    def selected(self, table: str, columns: Sequence[str]) -> str:
        """Return the columns for a SELECT; one that an older store lacks is NULL."""
        there = {row[1] for row in self._rows(f"PRAGMA table_info({table})")}
        return ", ".join(name if name in there else f"NULL AS {name}" for name in columns)

    def count(self, table: str) -> int:
        """Return the number of rows; 0 for a table that an older store lacks."""
        wanted = ("SELECT count(*) FROM sqlite_master WHERE name = ?", (table,))
        if not self._rows(*wanted)[0][0]:
            return 0
        return int(self._rows(f"SELECT count(*) FROM {table}")[0][0])

    def _check_version(self) -> None:
        version = self._rows("PRAGMA user_version")[0][0]
        if not 1 <= version <= tables.SCHEMA_VERSION:
            raise NotARunError(
                f"{self._path} has schema {version}, "
                f"this version reads 1 to {tables.SCHEMA_VERSION}"
            )

    def _frame(
        self, table: str, columns: Sequence[str], order: str, source: str | None = None
    ) -> pd.DataFrame:
        where = "" if source is None else "WHERE source = ?"
        wanted = () if source is None else (source,)
        cells_of = self.selected(table, columns)
        statement = f"SELECT {cells_of} FROM {table} {where} ORDER BY {order}"
        cells = list(zip(*self._rows(statement, wanted), strict=True)) or [()] * len(columns)
        return pd.DataFrame(
            {
                column: pd.Series(values, dtype=_dtype_of(column))
                for column, values in zip(columns, cells, strict=True)
            }
        )

    def _rows(self, statement: str, wanted: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.uri, uri=True, timeout=5.0)) as connection:
            return connection.execute(statement, wanted).fetchall()

    @property
    def uri(self) -> str:
        """The address by which SQLite opens the store read-only."""
        # A log beside the file means that somebody writes, or was killed; without one the file is
        # complete, and `immutable` lets it be read where nothing may be written.
        log = self._path.with_name(self._path.name + "-wal")
        return f"{self._path.resolve().as_uri()}?" + (
            "mode=ro" if log.exists() else "mode=ro&immutable=1"
        )


def _dtype_of(column: str) -> type:
    if column in _TEXT_COLUMNS:
        return object
    return int if column in _INTEGER_COLUMNS else float


def _named(table: pd.DataFrame) -> pd.DataFrame:
    table["person"] = [tables.person_name(person) for person in table["person"]]
    return table


def _keypoint_array(texts: pd.Series, width: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    values = np.full((len(texts), width), np.nan)
    for row, text in enumerate(texts):
        if text is not None:
            values[row] = [np.nan if v is None else v for point in json.loads(text) for v in point]
    return values
