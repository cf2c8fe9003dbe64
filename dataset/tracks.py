"""The rating files of a folder as tracks, and as items to be matched with videos."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..stream.errors import AffectstreamError, UsageError
from .found import rating_groups, settings_for
from .matching import Item
from .ratings import RatingTrack
from .readers import RatingGroup
from .readers.generic import with_common_scales

Settings = Mapping[str, Mapping[str, Any]]
_NO = np.empty(0)


@dataclass(frozen=True)
class Index:
    """Tracks without their samples by the key of their item; why files could not be read."""

    tracks: dict[str, RatingTrack]
    items: list[Item]
    faults: dict[str, str]


def index(folder: Path, texts: list[Path], settings: Settings) -> Index:
    """Read every rating file. A file that cannot be read is named, and the rest goes on."""
    found = Index({}, [], {})
    read: list[RatingTrack] = []
    for group in rating_groups(folder, texts, settings):
        try:
            read += map(_light, group.read(settings_for(group, folder, settings)))
        except AffectstreamError as error:
            found.faults[group.paths[0].relative_to(folder).as_posix()] = str(error)
    for track in with_common_scales(read):
        names = tuple(path.relative_to(folder).as_posix() for path in track.paths)
        key = f"{names[0]}, {track.item}, {len(found.items)}"
        found.tracks[key] = track
        found.items.append(Item(key, track.item, names, track.reader))
        for part in _parts(track):
            name = f"{key}/{part.item}"
            found.tracks[name] = part
            found.items.append(Item(name, part.item, names, track.reader, part_of=key))
    return found


def _light(track: RatingTrack) -> RatingTrack:
    """Return the track with its last sample only: what is matched needs no more."""
    start, end = track.start[-1:].copy(), None if track.end is None else track.end[-1:].copy()
    return replace(track, start=start, end=end, valence=_NO, arousal=_NO, raters=_NO)


def read_tracks(
    folder: Path, paths: Sequence[str], items: Sequence[str], settings: Settings
) -> list[RatingTrack]:
    """Read the tracks of these items from these files. Raises: RatingError, UsageError."""
    found = []
    for group in rating_groups(folder, [Path(path) for path in paths], settings):
        said = json.dumps(settings_for(group, folder, settings), sort_keys=True)
        changed = tuple(path.stat().st_mtime_ns for path in group.paths)
        for track in _read(group, said, changed):
            found += [one for one in (track, *_parts(track)) if one.item in items]
    if not found:
        raise UsageError(
            f"{';'.join(paths)}: {';'.join(items)} is not there any more: "
            "run `affectstream dataset match` again"
        )
    return found


@lru_cache(maxsize=4)
def _read(group: RatingGroup, settings: str, changed: tuple[int, ...]) -> list[RatingTrack]:
    """Keep the newest files: a table may hold the ratings of thousands of videos."""
    return group.read(json.loads(settings))


def _parts(track: RatingTrack) -> list[RatingTrack]:
    """Return each interval as the track of a video of its own, `<video>/<part>`."""
    return [
        replace(
            track,
            item=f"{track.item}/{part}",
            start=np.zeros(1),
            end=np.full(1, np.inf),
            valence=track.valence[k : k + 1],
            arousal=track.arousal[k : k + 1],
            raters=track.raters[k : k + 1],
            parts=(),
        )
        for k, part in enumerate(track.parts)
    ]
