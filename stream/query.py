"""SQL over the tables of a run, by DuckDB, which can read them and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..sinks._extra import need
from ..sinks._parts import FOLDER, arrow_schema, arrow_table
from ..sinks._rows import COLUMNS
from .errors import ConfigError, UsageError
from .export import chunks
from .runs import Run

STORES = ("sqlite", "parquet", "csv", "postgres")


def query(folder: str, statement: str, store: str = "auto") -> tuple[list[str], list[Any]]:
    """Return the column names and the rows that a statement yields.

    `folder` is a run; for the store `postgres` it may be a run id. `auto`: the first of `STORES`
    that is there. Raises: UsageError, MissingExtraError, SinkError.
    """
    duckdb = need("duckdb", "affectstream query", "query")
    need("pyarrow", "affectstream query", "query")
    if not Path(folder).is_dir() and store != "postgres":
        raise UsageError(f"{folder}: no such run")
    named = [name for name in COLUMNS if re.search(rf"\b{name}\b", statement, re.IGNORECASE)]
    connection = duckdb.connect(":memory:")
    try:
        for name in named:
            table = _load(folder, name, store)
            if table is not None:
                connection.register(name, table)
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        result = connection.execute(statement)
        names = [column[0] for column in result.description or ()]
        return names, result.fetchall()
    except duckdb.Error as error:
        known = f"; tables: {', '.join(COLUMNS)}" if "does not exist" in str(error) else ""
        raise UsageError(f"{error}{known}") from None
    finally:
        connection.close()


def _load(folder: str, name: str, store: str) -> Any:
    """Return a table as Arrow, from the store asked for. Raises: UsageError."""
    place = Path(folder)
    if store == "auto":
        store = _found(place)
    if store == "sqlite":
        rows = [row for some in chunks(Run(place), name) for row in some]
        return arrow_table(name, rows)
    if store == "parquet":
        return _parquet(place, name)
    if store == "csv":
        return _csv(place, name)
    if store == "postgres":
        return arrow_table(name, _postgres(folder, name))
    raise ConfigError(f"--from {store}: auto, {', '.join(STORES)}")


def _found(place: Path) -> str:
    if (place / "run.db").is_file():
        return "sqlite"
    if (place / FOLDER).is_dir():
        return "parquet"
    if (place / "readings.csv").is_file():
        return "csv"
    raise UsageError(f"{place} is no run: it has no run.db, no {FOLDER}/ and no readings.csv")


def _parquet(place: Path, name: str) -> Any:
    dataset = need("pyarrow.dataset", "affectstream query", "query")
    parts = sorted((place / FOLDER / name).glob("*.parquet"))
    if not parts:
        return arrow_table(name, [])
    return dataset.dataset([str(part) for part in parts], schema=arrow_schema(name))


def _csv(place: Path, name: str) -> Any:
    csv = need("pyarrow.csv", "affectstream query", "query")
    path = place / f"{name}.csv"
    if not path.is_file():
        return None
    options = csv.ConvertOptions(
        strings_can_be_null=True,
        null_values=[""],
        column_types={"person": "string"} if name != "readings" else {},
    )
    return csv.read_csv(path, convert_options=options)


def _postgres(run: str, name: str) -> list[Any]:
    from ..sinks import postgres
    from ..sinks._backlog import Unreachable
    from ..sinks._pg import Postgres

    run_id = str(Run(run).meta["run_id"]) if Path(run).is_dir() else run
    server = Postgres(postgres.dsn_of(postgres.Config()), run_id)
    try:
        return server.rows(name)
    except Unreachable as error:
        raise UsageError(f"postgres: {error}; say where by {postgres.DSN_VARIABLE}") from None
    finally:
        server.close()
