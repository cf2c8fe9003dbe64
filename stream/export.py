"""A finished run into other forms: the same rows that the sinks write while it goes on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from . import tables
from .errors import ConfigError, SinkError
from .runs import Run

FORMS = ("csv", "json", "parquet", "postgres")
CHUNK_ROWS = 5000
_SINK_TABLES = ("run", "sources", "readings", "windows", "events", "narrations", "ledger")


def export(run: Run, form: str, out: Path | None) -> dict[str, int]:
    """Write a run in one of `FORMS`; return the number of rows by table.

    `out` is a folder, by default the run's own. Raises: ConfigError, MissingExtraError, SinkError.
    """
    if form not in FORMS:
        raise ConfigError(f"--to {form}: one of {', '.join(FORMS)}")
    folder = run.folder if out is None else out
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if form == "postgres":
            return _to_postgres(run)
        write = {"csv": _csv, "json": _json, "parquet": _parquet}[form]
        return {table: write(run, table, folder) for table in _tables_of(form)}
    except OSError as error:
        raise SinkError(f"cannot write {folder}: {error.strerror}") from None


def chunks(run: Run, table: str) -> Iterator[list[tables.Row]]:
    """Yield the rows of a table in the order of the files, some thousands at a time."""
    from ..sinks._rows import COLUMNS

    if not run.count(table):
        return
    order = {
        "readings": "source, frame, person",
        "windows": "source, epoch, timestamp, is_final, person = 0, person",
        "narrations": "source, epoch, timestamp",
    }
    cells = run.selected(table, COLUMNS[table])
    statement = f"SELECT {cells} FROM {table} ORDER BY {order.get(table, 'rowid')}"
    with closing(sqlite3.connect(run.uri, uri=True, timeout=5.0)) as connection:
        cursor = connection.execute(statement)
        while rows := cursor.fetchmany(CHUNK_ROWS):
            yield rows


def _tables_of(form: str) -> Iterable[str]:
    return ("readings", "windows", "events") if form == "csv" else _SINK_TABLES


def _csv(run: Run, table: str, folder: Path) -> int:
    from ..sinks.csv import header, stored_line

    path = folder / f"{table}.csv"
    count = 0
    with _complete(path) as file:
        file.write(header(table, run.keypoint_layout))
        for rows in chunks(run, table):
            file.writelines(stored_line(table, row, run.keypoint_layout) for row in rows)
            count += len(rows)
    return count


def _json(run: Run, table: str, folder: Path) -> int:
    from ..sinks._rows import COLUMNS

    count = 0
    with _complete(folder / f"{table}.jsonl") as file:
        for rows in chunks(run, table):
            for row in rows:
                cells: dict[str, Any] = dict(zip(COLUMNS[table], row, strict=True))
                for name in {"keypoints", "facts", "value"} & cells.keys():
                    cells[name] = None if cells[name] is None else json.loads(cells[name])
                file.write(json.dumps(cells, ensure_ascii=False) + "\n")
            count += len(rows)
    return count


def _parquet(run: Run, table: str, folder: Path) -> int:
    from ..sinks._parts import FOLDER, Parts

    for old in (folder / FOLDER / table).glob("*.parquet"):
        old.unlink()
    parts = Parts(folder / FOLDER, table)
    count = 0
    for rows in chunks(run, table):
        parts.add(rows)
        parts.roll()
        count += len(rows)
    return count


def _to_postgres(run: Run) -> dict[str, int]:
    from ..sinks import postgres
    from ..sinks._backlog import Unreachable
    from ..sinks._pg import Postgres

    server = Postgres(postgres.dsn_of(postgres.Config()), str(run.meta["run_id"]))
    counts = dict.fromkeys(_SINK_TABLES, 0)
    try:
        for table in _SINK_TABLES:
            for rows in chunks(run, table):
                server.add({table: rows})
                counts[table] += len(rows)
    except Unreachable as error:
        raise SinkError(f"postgres: {error}; say where it is by {postgres.DSN_VARIABLE}") from None
    finally:
        server.close()
    return counts


class _complete:
    """A text file that appears under its name when it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(path.name + ".part")

    def __enter__(self) -> Any:
        self._file = open(self._draft, "w", encoding="utf-8", newline="")
        return self._file

    def __exit__(self, kind: object, *_: object) -> None:
        self._file.close()
        if kind is None:
            self._draft.replace(self._path)
        else:
            self._draft.unlink(missing_ok=True)
