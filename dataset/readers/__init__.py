"""Rating files by their real formats, one file each.

A reader file holds `NAME`, `groups(paths)`, which says which files are of its format and which of
them belong together, and `read(paths, settings)`, which makes tracks of one such group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ...stream.errors import ConfigError
from ..ratings import RatingTrack
from . import afew_va, case, deap, generic, liris_accede, liris_clips, omg, recola, veatic


class Reader(Protocol):
    """The shape of a reader file."""

    NAME: str

    def groups(self, paths: Sequence[Path]) -> list[tuple[Path, ...]]:
        """Return which of the files are of this format, those of one item together."""
        ...

    def read(self, paths: tuple[Path, ...], settings: dict[str, Any]) -> list[RatingTrack]:
        """Return the tracks of one group. Raises: RatingError."""
        ...


READERS: dict[str, Reader] = {
    reader.NAME: reader
    for reader in (
        *(veatic, afew_va, case, recola, liris_accede, liris_clips, omg, deap),
        generic,  # last: it takes what has valence in it and is nothing else
    )
}


@dataclass(frozen=True)
class RatingGroup:
    """The files of one item (of many, where a table holds them all), and who reads them."""

    reader: str
    paths: tuple[Path, ...]

    def read(self, settings: Mapping[str, Any]) -> list[RatingTrack]:
        """Return its tracks. Raises: RatingError, ConfigError."""
        return READERS[self.reader].read(self.paths, dict(settings))


def assign(paths: Sequence[Path], chosen: Mapping[Path, str] | None = None) -> list[RatingGroup]:
    """Return who reads which of the files; files that nobody reads are left out.

    `chosen` names a reader for a file where a person did. Raises: ConfigError.
    """
    found: list[RatingGroup] = []
    rest = list(paths)
    for path, name in (chosen or {}).items():
        if name not in READERS:
            raise ConfigError(f"{path}: no reader {name!r}; there are: {', '.join(READERS)}")
        if path in rest:
            found.append(RatingGroup(name, (path,)))
            rest.remove(path)
    for name, reader in READERS.items():
        for group in reader.groups(rest):
            found.append(RatingGroup(name, group))
        taken = {path for group in found for path in group.paths}
        rest = [path for path in rest if path not in taken]
    return sorted(found, key=lambda group: group.paths)
