"""The rows of runs in a PostgreSQL server: deleted by run or by age, with a proof there."""

from __future__ import annotations

from collections import Counter

from ..sinks import postgres
from ..sinks._backlog import Unreachable
from ..sinks._pg import Postgres
from .errors import ConfigError, SinkError
from .shelf import limit_of


def forget_run(run_id: str) -> dict[str, int]:
    """Delete a run; return the rows deleted by table. Raises: SinkError, MissingExtraError."""
    return _forget(run_id, None).get(run_id, {})


def prune_rows(keep: dict[str, str], now_s: float) -> dict[str, dict[str, int]]:
    """Delete rows that are older than `keep` allows; return their numbers by run and table.

    `keep` is that of `shelf.prune`: `rows` and `all` by an age count here, the shorter of the two.
    Raises: ConfigError where neither is an age, SinkError, MissingExtraError.
    """
    limits = [limit_of(kind, text) for kind, text in keep.items() if kind in ("rows", "all")]
    ages_s = [number for unit, number in limits if unit == "s"]
    if not ages_s:
        raise ConfigError("--server: rows in a server go by age: give --keep rows=30d")
    return _forget("", int((now_s - min(ages_s)) * 1e9))


def _forget(run_id: str, before_ns: int | None) -> dict[str, dict[str, int]]:
    server = Postgres(postgres.dsn_of(postgres.Config()), run_id)
    counts: dict[str, Counter[str]] = {}
    try:
        for run, table, count in server.forget(before_ns):
            counts.setdefault(run, Counter())[table] += count
    except Unreachable as error:
        raise SinkError(f"postgres: {error}; say where it is by {postgres.DSN_VARIABLE}") from None
    finally:
        server.close()
    return {run: dict(tables) for run, tables in counts.items()}
