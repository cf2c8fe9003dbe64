"""The course of one video over time: valence, arousal, movement, expressions and moods."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...stream.messages import EMOTIONS, QUADRANTS
from ..agreement import Array
from ..curve import Curve, curve_of, smoothed
from ..results import per_frame
from .style import (
    AROUSAL,
    EMOTION,
    FAINT,
    INK,
    MOVEMENT,
    QUADRANT,
    RATED,
    VALENCE,
    gapped,
    page,
    time_axis,
    unit_axis,
)

MOST_PEOPLE = 6
"""Lines of single people beside their mean; more cannot be told apart."""


def draw_timeline(path: Path, table: pd.DataFrame, title: str) -> None:
    """Draw everything of one video under one time axis."""
    curve = curve_of(table)
    heights = (1.5, 1.5, 1.1, 1.1, 0.28)
    with page(path, 9.6, 7.0) as figure:
        axes = figure.subplots(5, 1, sharex=True, gridspec_kw={"height_ratios": heights})
        for axis, name, colour in zip(
            axes, ("valence", "arousal"), (VALENCE, AROUSAL), strict=False
        ):
            draw_dimension(axis, table, curve, name, colour)
        _movement(axes[2], table)
        _emotions(axes[3], table)
        _moods(axes[4], table)
        for axis in axes[:-1]:
            axis.tick_params(labelbottom=False)
        time_axis(axes[-1], curve.end_s)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", color=INK)


def draw_dimension(axis: Any, table: pd.DataFrame, curve: Curve, name: str, colour: str) -> None:
    """Draw valence or arousal on its scale, each person faint, the mean strong, and ratings."""
    frames = per_frame(table)
    time_s = frames["timestamp"].to_numpy(float)
    people = table.dropna(subset=["person", name]).groupby("person")
    for _, own in list(people)[:MOST_PEOPLE]:
        line = gapped(own["timestamp"], own[name])
        axis.plot(*line, color=colour, linewidth=0.6, alpha=0.35)
    own_sd = table.groupby("frame", sort=True)[f"{name}_sd"].mean().to_numpy(float)
    sd = smoothed(time_s, own_sd)
    middle = getattr(curve, name)
    axis.fill_between(
        time_s,
        np.clip(middle - sd, -1, 1),
        np.clip(middle + sd, -1, 1),
        color=colour,
        alpha=0.10,
        linewidth=0,
        label="± its own standard deviation",
    )
    axis.plot(time_s, middle, color=colour, linewidth=2.0, label=f"measured {name}, 1 s mean")
    rated = frames[f"rating_{name}"].to_numpy(float) if f"rating_{name}" in frames else None
    if rated is not None and np.isfinite(rated).any():
        axis.plot(time_s, rated, color=RATED, linewidth=1.3, linestyle=(0, (4, 2)), label="rated")
    unit_axis(axis, f"{name}\n(−1..1)")
    if not np.isfinite(middle).any():
        _absent(axis, "no face was read")
    axis.legend(loc="upper right", ncols=3, bbox_to_anchor=(1.0, 1.22), borderaxespad=0)


def _movement(axis: Any, table: pd.DataFrame) -> None:
    moved = table.dropna(subset=["movement"]).groupby("frame")[["timestamp", "movement"]].mean()
    line = gapped(moved["timestamp"], moved["movement"])
    axis.fill_between(*line, color=MOVEMENT, alpha=0.35, linewidth=0)
    axis.plot(*line, color=MOVEMENT, linewidth=1.0)
    top = float(moved["movement"].max()) if len(moved) else 0.0
    axis.set_ylim(0, max(0.5, 1.1 * top))
    axis.set_ylabel("movement\n(torso lengths/s)", fontsize=8)
    if not len(moved):
        _absent(axis, "not measured (no trunk in view)")


def _emotions(axis: Any, table: pd.DataFrame) -> None:
    """Stack the probabilities, the mean over the faces in each frame."""
    columns = list(EMOTIONS)
    known = table.dropna(subset=columns[:1])
    if not len(known):
        _absent(axis, "no expression was read")
        axis.set_ylabel("expression")
        return
    mean = table.groupby("frame", sort=True)[columns].mean()
    time_s = table.groupby("frame", sort=True)["timestamp"].first().to_numpy(float)
    shares = np.nan_to_num(mean.to_numpy(float)).T
    axis.stackplot(time_s, shares, colors=[EMOTION[name] for name in columns], labels=columns)
    axis.set_ylim(0, 1)
    axis.set_yticks([0, 0.5, 1], ["0", "50", "100"])
    axis.set_ylabel("expression\n(probability, %)")
    axis.legend(
        loc="upper right",
        ncols=8,
        bbox_to_anchor=(1.0, 1.26),
        borderaxespad=0,
        handlelength=1.0,
        columnspacing=1.0,
    )


def _moods(axis: Any, table: pd.DataFrame) -> None:
    """A ribbon of the label of all people together, and one of the ratings' label."""
    rows = [("measured", ribbon_of(table, "label"))]
    if "rating_label" in table and (table["rating_label"] != "").any():
        rows.append(("rated", ribbon_of(table, "rating_label")))
    for place, (_, parts) in enumerate(rows):
        for start_s, end_s, mood in parts:
            axis.barh(
                -place,
                end_s - start_s,
                left=start_s,
                height=0.92,
                color=QUADRANT[mood],
                linewidth=0,
            )
    axis.set_ylim(-len(rows) + 0.45, 0.55)
    axis.set_yticks([-place for place in range(len(rows))], [name for name, _ in rows])
    axis.grid(visible=False)
    axis.tick_params(left=False)
    axis.spines["left"].set_visible(False)
    from matplotlib.patches import Patch

    patches = [Patch(color=QUADRANT[name], label=name) for name in QUADRANTS]
    axis.legend(
        handles=patches,
        loc="upper right",
        ncols=5,
        bbox_to_anchor=(1.0, 1.9 if len(rows) == 1 else 1.75),
        borderaxespad=0,
        handlelength=1.0,
        columnspacing=1.0,
    )


def ribbon_of(table: pd.DataFrame, column: str) -> list[tuple[float, float, str]]:
    """Return the stretches of one label (start, end, label), the commonest one of each frame."""
    frames = table.groupby("frame", sort=True)
    times_s: Array = frames["timestamp"].first().to_numpy(float)
    labels = [_commonest(own) for own in frames[column].agg(list)]
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    parts: list[tuple[float, float, str]] = []
    for row, label in enumerate(labels):
        end_s = float(times_s[row + 1]) if row + 1 < len(labels) else float(times_s[row]) + step_s
        if parts and parts[-1][2] == label and parts[-1][1] >= times_s[row] - 1e-9:
            parts[-1] = (parts[-1][0], end_s, label)
        elif label:
            parts.append((float(times_s[row]), end_s, label))
    return parts


def _commonest(labels: Sequence[str]) -> str:
    known = [label for label in labels if label in QUADRANT]
    return max(known, key=lambda one: (known.count(one), -QUADRANTS.index(one))) if known else ""


def _absent(axis: Any, words: str) -> None:
    axis.text(0.5, 0.5, words, transform=axis.transAxes, ha="center", va="center", color=FAINT)
