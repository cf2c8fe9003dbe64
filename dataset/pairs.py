"""`pairs.csv`, a row per video with its ratings, and what a person says about them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..stream.errors import UsageError
from .files import read_rows, read_yaml, text_file, write_rows
from .found import MANIFEST, PAIRS_YAML

COLUMNS = (
    *("video_id", "path", "rating_path", "reader", "matched_by", "time_base", "offset_s"),
    *("frames", "duration_s", "rating_item", "subject", "valence_scale", "arousal_scale", "note"),
)
NO_RATINGS = "none"
_HEAD = """\
# Which ratings belong to which video; `affectstream dataset match` writes this file, and what you
# write under `pairs` and `readers` stays and counts before everything else. Then run it again.
#
# pairs:
#   my_video: {ratings: [ratings/a.csv], item: "7", offset_s: 0.5, subject: anna}
#   third_video: {subject: anna}  # its ratings are found as ever
#   other_video: none
# readers:
#   ratings/a.csv: {reader: generic, time: t, time_unit: ms, valence: V, valence_scale: [1, 9]}
"""


@dataclass(frozen=True)
class Said:
    """What a person said of one video.

    `ratings` are paths within the folder, empty for none; None where they are to be found.
    """

    ratings: tuple[str, ...] | None
    item: str = ""
    offset_s: float = 0.0
    subject: str = ""


@dataclass(frozen=True)
class Pair:
    """A row of `pairs.csv`."""

    video_id: str
    path: str
    ratings: tuple[str, ...]
    items: tuple[str, ...]
    offset_s: float
    subject: str
    frames: int | None
    duration_s: float | None
    scales: tuple[str, str] = field(default=("", ""))


def read_pairs(out: Path, limit: int | None = None) -> list[Pair]:
    """Return the pairs, in order. Raises: UsageError."""
    path = out / "pairs.csv"
    pairs = []
    for row in read_rows(path, "match")[:limit]:
        try:
            pairs.append(
                Pair(
                    row["video_id"],
                    row["path"],
                    _split(row["rating_path"]),
                    _split(row["rating_item"]),
                    float(row["offset_s"] or 0),
                    row["subject"],
                    int(row["frames"]) if row["frames"] else None,
                    float(row["duration_s"]) if row["duration_s"] else None,
                    (row["valence_scale"], row["arousal_scale"]),
                )
            )
        except (KeyError, ValueError) as error:
            raise UsageError(f"{path}: {error}: run `affectstream dataset match` again") from None
    return pairs


def write_pairs(out: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write `pairs.csv`. Raises: SinkError."""
    write_rows(out / "pairs.csv", COLUMNS, rows)


def said_in_yaml(out: Path) -> dict[str, Said]:
    """Return what a person wrote under `pairs`. Raises: UsageError."""
    path = out / PAIRS_YAML
    pairs = read_yaml(path).get("pairs") or {}
    if not isinstance(pairs, dict):
        raise UsageError(f"{path}: pairs: must hold a video and its ratings in each line")
    return {str(video): _said(path, str(video), entry) for video, entry in pairs.items()}


def _said(path: Path, video: str, entry: Any) -> Said:
    if entry is None or entry == NO_RATINGS:
        return Said(())
    if isinstance(entry, str):
        return Said(_split(entry))
    known = {"ratings", "item", "offset_s", "subject"}
    if not isinstance(entry, dict) or not set(entry) <= known:
        raise UsageError(f"{path}: pairs, {video}: write {', '.join(sorted(known))}, or none")
    ratings = entry.get("ratings", ())
    listed: tuple[str, ...] | None = None
    if isinstance(ratings, str):
        listed = () if ratings == NO_RATINGS else _split(ratings)
    elif ratings:
        listed = tuple(str(name) for name in ratings)
    if listed is None and entry.get("item"):
        raise UsageError(f"{path}: pairs, {video}: item: name its ratings too")
    try:
        offset_s = float(entry.get("offset_s") or 0)
    except (TypeError, ValueError):
        offset = entry["offset_s"]
        raise UsageError(f"{path}: pairs, {video}: offset_s: {offset!r} is no number") from None
    return Said(listed, str(entry.get("item") or ""), offset_s, str(entry.get("subject") or ""))


def said_in_manifest(folder: Path) -> dict[str, Said]:
    """Return what `manifest.csv` in the folder of the videos says. Raises: UsageError.

    Columns: video (path or id), ratings (`;` between files), and item, offset_s, subject if needed.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    found = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"video", "ratings"} - set(reader.fieldnames or ())
        if missing:
            raise UsageError(f"{path}: line 1: no column {', '.join(sorted(missing))}")
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            try:
                offset_s = float(row.get("offset_s") or 0)
            except ValueError:
                raise UsageError(f"{where}, column offset_s: no number") from None
            found[row["video"]] = Said(
                _split(row["ratings"] or ""),
                row.get("item") or "",
                offset_s,
                row.get("subject") or "",
            )
    return found


def write_yaml(out: Path, told: Mapping[str, Any]) -> None:
    """Write `pairs.yaml`: a person's `pairs` and `readers` as they are, then what is told."""
    path = out / PAIRS_YAML
    earlier = read_yaml(path)
    content = {
        "pairs": earlier.get("pairs") or {},
        "readers": earlier.get("readers") or {},
        **told,
    }
    with text_file(path) as file:
        file.write(_HEAD)
        yaml.safe_dump(content, file, sort_keys=False, allow_unicode=True, width=100)


def _split(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(";") if name.strip())
