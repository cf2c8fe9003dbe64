"""A text file that grows by whole lines and is never left with half of one."""

from __future__ import annotations

import os
from pathlib import Path

from ..stream.errors import SinkError, UsageError
from .base import RunInfo

FLUSH_BYTES = 1 << 18


def folder_of(run: RunInfo, kind: str) -> Path:
    """Return the folder of the run. Raises: UsageError where the run has none."""
    if run.folder is None:
        raise UsageError(f"the sink {kind!r} writes files: say where with --out DIR")
    return run.folder


class LineFile:
    """Collects lines and writes them in one go, by `flush` or when many have gathered.

    UTF-8, line ends as given. When the disk refuses, the file is cut back to its last whole
    write, what was not written is let go, and SinkError names the file.
    """

    def __init__(self, path: Path, head: str = "") -> None:
        """Create the file, empty but for `head`. Raises: SinkError."""
        self.path = path
        self._waiting: list[str] = []
        self._waiting_chars = 0
        self._good_bytes = 0
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(path, flags, 0o644)
        except OSError as error:
            raise SinkError(f"cannot create {path}: {error.strerror}") from error
        self.append(head)
        try:
            self.flush()
        except SinkError:
            self.close()
            raise

    def append(self, text: str) -> None:
        """Take whole lines, each with its line end. Raises: SinkError."""
        self._waiting.append(text)
        self._waiting_chars += len(text)
        if self._waiting_chars >= FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system. Raises: SinkError."""
        if not self._waiting_chars:
            return
        data = memoryview("".join(self._waiting).encode())
        self._waiting, self._waiting_chars = [], 0
        done = 0
        try:
            while done < len(data):
                done += os.write(self._descriptor, data[done:])
        except OSError as error:
            self._cut_back()
            raise SinkError(f"cannot write {self.path}: {error.strerror}") from error
        self._good_bytes += done

    def close(self) -> None:
        """Write the rest and close; the second time does nothing. Raises: SinkError."""
        if self._descriptor < 0:
            return
        try:
            self.flush()
        finally:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def _cut_back(self) -> None:
        os.ftruncate(self._descriptor, self._good_bytes)
        os.lseek(self._descriptor, self._good_bytes, os.SEEK_SET)
