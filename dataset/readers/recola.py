"""RECOLA and AVEC: `valence/<set>_<n>.csv` and `arousal/<set>_<n>.csv`; time and six raters.

Semicolons; every 40 ms; -1..1. The mean of those who rated is taken, and they are counted.
Source: public loaders of ratings_individual.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..ratings import (
    DIMENSIONS,
    Floats,
    RatingError,
    RatingTrack,
    Table,
    check_times,
    header,
    track,
)

NAME = "recola"


def groups(paths: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Return the pairs of files that are of this format."""
    found: dict[tuple[Path, str], dict[str, Path]] = {}
    for path in paths:
        dimension = path.parent.name.lower()
        if dimension in DIMENSIONS and header(path, ";")[0] == "time":
            found.setdefault((path.parent.parent, path.name), {})[dimension] = path
    return [tuple(half[name] for name in DIMENSIONS if name in half) for half in found.values()]


def read(paths: tuple[Path, ...], settings: dict[str, Any]) -> list[RatingTrack]:
    """Read the valence file and the arousal file of one video. Raises: RatingError."""
    if len(paths) != 2:
        raise RatingError(paths[0], "its other half is missing: valence/<name>, arousal/<name>")
    tables = [Table(path, ";") for path in paths]
    times = [table.numbers(0, is_key=True) for table in tables]
    check_times(paths, tables, times)
    (valence, raters), (arousal, _) = (_mean(table) for table in tables)
    stem = paths[0].stem
    return [
        track(
            *(stem, NAME, paths, "seconds", times[0], valence, arousal),
            raters=raters,
            subject=stem,
            lines=tables[0].lines,
            column="time",
        )
    ]


def _mean(table: Table) -> tuple[Floats, Floats]:
    """Return the mean of the raters and how many they were, sample by sample."""
    if len(table.columns) < 2:
        raise RatingError(table.path, "has a time, but no rater", 1)
    voices = np.stack([table.numbers(k) for k in range(1, len(table.columns))])
    raters: Floats = (~np.isnan(voices)).sum(axis=0).astype(float)
    total = np.nansum(voices, axis=0)
    mean: Floats = np.where(raters > 0, total / np.maximum(raters, 1), np.nan)
    return mean, raters
