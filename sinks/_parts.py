"""Parquet files that are complete when they are visible."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..stream import tables
from ..stream.errors import SinkError
from ..stream.tables import Row
from ._extra import need
from ._rows import COLUMNS
from ._schema import store_tables

FOLDER = "parquet"
_TYPES = {"TEXT": "string", "INTEGER": "int64", "REAL": "float64"}


def arrow_schema(table: str) -> Any:
    """Return the Arrow schema of a table; each field holds its unit as `meaning`.

    Raises: MissingExtraError.
    """
    pa = need("pyarrow", "Parquet", "parquet")
    columns = {column.name: column for column in store_tables()[table].columns}
    fields = [
        pa.field(
            name,
            getattr(pa, _TYPES[columns[name].type])(),
            nullable=not columns[name].is_required,
            metadata={"meaning": columns[name].meaning},
        )
        for name in COLUMNS[table]
    ]
    return pa.schema(fields, metadata={"schema_version": str(tables.SCHEMA_VERSION)})


def arrow_table(table: str, rows: Sequence[Row]) -> Any:
    """Return rows as an Arrow table. Raises: MissingExtraError."""
    pa = need("pyarrow", "Parquet", "parquet")
    schema = arrow_schema(table)
    cells = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [
        pa.array(values, type=field.type) for values, field in zip(cells, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


class Parts:
    """The parts of one table: `TABLE/TABLE-000001.parquet` and so on.

    A part is written under another name, flushed to the disk and renamed.
    """

    def __init__(self, folder: Path, table: str) -> None:
        """Make the folder of the table. Raises: SinkError."""
        self._folder = folder / table
        self._table = table
        self._number = 0
        self._waiting: list[Row] = []
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"cannot create {self._folder}: {error.strerror}") from error

    def __len__(self) -> int:
        """Return how many rows wait for their part."""
        return len(self._waiting)

    def add(self, rows: Sequence[Row]) -> None:
        """Take rows for the next part."""
        self._waiting.extend(rows)

    def roll(self) -> None:
        """Make a part of what has gathered, if anything. Raises: SinkError."""
        if not self._waiting:
            return
        parquet = need("pyarrow.parquet", "Parquet", "parquet")
        self._number += 1
        path = self._folder / f"{self._table}-{self._number:06}.parquet"
        draft = path.with_suffix(".part")
        try:
            with open(draft, "wb") as file:
                content = arrow_table(self._table, self._waiting)
                parquet.write_table(content, file, compression="zstd")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise SinkError(f"cannot write {path}: {error.strerror or error}") from error
        self._waiting = []
