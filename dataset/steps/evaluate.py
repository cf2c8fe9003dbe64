"""Measures how far valence and arousal agree with the ratings: `evaluation.csv` and plots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from pydantic import Field

from .. import agreement
from ..agreement import METRICS, Agreement, Array, Series
from ..chance import chance_of, p_told, paired_sums
from ..files import write_rows
from ..groups import groups_of, pooled
from ..options import StepOptions, StepResult
from ..results import SCALED, Results, per_frame
from ..settings import StepConfig, own_keys

LAG_STEP_S = 0.1
SEED = 0
REPORTED = "`affectstream dataset plots` puts this into report.html"
READ = ("frame", "timestamp", "person", *SCALED)

COLUMNS = (
    *("scope", "video_id", "person", "dimension", "lag", "lag_s", "frames", "resampled", "units"),
    *(f"{name}{end}" for name in METRICS for end in ("", "_low", "_high")),
    "p",
)
"""`p`, overall: how often the ratings of other groups agree as well; see `chance`."""


class Config(StepConfig):
    """How far the ratings may be off in time, and what belongs together."""

    max_lag_s: float = Field(5.0, ge=0, le=60, description="ratings may be this late, or early")
    resamples: int = Field(1000, ge=100, description="of the bootstrap")
    groups: str = Field("", description="CSV file with video_id and group: who belongs together")
    group_by: str = Field("", description="pattern; its first bracket in a video's id is the group")


def run(options: StepOptions) -> StepResult:
    """Write the table and the plots. Raises: UsageError."""
    config = own_keys(options.config, Config, "evaluate")
    results = Results(options)
    groups, told = groups_of(results, config.model_dump())
    result = StepResult(notes=[f"{len(set(groups.values()))} groups of videos, {told}"])
    result.notes += results.warn_of_normalised()
    if options.dry_run:
        return result
    steps = round(config.max_lag_s / LAG_STEP_S)
    lags_s = [round(k * LAG_STEP_S, 3) for k in range(-steps, steps + 1)]
    tables = {one: results.frames(one, READ) for one in groups}
    rated = {one: table for one, table in tables.items() if _is_rated(table)}
    result.notes += [f"{one} has no ratings" for one in tables if one not in rated]
    rows = [
        row
        for dimension in SCALED
        for row in _rows_of(dimension, rated, groups, lags_s, config.resamples)
    ]
    write_rows(results.out / "evaluation.csv", COLUMNS, rows)
    result.done = len(rated)
    result.notes += [_told(row) for row in rows if row["scope"] == "overall"]
    if rated and not rows:
        result.notes.append("the ratings are too few to compare")
    if rows:
        from ..drawing.evaluation import draw_evaluation

        draw_evaluation(results.out / "plots", pd.DataFrame(rows), rated, lags_s)
        result.notes.append(REPORTED)
    return result


def series_of(table: pd.DataFrame, dimension: str) -> Series:
    """Return one dimension of a table with a row per time."""
    columns = (table["timestamp"], table[dimension], table[f"rating_{dimension}"])
    time_s, measured, rated = (column.to_numpy(float) for column in columns)
    return Series(time_s, measured, rated)


def _rows_of(
    dimension: str,
    tables: Mapping[str, pd.DataFrame],
    groups: Mapping[str, str],
    lags_s: list[float],
    resamples: int,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of one dimension: overall, then each video, then each person in it."""
    sums: dict[str, Array] = {}
    series: dict[str, list[Series]] = {}
    parts: list[dict[str, Any]] = []

    def add(scope: str, blocks: Array, unit: str, **who: Any) -> Iterator[dict[str, Any]]:
        for choose in (False, True):
            found = agreement.agree(blocks, lags_s, resamples, SEED, choose)
            if found is not None:
                lag = "best" if choose else "zero"
                yield _row(found, scope=scope, dimension=dimension, lag=lag, units=unit, **who)

    for video_id, table in tables.items():
        whole = series_of(per_frame(table), dimension)
        series.setdefault(groups[video_id], []).append(whole)
        sums[video_id] = agreement.sums_of(whole, lags_s)
        parts += add("video", sums[video_id], "stretches", video_id=video_id)
        for person, own in table.dropna(subset=["person"]).groupby("person"):
            blocks = agreement.sums_of(series_of(own, dimension), lags_s)
            who = {"video_id": video_id, "person": int(float(str(person)))}
            parts += add("person", blocks, "stretches", **who)
    blocks, unit = pooled(sums, groups)
    if len(blocks):
        paired = paired_sums(series, lags_s)
        for row in add("overall", blocks, unit):
            p = chance_of(paired, lags_s, row["ccc"], row["lag"] == "best")
            yield row | {"p": round(p, 4)}
    yield from parts


def _row(found: Agreement, **keys: Any) -> dict[str, Any]:
    row = {"video_id": "", "person": "", **keys}
    row |= {"lag_s": found.lag_s, "frames": found.n, "resampled": found.blocks}
    for name in METRICS:
        row[name] = round(found.values[name], 4)
        row[f"{name}_low"] = round(found.low[name], 4)
        row[f"{name}_high"] = round(found.high[name], 4)
    return row


def _is_rated(table: pd.DataFrame) -> bool:
    return any(table[f"rating_{name}"].notna().any() for name in SCALED)


def _told(row: Mapping[str, Any]) -> str:
    lag = f"at the best lag, {row['lag_s']:+.1f} s" if row["lag"] == "best" else "at lag 0"
    return (
        f"{row['dimension']}, {lag}: CCC {row['ccc']:.2f} "
        f"[{row['ccc_low']:.2f}, {row['ccc_high']:.2f}]{p_told(row['p'])}, sign agreement "
        f"{row['sign_agreement']:.0%}"
    )
