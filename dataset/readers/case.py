"""CASE: `annotations/sub_<n>.csv` with jstime (ms), valence, arousal, video; 20 Hz, 0.5..9.5.

One file holds one person's ratings of many videos, one after another; time is counted from the
first sample of each. Source: two public loaders; the range is that of its joystick.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..ratings import RatingTrack, Table, header, track

NAME = "case"
SCALE = (0.5, 9.5)
COLUMNS = ("jstime", "valence", "arousal", "video")
_MS_PER_S = 1000.0


def groups(paths: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Return the files that are of this format."""
    return [
        (path,) for path in paths if path.suffix.lower() == ".csv" and header(path)[0] == COLUMNS[0]
    ]


def read(paths: tuple[Path, ...], settings: dict[str, Any]) -> list[RatingTrack]:
    """Read the videos that one person rated. Raises: RatingError."""
    table = Table(paths[0])
    time_ms, valence, arousal, video = (
        table.numbers(name, is_key=name in ("jstime", "video")) for name in COLUMNS
    )
    edges = [0, *(np.flatnonzero(np.diff(video)) + 1), len(video)]
    return [
        track(
            f"{video[begin]:g}",
            NAME,
            paths,
            "seconds",
            (time_ms[begin:end] - time_ms[begin]) / _MS_PER_S,
            valence[begin:end],
            arousal[begin:end],
            valence_scale=SCALE,
            arousal_scale=SCALE,
            subject=paths[0].stem,
            lines=table.lines[begin:end],
            column=COLUMNS[0],
        )
        for begin, end in zip(edges[:-1], edges[1:], strict=True)
    ]
