"""Nested cross-validation: what is chosen is chosen inside, what is reported is from outside.

Groups (originals, subjects) stay whole in every fold of both. Chosen inside are the rater's lag,
the kind of head and its penalty, and the last scale; nothing of an outer fold touches them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..agreement import MIN_OVERLAP, Array
from .regressor import CHOICES, Choice, Regressor, fit
from .table import Video

OUTER, INNER = 8, 4
"""Folds, or as many as there are groups."""

LAGS_S = tuple(round(0.5 * k, 1) for k in range(11))
"""How late the ratings may be: a rater cannot be early."""

FINER_S = (-0.2, 0.2)
"""Tried around the best of them."""

MAX_SCALE = 2.0
"""Regression shrinks towards the mean; the last scale takes that back, up to this factor."""

MOST_ROWS = 40_000
"""More rows than this are thinned out evenly."""

LAG_CHOICE = Choice("ridge", 300.0)
"""What the lag is chosen with."""

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Table:
    """Rows of many videos. `target` is NaN where nobody rated."""

    features: npt.NDArray[np.float32]
    target: Array
    derived: Array
    group: npt.NDArray[np.str_]
    video: npt.NDArray[np.str_]
    time_s: Array

    def take(self, rows: Indices) -> Table:
        """Return some of the rows."""
        parts = (getattr(self, name) for name in self.__dataclass_fields__)
        return Table(*(part[rows] for part in parts))


@dataclass(frozen=True)
class Outside:
    """What one dimension came to on groups that were not fitted to, row by row.

    `rated` are the ratings at the lag that was chosen without them.
    """

    rows: Table
    predicted: Array
    lags_s: tuple[float, ...]
    choices: tuple[Choice, ...]


def table_of(videos: Sequence[Video], axis: int, lag_s: float) -> Table:
    """Put the rows of one dimension of several videos together, without those unrated."""
    targets = [video.ratings(lag_s)[:, axis] for video in videos]
    whole = Table(
        np.concatenate([video.features for video in videos]),
        np.concatenate(targets),
        np.concatenate([video.derived[:, axis] for video in videos]),
        np.concatenate([np.full(len(video.time_s), video.group) for video in videos]),
        np.concatenate([np.full(len(video.time_s), video.video_id) for video in videos]),
        np.concatenate([video.time_s for video in videos]),
    )
    rated = np.flatnonzero(np.isfinite(whole.target))
    thinned = rated[:: max(1, -(-len(rated) // MOST_ROWS))]
    return whole.take(thinned)


def folds_of(groups: Sequence[str], most: int) -> list[frozenset[str]]:
    """Split groups into folds, each group in one, the same for the same names."""
    names = sorted(set(groups))
    shuffled = np.random.default_rng(0).permutation(len(names))
    count = min(most, len(names))
    return [frozenset(names[k] for k in shuffled[fold::count]) for fold in range(count)]


def concordance(predicted: Array, target: Array) -> float:
    """Return the CCC of two whole series; 0 where neither moves."""
    spread = predicted.var() + target.var() + (predicted.mean() - target.mean()) ** 2
    if spread < 1e-12:
        return 0.0
    return float(2 * np.mean((predicted - predicted.mean()) * (target - target.mean())) / spread)


def choose(videos: Sequence[Video], axis: int) -> tuple[float, Choice, float]:
    """Return lag, head and last scale, chosen by cross-validation among these videos alone."""
    lag_s = _choose_lag(videos, axis)
    table = table_of(videos, axis, lag_s)
    best, chosen, scale = -np.inf, CHOICES[0], 1.0
    for choice in CHOICES:
        predicted, target = _inside(table, choice)
        for factor in sorted({1.0, _matching(predicted, target)}):
            stretched = predicted.mean() + factor * (predicted - predicted.mean())
            score = concordance(stretched, target)
            if score > best + 1e-3:
                best, chosen, scale = score, choice, factor
    return lag_s, chosen, scale


def _choose_lag(videos: Sequence[Video], axis: int) -> float:
    least = MIN_OVERLAP * len(table_of(videos, axis, 0.0).target)

    def score(lag_s: float) -> float:
        table = table_of(videos, axis, lag_s)
        if len(table.target) < least or len(set(table.group.tolist())) < 2:
            return -np.inf
        return concordance(*_inside(table, LAG_CHOICE))

    scores = {lag_s: score(lag_s) for lag_s in LAGS_S}
    coarse_s = max(scores, key=lambda one: scores[one])
    near = (round(coarse_s + step_s, 1) for step_s in FINER_S)
    scores |= {lag_s: score(lag_s) for lag_s in near if lag_s >= 0}
    return max(scores, key=lambda one: scores[one])


def _inside(table: Table, choice: Choice) -> tuple[Array, Array]:
    """Return predictions and ratings of every row, each from a head fitted without its group."""
    predicted = np.zeros(len(table.target))
    for fitted, left_out in _splits(table, INNER):
        head = fit(choice, table.features[fitted], table.target[fitted])
        predicted[left_out] = head(table.features[left_out])
    return predicted, table.target


def _splits(table: Table, most: int) -> Iterator[tuple[Indices, Indices]]:
    for fold in folds_of(table.group.tolist(), most):
        inside = np.isin(table.group, sorted(fold))
        yield np.flatnonzero(~inside), np.flatnonzero(inside)


def _matching(predicted: Array, target: Array) -> float:
    """Return the factor that gives predictions the spread of the ratings, within bounds."""
    spread = float(predicted.std())
    return min(MAX_SCALE, max(1.0, float(target.std()) / spread)) if spread > 1e-6 else 1.0


def final(videos: Sequence[Video], axis: int) -> tuple[float, Regressor]:
    """Return the lag and the head, chosen and fitted on all these videos."""
    lag_s, choice, scale = choose(videos, axis)
    table = table_of(videos, axis, lag_s)
    head = fit(choice, table.features, table.target)
    middle = float(head.raw(table.features).mean())
    return lag_s, replace(head, scale=scale, shift=middle * (1 - scale))


def outside(
    videos: Sequence[Video], axis: int, tick: Callable[[str], None] = lambda _: None
) -> Outside:
    """Predict every video by a head that was chosen and fitted without its group."""
    parts, predicted, lags_s, choices = [], [], [], []
    for number, fold in enumerate(folds_of([video.group for video in videos], OUTER)):
        lag_s, head = final([video for video in videos if video.group not in fold], axis)
        rows = table_of([video for video in videos if video.group in fold], axis, lag_s)
        parts.append(rows)
        predicted.append(head(rows.features))
        lags_s.append(lag_s)
        choices.append(head.choice)
        tick(str(number))
    joined = Table(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in Table.__dataclass_fields__
        )
    )
    bounded = np.clip(np.concatenate(predicted), -1.0, 1.0)
    return Outside(joined, bounded, tuple(lags_s), tuple(choices))
