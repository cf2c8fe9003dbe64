"""The rows a head is fitted on: features of people, and the ratings of their videos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...models.features import Features
from ..agreement import Array, Series, shifted
from ..results import SCALED, per_frame
from ..rows import readings_of

STEP_S = 0.2
"""Media time between two rows of a person: neighbours tell little that is new. Our choice."""


@dataclass(frozen=True)
class Video:
    """The rows of one video: times (N), features (N, F), derived valence and arousal (N, 2).

    `derived` is NaN where it was not measured. `rated` holds the ratings by frame.
    """

    video_id: str
    group: str
    time_s: Array
    features: npt.NDArray[np.float32]
    derived: Array
    rated: tuple[Series, Series]

    def ratings(self, lag_s: float) -> Array:
        """Return the ratings (N, 2) that were given `lag_s` after each row's time; NaN: none."""
        columns = []
        for series in self.rated:
            shift = shifted(series, lag_s)
            columns.append(_at(self.time_s, series.time_s, shift))
        return np.stack(columns, axis=1)


def _at(wanted_s: Array, times_s: Array, values: Array) -> Array:
    return values[np.clip(np.searchsorted(times_s, wanted_s - 1e-6), 0, len(times_s) - 1)]


def video_rows(video_id: str, group: str, table: pd.DataFrame) -> Video:
    """Make the rows of one video, from those people whose expression was read of late."""
    features = Features()
    newest_s: dict[int, float] = {}
    rows, times_s, derived = [], [], []
    for reading in readings_of(table, video_id):
        for person in reading.people:
            row = features.add(reading.pts_s, person)
            due_s = newest_s.get(person.id, -np.inf) + STEP_S
            if reading.pts_s + 1e-6 < due_s or not np.isfinite(row[0]):
                continue
            newest_s[person.id] = reading.pts_s
            rows.append(row)
            times_s.append(reading.pts_s)
            derived.append([_number(person.valence), _number(person.arousal)])
    frames = per_frame(table)
    frame_s = frames["timestamp"].to_numpy(float)
    valence, arousal = (
        Series(frame_s, np.zeros(len(frame_s)), frames[f"rating_{name}"].to_numpy(float))
        for name in SCALED
    )
    return Video(
        video_id,
        group,
        np.array(times_s),
        np.array(rows, np.float32).reshape(len(rows), -1),
        np.array(derived).reshape(len(rows), 2),
        (valence, arousal),
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
