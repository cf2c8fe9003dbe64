"""The statistics of a window, computed at once from columns of samples."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ..models.affect import quadrant
from .messages import EMOTIONS, GROUP, Quadrant, Reading, Span

Array = npt.NDArray[np.float64]

_PTS, _PERSON, _VALENCE, _AROUSAL, _MOVEMENT, _EMOTIONS = range(6)
_WIDTH = _EMOTIONS + len(EMOTIONS)
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
        self._frames = _Rows(2)

    def add(self, reading: Reading) -> None:
        """Append the people of a valid reading."""
        for person in reading.people:
            emotions = person.face.emotions if person.face else None
            measured = (person.valence, person.arousal, person.movement)
            numbers = [float("nan") if value is None else value for value in measured]
            self._people.append((reading.pts_s, person.id, *numbers, *(emotions or _NOTHING)))
        felt = any(person.valence is not None for person in reading.people)
        self._frames.append((reading.pts_s, felt))

    def drop_until(self, time_s: float) -> None:
        """Forget everything at or before `time_s`."""
        self._people.drop_until(time_s)
        self._frames.drop_until(time_s)

    @property
    def people(self) -> Array:
        """The rows of people, N x 13: time, person, valence, arousal, movement, emotions."""
        return self._people.view()

    @property
    def frames(self) -> Array:
        """The rows of frames, N x 2: time, 1 if somebody had valence."""
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
    return _span(GROUP, samples.people, coverage, neutral_radius)


def _span(person: int, rows: Array, coverage: float, neutral_radius: float) -> Span:
    """Return the statistics of some rows.

    The standard deviation is the sample's (divisor n - 1) and needs two readings; the slope is
    least-squares over the true timestamps and needs two different ones.
    """
    felt = rows[~np.isnan(rows[:, _VALENCE])]
    time_s, valence, arousal = felt[:, _PTS], felt[:, _VALENCE], felt[:, _AROUSAL]
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
        arousal_slope_per_s=_slope_per_s(time_s, arousal),
        quadrant=place,
        emotion=_dominant(rows[:, _EMOTIONS:]),
        movement=_mean(rows[:, _MOVEMENT]),
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


def _dominant(emotions: Array) -> str | None:
    """Return the emotion of the highest mean probability, the first of equals."""
    known = emotions[~np.isnan(emotions[:, 0])]
    return EMOTIONS[int(known.mean(axis=0).argmax())] if len(known) else None
