"""Pictures of a finished run: parts for papers, and a page that sums it up.

The page's palette on white; vector (SVG, PDF) or PNG by the name of the file.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ...stream.errors import MissingExtraError, UsageError
from ...stream.runs import Run
from .axes import FAINT, INK, MOST_PEOPLE, draw_courses, draw_plane, draw_shares, people_of
from .keyframes import KeyFrame, Mode, key_frames
from .palette import QUADRANT_HEX
from .words import clock

if TYPE_CHECKING:
    import pandas as pd

FORMATS = frozenset({".png", ".svg", ".pdf"})
PNG_DPI = 200
Part = Literal["page", "timeline", "plane", "quadrants"]
SIZES_INCHES = {"page": (8.27, 11.69), "timeline": (7.1, 4.6), "plane": (3.5, 3.7)}
"""A4, upright; two columns of a journal (180 mm); one column (89 mm)."""
ROW_INCHES = 0.34
"""A person in the shares."""
FONT_PT = 8
STYLE = {
    "font.size": FONT_PT,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": FONT_PT + 1,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}
"""Text stays text, in SVG and in PDF."""
MOST_FRAMES = 6
LINES, CHARACTERS = 17, 128
"""What the foot of the page holds."""


def plot(
    folder: Path,
    target: Path,
    source: str | None = None,
    part: Part = "page",
    pictures: Mode = "clear",
) -> Path:
    """Draw one source of a run and return the file.

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
    except ImportError:
        raise MissingExtraError("plotting", "plot") from None
    with matplotlib.rc_context(STYLE):
        figure = _page(run, chosen, pictures) if part == "page" else _part(run, chosen, part)
        try:
            figure.savefig(target, dpi=PNG_DPI)
        except OSError as error:
            raise UsageError(f"{target}: cannot be written: {error.strerror}") from None
    return target


def _figure(size_inches: tuple[float, float]) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=size_inches, layout="constrained")


def _part(run: Run, source: str, part: Part) -> Any:
    """Return a figure of one part, with its legend outside."""
    windows = run.windows(source)
    people = len(people_of(windows))
    figure = _figure(SIZES_INCHES.get(part, (3.5, 1.0 + ROW_INCHES * people)))
    if part == "timeline":
        courses = figure.subplots(3, sharex=True)
        draw_courses(courses, windows, run.events(source), _told_s(run.narrations(source)))
        figure.legend(*_legend(courses[0]), loc="outside upper left", ncols=7, **_TIGHT)
    elif part == "plane":
        axes = figure.subplots()
        draw_plane(axes, windows)
        figure.legend(*_legend(axes), loc="outside upper left", ncols=3)
    else:
        axes = figure.subplots()
        draw_shares(axes, windows)
        figure.legend(*_legend(axes), loc="outside lower center", ncols=5, **_TIGHT)
    return figure


_TIGHT = {"columnspacing": 1.0, "handlelength": 1.2, "handletextpad": 0.5}


def _legend(axes: Any) -> tuple[list[Any], list[str]]:
    handles, labels = axes.get_legend_handles_labels()
    return handles, labels


def _page(run: Run, source: str, pictures: Mode) -> Any:
    windows, narrations = run.windows(source), run.narrations(source)
    frames = key_frames(run, source, pictures, MOST_FRAMES)
    figure = _figure(SIZES_INCHES["page"])
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.06, rect=(0.01, 0.015, 0.98, 0.97))
    # A row of next to no height makes the solver of the layout give up, and end the process.
    heights = [0.42, 1, 1, 0.8, 2.0, *([1.25] if frames else []), 1.9]
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights)
    _head(figure.add_subplot(grid[0, :]), run, source, windows)
    courses = [figure.add_subplot(grid[1, :])]
    courses += [figure.add_subplot(grid[row, :], sharex=courses[0]) for row in (2, 3)]
    draw_courses(courses, windows, run.events(source), _told_s(narrations))
    above = {"loc": "lower left", "bbox_to_anchor": (0, 1.16), "borderaxespad": 0}
    courses[0].legend(*_legend(courses[0]), ncols=7, **above, **_TIGHT)
    plane, shares = figure.add_subplot(grid[4, 0]), figure.add_subplot(grid[4, 1])
    draw_plane(plane, windows)
    plane.set_title("Window means; the mark is the last")
    draw_shares(shares, windows)
    shares.set_title("Shares of the quadrants")
    shares.set_ylim(max(3.6, shares.get_ylim()[0]), -0.6)
    below = {"loc": "upper center", "bbox_to_anchor": (0.45, -0.16)}
    shares.legend(*_legend(shares), ncols=5, **below, **_TIGHT)
    if frames:
        _pictures(figure, grid[5, :], frames)
        _numbers(courses, frames)
    _words(figure.add_subplot(grid[len(heights) - 1, :]), narrations)
    return figure


def _head(axes: Any, run: Run, source: str, windows: pd.DataFrame) -> None:
    """Write what was looked at, how long, and by which networks."""
    axes.axis("off")
    models = run.meta.get("models", {})
    people = windows.loc[windows["person"] != people_of(windows)[0], "person"].nunique()
    end_s = max([*windows["timestamp"], 0.0])
    window_s = float(run.meta.get("window_s", 0.0))
    facts = [clock(end_s), f"{people} people" if people != 1 else "1 person"]
    if people > MOST_PEOPLE:
        facts[-1] += f", the {MOST_PEOPLE} seen longest are shown"
    facts += [f"windows of {window_s:g} s", f"run {run.meta.get('run_id', '')}"]
    facts += [", ".join(dict.fromkeys(str(one.get("name", "")) for one in models.values()))]
    words = " · ".join(one for one in facts if one)
    free = {"va": "top", "in_layout": False}
    axes.text(0, 1, source, fontsize=FONT_PT + 6, fontweight="bold", **free)
    axes.text(0, 0.3, textwrap.shorten(words, CHARACTERS, placeholder=" …"), color=FAINT, **free)


def _numbers(courses: Sequence[Any], frames: Sequence[KeyFrame]) -> None:
    """Mark in the courses where the pictures are from."""
    for axes in courses:
        for frame in frames:
            axes.axvline(frame.time_s, color=FAINT, linewidth=0.6, linestyle=(0, (2, 2)), zorder=0)
    for number, frame in enumerate(frames, 1):
        at = {"xy": (frame.time_s, 0.04), "xycoords": courses[1].get_xaxis_transform()}
        badge = {"boxstyle": "circle,pad=0.2", "color": INK}
        style = {"color": "white", "fontsize": FONT_PT - 2, "fontweight": "bold", "bbox": badge}
        courses[1].annotate(str(number), **at, ha="center", va="bottom", **style)


def _pictures(figure: Any, place: Any, frames: Sequence[KeyFrame]) -> None:
    grid = place.subgridspec(1, MOST_FRAMES)
    for number, frame in enumerate(frames, 1):
        axes = figure.add_subplot(grid[0, number - 1])
        axes.imshow(frame.image_bgr[..., ::-1], interpolation="antialiased")
        axes.set(xticks=[], yticks=[])
        axes.spines[["top", "left", "right"]].set_visible(False)
        colour = f"#{QUADRANT_HEX.get(frame.quadrant, 'd5d9de')}"
        axes.spines["bottom"].set(color=colour, linewidth=4, capstyle="butt")
        axes.set_title(f"{number}  {clock(frame.time_s)}", fontsize=FONT_PT, pad=3)
        axes.set_xlabel(frame.quadrant or "no face read", labelpad=4)


def _told_s(narrations: pd.DataFrame) -> list[float]:
    told = narrations[narrations["kind"] != "story"]
    return [float(time_s) for time_s in told["timestamp"]]


def _words(axes: Any, narrations: pd.DataFrame) -> None:
    """Write the story of the whole, then as many of the narrations as there is room for."""
    axes.axis("off")
    said = narrations[narrations["text"].fillna("") != ""]
    stories = said.loc[said["kind"] == "story", "text"]
    lines = [line for text in stories for line in textwrap.wrap(text, CHARACTERS)]
    told = [
        textwrap.wrap(f"{clock(at)}  {text}", CHARACTERS, subsequent_indent="      ")
        for at, text, kind in zip(said["timestamp"], said["text"], said["kind"], strict=True)
        if kind != "story"
    ]
    room = LINES - len(lines) - 1
    step = next((n for n in range(1, len(told) + 1) if sum(map(len, told[::n])) <= room), None)
    if step:
        lines += ["", *(line for one in told[::step] for line in one)]
    words = "\n".join(lines[:LINES]).strip() or "Nothing was told."
    axes.set_title("Narration")
    axes.text(0, 0.98, words, va="top", linespacing=1.35, in_layout=False)
