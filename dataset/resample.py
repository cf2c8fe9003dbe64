"""Ratings at the times of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .ratings import Floats, RatingTrack

GAP_STEPS = 3.0
"""Samples further apart than this many usual steps have nothing between them. Our choice."""


@dataclass(frozen=True)
class FrameRatings:
    """Valence and arousal per picture, NaN where not rated, and how many rated it."""

    valence: Floats
    arousal: Floats
    raters: Floats


def at_frames(
    tracks: Sequence[RatingTrack], frame: Floats, time_s: Floats, offset_s: float = 0.0
) -> FrameRatings:
    """Lay tracks over pictures: the mean of those that have a value there.

    `frame` counts 0, 1, 2, …; `time_s` is media time from the video's start; a sample of time t
    belongs to the picture at t + `offset_s`. Samples in seconds are joined by straight lines,
    save over gaps; a row per picture is moved by time where there is an offset; intervals hold.
    """
    valence, arousal, voices = (
        np.stack([_values(track, values, frame, time_s, offset_s) for track, values in pairs])
        if tracks
        else np.full((1, len(frame)), np.nan)
        for pairs in (
            [(track, track.valence) for track in tracks],
            [(track, track.arousal) for track in tracks],
            [(track, track.raters) for track in tracks],
        )
    )
    counts = [
        np.where(np.isnan(one), 0.0, np.nan_to_num(np.rint(voices))).sum(axis=0)
        for one in (valence, arousal)
    ]
    raters: Floats = np.maximum(*counts)  # Who rated both in two files is one rater.
    return FrameRatings(_mean(valence), _mean(arousal), raters)


def _values(
    track: RatingTrack, values: Floats, frame: Floats, time_s: Floats, offset_s: float
) -> Floats:
    if track.time_base == "intervals":
        return _held(track, values, time_s - offset_s)
    if track.time_base == "seconds":
        return joined(track.start, values, time_s - offset_s)
    if offset_s == 0.0:
        return _looked_up(track.start, values, frame)
    inside = np.flatnonzero(np.isin(track.start, frame))
    begins = np.interp(track.start[inside], frame, time_s)
    return joined(begins, values[inside], time_s - offset_s)


def _looked_up(start: Floats, values: Floats, frame: Floats) -> Floats:
    found = np.full(len(frame), np.nan)
    if len(start):
        at = np.clip(np.searchsorted(start, frame), 0, len(start) - 1)
        hit = start[at] == frame
        found[hit] = values[at[hit]]
    return found


def joined(start: Floats, values: Floats, time_s: Floats) -> Floats:
    """Return values at times, along straight lines between samples.

    The last sample before a gap, a missing one or the end holds for one usual step.
    """
    result = np.full(len(time_s), np.nan)
    if not len(start):
        return result
    step_s = usual_step(start)
    left = np.searchsorted(start, time_s + 1e-9, side="right") - 1
    has_left = left >= 0
    left = np.maximum(left, 0)
    right = np.minimum(left + 1, len(start) - 1)
    width = start[right] - start[left]
    share = np.where(width > 0, (time_s - start[left]) / np.where(width > 0, width, 1), 0.0)
    is_gap = (width <= 0) | (width > GAP_STEPS * step_s) | np.isnan(values[right])
    line = values[left] + (values[right] - values[left]) * share
    held = np.where(time_s - start[left] < step_s, values[left], np.nan)
    result[has_left] = np.where(is_gap, held, line)[has_left]
    return result


def usual_step(start: Floats) -> float:
    """Return the median distance of samples, in their unit; 1 where there is only one."""
    steps = np.diff(start)
    return float(np.median(steps)) if steps.size else 1.0


def _held(track: RatingTrack, values: Floats, time_s: Floats) -> Floats:
    """The last interval that began and has not ended; the very first holds from the start on."""
    result = np.full(len(time_s), np.nan)
    assert track.end is not None
    for begin, end, value in zip(track.start, track.end, values, strict=True):
        result[(time_s >= begin) & (time_s < end)] = value
    if track.is_clip:
        result[:] = values[0]
    return result


def _mean(stack: Floats) -> Floats:
    known = ~np.isnan(stack)
    count = known.sum(axis=0)
    total = np.where(known, stack, 0.0).sum(axis=0)
    mean: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean
