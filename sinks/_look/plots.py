"""Pictures of a finished run for papers: time courses, the plane, and a page that sums it up.

The page's palette on white; vector (SVG, PDF) or PNG by the name of the file.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...models.affect import NEUTRAL_RADIUS
from ...stream import tables
from ...stream.errors import MissingExtraError, UsageError
from ...stream.messages import QUADRANTS
from ...stream.runs import Run
from .palette import PERSON_HEX, QUADRANT_HEX

if TYPE_CHECKING:
    import pandas as pd

FORMATS = frozenset({".png", ".svg", ".pdf"})
PNG_DPI = 200
PAGE_INCHES = (8.27, 11.69)
"""A4, upright."""
FONT_PT = 8
INK, FAINT = "#14181d", "#525c68"
DASHES: tuple[Any, ...] = ("-", (0, (5, 3)), (0, (1, 1.6)), (0, (6, 2, 1, 2)))
"""As in the page: people are told apart without colour, too."""
MEASURES = (
    ("valence_mean", "valence", (-1.0, 1.0)),
    ("arousal_mean", "arousal", (-1.0, 1.0)),
    ("movement", "movement\n(torso lengths/s)", None),
)
WORDS_PER_PAGE = 12


def plot(folder: Path, target: Path, source: str | None = None) -> Path:
    """Draw the summary of one source of a run and return the file.

    Without `source`, the first one. Raises: NotARunError, UsageError, MissingExtraError.
    """
    if target.suffix.lower() not in FORMATS:
        raise UsageError(f"{target}: name it {', '.join(sorted(FORMATS))}")
    run = Run(folder)
    names = list(run.sources()["source"])
    chosen = source or (names[0] if names else "")
    if chosen not in names:
        raise UsageError(f"{folder} has no source {chosen!r}; there are: {', '.join(names)}")
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("plotting", "plot") from None
    style = {
        "font.size": FONT_PT,
        "text.color": INK,
        "axes.labelcolor": INK,
        "svg.fonttype": "none",
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=PAGE_INCHES, layout="constrained")
        _page(figure, run, chosen)
        try:
            figure.savefig(target, dpi=PNG_DPI)
        except OSError as error:
            raise UsageError(f"{target}: cannot be written: {error.strerror}") from None
    return target


def _page(figure: Any, run: Run, source: str) -> None:
    windows = run.windows(source)
    grid = figure.add_gridspec(5, 2, height_ratios=[1, 1, 1, 2.1, 1.6])
    figure.get_layout_engine().set(w_pad=0.15, h_pad=0.12)
    courses = [figure.add_subplot(grid[0, :])]
    courses += [figure.add_subplot(grid[row, :], sharex=courses[0]) for row in (1, 2)]
    figure.suptitle(f"{source} · run {run.meta['run_id']}", fontsize=FONT_PT + 3)
    for axes, (column, label, limits) in zip(courses, MEASURES, strict=True):
        _course(axes, windows, column, label, limits)
    _marks(courses[0], run.events(source), run.narrations(source))
    courses[-1].set_xlabel("time (s)")
    handles, labels = courses[0].get_legend_handles_labels()
    courses[0].legend(handles, labels, loc="lower right", ncols=8, frameon=False)
    _plane(figure.add_subplot(grid[3, 0]), windows)
    _shares(figure.add_subplot(grid[3, 1]), windows)
    _words(figure.add_subplot(grid[4, :]), run.narrations(source))


def _people(windows: pd.DataFrame) -> list[str]:
    found = set(windows["person"]) - {tables.GROUP_NAME}
    return [tables.GROUP_NAME, *sorted(found, key=int)]


def _name(person: str) -> str:
    return person if person == tables.GROUP_NAME else f"person {person}"


def _style(person: str) -> dict[str, Any]:
    if person == tables.GROUP_NAME:
        return {"color": INK, "linewidth": 1.6, "linestyle": "-"}
    number = int(person) - 1
    colour = f"#{PERSON_HEX[number % len(PERSON_HEX)]}"
    return {"color": colour, "linewidth": 1.2, "linestyle": DASHES[number % len(DASHES)]}


def _course(
    axes: Any, windows: pd.DataFrame, column: str, label: str, limits: tuple[float, float] | None
) -> None:
    for person in _people(windows):
        rows = windows[windows["person"] == person]
        axes.plot(rows["timestamp"], rows[column], label=_name(person), **_style(person))
    group = windows[windows["person"] == tables.GROUP_NAME]
    spread = column.replace("_mean", "_sd")
    if spread != column:
        low, high = group[column] - group[spread], group[column] + group[spread]
        axes.fill_between(group["timestamp"], low, high, color=INK, alpha=0.1, linewidth=0)
    axes.set_ylabel(label)
    axes.axhline(0, color=FAINT, linewidth=0.5)
    axes.set_ylim(*(limits or (0, max(0.5, 1.1 * float(windows[column].max() or 0)))))
    axes.margins(x=0.01)
    axes.spines[["top", "right"]].set_visible(False)


def _marks(axes: Any, events: pd.DataFrame, narrations: pd.DataFrame) -> None:
    shapes = {"arrival": "^", "departure": "v", "quadrant_change": "D", "spike": "P"}
    for kind, shape in shapes.items():
        times = events.loc[events["kind"] == kind, "timestamp"]
        if len(times):
            axes.plot(
                times, [0.93] * len(times), shape, color=FAINT, markersize=4, label=_spaced(kind)
            )
    if len(narrations):
        at = [0.93] * len(narrations)
        axes.plot(narrations["timestamp"], at, "o", color="#0b5cad", markersize=4, label="told")


def _spaced(kind: str) -> str:
    return kind.replace("_", " ")


def _plane(axes: Any, windows: pd.DataFrame) -> None:
    from matplotlib.patches import Circle, Wedge

    corners = {"excited": 0, "angry": 90, "sad": 180, "calm": 270}
    for name, start in corners.items():
        colour = f"#{QUADRANT_HEX[name]}"
        axes.add_patch(Wedge((0, 0), 1, start, start + 90, color=colour, alpha=0.3, linewidth=0))
        x, y = (0.6 if start in (0, 270) else -0.6), (0.62 if start < 180 else -0.62)
        axes.text(x, y, name, ha="center", color=FAINT)
    for radius in (1.0, 0.5, NEUTRAL_RADIUS):
        axes.add_patch(Circle((0, 0), radius, fill=False, color="#a9b2bc", linewidth=0.6))
    for person in _people(windows):
        rows = windows[windows["person"] == person]
        axes.plot(rows["valence_mean"], rows["arousal_mean"], **_style(person))
        last = rows.dropna(subset=["valence_mean", "arousal_mean"]).tail(1)
        axes.plot(last["valence_mean"], last["arousal_mean"], "o", color=_style(person)["color"])
    axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal")
    axes.set(xlabel="valence", ylabel="arousal")
    axes.set_title("window means; dot: the last", fontsize=FONT_PT + 1)
    axes.spines[["top", "right"]].set_visible(False)


def _shares(axes: Any, windows: pd.DataFrame) -> None:
    people = _people(windows)
    left = dict.fromkeys(people, 0.0)
    for name in QUADRANTS:
        shares = [
            float((windows.loc[windows["person"] == person, "quadrant"] == name).sum())
            / max(1, int(windows.loc[windows["person"] == person, "quadrant"].notna().sum()))
            for person in people
        ]
        colour = f"#{QUADRANT_HEX[name]}"
        starts = [left[person] for person in people]
        names = [_name(person) for person in people]
        bars = {"color": colour, "edgecolor": "white", "height": 0.6}
        axes.barh(names, shares, left=starts, label=name, **bars)
        for person, share in zip(people, shares, strict=True):
            if share >= 0.08:
                middle = left[person] + share / 2
                axes.text(middle, _name(person), f"{share:.0%}", ha="center", va="center")
            left[person] += share
    axes.set(xlim=(0, 1), xlabel="share of the windows")
    axes.set_title("quadrants", fontsize=FONT_PT + 1)
    axes.invert_yaxis()
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=5, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def _words(axes: Any, narrations: pd.DataFrame) -> None:
    axes.axis("off")
    told = [
        textwrap.fill(f"{timestamp:.0f} s  {text}", 132, subsequent_indent="      ")
        for timestamp, text in zip(narrations["timestamp"], narrations["text"], strict=True)
        if text
    ]
    step = max(1, -(-len(told) // WORDS_PER_PAGE))
    words = "\n".join(told[::step]) or "nothing was told"
    axes.text(0, 1, words, va="top", ha="left", transform=axes.transAxes, fontsize=FONT_PT - 0.5)
