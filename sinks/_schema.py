"""The one schema of every store: `schema.sql` read as data, and its versions."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ..stream import tables

DELETIONS = """\
CREATE TABLE IF NOT EXISTS deletions (
    t_wall_ns  INTEGER NOT NULL,
    source     TEXT NOT NULL,
    from_s     REAL NOT NULL,
    to_s       REAL NOT NULL,
    table_name TEXT NOT NULL,
    row_count  INTEGER NOT NULL
);
"""

MIGRATIONS = {2: DELETIONS}
"""A version, and what brings a store of the version before to it."""


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

    Raises: ValueError where a later program wrote it.
    """
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > tables.SCHEMA_VERSION:
        raise ValueError(f"has schema {found}; this program knows {tables.SCHEMA_VERSION}")
    if found == 0:
        connection.executescript(schema_text())
    for version in range(max(found, 1) + 1, tables.SCHEMA_VERSION + 1):
        if found:
            connection.executescript(
                f"BEGIN;{MIGRATIONS[version]}PRAGMA user_version = {version};COMMIT;"
            )
    return found
