"""How far two series agree: CCC, Pearson, RMSE and the agreement of their signs, with intervals.

Every statistic is made from sums over blocks of frames, so that a bootstrap over thousands of
resamples, with the lag chosen anew in each, is a product of two small matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

METRICS = ("ccc", "pearson", "rmse", "sign_agreement")
"""CCC: Lin 1989, A concordance correlation coefficient to evaluate reproducibility, Biometrics 45,
255-268. Sign agreement: the share of frames with both on the same side of 0 (Nicolaou, Gunes and
Pantic 2011, Continuous prediction of spontaneous affect, IEEE Transactions on Affective Computing
2, 92-105); frames where one of the two is exactly 0 do not count."""

BLOCK_S = 5.0
"""Frames this near to each other are kept together in a resample: they are not independent. Our
choice: longer than an expression, short enough for several blocks in a clip."""

MIN_FRAMES = 20
"""With fewer pairs at a lag, nothing is said of that lag."""

MIN_OVERLAP = 0.5
"""A lag counts where at least this share of the pairs at lag 0 is left. Our choice."""

_N, _X, _Y, _XX, _YY, _XY, _SAME, _SIGNED = range(8)


@dataclass(frozen=True)
class Series:
    """What was measured and what was rated in one video, on the same times; NaN where absent."""

    time_s: Array
    measured: Array
    rated: Array


@dataclass(frozen=True)
class Agreement:
    """The metrics at one lag with the bounds of a 95 % bootstrap interval.

    `lag_s` is how late the ratings are: measured at t is compared with rated at t + lag. `n` counts
    frames, `blocks` what was resampled: videos, or stretches of `BLOCK_S`.
    """

    lag_s: float
    n: int
    blocks: int
    values: dict[str, float]
    low: dict[str, float]
    high: dict[str, float]


def shifted(series: Series, lag_s: float, gap_s: float = 0.5) -> Array:
    """Return the rating at each time plus the lag; NaN outside, and across gaps of `gap_s`."""
    known = np.isfinite(series.rated)
    times_s, values = series.time_s[known], series.rated[known]
    if len(times_s) < 2:
        return np.full(len(series.time_s), np.nan)
    wanted_s = series.time_s + lag_s
    right = np.clip(np.searchsorted(times_s, wanted_s), 1, len(times_s) - 1)
    near = np.minimum(np.abs(wanted_s - times_s[right - 1]), np.abs(wanted_s - times_s[right]))
    inside = (wanted_s >= times_s[0] - 1e-6) & (wanted_s <= times_s[-1] + 1e-6)
    is_known = inside & ((times_s[right] - times_s[right - 1] <= gap_s) | (near < 1e-6))
    return np.asarray(np.where(is_known, np.interp(wanted_s, times_s, values), np.nan))


def sums_of(series: Series, lags_s: Sequence[float]) -> Array:
    """Return the sums (blocks, lags, 8) that the metrics are made of; blocks of `BLOCK_S`."""
    block = ((series.time_s - series.time_s[0]) // BLOCK_S).astype(int)
    sums = np.zeros((block[-1] + 1, len(lags_s), 8))
    x = series.measured
    for k, lag_s in enumerate(lags_s):
        y = shifted(series, lag_s)
        both = np.isfinite(x) & np.isfinite(y)
        a, b = np.where(both, x, 0.0), np.where(both, y, 0.0)
        signed = both & (a != 0) & (b != 0)
        columns = (both, a, b, a * a, b * b, a * b, signed & (a * b > 0), signed)
        for number, column in enumerate(columns):
            sums[:, k, number] = np.bincount(block, weights=column, minlength=len(sums))
    return np.asarray(sums[sums[:, :, _N].sum(axis=1) > 0])


def metrics_of(sums: Array) -> Array:
    """Return CCC, Pearson, RMSE and sign agreement (…, 4) from sums (…, 8); NaN where undefined."""
    n = sums[..., _N]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x, mean_y = sums[..., _X] / n, sums[..., _Y] / n
        var_x = np.maximum(sums[..., _XX] / n - mean_x**2, 0.0)
        var_y = np.maximum(sums[..., _YY] / n - mean_y**2, 0.0)
        cov = sums[..., _XY] / n - mean_x * mean_y
        flat = (var_x < 1e-12) | (var_y < 1e-12)
        pearson = np.where(flat, np.nan, cov / np.sqrt(var_x * var_y))
        spread = var_x + var_y + (mean_x - mean_y) ** 2
        ccc = np.where(spread < 1e-12, np.nan, 2 * cov / spread)
        rmse = np.sqrt(np.maximum(spread - 2 * cov, 0.0))
        sign = sums[..., _SAME] / sums[..., _SIGNED]
    found = np.stack([ccc, pearson, rmse, sign], axis=-1)
    found[n < MIN_FRAMES] = np.nan
    return found


def best_lag(sums: Array, zero: int) -> npt.NDArray[np.intp]:
    """Return the lag of the highest CCC, by index, of sums (…, lags, 8); `zero` where none is."""
    score = metrics_of(sums)[..., 0]
    enough = sums[..., _N] >= MIN_OVERLAP * sums[..., zero : zero + 1, _N]
    score = np.where(enough & np.isfinite(score), score, -np.inf)
    best = score.argmax(axis=-1)
    return np.where(np.isfinite(score.max(axis=-1)), best, zero)


def agree(
    blocks: Array, lags_s: Sequence[float], resamples: int, seed: int, choose_lag: bool
) -> Agreement | None:
    """Return the agreement of what is summed in blocks (B, lags, 8); None for too little.

    With `choose_lag` the best lag is taken, and in every resample that resample's own best lag, so
    that the interval holds what choosing costs; else lag 0.
    """
    zero = int(np.argmin(np.abs(np.asarray(lags_s))))
    if not len(blocks):
        return None
    whole = blocks.sum(axis=0)
    at = int(best_lag(whole, zero)) if choose_lag else zero
    values = metrics_of(whole[at])
    if not np.isfinite(values[0]):
        return None
    draws = _resampled(blocks, resamples, seed)
    chosen = best_lag(draws, zero) if choose_lag else np.full(len(draws), zero)
    found = metrics_of(np.take_along_axis(draws, chosen[:, None, None], axis=1)[:, 0])
    low, high = _bounds(found) if len(blocks) > 1 else (np.full(4, np.nan),) * 2
    return Agreement(
        float(lags_s[at]), int(whole[at, _N]), len(blocks), *map(_named, (values, low, high))
    )


def _resampled(blocks: Array, resamples: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(blocks), np.full(len(blocks), 1 / len(blocks)), resamples)
    flat = drawn.astype(float) @ blocks.reshape(len(blocks), -1)
    return flat.reshape(resamples, *blocks.shape[1:])


def _bounds(found: Array) -> tuple[Array, Array]:
    """Return the 2.5 and 97.5 % points of each column, of the resamples where it is defined."""
    low, high = np.full(found.shape[1], np.nan), np.full(found.shape[1], np.nan)
    for column, values in enumerate(found.T):
        known = values[np.isfinite(values)]
        if len(known):
            low[column], high[column] = np.percentile(known, (2.5, 97.5))
    return low, high


def _named(values: Any) -> dict[str, float]:
    return dict(zip(METRICS, map(float, values), strict=True))
