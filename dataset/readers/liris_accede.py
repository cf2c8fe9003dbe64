"""LIRIS-ACCEDE, continuous: `<movie>_Valence.txt` and `<movie>_Arousal.txt`; Time, Mean, Std.

Tabs, one row a second, -1..1. Source: the set's README; the range is general knowledge, as public
loaders bring the values to -1..1 once more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..ratings import RatingError, RatingTrack, Table, check_times, header, track
from ._pairs import pair_up

NAME = "liris_accede"
_FILE = re.compile(r"(.+)_(valence|arousal)\.txt", re.IGNORECASE)


def groups(paths: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Return the pairs of files that are of this format."""
    return pair_up(paths, _FILE, lambda path: header(path, "\t")[:1] == ["time"])


def read(paths: tuple[Path, ...], settings: dict[str, Any]) -> list[RatingTrack]:
    """Read the valence file and the arousal file of one movie. Raises: RatingError."""
    if len(paths) != 2:
        raise RatingError(paths[0], "its other half is missing: <movie>_Valence.txt, _Arousal.txt")
    match = _FILE.fullmatch(paths[0].name)
    assert match is not None
    tables = [Table(path, "\t") for path in paths]
    times = [table.numbers("Time", is_key=True) for table in tables]
    valence, arousal = (table.numbers("Mean") for table in tables)
    check_times(paths, tables, times)
    lines = {"lines": tables[0].lines, "column": "Time"}
    return [track(match[1], NAME, paths, "seconds", times[0], valence, arousal, **lines)]
