"""The parts of a picture of a run, each drawn into axes of its own: courses, plane, shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...models.affect import NEUTRAL_RADIUS
from ...stream import tables
from ...stream.messages import QUADRANTS
from .palette import PERSON_HEX, QUADRANT_HEX
from .words import clock

if TYPE_CHECKING:
    import pandas as pd

INK, FAINT, LINE, TOLD = "#14181d", "#525c68", "#a9b2bc", "#0b5cad"
DASHES: tuple[Any, ...] = ("-", (0, (5, 3)), (0, (1, 1.6)), (0, (6, 2, 1, 2)))
"""As in the page: people are told apart without colour, too."""
MEASURES = (
    ("valence_mean", "valence", (-1.0, 1.0)),
    ("arousal_mean", "arousal", (-1.0, 1.0)),
    ("movement", "movement\n(torso lengths/s)", None),
)
MOST_PEOPLE = 8
"""As many as there are colours; those seen longest."""
SECONDS_UP_TO_S = 120.0
"""Longer courses are marked in minutes."""
MARKS = {
    "arrival": ("^", "arrives"),
    "departure": ("v", "leaves"),
    "quadrant_change": ("D", "quadrant changes"),
    "spike": ("P", "sudden change"),
    "source_state": ("s", "camera lost or back"),
}
UNREAD = "no face was read"
MARKS_AT = 1.1
"""In heights of the axes."""
MARK_STYLE = {"markersize": 4, "linestyle": "none", "clip_on": False}


def people_of(windows: pd.DataFrame) -> list[str]:
    """Return the group and the people who were seen longest, in order of their numbers."""
    counts = windows.loc[windows["person"] != tables.GROUP_NAME, "person"].value_counts()
    return [tables.GROUP_NAME, *sorted(counts.index[:MOST_PEOPLE], key=int)]


def name_of(person: str) -> str:
    """Return how a line is called."""
    return person if person == tables.GROUP_NAME else f"person {person}"


def style_of(person: str) -> dict[str, Any]:
    """Return how the line of a person looks."""
    if person == tables.GROUP_NAME:
        return {"color": INK, "linewidth": 1.6, "linestyle": "-"}
    number = int(person) - 1
    colour = f"#{PERSON_HEX[number % len(PERSON_HEX)]}"
    return {"color": colour, "linewidth": 1.2, "linestyle": DASHES[number % len(DASHES)]}


def draw_courses(
    courses: Sequence[Any], windows: pd.DataFrame, events: pd.DataFrame, told_s: Sequence[float]
) -> None:
    """Draw valence, arousal and movement over time below each other, with marks above them."""
    for axes, (column, label, limits) in zip(courses, MEASURES, strict=True):
        _course(axes, windows, column, label, limits)
        axes.tick_params(labelbottom=axes is courses[-1])
    _marks(courses[0], events, told_s)
    last = max([*windows["timestamp"], *told_s, 1.0])
    courses[0].set_xlim(0, last)
    if last > SECONDS_UP_TO_S:
        from matplotlib.ticker import MaxNLocator

        minutes = MaxNLocator(8, steps=[1, 1.5, 2, 3, 6, 10], integer=True)
        courses[-1].xaxis.set_major_locator(minutes)
        courses[-1].xaxis.set_major_formatter(lambda at, _: clock(at))
    courses[-1].set_xlabel("time (s)" if last <= SECONDS_UP_TO_S else "time (min:s)")


def _course(
    axes: Any, windows: pd.DataFrame, column: str, label: str, limits: tuple[float, float] | None
) -> None:
    for person in people_of(windows):
        rows = windows[windows["person"] == person]
        axes.plot(rows["timestamp"], rows[column], label=name_of(person), **style_of(person))
    group = windows[windows["person"] == tables.GROUP_NAME]
    spread = column.replace("_mean", "_sd")
    if spread != column:
        low, high = group[column] - group[spread], group[column] + group[spread]
        band = {"color": INK, "alpha": 0.1, "linewidth": 0, "label": "group ± 1 SD"}
        axes.fill_between(group["timestamp"], low, high, **band)
    if not windows[column].notna().any():
        _note(axes, UNREAD if limits else "not measured")
    axes.set_ylabel(label)
    axes.axhline(0, color=FAINT, linewidth=0.5)
    axes.set_ylim(*(limits or (0, max(0.5, 1.1 * float(windows[column].max() or 0)))))
    if limits:
        axes.set_yticks([-1, -0.5, 0, 0.5, 1])
    axes.spines[["top", "right"]].set_visible(False)


def _note(axes: Any, words: str) -> None:
    style = {"ha": "center", "va": "center", "color": FAINT}
    axes.text(0.5, 0.56, words, transform=axes.transAxes, **style)


def _marks(axes: Any, events: pd.DataFrame, told_s: Sequence[float]) -> None:
    high = {"transform": axes.get_xaxis_transform(), **MARK_STYLE}
    for kind, (shape, words) in MARKS.items():
        times = events.loc[events["kind"] == kind, "timestamp"]
        if len(times):
            axes.plot(times, [MARKS_AT] * len(times), shape, color=FAINT, label=words, **high)
    if told_s:
        axes.plot(told_s, [MARKS_AT] * len(told_s), "o", color=TOLD, label="narrated", **high)


def draw_plane(axes: Any, windows: pd.DataFrame) -> None:
    """Draw the plane of valence and arousal with the course of each person's window means."""
    from matplotlib.patches import Circle, Wedge

    corners = {"excited": 0, "angry": 90, "sad": 180, "calm": 270}
    for name, start in corners.items():
        colour = f"#{QUADRANT_HEX[name]}"
        axes.add_patch(Wedge((0, 0), 1, start, start + 90, color=colour, alpha=0.3, linewidth=0))
        x, y = (0.5 if start in (0, 270) else -0.5), (0.62 if start < 180 else -0.62)
        axes.text(x, y, name, ha="center", va="center", color=FAINT)
    for radius, dash in ((1.0, "-"), (0.5, "-"), (NEUTRAL_RADIUS, (0, (3, 2)))):
        ring = {"fill": False, "color": LINE, "linewidth": 0.6, "linestyle": dash}
        axes.add_patch(Circle((0, 0), radius, **ring))
    for person in people_of(windows):
        rows = windows[windows["person"] == person]
        axes.plot(
            rows["valence_mean"], rows["arousal_mean"], label=name_of(person), **style_of(person)
        )
        last = rows.dropna(subset=["valence_mean", "arousal_mean"]).tail(1)
        shape = "D" if person == tables.GROUP_NAME else "o"
        point = {"color": style_of(person)["color"], "markersize": 5}
        axes.plot(last["valence_mean"], last["arousal_mean"], shape, **point)
    axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal")
    axes.set(xlabel="valence", ylabel="arousal")
    if not windows["valence_mean"].notna().any():
        _note(axes, UNREAD)
    ticks = [-1, -0.5, 0, 0.5, 1]
    axes.set(xticks=ticks, yticks=ticks)
    axes.spines[["top", "right"]].set_visible(False)


def draw_shares(axes: Any, windows: pd.DataFrame) -> None:
    """Draw what share of their windows the group and each person spent in which quadrant."""
    people = people_of(windows)
    left = dict.fromkeys(people, 0.0)
    for name in QUADRANTS:
        shares = [
            float((windows.loc[windows["person"] == person, "quadrant"] == name).sum())
            / max(1, int(windows.loc[windows["person"] == person, "quadrant"].notna().sum()))
            for person in people
        ]
        colour = f"#{QUADRANT_HEX[name]}"
        starts = [left[person] for person in people]
        names = [name_of(person) for person in people]
        bars = {"color": colour, "edgecolor": "white", "height": 0.6}
        axes.barh(names, shares, left=starts, label=name, **bars)
        for person, share in zip(people, shares, strict=True):
            if share >= 0.1:
                middle = left[person] + share / 2
                axes.text(middle, name_of(person), f"{share:.0%}", ha="center", va="center")
            left[person] += share
    if not windows["quadrant"].notna().any():
        _note(axes, UNREAD)
    axes.set(xlim=(0, 1), xlabel="share of the windows")
    axes.xaxis.set_major_formatter(lambda at, _: f"{at:.0%}")
    axes.set_ylim(len(people) - 0.4, -0.6)
    axes.spines[["top", "right"]].set_visible(False)
