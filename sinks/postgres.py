"""Rows into a PostgreSQL server, in batches by COPY; what it cannot take waits on disk.

The tables are those of `run.db` in the schema `affectstream`, each with `run_id` in front. A
server that goes away, or is not there yet, does not hold up the run: rows wait in
`postgres.spill` and follow when it is there, each once.
"""

from __future__ import annotations

import os
from functools import partial

import msgspec
from pydantic import Field, SecretStr

from ..stream.errors import SinkError
from ..stream.messages import Delivery, Frame
from ..stream.tables import Row
from ._backlog import Backlog, Courier
from ._extra import need
from ._lines import folder_of
from ._pg import Postgres
from ._rows import Rows
from .base import Policy, RunInfo, SinkConfig

SPILL_NAME = "postgres.spill"
DSN_VARIABLE = "AFFECTSTREAM_POSTGRES"
Batch = dict[str, list[Row]]


class Config(SinkConfig):
    """Where the server is: `dsn`, or the environment variable AFFECTSTREAM_POSTGRES.

    `spill_mb` bounds what waits on disk, `grace_s` how long the end of a run waits for the server.
    """

    dsn: SecretStr | None = None
    batch_rows: int = Field(default=1000, ge=1)
    spill_mb: int = Field(default=1024, ge=1)
    grace_s: float = Field(default=10.0, ge=0)


def dsn_of(config: Config) -> str:
    """Return the connection text; without any, libpq's own variables (PGHOST ...) count."""
    if config.dsn is not None:
        return config.dsn.get_secret_value()
    return os.environ.get(DSN_VARIABLE, "")


class PostgresSink:
    """Gathers rows; a courier beside it takes the batches to the server."""

    policy: Policy = "every"
    wants_readings = True
    wants_frames = False

    def __init__(self, config: Config, run: RunInfo) -> None:
        """Take the server and the run. Raises: UsageError, MissingExtraError, SinkError."""
        self._config = config
        folder = folder_of(run, "postgres")
        self._rows = Rows(run)
        self._health = run.health
        self._server = Postgres(dsn_of(config), run.run_id)
        self._spill = folder / SPILL_NAME
        self._backlog = Backlog(self._spill, limit_bytes=config.spill_mb << 20)
        self._courier: Courier | None = None
        self._batch: Batch = {}
        self._count = 0
        self._lost_rows = 0

    def open(self) -> None:
        """Begin to send; a server that is not there yet is waited for."""
        tell = partial(self._health.tell_server, "postgres")
        self._courier = Courier("postgres", self._backlog, self._send, self._server.close, tell)
        self._batch = {table: rows for table, rows in self._rows.head() if rows}
        self._flush()

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Take the rows of a message. Raises: SinkError where the server refuses rows."""
        table, rows = self._rows.of(message)
        if not rows:
            return
        self._batch.setdefault(table, []).extend(rows)
        self._count += len(rows)
        if self._count >= self._config.batch_rows:
            self._flush()

    def tick(self) -> None:
        """Hand on what has gathered. Raises: SinkError where the server refuses rows."""
        self._flush()

    def close(self) -> None:
        """Wait for the rest to arrive. Raises: SinkError saying what did not."""
        courier, self._courier = self._courier, None
        if courier is None:
            self._server.close()
            return
        self._hand_on()
        left = courier.close(self._config.grace_s)
        self._backlog.close()
        if courier.error is not None:
            raise SinkError(str(courier.error)) from None
        if left or self._lost_rows:
            raise SinkError(
                f"postgres: the server did not take {left} batches and {self._lost_rows} rows by "
                "the end; run.db has all: affectstream runs export RUN --to postgres"
            )

    def _flush(self) -> None:
        self._hand_on()
        if self._courier is not None and self._courier.error is not None:
            raise SinkError(str(self._courier.error)) from None

    def _hand_on(self) -> None:
        batch, self._batch, self._count = self._batch, {}, 0
        if batch and not self._backlog.put(msgspec.msgpack.encode(batch)):
            self._lost_rows += sum(map(len, batch.values()))

    def _send(self, payload: bytes) -> None:
        self._server.add(msgspec.msgpack.decode(payload))


def build(config: Config, run: RunInfo) -> PostgresSink:
    """Return the sink. Raises: UsageError where the run has no folder, MissingExtraError."""
    need("psycopg", "the sink postgres", "postgres")
    return PostgresSink(config, run)
