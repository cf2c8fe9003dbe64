"""The course of a video: its smoothed curve, the moments where it turns, and its chapters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..models.affect import quadrant
from ..sinks._look.turns import turns
from .agreement import Array
from .results import per_frame

SMOOTH_S = 1.0
"""Length of the moving mean. Our choice: short beside an expression, long beside its flicker."""

HOLD_S = 0.3
"""Somebody who was seen this long ago, or will be, is there; see `sinks._look.hold`."""

NOBODY = "nobody"
UNREAD = "no face read"
CHANGING = "changing"
"""Moods of nobody, of people whose faces were not read, and of a stretch that has no one mood."""

SHORTEST_S, LONGEST_SHORT_S = 2.0, 4.0
"""Between these lies the least length of a chapter. Our choice."""

MAIN_SHARE = 0.6
"""The mood of a stretch is the one of this share of its frames, else `CHANGING`. Our choice."""


@dataclass(frozen=True)
class Curve:
    """Smoothed valence and arousal of all people together, by frame; NaN where nobody was read."""

    frame: Array
    time_s: Array
    people: Array
    valence: Array
    arousal: Array

    @property
    def end_s(self) -> float:
        """The time of the last frame."""
        return float(self.time_s[-1])

    @property
    def length_s(self) -> float:
        """How long it lasts, the last frame as long as is usual."""
        return length_of(self.time_s)


@dataclass(frozen=True)
class Chapter:
    """A stretch in which the mood stays: a quadrant's name, or one of the above."""

    start_s: float
    end_s: float
    mood: str


def curve_of(table: pd.DataFrame) -> Curve:
    """Return the curve of a table of features."""
    frames = per_frame(table)
    time_s = frames["timestamp"].to_numpy(float)
    values = [smoothed(time_s, frames[name].to_numpy(float)) for name in ("valence", "arousal")]
    counts = np.asarray(table.groupby("frame", sort=True)["person"].nunique(), float)
    people = held(time_s, counts)
    return Curve(frames["frame"].to_numpy(float), time_s, people, *values)


def length_of(time_s: Array) -> float:
    """Return how long frames at these times last, the last one as long as is usual."""
    return float(time_s[-1] + np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0


def held(time_s: Array, counts: Array) -> Array:
    """Return the largest count within `HOLD_S` on either side: bodies are not looked for always."""
    low = np.searchsorted(time_s, time_s - HOLD_S, "left")
    high = np.searchsorted(time_s, time_s + HOLD_S, "right")
    return np.array([counts[a:b].max() for a, b in zip(low, high, strict=True)])


def smoothed(time_s: Array, values: Array) -> Array:
    """Return the mean of the known values within half of `SMOOTH_S` on either side."""
    known = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    low = np.searchsorted(time_s, time_s - SMOOTH_S / 2, "left")
    high = np.searchsorted(time_s, time_s + SMOOTH_S / 2, "right")
    with np.errstate(invalid="ignore"):
        return np.asarray((sums[high] - sums[low]) / (counts[high] - counts[low]))


def moments_of(curve: Curve, count: int) -> list[int]:
    """Return the rows of up to `count` frames that tell the course: where the curve turns.

    The first and the last readable frame, then, one by one, the frame farthest from the straight
    lines between those taken; where nothing turns any more, the middle of the widest gap.
    """
    valence = curve.valence
    known = np.flatnonzero(np.isfinite(valence) & np.isfinite(curve.arousal))
    if len(known) < count:  # Bodies alone tell arousal.
        valence = np.where(np.isfinite(curve.arousal), 0.0, np.nan)
        known = np.flatnonzero(np.isfinite(curve.arousal) & (curve.people > 0))
    if not len(known):
        even = np.linspace(0, len(curve.time_s) - 1, count)
        return sorted({int(row) for row in even})
    return turns(curve.time_s, valence, curve.arousal, known, count)


def chapters_of(curve: Curve, most: int) -> list[Chapter]:
    """Return the chapters of a video, in order, from its first moment to its last.

    Stretches shorter than a twelfth of the video (but see `SHORTEST_S` and `LONGEST_SHORT_S`) join
    the longer neighbour; of too many chapters the shortest join theirs.
    """
    columns = (curve.valence, curve.arousal, curve.people)
    moods = [_mood(*point) for point in zip(*columns, strict=True)]
    edges = [0, *(k for k in range(1, len(moods)) if moods[k] != moods[k - 1])]
    parts = [
        Chapter(float(curve.time_s[start]), float(curve.time_s[end]), moods[start])
        for start, end in zip(edges, [*edges[1:], len(moods) - 1], strict=True)
    ]
    if parts:
        parts[0] = Chapter(0.0, parts[0].end_s, parts[0].mood)
    least_s = min(LONGEST_SHORT_S, max(SHORTEST_S, curve.end_s / 12))
    while len(parts) > 1:
        shortest = min(range(len(parts)), key=lambda k: parts[k].end_s - parts[k].start_s)
        if parts[shortest].end_s - parts[shortest].start_s >= least_s and len(parts) <= most:
            break
        parts = _joined(parts, shortest)
    return _without_seams([replace(part, mood=_main(part, curve, moods)) for part in parts])


def _joined(parts: list[Chapter], at: int) -> list[Chapter]:
    """Return the chapters with one of them joined to its longer neighbour."""
    beside = [k for k in (at - 1, at + 1) if 0 <= k < len(parts)]
    taker = max(beside, key=lambda k: parts[k].end_s - parts[k].start_s)
    first, last = sorted((at, taker))
    merged = Chapter(parts[first].start_s, parts[last].end_s, parts[taker].mood)
    return _without_seams([*parts[:first], merged, *parts[last + 1 :]])


def _without_seams(parts: Sequence[Chapter]) -> list[Chapter]:
    found: list[Chapter] = []
    for part in parts:
        if found and found[-1].mood == part.mood:
            part = Chapter(found.pop().start_s, part.end_s, part.mood)
        found.append(part)
    return found


def _main(part: Chapter, curve: Curve, moods: Sequence[str]) -> str:
    inside = (curve.time_s >= part.start_s) & (curve.time_s <= part.end_s)
    own = [mood for mood, is_inside in zip(moods, inside, strict=True) if is_inside]
    main = max(sorted(set(own)), key=own.count)
    return main if own.count(main) >= MAIN_SHARE * len(own) else CHANGING


def _mood(valence: float, arousal: float, people: float) -> str:
    if np.isfinite(valence) and np.isfinite(arousal):
        return quadrant(float(valence), float(arousal))
    return UNREAD if people else NOBODY
