"""LIRIS-ACCEDE, discrete: `ACCEDEranking.txt`, and MediaEval's `MEDIAEVALaffect.txt`.

Tabs, a row per clip: name, valenceValue and arousalValue (1..5), or valenceClass and arousalClass
(-1, 0, 1). Source: the set's README.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from ..ratings import RatingTrack, Scale, Table, clip_track, header

NAME = "liris_clips"
_KINDS: dict[str, Scale] = {"Value": (1.0, 5.0), "Class": (-1.0, 1.0)}


def groups(paths: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Return the files that are of this format."""
    return [
        (path,)
        for path in paths
        if (names := header(path, "\t"))[:2] == ["id", "name"] and _kind(names)
    ]


def _kind(names: Sequence[str]) -> str:
    there = {name.lower() for name in names}
    return next((kind for kind in _KINDS if f"valence{kind.lower()}" in there), "")


def read(paths: tuple[Path, ...], settings: dict[str, Any]) -> list[RatingTrack]:
    """Read a track per clip. Raises: RatingError."""
    table = Table(paths[0], "\t")
    kind = _kind(table.columns)
    scale = _KINDS[kind]
    cells = zip(
        table.lines,
        table.texts("name"),
        table.numbers(f"valence{kind}"),
        table.numbers(f"arousal{kind}"),
        strict=True,
    )
    return [
        clip_track(
            PurePath(name).stem,
            NAME,
            paths[0],
            valence,
            arousal,
            valence_scale=scale,
            arousal_scale=scale,
            lines=[line],
        )
        for line, name, valence, arousal in cells
    ]
