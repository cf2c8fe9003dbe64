"""What a rating file holds, in figures, and what looks wrong in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .ratings import (
    DIMENSIONS,
    Floats,
    RatingTrack,
    check_scale,
    first_line,
    scale_of_text,
    scale_text,
)
from .readers import RatingGroup, generic
from .resample import GAP_STEPS, usual_step

_MISSING_SHARE = 0.2
_CONSTANT_S = 20.0
_CONSTANT_SHARE = 0.5
_MANY = 250
_HEADER_CHARS = 120
"""What is worth a look: our choices. A rater who moves nothing for 20 s and for half of the
samples may have let go."""


def rating_facts(group: RatingGroup, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of the files of one item or table. Raises: RatingError, ConfigError."""
    tracks = group.read(settings)
    valence = np.concatenate([track.valence for track in tracks])
    arousal = np.concatenate([track.arousal for track in tracks])
    first = tracks[0]
    gaps = [_gaps(track) for track in tracks]
    constant = [max(_constant_s(t, t.valence), _constant_s(t, t.arousal)) for t in tracks]
    held = [{"valence": valence, "arousal": arousal}[name] for name in first.dimensions]
    missing = float(np.isnan(held).any(axis=0).mean())
    facts = {
        "items": len(tracks),
        "samples": len(valence),
        "columns": [first_line(group.paths[0])[:_HEADER_CHARS]]
        if group.paths[0].suffix != ".json"
        else [],
        "time_base": "clips" if all(t.is_clip for t in tracks) else first.time_base,
        "rate_hz": _rate_hz(first),
        **{f"{name}_scale": _scale(first, name) for name in DIMENSIONS},
        "missing_share": round(missing, 4),
        "gaps": sum(count for count, _ in gaps),
        "longest_gap_s": max((longest for _, longest in gaps), default=0.0) or None,
        "longest_constant_s": max(constant, default=0.0) or None,
        "guessed": list(first.guesses),
    }
    facts |= _range("valence", valence) | _range("arousal", arousal)
    return {**facts, "looks_wrong": _faults(tracks, facts)}


def with_common_scales(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of rating files with the scales that are taken for them.

    A scale that was guessed is that of all files in its folder; see `generic.widen`.
    """
    found = [dict(row) for row in rows]
    guessed = [row for row in found if row.get("reader") == generic.NAME and row.get("guessed")]
    about: list[dict[str, Any]] = [
        {
            "folder": Path(row["path"].partition(";")[0]).parent,
            "guesses": row["guessed"],
            **{f"{name}_scale": scale_of_text(row[f"{name}_scale"] or "") for name in DIMENSIONS},
        }
        for row in guessed
    ]
    generic.widen(about)
    for row, one in zip(guessed, about, strict=True):
        row["guessed"] = one["guesses"]
        for name in DIMENSIONS:
            scale = one[f"{name}_scale"]
            row[f"{name}_scale"] = scale and scale_text(scale)
    return found


def _faults(tracks: Sequence[RatingTrack], facts: Mapping[str, Any]) -> list[str]:
    wrong = sorted({fault for track in tracks if (fault := check_scale(track))})
    dimensions = tracks[0].dimensions
    empty = [name for name in dimensions if facts[f"{name}_min"] is None]
    wrong += [f"no {name}" for name in empty]
    if facts["missing_share"] > _MISSING_SHARE and not empty:
        wrong.append(f"{facts['missing_share']:.0%} of the samples are missing")
    if facts["gaps"]:
        wrong.append(f"{facts['gaps']} gaps, the longest {facts['longest_gap_s']:g} s")
    if unrated := sum(_skipped(track) for track in tracks):
        wrong.append(f"{unrated} pictures between others are not rated")
    if (facts["longest_constant_s"] or 0) >= _CONSTANT_S and any(
        _constant_share(track) >= _CONSTANT_SHARE for track in tracks
    ):
        wrong.append(f"unchanged for {facts['longest_constant_s']:g} s")
    still = [track for track in tracks if track.time_base == "frames" and _is_still(track)]
    if still:
        wrong.append("unchanged for more than half of the pictures")
    return wrong


def _is_still(track: RatingTrack) -> bool:
    return len(track.start) >= _MANY and _constant_share(track) >= _CONSTANT_SHARE


def _skipped(track: RatingTrack) -> int:
    """Return how many pictures have no row between the first and the last that have one."""
    if track.time_base != "frames" or not len(track.start):
        return 0
    return int(track.start[-1] - track.start[0]) + 1 - len(track.start)


def _gaps(track: RatingTrack) -> tuple[int, float]:
    if track.time_base != "seconds" or len(track.start) < 3:
        return 0, 0.0
    steps = np.diff(track.start)
    wide = steps[steps > GAP_STEPS * usual_step(track.start)]
    return len(wide), round(float(wide.max()), 3) if wide.size else 0.0


def _runs(values: Floats) -> Floats:
    """Return where stretches of one value begin, and the end."""
    known = np.nan_to_num(values, nan=np.finfo(float).max)
    changes = np.flatnonzero(known[1:] != known[:-1]) + 1
    edges: Floats = np.concatenate([[0], changes, [len(values)]]).astype(float)
    return edges


def _constant_s(track: RatingTrack, values: Floats) -> float:
    """Return the longest stretch of one value in s; 0 where time is not known or a value is."""
    if track.time_base != "seconds" or np.isnan(values).all() or len(values) < 2:
        return 0.0
    longest = float(np.diff(_runs(values)).max()) - 1
    return round(longest * usual_step(track.start), 3)


def _constant_share(track: RatingTrack) -> float:
    longest = [float(np.diff(_runs(v)).max()) for v in (track.valence, track.arousal)]
    return max(longest) / max(1, len(track.start))


def _rate_hz(track: RatingTrack) -> float | None:
    if track.time_base != "seconds" or len(track.start) < 2:
        return None
    return round(1 / usual_step(track.start), 3)


def _scale(track: RatingTrack, name: str) -> str | None:
    scale = track.scale_of(name)
    return None if scale is None else scale_text(scale)


def _range(name: str, values: Floats) -> dict[str, Any]:
    known = values[~np.isnan(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (None, None)
    return {f"{name}_min": low, f"{name}_max": high}
