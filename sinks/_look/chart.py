"""The trace: how valence and arousal of the group went over the window."""

from __future__ import annotations

import math
from collections import deque

import cv2
import numpy as np
import numpy.typing as npt

from ...stream.messages import Image, Reading, Window
from .palette import (
    AROUSAL_BGR,
    FAINT_TEXT_BGR,
    GROUND_BGR,
    LINE_BGR,
    VALENCE_BGR,
    Colour,
    colour_of,
)
from .places import Rect
from .sprites import Sprite, Type, blend, blend_disc, from_alpha, rounded_panel, small_size_px
from .words import clock, signed

_SHIFT = 3
OPACITY = 0.78
Runs = list[npt.NDArray[np.float64]]


class Trace:
    """Mean valence and arousal of the people in each frame of the last `window_s` seconds."""

    def __init__(self, window_s: float) -> None:
        """Start empty."""
        self.window_s = window_s
        self._points: deque[tuple[float, float, float]] = deque()
        self._epoch = 0

    def add(self, reading: Reading) -> None:
        """Take a frame once; a source that starts anew empties the trace."""
        if reading.epoch != self._epoch:
            self._points.clear()
            self._epoch = reading.epoch
        if self._points and reading.pts_s <= self._points[-1][0]:
            return
        self._points.append((reading.pts_s, *_mean(reading)))
        while reading.pts_s - self._points[0][0] > self.window_s:
            self._points.popleft()

    def runs(self, now_s: float) -> Runs:
        """Return the unbroken runs, each n x 3: position in [0, 1] (1 is now), valence, arousal."""
        if not self._points:
            return []
        points = np.array(self._points)
        points[:, 0] = 1 - (now_s - points[:, 0]) / self.window_s
        gaps = np.flatnonzero(np.isnan(points[:, 1]))
        parts = np.split(points, gaps)
        return [part for part in (p[np.isfinite(p[:, 1])] for p in parts) if len(part)]

    def last(self) -> tuple[float | None, float | None]:
        """Return the newest valence and arousal; None where nobody was measured."""
        if not self._points or math.isnan(self._points[-1][1]):
            return None, None
        return self._points[-1][1:]


def _mean(reading: Reading) -> tuple[float, float]:
    pairs = [
        (person.valence, person.arousal)
        for person in reading.people
        if person.valence is not None and person.arousal is not None
    ]
    if not pairs or not math.isfinite(sum(map(sum, pairs))):
        return math.nan, math.nan
    return sum(v for v, _ in pairs) / len(pairs), sum(a for _, a in pairs) / len(pairs)


class Chart:
    """Draws the trace on a translucent panel."""

    def __init__(self, type_: Type, text_px: int) -> None:
        """Fix the size by the size of the text."""
        self._type = type_
        self._text_px = text_px
        self._small_px = small_size_px(text_px)
        self.width_px = round(text_px * 15.5)
        self.height_px = round(text_px * 7.2)
        self._panel: Sprite = from_alpha(
            rounded_panel(self.width_px, self.height_px, round(text_px * 0.6), OPACITY), GROUND_BGR
        )

    def draw(
        self, image_bgr: Image, at: Rect, trace: Trace, window: Window | None, now_s: float
    ) -> None:
        """Draw the panel with its left top corner at `at`."""
        blend(image_bgr, self._panel, at.x1, at.y1)
        pad = round(self._text_px * 0.7)
        top = at.y1 + round(pad * 0.7)
        group = window.spans[-1] if window and window.spans else None
        quadrant = group.quadrant if group else None
        name = self._type.line("group", self._small_px, FAINT_TEXT_BGR)
        title = self._type.line(quadrant or "", self._text_px, colour_of(quadrant))
        baseline = self._type.baseline_px(self._text_px) - self._type.baseline_px(self._small_px)
        blend(image_bgr, name, at.x1 + pad, top + baseline)
        blend(image_bgr, title, at.x1 + pad + name.width_px + pad // 2, top)
        time = self._type.line(clock(now_s), self._small_px, FAINT_TEXT_BGR)
        blend(image_bgr, time, at.x2 - pad - time.width_px, top + baseline)
        legend_top = at.y2 - round(pad * 0.6) - self._type.height_px(self._small_px)
        self._legend(image_bgr, at.x1 + pad, at.x2 - pad, legend_top, trace)
        plot = Rect(
            at.x1 + pad, top + title.height_px + pad // 3, at.x2 - pad, legend_top - pad // 3
        )
        self._plot(image_bgr, plot, trace, now_s)

    def _legend(self, image_bgr: Image, left: int, right: int, top: int, trace: Trace) -> None:
        last = trace.last()
        x = left
        for name, value, colour in (
            ("valence", last[0], VALENCE_BGR),
            ("arousal", last[1], AROUSAL_BGR),
        ):
            label = self._type.line(name, self._small_px, colour)
            blend(image_bgr, label, x, top)
            number = self._type.line(signed(value), self._small_px, colour)
            blend(image_bgr, number, x + label.width_px + self._small_px // 3, top)
            x = (left + right) // 2 + self._small_px // 4

    def _plot(self, image_bgr: Image, plot: Rect, trace: Trace, now_s: float) -> None:
        height, width = plot.y2 - plot.y1, plot.x2 - plot.x1
        middle = (plot.y1 + plot.y2) // 2
        cv2.line(image_bgr, (plot.x1, middle), (plot.x2, middle), LINE_BGR, 1)
        for run in trace.runs(now_s):
            x = plot.x1 + run[:, 0] * width
            for column, colour in ((2, AROUSAL_BGR), (1, VALENCE_BGR)):
                y = middle - run[:, column] * height / 2
                self._line(image_bgr, np.column_stack((x, y)), colour)

    def _line(self, image_bgr: Image, points: npt.NDArray[np.float64], colour: Colour) -> None:
        thick = max(1, round(self._text_px / 9))
        fixed = np.round(points * (1 << _SHIFT)).astype(np.int32)
        cv2.polylines(image_bgr, [fixed], False, colour, thick, cv2.LINE_AA, _SHIFT)
        x, y = points[-1].tolist()
        blend_disc(image_bgr, x, y, thick + 1, colour)
