"""The statistics of a window, computed at once from columns of samples."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec
import numpy as np
import numpy.typing as npt

from ..models.affect import quadrant
from ..models.posture import POSTURES
from .messages import EMOTIONS, GROUP, Quadrant, Reading, Span

Array = npt.NDArray[np.float64]

_PTS, _PERSON, _VALENCE, _AROUSAL, _MOVEMENT, _POSTURE, _EMOTIONS = range(7)
_WIDTH = _EMOTIONS + len(EMOTIONS)
_POSTURES = {name: number for number, name in enumerate(POSTURES)}
_NOTHING = (float("nan"),) * len(EMOTIONS)


class _Rows:
    """A queue of rows of numbers in one block of memory; the first column is time and rises."""

    def __init__(self, width: int) -> None:
        self._block = np.empty((64, width), dtype=np.float64)
        self._start = 0
        self._end = 0

    def append(self, row: Iterable[float]) -> None:
        if self._end == len(self._block):
            kept = self.view()
            roomy = len(kept) <= len(self._block) // 2
            block = self._block if roomy else np.empty((2 * len(self._block), kept.shape[1]))
            block[: len(kept)] = kept.copy()
            self._block, self._start, self._end = block, 0, len(kept)
        self._block[self._end] = tuple(row)
        self._end += 1

    def drop_until(self, time_s: float) -> None:
        self._start += int(np.searchsorted(self.view()[:, 0], time_s, side="right"))

    def view(self) -> Array:
        return self._block[self._start : self._end]


class Samples:
    """What the readings of one source said, one row per person and one per frame looked at."""

    def __init__(self) -> None:
        """Start empty."""
        self._people = _Rows(_WIDTH)
        self._frames = _Rows(7)

    def add(self, reading: Reading) -> None:
        """Append the people of a valid reading."""
        rows = []
        for person in reading.people:
            face = person.face
            is_trusted = face is None or not face.quality_reason
            emotions = face.emotions if face is not None and is_trusted else None
            affect = (person.valence, person.arousal) if is_trusted else (None, None)
            measured = (*affect, person.movement, _POSTURES.get(person.posture or ""))
            numbers = [float("nan") if value is None else value for value in measured]
            rows.append((reading.pts_s, person.id, *numbers, *(emotions or _NOTHING)))
        for row in rows:
            self._people.append(row)
        felt = not all(math.isnan(row[_VALENCE]) for row in rows)
        self._frames.append((reading.pts_s, felt, *_group_row(reading)))

    def drop_until(self, time_s: float) -> None:
        """Forget everything at or before `time_s`."""
        self._people.drop_until(time_s)
        self._frames.drop_until(time_s)

    @property
    def people(self) -> Array:
        """The rows of people, N x 14, in the order of `_PTS` to `_EMOTIONS`."""
        return self._people.view()

    @property
    def frames(self) -> Array:
        """The rows of frames, N x 7: time, 1 if somebody had valence, and the group's measures."""
        return self._frames.view()


def person_spans(samples: Samples, neutral_radius: float) -> list[Span]:
    """Return a span for everybody who was measured in the window, by number."""
    people = samples.people
    looked_at = len(samples.frames)
    spans = []
    for person in np.unique(people[:, _PERSON]):
        rows = people[people[:, _PERSON] == person]
        n = int(np.count_nonzero(~np.isnan(rows[:, _VALENCE])))
        spans.append(_span(int(person), rows, n / looked_at, neutral_radius))
    return spans


def group_span(samples: Samples, neutral_radius: float) -> Span:
    """Return the span of all people's readings pooled; n = 0 when there is nobody.

    Its coverage is the share of the frames in which at least one person had valence.
    """
    frames = samples.frames
    coverage = float(frames[:, 1].mean()) if len(frames) else 0.0
    span = _span(GROUP, samples.people, coverage, neutral_radius)
    if not len(frames):
        return span
    people, positive, near, facing = (_mean(frames[:, k]) for k in range(2, 6))
    known = frames[~np.isnan(frames[:, 6]), 6]
    return msgspec.structs.replace(
        span,
        people_mean=people,
        share_positive=positive,
        near_share=near,
        facing_share=facing,
        synchrony=float(known[-1]) if len(known) else None,
    )


def _group_row(reading: Reading) -> tuple[float, ...]:
    """Return people, share positive, whether any are near, facing, and synchrony; NaN: unknown."""
    group = reading.group
    if group is None:
        return (math.nan,) * 5
    pair = len(reading.people) > 1
    return (
        group.people,
        math.nan if group.share_positive is None else group.share_positive,
        bool(group.near) if pair else math.nan,
        bool(group.facing) if pair else math.nan,
        math.nan if group.synchrony is None else group.synchrony,
    )


def _span(person: int, rows: Array, coverage: float, neutral_radius: float) -> Span:
    """Return the statistics of some rows.

    The standard deviation is the sample's (divisor n - 1) and needs two readings; the slope is
    least-squares over the true timestamps and needs two different ones.
    """
    felt = rows[~np.isnan(rows[:, _VALENCE])]
    stirred = rows[~np.isnan(rows[:, _AROUSAL])]
    time_s, valence, arousal = felt[:, _PTS], felt[:, _VALENCE], stirred[:, _AROUSAL]
    valence_mean, arousal_mean = _mean(valence), _mean(arousal)
    place: Quadrant | None = None
    if valence_mean is not None and arousal_mean is not None:
        place = quadrant(valence_mean, arousal_mean, neutral_radius)
    return Span(
        person=person,
        n=len(felt),
        coverage=coverage,
        valence_mean=valence_mean,
        valence_sd=_sd(valence),
        valence_slope_per_s=_slope_per_s(time_s, valence),
        arousal_mean=arousal_mean,
        arousal_sd=_sd(arousal),
        arousal_slope_per_s=_slope_per_s(stirred[:, _PTS], arousal),
        quadrant=place,
        emotion=_dominant(rows[:, _EMOTIONS:]),
        movement=_mean(rows[:, _MOVEMENT]),
        posture=_frequent(rows[:, _POSTURE]),
    )


def _mean(values: Array) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _sd(values: Array) -> float | None:
    return float(values.std(ddof=1)) if len(values) > 1 else None


def _slope_per_s(time_s: Array, values: Array) -> float | None:
    if len(values) < 2:
        return None
    centred_s = time_s - time_s.mean()
    spread = float(centred_s @ centred_s)
    return float(centred_s @ (values - values.mean())) / spread if spread > 0 else None


def _frequent(postures: Array) -> str | None:
    """Return the posture of most rows, the first of equals."""
    known = postures[~np.isnan(postures)].astype(int)
    return POSTURES[int(np.bincount(known).argmax())] if len(known) else None


def _dominant(emotions: Array) -> str | None:
    """Return the emotion of the highest mean probability, the first of equals."""
    known = emotions[~np.isnan(emotions[:, 0])]
    return EMOTIONS[int(known.mean(axis=0).argmax())] if len(known) else None
