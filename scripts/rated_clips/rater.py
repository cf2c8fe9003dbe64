"""A made rater: late, sluggish, noisy, with an own use of the scale, and sometimes away."""

from __future__ import annotations

import numpy as np
from demo_clip.motion import Array
from scipy.ndimage import gaussian_filter1d

SLUGGISH_S = 0.3
NOISE = 0.08
NOISE_S = 0.6
"""The noise of a rater is slow: a hand that wanders."""
AWAY_S = (2.0, 4.0)


def rated(course: Array, rate_hz: float, rng: np.random.Generator) -> tuple[Array, float]:
    """Return the ratings (N, 2) of a course in [-1, 1], NaN where the rater was away, and the lag.

    A rating stands at the time at which it was given, `lag_s` after what it is about.
    """
    lag_s = float(rng.uniform(1.2, 2.0))
    lag = round(lag_s * rate_hz)
    late = np.concatenate([np.repeat(course[:1], lag, axis=0), course])[: len(course)]
    slow = gaussian_filter1d(late, SLUGGISH_S * rate_hz, axis=0)
    wander = gaussian_filter1d(rng.normal(size=course.shape), NOISE_S * rate_hz, axis=0)
    wander *= NOISE / wander.std(axis=0)
    given = np.clip(rng.uniform(0.8, 1.1) * slow + rng.normal(0, 0.04, 2) + wander, -1, 1)
    start = round(rng.uniform(0.1, 0.8) * len(given))
    given[start : start + round(rng.uniform(*AWAY_S) * rate_hz)] = np.nan
    return given, lag_s
