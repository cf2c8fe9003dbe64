"""`run.pickle`: rows as plain Python objects, for scripts; written only, nothing here reads it.

The file is a row of pickles (protocol 4), one about each second: dicts of `table`, `columns` and
`rows`, made of str, int, float and None. Loading a pickle runs what it holds: load your own only.
"""

from __future__ import annotations

import os
import pickle

from ..stream.errors import SinkError
from ..stream.messages import Delivery, Frame
from ..stream.tables import Row
from ._lines import folder_of
from ._rows import COLUMNS, Rows
from .base import Policy, RunInfo, SinkConfig

FILE_NAME = "run.pickle"
PROTOCOL = 4
CHUNK_ROWS = 5000


class Config(SinkConfig):
    """Nothing to choose."""


class PickleSink:
    """Appends a pickle per table and tick; what was ticked survives a kill."""

    policy: Policy = "every"
    wants_readings = True
    wants_frames = False

    def __init__(self, run: RunInfo) -> None:
        """Take the folder of the run."""
        self._path = folder_of(run, "pickle") / FILE_NAME
        self._rows = Rows(run)
        self._waiting: dict[str, list[Row]] = {}
        self._count = 0
        self._descriptor = -1

    def open(self) -> None:
        """Create the file with what is known of the run. Raises: SinkError."""
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(self._path, flags, 0o644)
        except OSError as error:
            raise SinkError(f"cannot create {self._path}: {error.strerror}") from error
        for table, rows in self._rows.head():
            self._waiting[table] = rows
        self._flush()

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Take the rows of a message. Raises: SinkError."""
        table, rows = self._rows.of(message)
        if rows:
            self._waiting.setdefault(table, []).extend(rows)
            self._count += len(rows)
            if self._count >= CHUNK_ROWS:
                self._flush()

    def tick(self) -> None:
        """Append what has gathered. Raises: SinkError."""
        self._flush()

    def close(self) -> None:
        """Complete the file. Raises: SinkError."""
        if self._descriptor < 0:
            return
        try:
            self._flush()
        finally:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def _flush(self) -> None:
        waiting, self._waiting, self._count = self._waiting, {}, 0
        for table, rows in waiting.items():
            chunk = {"table": table, "columns": COLUMNS[table], "rows": rows}
            data = memoryview(pickle.dumps(chunk, PROTOCOL))
            good = os.lseek(self._descriptor, 0, os.SEEK_CUR)
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError as error:
                os.ftruncate(self._descriptor, good)
                os.lseek(self._descriptor, good, os.SEEK_SET)
                raise SinkError(f"cannot write {self._path}: {error.strerror}") from error


def build(config: Config, run: RunInfo) -> PickleSink:
    """Return the sink. Raises: UsageError where the run has no folder."""
    return PickleSink(run)
