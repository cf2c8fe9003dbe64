"""A window with the pictures and what was measured in them, at the camera's rate.

Live, every picture of a camera is shown at once, with the newest readings on it: they are older,
the line below says by how much, and they fade away when too old. A replay shows each picture with
its own reading. Several sources share the window. The keys are in `_look/keys.py`.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

import cv2
import numpy as np

from ..stream.messages import Delivery, Frame, Image, SourceInfo
from ._look.blur import veil_of
from ._look.keys import draw_help, draw_note
from ._look.screen import Screen, SDLScreen, window_size
from ._look.sprites import Type, text_size_px
from ._look.tile import Size, Tile, strip_height_px
from .base import Controls, Policy, RunInfo, SinkConfig

LOOK_S = 0.01
"""Between two looks at the keys."""
CLOCK_S = 0.5
"""How often the line of status is drawn where no picture comes."""
NOTE_S = 2.5
USUAL_SHAPE = (16, 9)
"""Of a camera's picture, for dividing the window."""
REMEMBERED = 64
"""Messages that wait for the window; more come only where nobody attends it."""
ABSENT = {
    "paused": "paused: affectstream ctl resume",
    "off": "off: affectstream ctl resume",
    "ended": "this camera has ended",
    "failed": "this camera has failed",
    "removed": "this camera was removed",
}
"""What is said of a camera that gives no pictures."""
SNAPSHOT = "snapshot-%Y%m%d-%H%M%S"


class Config(SinkConfig):
    """With `blur`, faces are unrecognisable from the start; `p` changes it."""

    blur: bool = False


class ShowSink:
    """Takes messages and frames in their threads; `attend` draws in the main one."""

    policy: Policy = "latest"
    wants_readings = True

    def __init__(self, config: Config, run: RunInfo, screen: Screen) -> None:
        """Take the sources of the run."""
        self.wants_frames = not run.is_live
        self._run, self._screen = run, screen
        self._tiles = {info.source_id: self._tile(info) for info in run.sources}
        self._messages: deque[Delivery] = deque(maxlen=REMEMBERED)
        self._frames: dict[str, Frame] = {}
        self._news = threading.Event()
        self._type = Type()
        self._is_veiled, self._is_paused, self._has_help = config.blur, False, False
        self._note, self._note_until_s = "", 0.0
        self._canvas: Image | None = None

    def open(self) -> None:
        """Do nothing: the window belongs to the main thread."""

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Take a message; it is drawn with the next picture, which in a replay comes with it."""
        self._messages.append(message)
        if frame is not None:
            self._frames[frame.source_id] = frame
            self._news.set()

    def see(self, frame: Frame) -> None:
        """Take a picture as it is captured; a replay waits for its reading."""
        if self._run.is_live:
            self._frames[frame.source_id] = frame
            self._news.set()

    def tick(self) -> None:
        """Do nothing: nothing is kept."""

    def close(self) -> None:
        """Do nothing: the window closes in its own thread."""

    def attend(self, controls: Controls, is_over: Callable[[], bool]) -> None:
        """Show the window until it is closed, which ends the run, or the run is over."""
        self._screen.open("affectstream", self._first_size())
        try:
            painted_s = -math.inf
            while not is_over():
                for key in self._screen.keys():
                    if key in ("q", "close"):
                        controls.stop()
                        return
                    self._obey(key, controls)
                    painted_s = -math.inf
                is_new = self._news.wait(LOOK_S)
                now_s = time.monotonic()
                is_due = now_s - painted_s >= CLOCK_S
                if is_new or is_due:
                    self._news.clear()
                    fresh = self._take_news(now_s)
                    self._show(now_s, None if is_due else fresh)
                    painted_s = now_s if is_due else painted_s
        finally:
            self._screen.close()

    def _obey(self, key: str, controls: Controls) -> None:
        if key == "space":
            self._is_paused = not self._is_paused
            (controls.pause if self._is_paused else controls.resume)()
        elif key == "b":
            controls.restart_baseline()
            self._say("learning the resting faces anew")
        elif key == "p":
            self._is_veiled = not self._is_veiled
            self._say("faces are blurred" if self._is_veiled else "faces are shown")
        elif key == "s":
            self._say(self._snapshot())
        elif key == "h":
            self._has_help = not self._has_help

    def _say(self, words: str) -> None:
        self._note, self._note_until_s = words, time.monotonic() + NOTE_S

    def _snapshot(self) -> str:
        """Keep what is shown; return what to say of it."""
        if self._run.folder is None:
            return "no snapshot: the run has no folder (--out DIR)"
        if self._canvas is None:
            return "no snapshot: nothing is shown yet"
        now = datetime.now(UTC)
        name = f"{now.strftime(SNAPSHOT)}-{now.microsecond // 1000:03}.png"
        path = self._run.folder / name
        try:
            path.write_bytes(cv2.imencode(".png", self._paint(time.monotonic()))[1].tobytes())
        except OSError as error:
            return f"no snapshot: {error.strerror}"
        return f"kept {name}"

    def _take_news(self, now_s: float) -> set[str]:
        """Hand messages and pictures to their tiles; return the sources with a new picture."""
        fresh = self._look_for_newcomers()
        while self._messages:
            message = self._messages.popleft()
            tile = self._tiles.get(getattr(message, "source_id", ""))
            if tile is not None:
                tile.take(message, now_s)
        for source_id in list(self._frames):
            frame = self._frames.pop(source_id)
            if source_id in self._tiles:
                self._tiles[source_id].see(frame, now_s)
                fresh.add(source_id)
        return fresh

    def _tile(self, info: SourceInfo) -> Tile:
        run = self._run
        return Tile(info, run.window_s, run.is_live, veil_of(run.config, run.models))

    def _look_for_newcomers(self) -> set[str]:
        """Give cameras that were added a tile; return the sources whose state is another."""
        health = self._run.health
        for info in health.joined:
            if info.source_id not in self._tiles:
                self._tiles[info.source_id] = self._tile(info)
                self._canvas = None
        changed = set()
        for name, tile in self._tiles.items():
            state = health.cameras.get(name, "")
            standing = ABSENT.get(state, "")
            if tile.standing != standing:
                tile.standing = standing
                changed.add(name)
        return changed

    def _show(self, now_s: float, only: set[str] | None) -> None:
        """Paint, and lay over it what is no part of a snapshot."""
        canvas = self._paint(now_s, only)
        if self._has_help or now_s < self._note_until_s:
            canvas = canvas.copy()
            text_px = text_size_px(canvas.shape[1], canvas.shape[0])
            if self._has_help:
                draw_help(canvas, self._type, text_px)
            if now_s < self._note_until_s:
                draw_note(canvas, self._type, text_px, self._note)
        self._screen.show(canvas)

    def _paint(self, now_s: float, only: set[str] | None = None) -> Image:
        """Return all tiles, row by row, as large as the window; `only` some are painted anew."""
        size = self._screen.size_px()
        if self._canvas is None or self._canvas.shape != (size[1], size[0], 3):
            self._canvas, only = np.zeros((size[1], size[0], 3), np.uint8), None
        columns, rows = grid(len(self._tiles), size)
        for number, (source_id, tile) in enumerate(self._tiles.items()):
            if only is not None and source_id not in only:
                continue
            row, column = divmod(number, columns)
            x1, x2 = (size[0] * k // columns for k in (column, column + 1))
            y1, y2 = (size[1] * k // rows for k in (row, row + 1))
            self._canvas[y1:y2, x1:x2] = tile.draw(
                (x2 - x1, y2 - y1),
                is_veiled=self._is_veiled,
                is_paused=self._is_paused,
                now_s=now_s,
            )
        return self._canvas

    def _first_size(self) -> Size:
        columns, rows = grid(len(self._tiles))
        sizes = [tile.pixel_size for tile in self._tiles.values()]
        width, height = max(w for w, _ in sizes), max(h for _, h in sizes)
        strip_px = next((px for px in range(100) if strip_height_px((width, height + px)) == px), 0)
        pictures = (columns * width, rows * height)
        return window_size(pictures, rows * strip_px, self._screen.desktop_px())


def grid(count: int, size: Size = USUAL_SHAPE) -> tuple[int, int]:
    """Return the columns and rows that make so many pictures largest in a window of that size."""
    shapes = [(columns, math.ceil(count / columns)) for columns in range(1, max(1, count) + 1)]
    across, down = USUAL_SHAPE
    return max(
        shapes,
        key=lambda shape: (min(size[0] / shape[0] / across, size[1] / shape[1] / down), shape),
    )


def build(config: Config, run: RunInfo) -> ShowSink:
    """Return the sink. Raises: UsageError without a display, MissingExtraError."""
    return ShowSink(config, run, SDLScreen())
