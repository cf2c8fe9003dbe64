"""Readings and ratings in one table: `features/<video>.csv`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .files import text_file
from .ratings import Floats, RatingTrack
from .resample import FrameRatings, at_frames

RATING_COLUMNS = ("rating_valence", "rating_arousal", "rating_raters")
"""As the file gives them, at the time of the picture; empty where not rated."""

_FRAME, _TIME = 1, 2
"""Places of frame and timestamp among the columns of readings. The cells before them, a source's
id and a number, hold no quotes."""


def merge(
    readings: Path,
    made: Path,
    video_id: str,
    tracks: Sequence[RatingTrack],
    offset_s: float,
) -> int:
    """Write every row of `readings` with its video and its ratings; return how many pictures.

    Times are those that a player shows, as whoever rated saw them. Raises: SinkError.
    """
    frame, time_s = _pictures(readings)
    ratings = at_frames(tracks, frame, time_s, offset_s)
    cells = {int(k): _cells(ratings, row) for row, k in enumerate(frame)}
    with readings.open(encoding="utf-8", newline="") as file, text_file(made) as to:
        head = next(file).rstrip("\n")
        to.write(f"video_id,{head},{','.join(RATING_COLUMNS)}\n")
        for line in file:
            number = int(line.split(",", _FRAME + 1)[_FRAME])
            to.write(f"{video_id},{line.rstrip(chr(10))},{cells[number]}\n")
    return len(frame)


def _pictures(readings: Path) -> tuple[Floats, Floats]:
    """Return number and time of every picture, once each."""
    numbers: list[float] = []
    times: list[float] = []
    with readings.open(encoding="utf-8", newline="") as file:
        next(file)
        for line in file:
            cells = line.split(",", _TIME + 1)
            number = float(cells[_FRAME])
            if not numbers or number != numbers[-1]:
                numbers.append(number)
                times.append(float(cells[_TIME]))
    return np.asarray(numbers), np.asarray(times)


def _cells(ratings: FrameRatings, row: int) -> str:
    valence, arousal = float(ratings.valence[row]), float(ratings.arousal[row])
    raters = int(ratings.raters[row])
    return f"{_number(valence)},{_number(arousal)},{raters if raters else ''}"


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value + 0.0:.6g}"
