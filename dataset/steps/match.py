"""Step 2: pair videos with their ratings; doubtful pairs are asked for in `pairs.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from ...stream.errors import UsageError
from ..files import read_rows
from ..found import settings_of
from ..matching import Item, Match, match
from ..options import StepOptions, StepResult
from ..pairs import Said, said_in_manifest, said_in_yaml, write_pairs, write_yaml
from ..ratings import DIMENSIONS, RatingTrack, scale_text
from ..settings import StepConfig
from ..tracks import Index, index

_OFF_S = 2.0
_OFF_SHARE = 0.1
"""Ratings that end this much before or after their video are remarked on: our choice."""

_MIXED = "its ratings have more than one scale: set valence_scale, arousal_scale"


class Config(StepConfig):
    """No keys."""


def run(options: StepOptions) -> StepResult:
    """Leave `pairs.csv` and `pairs.yaml`."""
    rows = read_rows(options.out / "dataset.csv", "explore")
    videos = [row for row in rows if row["kind"] == "video"][: options.limit]
    paths = {row["id"]: PurePath(row["path"]) for row in videos}
    settings = settings_of(options.out)
    files = [name for row in rows if row["kind"] == "ratings" for name in row["path"].split(";")]
    said = _said(options, paths)
    files += [name for one in said.values() for name in one[1].ratings or ()]
    files += list(settings)
    found = index(options.videos, [Path(name) for name in dict.fromkeys(files)], settings)
    matches = _matches(paths, said, found)
    made = [_row(row, matches[row["id"]], said.get(row["id"]), found) for row in videos]
    result = StepResult(len(made), failed=dict(found.faults))
    told = _told(matches, found)
    if options.limit is not None:
        told["without_video"] = []  # those of the videos that were left out are not known
    _note(result, matches, told)
    if options.dry_run:
        result.done = 0
        return result
    write_pairs(options.out, made)
    write_yaml(options.out, told)
    return result


def _said(options: StepOptions, paths: Mapping[str, PurePath]) -> dict[str, tuple[str, Said]]:
    """Return what a person said, by video, and where; `pairs.yaml` before the manifest."""
    found: dict[str, tuple[str, Said]] = {}
    named = {path.as_posix(): video_id for video_id, path in paths.items()}
    named |= {path.name: video_id for video_id, path in paths.items()}
    for by, said in (
        ("manifest", said_in_manifest(options.videos)),
        ("pairs.yaml", said_in_yaml(options.out)),
    ):
        for name, one in said.items():
            video_id = name if name in paths else named.get(name, "")
            if video_id:
                found[video_id] = (by, one)
            elif options.limit is None:
                raise UsageError(f"{by}: there is no video {name}; it may be a path or an id")
            for rating in one.ratings or ():
                if not (options.videos / rating).is_file():
                    raise UsageError(f"{by}: {name}: there is no file {rating}")
    return found


def _matches(
    paths: Mapping[str, PurePath], said: Mapping[str, tuple[str, Said]], found: Index
) -> dict[str, Match]:
    matches: dict[str, Match] = {}
    used: set[str] = set()
    for video_id, (by, one) in said.items():
        if one.ratings is None:
            continue
        mine = _chosen(video_id, by, one, found)
        tracks = [found.tracks[item.key] for item in mine]
        if any(len(_scales(tracks, name)) > 1 for name in DIMENSIONS):
            raise UsageError(f"{by}: {video_id}: {_MIXED}")
        used |= {item.key for item in mine} | {item.part_of for item in mine}
        matches[video_id] = Match(mine, by)
    rest = {video_id: path for video_id, path in paths.items() if video_id not in matches}
    automatic = match(rest, [item for item in found.items if item.key not in used])
    for guessed in automatic.values():
        _doubt(guessed, found)
    return {**matches, **automatic}


def _chosen(video_id: str, by: str, said: Said, found: Index) -> list[Item]:
    """Return the items that a person meant. Raises: UsageError where that is not clear."""
    ratings = set(said.ratings or ())
    inside = [item for item in found.items if set(item.paths) & ratings]
    if said.item:
        mine = [item for item in inside if item.name == said.item]
    else:
        mine = [item for item in inside if not item.part_of]
    names = {rating: {item.name for item in mine if rating in item.paths} for rating in ratings}
    is_clear = all(len(there) == 1 for there in names.values())
    faults = [found.faults[name] for name in ratings if name in found.faults]
    if not is_clear and not faults:
        there = ", ".join(sorted({item.name for item in inside})[:10]) or "nothing that is read"
        raise UsageError(f"{by}: {video_id}: set item to one of: {there}")
    return mine


def _doubt(one: Match, found: Index) -> None:
    """Ask rather than mix formats or scales."""
    tracks = [found.tracks[item.key] for item in one.items]
    if len({item.reader for item in one.items}) > 1:
        one.why = "it is rated in more than one format"
    elif any(len(_scales(tracks, name)) > 1 for name in DIMENSIONS):
        one.why = _MIXED
    elif len({track.time_base for track in tracks}) > 1:
        one.why = "its ratings have more than one time base"
    else:
        return
    one.candidates, one.items = one.items, []


def _scales(tracks: Sequence[RatingTrack], dimension: str) -> list[str]:
    """Return the scales of a dimension that differ; none where no file holds it."""
    known = (track.scale_of(dimension) for track in tracks)
    return list(dict.fromkeys(scale_text(scale) for scale in known if scale))


def _row(
    video: Mapping[str, str], one: Match, said: tuple[str, Said] | None, found: Index
) -> dict[str, Any]:
    tracks = [found.tracks[item.key] for item in one.items]
    first = tracks[0] if tracks else None
    subjects = {track.subject for track in tracks}
    subject = subjects.pop() if len(subjects) == 1 else ""
    offset_s = said[1].offset_s if said else 0.0
    return {
        "video_id": video["id"],
        "path": video["path"],
        "rating_path": _joined([path for item in one.items for path in item.paths]),
        "reader": first.reader if first else "",
        "matched_by": "" if one.candidates else one.by,
        "time_base": ("clip" if first.is_clip else first.time_base) if first else "",
        "offset_s": offset_s if first else "",
        "frames": video["frames"],
        "duration_s": video["duration_s"],
        "rating_item": _joined([item.name for item in one.items]),
        "subject": (said[1].subject if said and said[1].subject else subject),
        "valence_scale": _joined(_scales(tracks, "valence")),
        "arousal_scale": _joined(_scales(tracks, "arousal")),
        "note": _joined([_length_fault(track, video, offset_s) for track in tracks]),
    }


def _length_fault(track: RatingTrack, video: Mapping[str, str], offset_s: float) -> str:
    """Return how ratings and video differ in length; "" where they do not."""
    if track.time_base == "frames":
        rated, there, unit = float(track.start[-1]) + 1, video["frames"], "frames"
    else:
        ends = track.start if track.end is None else track.end
        rated, there, unit = float(ends[-1]) + offset_s, video["duration_s"], "s"
    if track.is_clip or not there or not np.isfinite(rated):
        return ""
    length = float(there)
    slack = max(_OFF_S if unit == "s" else 2.0, _OFF_SHARE * length)
    if abs(rated - length) <= slack:
        return ""
    return f"rated up to {rated:g} {unit}, the video has {length:g}"


def _told(matches: Mapping[str, Match], found: Index) -> dict[str, Any]:
    """Return what `pairs.yaml` asks and tells."""
    paired = {item.key for one in matches.values() for item in one.items}
    paired |= {item.part_of for one in matches.values() for item in one.items}
    asked = {item.key for one in matches.values() for item in one.candidates}
    left = [
        item
        for item in found.items
        if not item.part_of and item.key not in paired and item.key not in asked
    ]
    return {
        "questions": {
            video_id: {
                "why": one.why,
                "candidates": [
                    {"ratings": list(item.paths), "item": item.name} for item in one.candidates
                ],
            }
            for video_id, one in matches.items()
            if one.candidates
        },
        "without_ratings": [
            video_id
            for video_id, one in matches.items()
            if not one.items and not one.candidates and not one.by
        ],
        "without_video": [f"{';'.join(item.paths)}: {item.name}" for item in left],
        "guessed": {
            item.paths[0]: list(found.tracks[item.key].guesses)
            for item in found.items
            if found.tracks[item.key].guesses
        },
    }


def _note(result: StepResult, matches: Mapping[str, Match], told: Mapping[str, Any]) -> None:
    paired = sum(bool(one.items) for one in matches.values())
    result.notes.append(f"{paired} of {len(matches)} videos have ratings")
    if told["questions"]:
        names = ", ".join(told["questions"])
        result.notes.append(f"doubtful, answer in pairs.yaml: {names}")
    for key, what in (("without_ratings", "videos"), ("without_video", "ratings")):
        if told[key]:
            shown = "; ".join(told[key][:5])
            more = f" and {len(told[key]) - 5} more" if len(told[key]) > 5 else ""
            result.notes.append(f"{key.replace('_', ' ')}: {len(told[key])} {what}: {shown}{more}")


def _joined(names: Sequence[str]) -> str:
    return ";".join(name for name in dict.fromkeys(names) if name)
