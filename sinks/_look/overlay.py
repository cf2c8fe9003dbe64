"""Draws what was measured onto the picture: the look of the video and of the window."""

from __future__ import annotations

import cv2
import msgspec

from ...stream.messages import Delivery, Image, Narration, Reading, Window
from .blur import Blur
from .caption import caption
from .cards import Cards
from .chart import Chart, Trace
from .figures import draw_figure, face_rect
from .hold import Hold
from .places import Rect
from .sprites import Sprite, Type, blend, text_size_px

STAY_S = 2.0
"""How long the chart keeps its corner at least."""


class Overlay:
    """Draws one source; it remembers the newest window and narration and where things were.

    One object belongs to one thread. A change of the picture's size is taken up at once. People are
    hidden by `veil` while `is_veiled`.
    """

    def __init__(self, window_s: float, veil: Blur | None = None) -> None:
        """Start with nothing to show; `window_s` is the length of the trace.

        Without a `veil`, all of a picture is covered where people are to be hidden.
        """
        self.is_veiled = False
        self._veil = veil or Blur("pixelate", finds_faces=False)
        self._trace = Trace(window_s)
        self._hold = Hold()
        self._window: Window | None = None
        self._words = ""
        self._rolls = False
        self._type = Type()
        self._layout: Layout | None = None

    def take(self, message: Delivery) -> None:
        """Remember a window or a narration; everything else passes."""
        if isinstance(message, Window):
            self._window = message
        elif isinstance(message, Narration) and message.kind != "story":
            self._tell(message)

    def _tell(self, narration: Narration) -> None:
        """Show the rolling line where there is one, for a paragraph may come late."""
        self._rolls |= narration.kind == "line"
        words = narration.line or narration.text
        if words == self._words or (self._rolls and narration.kind != "line"):
            return
        self._words = words
        if self._layout is not None:
            self._layout.tell(self._words)

    def draw(
        self, image_bgr: Image, reading: Reading, age_s: float = 0.0, opacity: float = 1.0
    ) -> Image:
        """Return a copy of the picture with everything drawn on it.

        The reading is `age_s` older than the picture; people are drawn with `opacity`, in [0, 1].
        """
        self._trace.add(reading)
        ground = image_bgr
        if self.is_veiled:
            ground = self._veil.hide(image_bgr, reading, age_s)
        reading = self._hold.fill(reading)
        height_px, width_px = image_bgr.shape[:2]
        layout = self._layout
        if layout is None or layout.size != (width_px, height_px):
            layout = self._layout = Layout(self._type, width_px, height_px)
            layout.tell(self._words)
        nobody = msgspec.structs.replace(reading, people=())
        if opacity <= 0:
            return self._drawn(layout, ground, nobody)
        canvas = self._drawn(layout, ground, reading)
        if opacity < 1:
            bare = self._drawn(layout, ground, nobody)
            cv2.addWeighted(canvas, opacity, bare, 1 - opacity, 0, dst=canvas)
        return canvas

    def _drawn(self, layout: Layout, ground: Image, reading: Reading) -> Image:
        canvas = ground.copy()
        for person in reading.people:
            draw_figure(canvas, person, layout.stroke_px)
        layout.draw(canvas, reading, self._trace, self._window)
        return canvas


class Layout:
    """Where caption, chart and labels lie on pictures of one size."""

    def __init__(self, type_: Type, width_px: int, height_px: int) -> None:
        """Fix everything that depends on the size."""
        self.size = (width_px, height_px)
        self._type = type_
        self._text_px = text_size_px(width_px, height_px)
        self.stroke_px = max(1, round(self._text_px / 7))
        self._chart = Chart(type_, self._text_px)
        self._cards = Cards(type_, self._text_px)
        self._caption: Sprite | None = None
        self._corner = 0
        self._since_s = float("-inf")

    def tell(self, words: str) -> None:
        """Set the caption; an empty one takes no room."""
        self._caption = caption(self._type, words, self._text_px, *self.size) if words else None

    def draw(self, canvas: Image, reading: Reading, trace: Trace, window: Window | None) -> None:
        """Draw the caption, the labels and the chart, none on another."""
        width_px, height_px = self.size
        floor_px = height_px
        if self._caption is not None:
            top = height_px - self._caption.height_px
            blend(canvas, self._caption, 0, top)
            floor_px = top + self._text_px
        margin = self._text_px // 2
        area = Rect(margin, margin, width_px - margin, floor_px - margin)
        taken: list[Rect] = []
        chart = self._chart_place(reading, area)
        if chart is not None:
            taken.append(chart)
            self._chart.draw(canvas, chart, trace, window, reading.pts_s)
        self._cards.draw(canvas, reading, area, taken)

    def _chart_place(self, reading: Reading, area: Rect) -> Rect | None:
        """Return the corner for the chart: the one it has, unless it hides a face there."""
        width, height = self._chart.width_px, self._chart.height_px
        if width > 0.6 * (area.x2 - area.x1) or height > 0.5 * (area.y2 - area.y1):
            return None
        corners = [
            Rect(x, y, x + width, y + height)
            for y in (area.y1, area.y2 - height)
            for x in (area.x2 - width, area.x1)
        ]
        faces = [face for face in map(face_rect, reading.people) if face is not None]
        hidden = [
            sum(corner.overlap_px(face.grown(self._text_px)) for face in faces)
            for corner in corners
        ]
        waited_s = abs(reading.pts_s - self._since_s)
        if hidden[self._corner] > 2 * min(hidden) and waited_s >= STAY_S:
            self._corner = hidden.index(min(hidden))
            self._since_s = reading.pts_s
        return corners[self._corner]
