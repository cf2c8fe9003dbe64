"""The story of one video on a sheet: its curve above, its turning moments as pictures below."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ...sinks._look.palette import EMOJI
from ...sinks._look.words import signed
from ..curve import Curve
from ..moments import Moment
from .style import AROUSAL, FAINT, GRID, INK, QUADRANT, RATED, VALENCE, page, time_axis, unit_axis

COLUMNS = 3
PANEL_IN = 3.55
CURVE_IN = 2.1
HEAD_IN = 1.15
TOLD_CHARACTERS = 140
TITLE_CHARACTERS = 90
LINE_IN = 0.145
LINES = 7
CHARACTERS = 56


def draw_poster(
    path: Path, title: str, told: str, curve: Curve, table: pd.DataFrame, moments: Sequence[Moment]
) -> None:
    """Draw the sheet; `told` stands under the title, in two lines at most."""
    rows = -(-len(moments) // COLUMNS)
    aspect = max((m.image_bgr.shape[0] / m.image_bgr.shape[1] for m in moments), default=0.6)
    picture_in = (PANEL_IN - 0.15) * min(aspect, 1.0)
    texts = [wrapped(moment.text) for moment in moments]
    words_in = 1.03 + LINE_IN * max((len(text) for text in texts), default=1)
    panel_in = picture_in + words_in + 0.2
    width_in = COLUMNS * PANEL_IN
    height_in = HEAD_IN + CURVE_IN + 0.35 + rows * panel_in
    with page(path, width_in, height_in) as figure:
        figure.set_layout_engine("none")

        def box(left_in: float, top_in: float, wide_in: float, high_in: float) -> Any:
            return figure.add_axes(
                (
                    left_in / width_in,
                    1 - (top_in + high_in) / height_in,
                    wide_in / width_in,
                    high_in / height_in,
                )
            )

        head = {"x": 0.2 / width_in, "va": "top"}
        shown = title if len(title) <= TITLE_CHARACTERS else f"{title[:TITLE_CHARACTERS]}…"
        figure.text(
            y=1 - 0.16 / height_in, s=shown, fontsize=15, fontweight="bold", color=INK, **head
        )
        lines = textwrap.fill(told, TOLD_CHARACTERS)
        figure.text(y=1 - 0.48 / height_in, s=lines, fontsize=9.5, color=FAINT, **head)
        draw_curve(
            box(0.75, HEAD_IN + 0.1, width_in - 0.95, CURVE_IN - 0.55), curve, table, moments
        )
        for place, moment in enumerate(moments):
            left_in = 0.1 + (place % COLUMNS) * PANEL_IN
            top_in = HEAD_IN + CURVE_IN + 0.25 + (place // COLUMNS) * panel_in
            _picture(box(left_in, top_in, PANEL_IN - 0.15, picture_in), moment)
            words = box(left_in, top_in + picture_in, PANEL_IN - 0.15, words_in)
            _words(words, moment, texts[place], words_in)


def draw_curve(axis: Any, curve: Curve, table: pd.DataFrame, moments: Sequence[Moment]) -> None:
    """Draw valence and arousal, the ratings, and where the moments are."""
    frames = table.drop_duplicates("frame")
    for name, colour in (("valence", VALENCE), ("arousal", AROUSAL)):
        axis.plot(curve.time_s, getattr(curve, name), color=colour, linewidth=2.0, label=name)
        if frames[f"rating_{name}"].notna().any():
            axis.plot(
                frames["timestamp"],
                frames[f"rating_{name}"],
                color=colour,
                linewidth=1.1,
                linestyle=(0, (3, 2)),
                label=f"{name}, rated",
            )
    for moment in moments:
        axis.axvline(moment.time_s, color=INK, linewidth=0.8, alpha=0.55, zorder=1)
        axis.annotate(
            str(moment.number),
            (moment.time_s, 1.05),
            xycoords=("data", "data"),
            ha="center",
            va="center",
            fontsize=8,
            fontweight="bold",
            color="white",
            bbox={"boxstyle": "circle,pad=0.25", "color": INK},
            annotation_clip=False,
            zorder=5,
        )
    unit_axis(axis, "valence, arousal (−1..1)")
    time_axis(axis, curve.end_s)
    axis.legend(loc="lower right", ncols=4, bbox_to_anchor=(1.0, 1.1), borderaxespad=0)


def wrapped(text: str) -> list[str]:
    """Return the lines of a text under a picture; what is too long ends in an ellipsis."""
    lines = textwrap.wrap(text, CHARACTERS)
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], f"{lines[LINES - 1][: CHARACTERS - 1]}…"]
    return lines


def _picture(axis: Any, moment: Moment) -> None:
    image_rgb = moment.image_bgr[..., ::-1]
    high, wide = image_rgb.shape[:2]
    axis.imshow(image_rgb, interpolation="lanczos", aspect="equal")
    axis.set_xlim(0, wide)
    axis.set_ylim(high, 0)
    axis.set_axis_off()


def _words(axis: Any, moment: Moment, lines: Sequence[str], high_in: float) -> None:
    """Write the numbers and the words of a moment; one unit of the axes is one inch."""
    wide_in = PANEL_IN - 0.15
    axis.set_xlim(0, wide_in)
    axis.set_ylim(high_in, 0)
    axis.set_axis_off()
    colour = QUADRANT.get(moment.mood, GRID)
    axis.plot([0, wide_in], [0.06, 0.06], color=colour, linewidth=5, solid_capstyle="butt")
    axis.text(0.02, 0.29, f"{moment.number}", fontsize=10, fontweight="bold", va="center")
    axis.text(0.22, 0.29, moment.clock, fontsize=10, va="center", color=FAINT)
    emoji = EMOJI.get(moment.mood, "")
    axis.text(0.78, 0.29, emoji, fontsize=13, va="center")
    left_in = 1.08 if emoji else 0.78
    axis.text(left_in, 0.29, moment.mood, fontsize=10, fontweight="bold", va="center")
    style = {"fontsize": 8.5, "va": "center", "ha": "right", "color": FAINT}
    axis.text(wide_in, 0.29, moment.emotion, **style)
    for place, (name, value, rated, hue) in enumerate(
        (
            ("valence", moment.valence, moment.rated[0], VALENCE),
            ("arousal", moment.arousal, moment.rated[1], AROUSAL),
        )
    ):
        _bar(axis, 0.02 + place * wide_in / 2, 0.53, wide_in / 2 - 0.15, name, value, rated, hue)
    axis.text(0.02, 0.75, moment.metrics, fontsize=8, va="center", color=FAINT)
    axis.text(0.02, 0.90, "\n".join(lines), fontsize=7.8, va="top", linespacing=1.25)


def _bar(
    axis: Any,
    left: float,
    y: float,
    wide: float,
    name: str,
    value: float | None,
    rated: float | None,
    hue: str,
) -> None:
    """A little scale of -1..1 with the value as a bar from the middle and the rating as a tick."""
    axis.text(left, y, f"{name} {signed(value)}", fontsize=8, va="center", color=hue)
    start, length = left + 0.95, wide - 0.97
    middle = start + length / 2
    axis.plot([start, start + length], [y, y], color=GRID, linewidth=4, solid_capstyle="butt")
    axis.plot([middle, middle], [y - 0.07, y + 0.07], color=FAINT, linewidth=0.8)
    if value is not None:
        end = middle + value * length / 2
        axis.plot([middle, end], [y, y], color=hue, linewidth=4, solid_capstyle="butt")
    if rated is not None:
        axis.plot(middle + rated * length / 2, y, "|", color=RATED, markersize=9, markeredgewidth=2)
