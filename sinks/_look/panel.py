"""The live panel of the console: one box per source."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ...models.affect import quadrant
from ...stream import tables
from ...stream.messages import Narration, Person, Reading, SourceInfo, Span
from .palette import AROUSAL_HEX, EMOJI, QUADRANT_HEX
from .words import clock, printable, signed

RATE_SPAN_S = 5.0
BAR_CELLS = 11
EMOTION_CELLS = 12


class Rate:
    """Frames per second of wall time, over the last few seconds."""

    def __init__(self) -> None:
        """Start without a frame."""
        self._marks: deque[tuple[float, int]] = deque()

    def note(self, now_s: float, seq: int) -> None:
        """Take the newest frame's number."""
        self._marks.append((now_s, seq))
        while now_s - self._marks[0][0] > RATE_SPAN_S:
            self._marks.popleft()

    def per_s(self) -> float | None:
        """Return the rate; None while it cannot be told."""
        if not self._marks:
            return None
        (start_s, first), (end_s, last) = self._marks[0], self._marks[-1]
        return (last - first) / (end_s - start_s) if end_s > start_s else None


class SourceState:
    """What is known of one source at the moment."""

    def __init__(self, info: SourceInfo) -> None:
        """Start with nothing seen."""
        self.info = info
        self.reading: Reading | None = None
        self.group: Span | None = None
        self.narration: Narration | None = None
        self.remark = ""
        self.rate = Rate()


def source_panel(state: SourceState, rows: int) -> RenderableType:
    """Return the panel of a source, with at most `rows` people."""
    parts: list[RenderableType] = [_head(state)]
    if state.remark:
        parts.append(Text(printable(state.remark), style="yellow"))
    people = state.reading.people if state.reading and not state.remark else ()
    table = Table.grid(padding=(0, 2), expand=False)
    for width in (0, EMOTION_CELLS):
        table.add_column(min_width=width)
    for person in people[:rows]:
        table.add_row(*_person_row(person))
    if state.group is not None:
        table.add_row(*_group_row(state.group))
    if table.row_count:
        parts += [Text(), table]
    if len(people) > rows:
        parts.append(Text(f"and {len(people) - rows} more", style="dim"))
    elif state.reading is not None and not people and not state.remark:
        parts.append(Text("nobody in the picture", style="dim"))
    if state.narration is not None:
        parts += [Text(), told(state.narration, False)]
    title = Text(printable(state.info.source_id), style="bold")
    return Panel(Group(*parts), title=title, title_align="left", border_style="dim", width=None)


def _head(state: SourceState) -> RenderableType:
    at_s = state.reading.pts_s if state.reading else 0.0
    rate = state.rate.per_s()
    end_s = state.info.duration_s
    words = clock(at_s) + (f" of {clock(end_s)}" if end_s else "")
    grid = Table.grid(padding=(0, 2))
    cells: list[RenderableType] = [Text(words)]
    if end_s:
        cells.append(ProgressBar(end_s, min(at_s, end_s), width=24, complete_style="bright_white"))
    cells.append(Text("" if rate is None else f"{rate:.1f} frames/s", style="dim"))
    grid.add_row(*cells)
    return grid


def _person_row(person: Person) -> Iterable[RenderableType]:
    emotions = person.face.emotions if person.face else None
    emotion = tables.strongest_emotion(emotions) if emotions else ""
    where = None
    if person.valence is not None and person.arousal is not None:
        where = quadrant(person.valence, person.arousal)
    return _row(
        f"person {person.id}", emotion, where, person.valence, person.arousal, person.movement
    )


def _group_row(group: Span) -> Iterable[RenderableType]:
    values = (group.valence_mean, group.arousal_mean, group.movement)
    return _row("group", group.quadrant or "", group.quadrant, *values)


def _row(
    name: str,
    word: str,
    where: str | None,
    valence: float | None,
    arousal: float | None,
    movement: float | None,
) -> Iterable[RenderableType]:
    colour = f"#{QUADRANT_HEX[where]}" if where else "dim"
    yield Text(name, style="bold")
    yield Text(f"{EMOJI[where] if where else '  '} {word}", style=colour)
    yield _bar("valence", valence, colour)
    yield _bar("arousal", arousal, f"#{AROUSAL_HEX}")
    yield Text("" if movement is None else f"moves {movement:.1f}", style="dim")


def _bar(name: str, value: float | None, colour: str) -> Text:
    """Draw a value in [-1, 1] as a bar from the middle."""
    text = Text(f"{name[0].upper()} ", style="dim")
    middle = BAR_CELLS // 2
    reach = 0 if value is None else round(max(-1.0, min(1.0, value)) * middle)
    low, high = sorted((middle, middle + reach))
    for cell in range(BAR_CELLS):
        if cell == middle:
            text.append("┃", style="dim" if value is None else colour)
        elif low <= cell <= high:
            text.append("━", style=colour)
        else:
            text.append("─", style="bright_black")
    text.append(f" {signed(value):>5}")
    return text


def told(narration: Narration, with_source: bool) -> Text:
    """Return a narration behind its time."""
    head = clock(narration.pts_s) + (f" {printable(narration.source_id)}" if with_source else "")
    text = Text(f"{head}  ", style="dim")
    words = printable(narration.text) or f"no narration: {printable(narration.gap)}"
    text.append(words, style="not dim italic" if narration.text else "dim")
    return text
