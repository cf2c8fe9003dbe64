"""One style for all plots: white paper, quiet axes, colours that colour-blind people tell apart.

Source of the colours: Okabe and Ito 2008, Color Universal Design. Matplotlib is imported only when
something is drawn; nothing of it is kept open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...stream.errors import MissingExtraError
from ..files import whole

VALENCE = "#0072B2"
AROUSAL = "#C4651A"
RATED = "#1B1E23"
MOVEMENT = "#5B6470"
INK = "#1B1E23"
FAINT = "#6B737D"
GRID = "#E3E6EA"

QUADRANT: Mapping[str, str] = {
    "excited": "#E69F00",
    "calm": "#009E73",
    "angry": "#D55E00",
    "sad": "#56B4E9",
    "neutral": "#B6BCC4",
}
EMOTION: Mapping[str, str] = {
    "neutral": "#C9CED5",
    "happiness": "#E69F00",
    "surprise": "#F0E442",
    "sadness": "#56B4E9",
    "anger": "#D55E00",
    "disgust": "#009E73",
    "fear": "#CC79A7",
    "contempt": "#7A5C3E",
}

DPI = 150
_RC = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 7.0,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#A8AEB6",
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "lines.linewidth": 1.5,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextmanager
def page(path: Path, width_in: float, height_in: float) -> Iterator[Any]:
    """Give an empty figure; it is written as a PNG at the end, whole or not at all.

    The same figure gives the same bytes. Raises: MissingExtraError, SinkError.
    """
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("drawing plots", "dataset") from error
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **_RC}):
        figure = Figure(figsize=(width_in, height_in), dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        with whole(path) as draft:
            figure.savefig(draft, format="png", metadata={"Software": None})


def gapped(time_s: Any, values: Any, gap_s: float = 1.0) -> tuple[Any, Any]:
    """Return times and values with a NaN in every gap, so that no line bridges it."""
    import numpy as np

    time_s, values = np.asarray(time_s, float), np.asarray(values, float)
    gaps = np.flatnonzero(np.diff(time_s) > gap_s) + 1
    return np.insert(time_s, gaps, time_s[gaps - 1] + gap_s / 2), np.insert(values, gaps, np.nan)


def unit_axis(axis: Any, words: str) -> None:
    """Set the y axis to the scale of valence and arousal, -1 to 1, with the middle marked."""
    axis.set_ylim(-1.05, 1.05)
    axis.set_yticks([-1, -0.5, 0, 0.5, 1], ["−1", "−0.5", "0", "0.5", "1"])
    axis.axhline(0, color="#A8AEB6", linewidth=0.8, zorder=1)
    axis.set_ylabel(words)


def time_axis(axis: Any, end_s: float) -> None:
    """Set the x axis to media time in seconds, or minutes from five minutes on."""
    axis.set_xlim(0, max(end_s, 0.1))
    if end_s >= 300:
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        axis.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 1.5, 3, 6]))
        axis.xaxis.set_major_formatter(
            FuncFormatter(lambda s, _: f"{int(s) // 60}:{int(s) % 60:02}")
        )
        axis.set_xlabel("media time, min:s")
    else:
        axis.set_xlabel("media time, s")
