"""The state of the run in the terminal: a live panel, or plain lines where nobody looks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Literal, TextIO

from rich.console import Console, Group
from rich.live import Live

from ..stream.errors import SinkError
from ..stream.messages import (
    GROUP,
    Delivery,
    Event,
    Frame,
    Narration,
    Reading,
    SourceInfo,
    Span,
    Window,
)
from ._look.panel import SourceState, source_panel, told
from ._look.words import camera_words, clock, printable, signed
from .base import Policy, RunInfo, SinkConfig

MAX_WIDTH = 100
LINES_BESIDE_PEOPLE = 12
Clock = Callable[[], float]


class Config(SinkConfig):
    """`auto` shows the panel where stdout is a terminal that knows Unicode."""

    style: Literal["auto", "panel", "plain"] = "auto"
    refresh_hz: float = 5.0


class PlainLines:
    """A line per window and per narration: what a log or a pipe gets."""

    def __init__(self, out: TextIO) -> None:
        """Write to `out`."""
        self._out = out

    def take(self, message: Delivery) -> None:
        """Print a window or a narration."""
        if isinstance(message, Window):
            spans = "; ".join(self._span(span) for span in message.spans)
            self._print(message, spans or "nobody")
        elif isinstance(message, Narration):
            head = "The whole: " if message.kind == "story" else ""
            self._print(message, head + (message.text or f"no narration: {message.gap}"))
        elif isinstance(message, Event) and message.kind == "source_state":
            self._print(message, camera_words(message))

    def tick(self) -> None:
        """Hand on what was printed."""
        self._out.flush()

    close = tick

    def _print(self, message: Window | Narration | Event, words: str) -> None:
        line = f"{clock(message.pts_s):>6}  {printable(message.source_id)}  {printable(words)}\n"
        encoding = self._out.encoding or "utf-8"
        self._out.write(line.encode(encoding, "replace").decode(encoding))
        self._out.flush()

    @staticmethod
    def _span(span: Span) -> str:
        name = "group" if span.person == GROUP else f"person {span.person}"
        if span.valence_mean is None:
            return f"{name} not measured"
        moves = "" if span.movement is None else f", movement {span.movement:.2f}"
        numbers = f"valence {signed(span.valence_mean)}, arousal {signed(span.arousal_mean)}"
        return f"{name} {span.quadrant}, {numbers}{moves}"


class LivePanel:
    """A panel that is drawn over itself; narrations it no longer shows stay above it."""

    def __init__(self, run: RunInfo, console: Console, refresh_s: float, now: Clock) -> None:
        """Show nothing until the first message."""
        self._states = {info.source_id: SourceState(info) for info in run.sources}
        self._console = console
        self._refresh_s = refresh_s
        self._now = now
        self._drawn_s = float("-inf")
        self._live: Live | None = None

    def take(self, message: Delivery) -> None:
        """Remember a message, and draw when it is time."""
        if not isinstance(message, Reading | Window | Narration | Event):
            return
        info = SourceInfo(message.source_id, "")
        state = self._states.setdefault(message.source_id, SourceState(info))
        if isinstance(message, Reading):
            state.reading = message
            state.rate.note(self._now(), message.seq)
        elif isinstance(message, Window):
            state.group = next((s for s in message.spans if s.person == GROUP), None)
        elif isinstance(message, Narration):
            self._tell(state, message)
        elif message.kind == "source_state":
            state.remark = "" if message.after == "playing" else camera_words(message)
        if self._now() - self._drawn_s >= self._refresh_s:
            self._draw()

    def tick(self) -> None:
        """Draw what has changed."""
        self._draw()

    def close(self) -> None:
        """Draw for the last time and leave the panel where it is."""
        if self._live is not None:
            self._draw()
            self._live.stop()
            self._live = None

    def _tell(self, state: SourceState, narration: Narration) -> None:
        earlier, state.narration = state.narration, narration
        if earlier is not None:
            self._started().console.print(told(earlier, len(self._states) > 1), highlight=False)

    def _started(self) -> Live:
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        return self._live

    def _draw(self) -> None:
        self._drawn_s = self._now()
        rows = max(1, (self._console.height - LINES_BESIDE_PEOPLE) // max(1, len(self._states)))
        parts = [source_panel(state, rows) for state in self._states.values()]
        self._started().update(Group(*parts), refresh=True)


class ConsoleSink:
    """Readings are shown when they are new; every narration is printed."""

    policy: Policy = "latest"
    wants_readings = True
    wants_frames = False

    def __init__(
        self, config: Config, run: RunInfo, out: TextIO | None = None, now: Clock = time.monotonic
    ) -> None:
        """Show on `out`, by default stdout as it is when the sink opens."""
        self._config = config
        self._run = run
        self._out = out
        self._now = now
        self._view: PlainLines | LivePanel | None = None

    def open(self) -> None:
        """Look whether anybody watches."""
        out = self._out or sys.stdout
        console = Console(file=out, highlight=False)
        style = self._config.style
        if style == "auto":
            style = "panel" if console.is_terminal and _knows_unicode(out) else "plain"
        if style == "plain":
            self._view = PlainLines(out)
        else:
            console.width = min(console.width, MAX_WIDTH)
            self._view = LivePanel(self._run, console, 1 / self._config.refresh_hz, self._now)

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Show a message. Raises: SinkError."""
        self._do(lambda view: view.take(message))

    def tick(self) -> None:
        """Show what has changed. Raises: SinkError."""
        self._do(lambda view: view.tick())

    def close(self) -> None:
        """Leave the last state on the screen. Raises: SinkError."""
        self._do(lambda view: view.close())
        self._view = None

    def _do(self, action: Callable[[PlainLines | LivePanel], None]) -> None:
        if self._view is None:
            return
        try:
            action(self._view)
        except (OSError, ValueError) as error:
            self._view = None
            raise SinkError(f"cannot write to the terminal: {error}") from error


def _knows_unicode(out: TextIO) -> bool:
    try:
        "😃━".encode(out.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def build(config: Config, run: RunInfo) -> ConsoleSink:
    """Return the sink."""
    return ConsoleSink(config, run)
