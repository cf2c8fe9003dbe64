"""Where every frame and every message went, and how long the steps took.

For each source: captured = overwritten + capped + shed + stale + decode_error + infer_error
+ inferred + in_flight. For each sink: offered = written + dropped + spilled + failed. A counter
belongs to the thread that counts; stages report absolute numbers, and the newest report wins.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping

Counts = dict[str, dict[str, int]]
"""Scope (`source:NAME` or `sink:NAME`) -> counter -> number."""

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper edges by which durations are told to programs outside."""

DROPS = ("overwritten", "capped", "shed", "stale", "decode_error", "infer_error")
SOURCE_FATES = (*DROPS, "inferred")
SINK_FATES = ("written", "dropped", "spilled", "failed")


class Tally:
    """Counters of one stage."""

    def __init__(self) -> None:
        """Start at zero."""
        self.counts: Counts = {}

    def add(self, scope: str, name: str, number: int = 1) -> None:
        """Add to a counter."""
        row = self.counts.setdefault(scope, {})
        row[name] = row.get(name, 0) + number


class Ledger:
    """The counters of all stages together."""

    def __init__(self) -> None:
        """Start empty."""
        self._by_stage: dict[str, Counts] = {}
        self._before: Counts = {}

    def update(self, stage: str, counts: Counts) -> None:
        """Take a stage's newest absolute counters."""
        self._by_stage[stage] = counts

    def retire(self, stage: str) -> None:
        """Keep what a stage counted, and let another one of its name count from 0."""
        counts = self._by_stage.pop(stage, {})
        self._before = _added([self._before, counts])

    def totals(self) -> Counts:
        """Sum over stages, with `in_flight` (sources) and `pending` (sinks) filled in."""
        totals = _added([self._before, *self._by_stage.values()])
        for scope, row in totals.items():
            if scope.startswith("source:"):
                row["in_flight"] = row.get("captured", 0) - _sum(row, SOURCE_FATES)
            elif scope.startswith("sink:"):
                row["pending"] = row.get("offered", 0) - _sum(row, SINK_FATES)
        return {scope: dict(sorted(totals[scope].items())) for scope in sorted(totals)}

    def imbalances(self) -> list[str]:
        """Name every scope whose two sides differ; empty after a clean exit."""
        return [
            f"{scope}: {row}"
            for scope, row in self.totals().items()
            if row.get("in_flight", 0) != 0 or row.get("pending", 0) != 0
        ]


def _added(parts: Iterable[Counts]) -> Counts:
    totals: Counts = {}
    for counts in parts:
        for scope, row in counts.items():
            target = totals.setdefault(scope, {})
            for name, number in row.items():
                target[name] = target.get(name, 0) + number
    return totals


def _sum(row: Mapping[str, int], names: Iterable[str]) -> int:
    return sum(row.get(name, 0) for name in names)


class Timings:
    """Durations by name, as histograms of bounded size.

    Edges rise by 10 % from 10 us to 100 s, so that a percentile is within 10 % of the truth.
    """

    _EDGES_MS = tuple(0.01 * 1.1**k for k in range(170))

    def __init__(self) -> None:
        """Start empty."""
        self._bins: dict[str, list[int]] = {}
        self._total_ms: dict[str, float] = {}
        self._highest_ms: dict[str, float] = {}

    def add(self, name: str, duration_ms: float) -> None:
        """Count one duration."""
        bins = self._bins.get(name)
        if bins is None:
            bins = self._bins[name] = [0] * (len(self._EDGES_MS) + 1)
        bins[bisect_left(self._EDGES_MS, duration_ms)] += 1
        self._total_ms[name] = self._total_ms.get(name, 0.0) + duration_ms
        self._highest_ms[name] = max(duration_ms, self._highest_ms.get(name, 0.0))

    def summary(self) -> dict[str, dict[str, float]]:
        """Return n, total_s, p50_ms, p95_ms and max_ms for each name."""
        return {
            name: {
                "n": sum(bins),
                "total_s": round(self._total_ms[name] / 1000, 4),
                "p50_ms": self._percentile(bins, 0.50),
                "p95_ms": self._percentile(bins, 0.95),
                "max_ms": round(self._highest_ms[name], 3),
            }
            for name, bins in sorted(self._bins.items())
        }

    def cumulative(self) -> dict[str, list[float]]:
        """Return for each name how many were at most each of `BUCKETS_S`, all, and their sum (s).

        Within the 10 % of the edges.
        """
        return {
            name: [
                *(
                    float(sum(bins[: bisect_right(self._EDGES_MS, edge_s * 1000)]))
                    for edge_s in BUCKETS_S
                ),
                float(sum(bins)),
                self._total_ms[name] / 1000,
            ]
            for name, bins in self._bins.items()
        }

    def _percentile(self, bins: list[int], share: float) -> float:
        wanted = share * sum(bins)
        seen = 0
        for index, number in enumerate(bins):
            seen += number
            if seen >= wanted:
                return round(self._EDGES_MS[min(index, len(self._EDGES_MS) - 1)], 3)
        return 0.0
