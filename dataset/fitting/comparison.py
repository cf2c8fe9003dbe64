"""A fitted head beside the derived values, on the same rows and against the same ratings."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import agreement
from ..agreement import Agreement, Series
from ..chance import chance_of, paired_sums
from ..groups import pooled
from ..results import SCALED
from .nested import Outside

RESAMPLES = 1000
LAGS_S = tuple(round(0.1 * k, 1) for k in range(-50, 51))
CSV_COLUMNS = (
    *("dimension", "head", "lag_s", "rows", "groups"),
    *(f"{name}{end}" for name in agreement.METRICS for end in ("", "_low", "_high")),
    "p",
)
HEADS = ("fitted", "derived", "derived, its own best lag")


def rows_of(axis: int, outside: Outside) -> list[dict[str, Any]]:
    """Return a row for the fitted head and for the derived values, on the same rows."""
    rows = []
    for head, values, own_lag in (
        (HEADS[0], outside.predicted, False),
        (HEADS[1], outside.rows.derived, False),
        (HEADS[2], outside.rows.derived, True),
    ):
        found, p = _agreement(outside, values, own_lag)
        if found is not None:
            lag_s = found.lag_s if own_lag else 0.0
            row = _row(axis, head, found, float(np.mean(outside.lags_s)) + lag_s)
            rows.append(row | {"p": round(p, 4)})
    return rows


def _agreement(outside: Outside, values: Any, own_lag: bool) -> tuple[Agreement | None, float]:
    """Compare values with the ratings at the lag that was chosen inside, or at their best lag.

    The second number is `chance_of`: how often the ratings of other groups agree as well.
    """
    rows = outside.rows
    lags_s = LAGS_S if own_lag else (0.0,)
    sums, groups = {}, {}
    owners: dict[str, list[Series]] = {}
    for video_id in dict.fromkeys(rows.video.tolist()):
        own = rows.video == video_id
        order = np.argsort(rows.time_s[own], kind="stable")
        columns = (rows.time_s[own], values[own], rows.target[own])
        series = Series(*(column[order].astype(float) for column in columns))
        sums[video_id] = agreement.sums_of(series, lags_s)
        groups[video_id] = str(rows.group[own][0])
        owners.setdefault(groups[video_id], []).append(series)
    blocks, _ = pooled(sums, groups)
    found = agreement.agree(blocks, lags_s, RESAMPLES, 0, own_lag)
    if found is None:
        return None, float("nan")
    paired = paired_sums(owners, lags_s)
    return found, chance_of(paired, lags_s, found.values["ccc"], own_lag)


def _row(axis: int, head: str, found: Agreement, lag_s: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "dimension": SCALED[axis],
        "head": head,
        "lag_s": round(lag_s, 2),
        "rows": found.n,
        "groups": found.blocks,
    }
    for name in agreement.METRICS:
        row[name] = round(found.values[name], 4)
        row[f"{name}_low"] = round(found.low[name], 4)
        row[f"{name}_high"] = round(found.high[name], 4)
    return row
