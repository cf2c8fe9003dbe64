"""Valence and arousal as 0..1 and as one of four categories and neutral."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..models.affect import quadrant
from .ratings import Floats

LABELS = ("excited", "calm", "angry", "sad", "neutral")
BINS = 2000
QUANTILES = (0.01, 0.99)
"""What becomes 0 and 1 where values are normalised: outliers do not decide. Our choice."""

_LEAST_WIDTH = 0.05
"""A narrower range is not spread, as that would show noise: our choice."""


@dataclass(frozen=True)
class Span:
    """The range in 0..1 that is spread over 0..1."""

    low: float = 0.0
    high: float = 1.0

    def spread(self, unit: Floats) -> Floats:
        """Return values in 0..1."""
        spread: Floats = np.clip((unit - self.low) / (self.high - self.low), 0.0, 1.0)
        return spread


def histogram(unit: Floats) -> list[list[int]]:
    """Return [bin, count] of the bins that are not empty; values in 0..1."""
    known = unit[~np.isnan(unit)]
    bins, counts = np.unique(np.minimum((known * BINS).astype(int), BINS - 1), return_counts=True)
    return [[int(at), int(count)] for at, count in zip(bins, counts, strict=True)]


def span(counts: Mapping[int, int]) -> Span:
    """Return the range between `QUANTILES` of counted values; all of 0..1 where it is narrow."""
    total = sum(counts.values())
    if not total:
        return Span()
    bins = sorted(counts)
    share = np.cumsum([counts[at] for at in bins]) / total
    first, last = (min(int(np.searchsorted(share, q)), len(bins) - 1) for q in QUANTILES)
    low, high = bins[first] / BINS, (bins[last] + 1) / BINS
    return Span(round(low, 4), round(high, 4)) if high - low >= _LEAST_WIDTH else Span()


def names(valence_01: Floats, arousal_01: Floats, radius: float) -> list[str]:
    """Return the category of each point; "" where a value is missing."""
    return [
        "" if np.isnan(v) or np.isnan(a) else str(quadrant(2 * v - 1, 2 * a - 1, radius))
        for v, a in zip(valence_01.tolist(), arousal_01.tolist(), strict=True)
    ]


def spans_json(spans: Mapping[str, Span]) -> dict[str, Any]:
    """Return ranges as they stand in a file."""
    return {name: [one.low, one.high] for name, one in sorted(spans.items())}
