"""The one schema of every store: `schema.sql` read as data, and its versions."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ..stream import tables


@dataclass(frozen=True)
class Column:
    """A column: `type` is TEXT, INTEGER or REAL; `meaning` is the comment with its unit."""

    name: str
    type: str
    is_required: bool
    meaning: str


@dataclass(frozen=True)
class Table:
    """A table of the store."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]


def schema_text() -> str:
    """Return `schema.sql`."""
    return files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")


@cache
def store_tables() -> dict[str, Table]:
    """Return every table of the schema by name."""
    blocks = re.findall(r"EXISTS (\w+) \((.*?)^\);", schema_text(), re.DOTALL | re.MULTILINE)
    return {name: _table(name, block) for name, block in blocks}


def _table(name: str, block: str) -> Table:
    key = re.search(r"PRIMARY KEY \(([^)]+)\)", block)
    own = re.search(r"(\w+) +TEXT PRIMARY KEY", block)
    names = key.group(1).split(", ") if key else [own.group(1)] if own else []
    column = re.compile(r"^ +(\w+) +(TEXT|INTEGER|REAL)([^-\n]*)(?:-- (.+))?$", re.MULTILINE)
    columns = tuple(
        Column(found[0], found[1], "NOT NULL" in found[2] or found[0] in names, found[3])
        for found in column.findall(block)
    )
    return Table(name, columns, tuple(names))


def upgrade(connection: sqlite3.Connection) -> int:
    """Bring a SQLite store to this version; return the version it had (0: it was empty).

    Tables and columns that it lacks are added; those that were not measured then are NULL.
    Raises: ValueError where a later program wrote it.
    """
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > tables.SCHEMA_VERSION:
        raise ValueError(f"has schema {found}; this program knows {tables.SCHEMA_VERSION}")
    connection.executescript(schema_text())
    for table in store_tables().values():
        there = columns_of(connection, table.name)
        for column in table.columns:
            if column.name not in there:
                connection.execute(f"ALTER TABLE {table.name} ADD {column.name} {column.type}")
    connection.commit()
    return found


def columns_of(connection: sqlite3.Connection, table: str) -> set[str]:
    """Return the columns that a table has; none where there is no such table."""
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
