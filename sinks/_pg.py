"""The tables of the store in a PostgreSQL server, and rows by COPY."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..stream import tables
from ..stream.errors import SinkError
from ..stream.tables import Row
from ._backlog import Unreachable
from ._extra import need
from ._rows import COLUMNS
from ._schema import Table, store_tables

SCHEMA = "affectstream"
CONNECT_S = 10
STATEMENT_MS = 30_000
Forgotten = tuple[str, str, int]
"""Of a deletion: run id, table, number of rows."""
_TYPES = {"TEXT": "text", "INTEGER": "bigint", "REAL": "double precision"}


def parsed(dsn: str) -> dict[str, Any]:
    """Return the parts of a connection text. Raises: SinkError, which does not repeat it."""
    psycopg = need("psycopg", "PostgreSQL", "postgres")
    try:
        parts: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(dsn)
    except psycopg.Error:
        raise SinkError(
            "postgres: the connection text cannot be read; "
            "write postgresql://USER:PASSWORD@HOST/DATABASE"
        ) from None
    return parts


class Postgres:
    """A connection that is made anew when it broke. It belongs to one thread at a time."""

    def __init__(self, dsn: str, run_id: str) -> None:
        """Take where the server is; nothing is connected yet."""
        self._psycopg = need("psycopg", "PostgreSQL", "postgres")
        self._parts = parsed(dsn)
        self._run_id = run_id
        self._connection: Any = None

    def connect(self) -> None:
        """Connect and bring the tables to this version. Raises: Unreachable, SinkError."""
        if self._connection is not None:
            return
        limits = f"-c statement_timeout={STATEMENT_MS} -c client_min_messages=warning"
        try:
            connection = self._psycopg.connect(
                **{"connect_timeout": CONNECT_S, "options": limits, "tcp_user_timeout": 10_000}
                | self._parts
            )
        except self._psycopg.Error as error:
            raise Unreachable(self._plain(error)) from None
        try:
            with connection.transaction():
                _upgrade(connection)
        except self._psycopg.Error as error:
            connection.close()
            raise Unreachable(self._plain(error)) from None
        except SinkError:
            connection.close()
            raise
        self._connection = connection

    def add(self, batch: Mapping[str, Sequence[Row]]) -> None:
        """Write rows by table, all or none; rows that are there already are left as they are.

        Raises: Unreachable; SinkError where the server refuses the rows themselves.
        """
        self.connect()
        try:
            with self._connection.transaction():
                for table, rows in batch.items():
                    self._copy(table, rows)
        except (self._psycopg.DataError, self._psycopg.ProgrammingError) as error:
            raise SinkError(f"postgres refuses rows: {self._plain(error)}") from None
        except self._psycopg.Error as error:
            self.close()
            raise Unreachable(self._plain(error)) from None

    def rows(self, table: str) -> list[Row]:
        """Return the rows of this run in a table. Raises: Unreachable."""
        self.connect()
        statement = (
            f"SELECT {_names(COLUMNS[table])} FROM {SCHEMA}.{table} WHERE run_id = %s ORDER BY "
            + _names(store_tables()[table].key or COLUMNS[table])
        )
        try:
            with self._connection.transaction():
                found: list[Row] = self._connection.execute(statement, [self._run_id]).fetchall()
        except self._psycopg.Error as error:
            self.close()
            raise Unreachable(self._plain(error)) from None
        return found

    def forget(self, before_ns: int | None = None) -> list[Forgotten]:
        """Delete the rows of this run, or those of every run that are older; return what went.

        `before_ns` is UTC in ns since 1970: the wall clock of readings, which tells how old the
        other rows of a source are. The table `deletions` notes it. Raises: Unreachable.
        """
        self.connect()
        try:
            with self._connection.transaction():
                return _forget(self._connection, self._run_id, before_ns)
        except self._psycopg.Error as error:
            self.close()
            raise Unreachable(self._plain(error)) from None

    def close(self) -> None:
        """Close the connection; may be called twice."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _copy(self, table: str, rows: Sequence[Row]) -> None:
        columns = ("run_id", *COLUMNS[table])
        cursor = self._connection.cursor()
        cursor.execute(
            f"CREATE TEMP TABLE IF NOT EXISTS incoming_{table} (LIKE {SCHEMA}.{table}) "
            "ON COMMIT DELETE ROWS"
        )
        with cursor.copy(f"COPY incoming_{table} ({_names(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row((self._run_id, *row))
        cursor.execute(
            f"INSERT INTO {SCHEMA}.{table} ({_names(columns)}) "
            f"SELECT {_names(columns)} FROM incoming_{table} ON CONFLICT DO NOTHING"
        )

    def _plain(self, error: Exception) -> str:
        """Return the first line of an error, without the password."""
        line = (str(error).strip() or type(error).__name__).splitlines()[0]
        password = self._parts.get("password")
        return line.replace(str(password), "***") if password else line


def _forget(connection: Any, run_id: str, before_ns: int | None) -> list[Forgotten]:
    """Delete by the last reading before a time; without one, everything of a run."""
    within = "run_id = %s" if before_ns is None else "t_wall_ns BETWEEN 1 AND %s"
    connection.execute(
        "CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT run_id, source, epoch, "
        f'max("timestamp") AS to_s FROM {SCHEMA}.readings WHERE {within} GROUP BY 1, 2, 3',
        [run_id if before_ns is None else before_ns - 1],
    )
    older = (
        "USING gone WHERE (t.run_id, t.source, t.epoch) = (gone.run_id, gone.source, gone.epoch) "
        'AND t."timestamp" <= gone.to_s'
    )
    which, wanted = (older, []) if before_ns is not None else ("WHERE run_id = %s", [run_id])
    found: list[Forgotten] = []
    for table in ("windows", "events", "narrations", "readings"):
        found += connection.execute(
            f"WITH rows AS (DELETE FROM {SCHEMA}.{table} t {which} "
            'RETURNING t.run_id, t.source, t."timestamp"), '
            f"noted AS (INSERT INTO {SCHEMA}.deletions "
            "(run_id, t_wall_ns, source, from_s, to_s, table_name, row_count) "
            f'SELECT run_id, {time.time_ns()}, source, min("timestamp"), max("timestamp"), '
            f"'{table}', count(*) FROM rows GROUP BY run_id, source RETURNING *) "
            "SELECT run_id, table_name, row_count FROM noted",
            wanted,
        ).fetchall()
    if before_ns is None:
        for table in ("run", "sources", "ledger"):
            connection.execute(f"DELETE FROM {SCHEMA}.{table} WHERE run_id = %s", [run_id])
    return found


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _create(table: Table) -> str:
    lines = ['"run_id" text NOT NULL']
    for column in table.columns:
        needed = " NOT NULL" if column.is_required else ""
        lines.append(f'"{column.name}" {_TYPES[column.type]}{needed}')
    if table.key:
        lines.append(f"PRIMARY KEY ({_names(('run_id', *table.key))})")
    return f"CREATE TABLE {SCHEMA}.{table.name} (\n  " + ",\n  ".join(lines) + "\n)"


def _upgrade(connection: Any) -> None:
    """Make the tables, or those that an older version lacks; one program at a time."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('affectstream schema'))")
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    connection.execute(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.schema_version (version int NOT NULL)")
    found = connection.execute(f"SELECT max(version) FROM {SCHEMA}.schema_version").fetchone()[0]
    if (found or 0) > tables.SCHEMA_VERSION:
        raise SinkError(
            f"postgres has schema {found}; this program knows {tables.SCHEMA_VERSION}: "
            "update affectstream, or name another database"
        )
    there = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s",
        [SCHEMA],
    ).fetchall()
    for table in store_tables().values():
        names = {column for name, column in there if name == table.name}
        if not names:
            connection.execute(_create(table))
        added = [column for column in table.columns if column.name not in names]
        for column in added:
            place = f'{SCHEMA}.{table.name} ADD COLUMN IF NOT EXISTS "{column.name}"'
            connection.execute(f"ALTER TABLE {place} {_TYPES[column.type]}")
            text = column.meaning.replace("'", "''").replace("%", "%%")
            where = f'{SCHEMA}.{table.name}."{column.name}"'
            connection.execute(f"COMMENT ON COLUMN {where} IS '{text}'")
    if (found or 0) < tables.SCHEMA_VERSION:
        connection.execute(f"INSERT INTO {SCHEMA}.schema_version VALUES ({tables.SCHEMA_VERSION})")
