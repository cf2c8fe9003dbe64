"""Plots of the whole dataset: the plane of valence and arousal, moods, movement, confusion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...models.affect import NEUTRAL_RADIUS
from ...stream.messages import QUADRANTS
from ..results import per_frame
from .style import FAINT, INK, MOVEMENT, QUADRANT, page

BINS = 40
MOST_VIDEOS = 60
Counts = npt.NDArray[np.float64]


@dataclass
class Overview:
    """What is counted over all videos, one video at a time, so that memory stays small."""

    measured: Counts = field(default_factory=lambda: np.zeros((BINS, BINS)))
    rated: Counts = field(default_factory=lambda: np.zeros((BINS, BINS)))
    confusion: Counts = field(default_factory=lambda: np.zeros((len(QUADRANTS),) * 2))
    moods: dict[str, Counts] = field(default_factory=dict)
    movement: dict[str, Counts] = field(default_factory=dict)

    def add(self, video_id: str, table: pd.DataFrame) -> None:
        """Count one video."""
        self.measured += _plane(table["valence"], table["arousal"])
        frames = per_frame(table)
        self.rated += _plane(frames["rating_valence"], frames["rating_arousal"])
        labels = table["label"].to_numpy()
        self.moods[video_id] = np.array([float((labels == name).sum()) for name in QUADRANTS])
        moved = table["movement"].dropna().to_numpy(float)
        wanted = (5, 25, 50, 75, 95)
        self.movement[video_id] = (
            np.percentile(moved, wanted) if len(moved) else np.full(len(wanted), np.nan)
        )
        for row, rated in enumerate(QUADRANTS):
            for column, label in enumerate(QUADRANTS):
                both = (table["rating_label"] == rated) & (table["label"] == label)
                self.confusion[row, column] += float(both.sum())


def _plane(valence: pd.Series, arousal: pd.Series) -> Counts:
    points = np.stack([valence.to_numpy(float), arousal.to_numpy(float)])
    points = points[:, np.isfinite(points).all(axis=0)]
    counts, _, _ = np.histogram2d(points[0], points[1], bins=BINS, range=[(-1.0, 1.0), (-1.0, 1.0)])
    return np.asarray(counts)


def draw_overview(folder: Path, overview: Overview) -> list[str]:
    """Draw what there is something to draw of; return the names of the files, in order."""
    made = ["circumplex.png", "moods.png", "movement.png"]
    _draw_planes(folder / made[0], overview)
    _draw_moods(folder / made[1], overview.moods)
    _draw_movement(folder / made[2], overview.movement)
    if overview.confusion.sum() > 0:
        made.append("confusion.png")
        _draw_confusion(folder / made[3], overview.confusion)
    return made


def _draw_planes(path: Path, overview: Overview) -> None:
    """How often people were where in the plane: measured, and rated beside it."""
    parts = [("Measured, every person and frame", overview.measured)]
    if overview.rated.sum():
        parts.append(("Rated, every frame", overview.rated))
    with page(path, 4.9 * len(parts), 4.2) as figure:
        for axis, (title, counts) in zip(
            figure.subplots(1, len(parts), squeeze=False)[0], parts, strict=True
        ):
            _draw_plane(figure, axis, counts)
            axis.set_title(title)


def _draw_plane(figure: Any, axis: Any, counts: Counts) -> None:
    from matplotlib.colors import LogNorm
    from matplotlib.patches import Circle

    share = 100 * counts.T / max(counts.sum(), 1.0)
    shown = np.ma.masked_equal(share, 0)
    if counts.sum():
        norm = LogNorm(max(share[share > 0].min(), 1e-3), max(share.max(), 1e-2))
        cells = axis.imshow(
            shown, origin="lower", extent=(-1, 1, -1, 1), cmap="viridis_r", norm=norm, zorder=2
        )
        from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

        ticks = LogLocator(subs=(1, 3))
        words = FuncFormatter(lambda value, _: f"{value:g}")
        bar = figure.colorbar(
            cells,
            ax=axis,
            label="share of the time, %",
            shrink=0.8,
            pad=0.02,
            ticks=ticks,
            format=words,
        )
        bar.ax.yaxis.set_minor_locator(NullLocator())
    axis.axhline(0, color=FAINT, linewidth=0.8, zorder=3)
    axis.axvline(0, color=FAINT, linewidth=0.8, zorder=3)
    axis.add_patch(Circle((0, 0), NEUTRAL_RADIUS, fill=False, color=FAINT, linewidth=0.8, zorder=3))
    for x, y, name in ((1, 1, "excited"), (1, -1, "calm"), (-1, 1, "angry"), (-1, -1, "sad")):
        axis.text(
            0.95 * x,
            0.93 * y,
            name,
            ha="right" if x > 0 else "left",
            va="center",
            color=INK,
            fontweight="bold",
            zorder=4,
            bbox={
                "boxstyle": "round,pad=0.25",
                "facecolor": QUADRANT[name],
                "alpha": 0.55,
                "linewidth": 0,
            },
        )
    axis.set_xlim(-1, 1)
    axis.set_ylim(-1, 1)
    axis.set_xticks([-1, -0.5, 0, 0.5, 1])
    axis.set_yticks([-1, -0.5, 0, 0.5, 1])
    axis.set_xlabel("valence (−1 unpleasant .. 1 pleasant)")
    axis.set_ylabel("arousal (−1 still .. 1 stirred)")


def _draw_moods(path: Path, moods: Mapping[str, Counts]) -> None:
    """The share of each label, video by video and together."""
    shown = dict(list(moods.items())[:MOST_VIDEOS])
    rows = {"all together": np.sum(list(moods.values()), axis=0), **shown}
    with page(path, 9.6, 1.2 + 0.26 * len(rows)) as figure:
        axis = figure.subplots()
        for place, counts in enumerate(rows.values()):
            left = 0.0
            for name, share in zip(QUADRANTS, 100 * counts / max(counts.sum(), 1), strict=True):
                bar = axis.barh(place, share, left=left, height=0.8, color=QUADRANT[name])
                if share >= 9:
                    axis.text(
                        left + share / 2,
                        place,
                        f"{share:.0f}",
                        ha="center",
                        va="center",
                        fontsize=7.5,
                    )
                if place == 0:
                    bar.set_label(name)
                left += share
            if left == 0:
                axis.text(1, place, "no face read", va="center", fontsize=8, color=FAINT)
        _name_rows(axis, list(rows), len(moods) - len(shown))
        axis.set_xlim(0, 100)
        axis.set_xlabel("share of the frames with a label, %")
        axis.legend(loc="lower right", ncols=5, bbox_to_anchor=(1.0, 1.0), handlelength=1.0)


def _draw_movement(path: Path, movement: Mapping[str, Counts]) -> None:
    shown = dict(list(movement.items())[:MOST_VIDEOS])
    with page(path, 9.6, 1.2 + 0.26 * len(shown)) as figure:
        axis = figure.subplots()
        for place, (low, lower, middle, upper, high) in enumerate(shown.values()):
            if np.isnan(middle):
                axis.text(
                    0.01,
                    place,
                    "not measured (no trunk in view)",
                    va="center",
                    fontsize=8,
                    color=FAINT,
                )
                continue
            axis.plot([low, high], [place, place], color=MOVEMENT, linewidth=1.0)
            axis.barh(
                place,
                upper - lower,
                left=lower,
                height=0.6,
                color=MOVEMENT,
                alpha=0.45,
                linewidth=0,
            )
            axis.plot([middle, middle], [place - 0.3, place + 0.3], color=INK, linewidth=2)
        _name_rows(axis, list(shown), len(movement) - len(shown))
        axis.set_xlim(left=0)
        axis.set_xlabel(
            "movement, torso lengths per second (line: 5–95 %, box: middle half, stroke: median)"
        )


def _name_rows(axis: Any, names: list[str], left_out: int) -> None:
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.grid(axis="y", visible=False)
    if left_out:
        axis.set_title(f"the first {len(names)} videos; {left_out} more in summary.csv")


def _draw_confusion(path: Path, confusion: Counts) -> None:
    """Which label the frames of each rated label got."""
    total = confusion.sum(axis=1, keepdims=True)
    share = 100 * confusion / np.maximum(total, 1)
    with page(path, 5.6, 4.7) as figure:
        axis = figure.subplots()
        axis.imshow(share, cmap="Blues", vmin=0, vmax=100)
        for row in range(len(QUADRANTS)):
            for column in range(len(QUADRANTS)):
                value = share[row, column]
                words = f"{value:.0f} %" if total[row, 0] else "–"
                axis.text(
                    column,
                    row,
                    words,
                    ha="center",
                    va="center",
                    color="white" if value > 55 else INK,
                    fontweight="bold" if row == column else "normal",
                )
        rated = [f"{name}\n{int(n):,}" for name, n in zip(QUADRANTS, total[:, 0], strict=True)]
        axis.set_xticks(range(len(QUADRANTS)), QUADRANTS)
        axis.set_yticks(range(len(QUADRANTS)), rated)
        axis.grid(visible=False)
        axis.tick_params(length=0)
        axis.set_xlabel("measured label")
        axis.set_ylabel("rated label, and its rows")
        right = float(np.trace(confusion) / confusion.sum())
        axis.set_title(f"Labels, at lag 0: the same in {right:.0%} of the rows")
