"""`parquet/TABLE/TABLE-000001.parquet` ...: rolling parts, each complete when it is visible.

A kill loses the part that was being gathered, at most `part_s` of it; `run.db` has it, and
`affectstream runs export` makes the parts anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from pydantic import Field

from ..stream.messages import Delivery, Frame
from ._extra import need
from ._lines import folder_of
from ._parts import FOLDER, Parts
from ._rows import Rows
from .base import Policy, RunInfo, SinkConfig


class Config(SinkConfig):
    """When a part is complete: after so many seconds or so many rows."""

    part_s: float = Field(default=60.0, gt=0)
    part_rows: int = Field(default=20_000, ge=1)


class ParquetSink:
    """Gathers rows by table and rolls a part when it is old or large enough."""

    policy: Policy = "every"
    wants_readings = True
    wants_frames = False

    def __init__(
        self, config: Config, run: RunInfo, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the folder of the run; `now` tells seconds."""
        self._config = config
        self._folder = folder_of(run, "parquet") / FOLDER
        self._rows = Rows(run)
        self._now = now
        self._parts: dict[str, Parts] = {}
        self._rolled_s = 0.0

    def open(self) -> None:
        """Write what is known of the run. Raises: SinkError, MissingExtraError."""
        for table, rows in self._rows.head():
            head = Parts(self._folder, table)
            head.add(rows)
            head.roll()
        for table in ("readings", "windows", "events", "narrations"):
            self._parts[table] = Parts(self._folder, table)
        self._rolled_s = self._now()

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Take the rows of a message. Raises: SinkError."""
        table, rows = self._rows.of(message)
        if not rows:
            return
        parts = self._parts[table]
        parts.add(rows)
        if len(parts) >= self._config.part_rows:
            parts.roll()

    def tick(self) -> None:
        """Complete the parts that are old enough. Raises: SinkError."""
        if self._now() - self._rolled_s >= self._config.part_s:
            self._roll()

    def close(self) -> None:
        """Complete the last parts. Raises: SinkError."""
        self._roll()
        self._parts = {}

    def _roll(self) -> None:
        self._rolled_s = self._now()
        for parts in self._parts.values():
            parts.roll()


def build(config: Config, run: RunInfo) -> ParquetSink:
    """Return the sink. Raises: UsageError where the run has no folder, MissingExtraError."""
    need("pyarrow", "the sink parquet", "parquet")
    return ParquetSink(config, run)
