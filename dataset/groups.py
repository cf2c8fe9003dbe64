"""Which videos belong together: copies and cuts of one original, or all videos of one subject.

Whatever is learnt or resampled keeps a group whole; otherwise a copy of what was learnt from would
be taken for something new, and every figure would be too good.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..stream.errors import UsageError
from .agreement import Array
from .results import Results

COPY_MARK = re.compile(
    r"[-_]*(cut|crop|part|clip|copy|shift(ed)?|flip(ped)?|mirror(ed)?|aug(mented)?|speed)"
    r"[-_]*\d*$"
)
"""What stands at the end of the name of a copy, a cut or a changed version of a video."""

FEW_GROUPS = 3
"""With fewer groups than this, stretches of time are resampled instead of groups: the interval
then tells of these videos alone."""

COLUMNS = ("group", "subject")
"""Of `pairs.csv`: where one of them is there, it says which videos belong together."""


def groups_of(results: Results, config: dict[str, Any]) -> tuple[dict[str, str], str]:
    """Return the group of each video, and in words how it was told.

    By the keys `groups` (a CSV file with video_id and group) or `group_by` (a regular expression
    whose first group in the video's id is the group's name), else by a column of the pairs, else
    by name without the mark of a copy, and by sharing a rating file. Raises: UsageError.
    """
    ids = results.video_ids()
    if named := config.get("groups"):
        return _from_file(Path(str(named)), ids), f"by {named}"
    if pattern := config.get("group_by"):
        return _from_pattern(str(pattern), ids), f"by the pattern {pattern}"
    pairs = results.pairs.set_index("video_id")
    for column in COLUMNS:
        if column in pairs and pairs.loc[ids, column].notna().all():  # An empty cell is NaN.
            return {one: str(pairs.loc[one, column]) for one in ids}, f"by {column} in pairs.csv"
    return _from_names(ids, pairs), "by name without the mark of a copy, and by rating file"


def _from_file(path: Path, ids: list[str]) -> dict[str, str]:
    try:
        table = pd.read_csv(path, dtype=str).set_index("video_id")["group"]
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{path}: not a CSV file with video_id and group: {error}") from None
    if absent := [one for one in ids if one not in table.index]:
        raise UsageError(f"{path}: no group for {', '.join(absent[:5])}")
    return {one: str(table[one]) for one in ids}


def _from_pattern(pattern: str, ids: list[str]) -> dict[str, str]:
    try:
        found = {one: re.search(pattern, one) for one in ids}
        return {one: str(match.group(1)) for one, match in found.items() if match} | {
            one: one for one, match in found.items() if not match
        }
    except (re.error, IndexError) as error:
        raise UsageError(
            f"group_by {pattern}: not a pattern with one group in brackets: {error}"
        ) from None


def _from_names(ids: list[str], pairs: pd.DataFrame) -> dict[str, str]:
    group = {one: COPY_MARK.sub("", one) or one for one in ids}
    if "rating_path" not in pairs:
        return group
    owner: dict[str, str] = {}
    for one in ids:
        rating = pairs.loc[one, "rating_path"]
        if not isinstance(rating, str) or not rating:
            continue
        item = pairs.loc[one, "rating_item"] if "rating_item" in pairs else ""
        kept = owner.setdefault(f"{rating}\0{item!s}", group[one])
        old = group[one]
        if kept != old:
            group = {key: kept if value == old else value for key, value in group.items()}
    return group


def pooled(sums: Mapping[str, Array], groups: Mapping[str, str]) -> tuple[Array, str]:
    """Return the blocks to resample over all videos, and what they are."""
    by_group: dict[str, list[Array]] = {}
    for video_id, blocks in sums.items():
        if len(blocks):
            by_group.setdefault(groups[video_id], []).append(blocks)
    if len(by_group) >= FEW_GROUPS:
        return np.stack([np.concatenate(own).sum(axis=0) for own in by_group.values()]), "groups"
    every = [blocks for own in by_group.values() for blocks in own]
    return (np.concatenate(every) if every else np.zeros((0, 1, 8))), "stretches"
