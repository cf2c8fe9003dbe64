"""Formats that keep valence and arousal in two files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from ..ratings import DIMENSIONS


def pair_up(
    paths: Sequence[Path], pattern: re.Pattern[str], is_one: Callable[[Path], bool]
) -> list[tuple[Path, ...]]:
    """Return (valence, arousal) of every item; a single one where the other half is missing.

    The pattern's groups are the item and the dimension.
    """
    found: dict[tuple[Path, str], dict[str, Path]] = {}
    for path in paths:
        match = pattern.fullmatch(path.name)
        if match is not None and is_one(path):
            found.setdefault((path.parent, match[1]), {})[match[2].lower()] = path
    return [tuple(half[name] for name in DIMENSIONS if name in half) for half in found.values()]
