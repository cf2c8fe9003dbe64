"""VEATIC: `<id>_valence.csv` and `<id>_arousal.csv`, a row per picture, -1..1.

No header; column 0 is not used, column 1 is the mean rating. Source: dataset.py of the public
loader AlbusPeter/VEATIC; the range is that of its paper's figures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..ratings import RatingError, RatingTrack, Table, first_line, track
from ._pairs import pair_up

NAME = "veatic"
_FILE = re.compile(r"(.+)_(valence|arousal)\.csv", re.IGNORECASE)
_HEADERLESS = re.compile(r"[-+.\d\seE,]*|nan")


def groups(paths: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Return the pairs of files that are of this format."""
    return pair_up(paths, _FILE, lambda path: bool(_HEADERLESS.fullmatch(first_line(path))))


def read(paths: tuple[Path, ...], settings: dict[str, Any]) -> list[RatingTrack]:
    """Read the valence file and the arousal file of one video. Raises: RatingError."""
    if len(paths) != 2:
        raise RatingError(paths[0], "its other half is missing: <id>_valence.csv, <id>_arousal.csv")
    match = _FILE.fullmatch(paths[0].name)
    assert match is not None
    tables = [Table(path, has_header=False) for path in paths]
    valence, arousal = (table.numbers(1) for table in tables)
    if len(valence) != len(arousal):
        longer = int(len(arousal) > len(valence))
        rows = (len(valence), len(arousal))
        fault = f"has {rows[longer]} rows, but {paths[1 - longer].name} has {min(rows)}"
        raise RatingError(paths[longer], fault, tables[longer].lines[min(rows)], "2")
    frames = np.arange(len(valence), dtype=float)
    return [track(match[1], NAME, paths, "frames", frames, valence, arousal, lines=tables[0].lines)]
