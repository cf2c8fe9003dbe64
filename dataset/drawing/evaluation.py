"""Plots of the agreement with ratings: by video with intervals, by lag, and point against point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import agreement
from ..agreement import Series
from ..results import SCALED, per_frame
from .style import AROUSAL, FAINT, INK, VALENCE, page

COLOUR = {"valence": VALENCE, "arousal": AROUSAL}
MOST_VIDEOS = 40
"""More than this many rows of a plot cannot be read; the table has them all."""


def draw_evaluation(
    folder: Path,
    table: pd.DataFrame,
    frames: Mapping[str, pd.DataFrame],
    lags_s: Sequence[float],
) -> None:
    """Draw `agreement.png` (videos), `agreement_lag.png` and `agreement_scatter.png`.

    The best lag is that of the table in all of them.
    """
    _draw_videos(folder / "agreement.png", table)
    overall = table[(table["lag"] == "best") & (table["scope"] == "overall")]
    best = {str(row["dimension"]): row for _, row in overall.iterrows()}
    _draw_lags(folder / "agreement_lag.png", best, frames, lags_s)
    _draw_scatter(folder / "agreement_scatter.png", best, frames)


def _draw_videos(path: Path, table: pd.DataFrame) -> None:
    """A dot and its interval for each video and for all, CCC at the best lag."""
    best = table[(table["lag"] == "best") & table["scope"].isin(["overall", "video"])]
    names = sorted(set(best.loc[best["scope"] == "video", "video_id"]))
    shown = names[:MOST_VIDEOS]
    with page(path, 9.2, 1.7 + 0.23 * (len(shown) + 1)) as figure:
        for axis, dimension in zip(figure.subplots(1, 2, sharey=True), SCALED, strict=True):
            own = best[best["dimension"] == dimension]
            by_name = own[own["scope"] == "video"].set_index("video_id")
            overall = own[own["scope"] == "overall"]
            for place, name in enumerate(shown, 1):
                if name in by_name.index:
                    _whisker(axis, place, by_name.loc[name], COLOUR[dimension], 4)
            for _, row in overall.iterrows():
                _whisker(axis, 0, row, INK, 6)
                axis.axvline(row["ccc"], color=INK, linewidth=0.7, linestyle=(0, (2, 3)))
            axis.set_yticks(range(len(shown) + 1), ["all together", *shown])
            axis.set_ylim(len(shown) + 0.6, -0.6)
            axis.set_xlim(-1.02, 1.02)
            axis.axvline(0, color="#A8AEB6", linewidth=0.9)
            axis.grid(axis="y", visible=False)
            axis.set_xlabel("CCC with the ratings at the best lag (1 = the same)")
            axis.set_title(dimension.capitalize())
        left = (
            f"; {len(names) - len(shown)} more in evaluation.csv" if len(names) > len(shown) else ""
        )
        figure.suptitle(
            "Agreement with the ratings, video by video (bars: 95 % bootstrap interval, none of "
            f"what is no longer than {agreement.BLOCK_S:g} s{left})",
            x=0.01,
            ha="left",
            fontsize=10,
            color=FAINT,
        )


def _whisker(axis: Any, place: float, row: Any, colour: str, size: float) -> None:
    axis.plot([row["ccc_low"], row["ccc_high"]], [place, place], color=colour, linewidth=1.6)
    axis.plot(row["ccc"], place, "o", color=colour, markersize=size, zorder=3)


def _draw_lags(
    path: Path,
    best: Mapping[str, Any],
    frames: Mapping[str, pd.DataFrame],
    lags_s: Sequence[float],
) -> None:
    """CCC by lag, where enough frames are left to compare."""
    with page(path, 9.2, 3.1) as figure:
        for axis, dimension in zip(figure.subplots(1, 2, sharey=True), SCALED, strict=True):
            pooled = np.zeros((len(lags_s), 8))
            for one in frames.values():
                sums = agreement.sums_of(_series(one, dimension), lags_s).sum(axis=0)
                pooled += sums
                if len(frames) <= MOST_VIDEOS:
                    ccc = agreement.ccc_of(sums)
                    axis.plot(lags_s, ccc, color=COLOUR[dimension], linewidth=0.7, alpha=0.3)
            axis.plot(lags_s, agreement.ccc_of(pooled), color=COLOUR[dimension], linewidth=2.4)
            if dimension in best:
                at_s, top = best[dimension]["lag_s"], best[dimension]["ccc"]
                axis.plot(at_s, top, "o", color=INK, markersize=5, zorder=4)
                axis.annotate(
                    f"{top:.2f} at {at_s:+.1f} s",
                    (at_s, top),
                    xytext=(0, 8),
                    textcoords="offset points",
                    ha="center",
                    fontweight="bold",
                )
            axis.axvline(0, color="#A8AEB6", linewidth=0.9)
            reach_s = max(lags_s[-1], 0.1)
            axis.set_xlim(-reach_s, reach_s)
            axis.set_ylim(-1.02, 1.02)
            axis.set_xlabel("lag, s (positive: the rating comes later than what is seen)")
            axis.set_ylabel("CCC")
            axis.set_title(f"{dimension.capitalize()}: thick, all videos; thin, each one")
            axis.label_outer()


def _draw_scatter(path: Path, best: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> None:
    """How often which measured value met which rating, at the lag of all videos together."""
    with page(path, 9.2, 4.0) as figure:
        for axis, dimension in zip(figure.subplots(1, 2), SCALED, strict=True):
            series = [_series(one, dimension) for one in frames.values()]
            lag_s = float(best[dimension]["lag_s"]) if dimension in best else 0.0
            x = np.concatenate([one.measured for one in series])
            y = np.concatenate([agreement.shifted(one, lag_s) for one in series])
            both = np.isfinite(x) & np.isfinite(y)
            axis.plot([-1, 1], [-1, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 3)), zorder=3)
            if both.any():
                cells = axis.hexbin(
                    x[both],
                    y[both],
                    gridsize=30,
                    extent=(-1, 1, -1, 1),
                    mincnt=1,
                    bins="log",
                    cmap="Blues" if dimension == "valence" else "Oranges",
                    linewidths=0.2,
                )
                figure.colorbar(cells, ax=axis, label="frames (log)", shrink=0.8, pad=0.02)
            axis.set_xlim(-1, 1)
            axis.set_ylim(-1, 1)
            axis.set_xticks([-1, -0.5, 0, 0.5, 1])
            axis.set_yticks([-1, -0.5, 0, 0.5, 1])
            axis.set_aspect("equal")
            axis.set_xlabel(f"measured {dimension} (−1..1)")
            axis.set_ylabel(f"rated {dimension} (−1..1), {lag_s:+.1f} s later")
            axis.set_title(f"{dimension.capitalize()}: on the line, they agree")


def _series(table: pd.DataFrame, dimension: str) -> Series:
    frames = per_frame(table)
    columns = (frames["timestamp"], frames[dimension], frames[f"rating_{dimension}"])
    time_s, measured, rated = (column.to_numpy(float) for column in columns)
    return Series(time_s, measured, rated)
