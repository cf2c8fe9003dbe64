"""How often ratings agree as well by chance: those of other videos, laid on these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .agreement import Array, Series, at_times, best_lag, metrics_of, sums_of

PAIRINGS = 199
"""Random pairings of groups with one another's ratings: the least p is 1 in 200."""

MOST_SUMS = 4000
"""With many groups there are fewer pairings, down to 39, so that the work stays bounded."""

STEP_S = 0.2
"""Frames nearer than this tell little that is new. Our choice."""

LEAST_GROUPS = 5
"""Fewer groups have too few pairings (24 of four) to tell anything."""


def paired_sums(groups: Mapping[str, Sequence[Series]], lags_s: Sequence[float]) -> Array:
    """Return the sums (pairings, lags, 8) of all groups, each with the ratings of a random one.

    The videos of a group stay together. Where another's ratings end sooner, fewer frames count.
    There is no pairing where there are fewer than `LEAST_GROUPS`.
    """
    owners = list(groups.values())
    if len(owners) < LEAST_GROUPS:
        return np.zeros((0, len(lags_s), 8))
    count = min(PAIRINGS, max(39, MOST_SUMS // len(owners)))
    rng = np.random.default_rng(0)
    partner = np.array([rng.permutation(len(owners)) for _ in range(count)])
    sums = np.zeros((count, len(lags_s), 8))
    for number, own in enumerate(owners):
        for other in np.unique(partner[:, number]):
            sums[partner[:, number] == other] += _sums(own, owners[other], lags_s)
    return sums


def chance_of(paired: Array, lags_s: Sequence[float], ccc: float, choose_lag: bool) -> float:
    """Return the share of pairings (p) whose CCC is at least this, the true one among them.

    With `choose_lag` every pairing has its own best lag, as the true one had. NaN: no pairings.
    """
    if not len(paired):
        return float("nan")
    zero = int(np.argmin(np.abs(np.asarray(lags_s))))
    at = best_lag(paired, zero) if choose_lag else np.full(len(paired), zero)
    found = metrics_of(np.take_along_axis(paired, at[:, None, None], axis=1)[:, 0])[:, 0]
    return float((1 + np.sum(found >= ccc)) / (1 + len(found)))


def p_told(p: float) -> str:
    """Return p as the rest of a sentence; nothing where there is none."""
    return "" if np.isnan(p) else f", p {p:.3f}"


def _sums(own: Sequence[Series], other: Sequence[Series], lags_s: Sequence[float]) -> Array:
    """Return the sums (lags, 8) of one group's videos with another's ratings, in turn."""
    total = np.zeros((len(lags_s), 8))
    for number, one in enumerate(own):
        theirs = other[number % len(other)]
        span_s = float(one.time_s[-1] - one.time_s[0])
        step = max(1, round(STEP_S * len(one.time_s) / max(span_s, STEP_S)))
        time_s, measured = one.time_s[::step], one.measured[::step]
        rated = at_times(theirs.time_s, theirs.rated, time_s - time_s[0] + theirs.time_s[0])
        total += sums_of(Series(time_s, measured, rated), lags_s).sum(axis=0)
    return total
