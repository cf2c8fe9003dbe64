"""Plots of a fitted head: beside the derived values, and against the ratings it was not shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..fitting.nested import Outside
from ..results import SCALED
from .evaluation import COLOUR
from .style import FAINT, INK, RATED, gapped, page, unit_axis

EXAMPLES = 4
"""Groups whose courses are drawn: the worst, the best and two between."""


def draw_fit(folder: Path, found: Sequence[Outside], rows: pd.DataFrame) -> None:
    """Draw `fit.png`, the figures and points, and `fit_courses.png`, some courses over time."""
    with page(folder / "fit.png", 9.6, 4.9) as figure:
        grid = figure.subplots(2, 2, gridspec_kw={"height_ratios": (0.9, 2.6)})
        for column, (name, outside) in enumerate(zip(SCALED, found, strict=True)):
            _heads(grid[0][column], rows[rows["dimension"] == name], COLOUR[name], name)
            _points(grid[1][column], outside, name)
    _courses(folder / "fit_courses.png", found)


def _heads(axis: Any, rows: pd.DataFrame, colour: str, name: str) -> None:
    for place, (_, row) in enumerate(rows.iterrows()):
        hue = colour if row["head"] == "fitted" else FAINT
        axis.plot([row["ccc_low"], row["ccc_high"]], [place, place], color=hue, linewidth=2.2)
        axis.plot(row["ccc"], place, "o", color=hue, markersize=6)
        axis.annotate(
            f"{row['ccc']:.2f}",
            (row["ccc"], place),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    axis.set_yticks(range(len(rows)), rows["head"])
    axis.set_ylim(len(rows) - 0.5, -0.8)
    axis.set_xlim(-0.3, 1.02)
    axis.axvline(0, color="#A8AEB6", linewidth=0.9)
    axis.grid(axis="y", visible=False)
    axis.set_xlabel("CCC on groups it was not fitted to, 95 % interval")
    axis.set_title(name.capitalize())


def _points(axis: Any, outside: Outside, name: str) -> None:
    axis.plot([-1, 1], [-1, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 3)), zorder=3)
    axis.hexbin(
        outside.predicted,
        outside.rows.target,
        gridsize=34,
        extent=(-1, 1, -1, 1),
        mincnt=1,
        bins="log",
        cmap="Blues" if name == "valence" else "Oranges",
        linewidths=0.2,
    )
    axis.set_xlim(-1, 1)
    axis.set_ylim(-1, 1)
    axis.set_aspect("equal")
    axis.set_xticks([-1, -0.5, 0, 0.5, 1])
    axis.set_yticks([-1, -0.5, 0, 0.5, 1])
    axis.set_xlabel(f"fitted {name} (−1..1)")
    axis.set_ylabel(f"rated {name} (−1..1)")


def _courses(path: Path, found: Sequence[Outside]) -> None:
    shown = _examples(found)
    with page(path, 9.6, 1.75 * len(shown) + 0.5) as figure:
        grid = figure.subplots(len(shown), 2, squeeze=False, sharex="row")
        for line, video_id in enumerate(shown):
            for column, (name, outside) in enumerate(zip(SCALED, found, strict=True)):
                axis = grid[line][column]
                own = np.flatnonzero(outside.rows.video == video_id)
                own = own[np.argsort(outside.rows.time_s[own], kind="stable")]
                time_s = outside.rows.time_s[own]
                rated = outside.rows.target[own]
                derived = gapped(time_s, outside.rows.derived[own])
                axis.plot(*derived, color=FAINT, linewidth=1.0, label="derived")
                fitted = gapped(time_s, outside.predicted[own])
                axis.plot(*fitted, color=COLOUR[name], linewidth=2, label="fitted")
                axis.plot(time_s, rated, ".", color=RATED, markersize=2.5, label="rated, lag off")
                unit_axis(axis, f"{name} (−1..1)")
                axis.set_title(video_id, fontsize=9, color=INK)
                if line == 0:
                    axis.legend(loc="lower right", ncols=3, bbox_to_anchor=(1.0, 1.0))
                if line + 1 == len(shown):
                    axis.set_xlabel("media time, s")


def _examples(found: Sequence[Outside]) -> list[str]:
    """Return videos from the worst to the best by their error, evenly."""
    rows = [outside.rows for outside in found]
    errors = {}
    for video_id in sorted(set(rows[0].video.tolist()) & set(rows[1].video.tolist())):
        errors[video_id] = sum(
            float(
                np.mean(
                    (outside.predicted - outside.rows.target)[outside.rows.video == video_id] ** 2
                )
            )
            for outside in found
        )
    ranked = sorted(errors, key=lambda one: errors[one])
    places = np.linspace(0, len(ranked) - 1, min(EXAMPLES, len(ranked))).round().astype(int)
    return [ranked[place] for place in dict.fromkeys(places.tolist())]
