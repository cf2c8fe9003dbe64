r"""`readings.csv`, `windows.csv` and `events.csv`: RFC 4180, UTF-8, `\n`, no wall time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain

from ..stream import tables
from ..stream.messages import Delivery, Event, Frame, Person, Reading, Window
from ._lines import LineFile, folder_of
from .base import Policy, RunInfo, SinkConfig

FORMULA_STARTS = tuple("=+-@\t\r\n\0＝＋－＠")
"""First characters that make a spreadsheet run a cell. Source: OWASP, CSV Injection; ASVS 1.2.10,
with the full-width forms that some locales treat alike."""

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_TO_QUOTE = re.compile(r'[",\r\n]')


class Config(SinkConfig):
    """Nothing to choose: the columns are part of the product."""


@lru_cache(maxsize=4096)
def text_cell(text: str) -> str:
    """Return a text as a CSV cell that no spreadsheet takes for a formula.

    A text that begins like a formula gets `'` in front, unless all of it is a plain number.
    """
    if text.startswith(FORMULA_STARTS) and not _NUMBER.fullmatch(text):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if _TO_QUOTE.search(text) else text


def _cell_formats(columns: Sequence[str]) -> tuple[Callable[[tables.Cell], str], ...]:
    def of(column: str) -> Callable[[tables.Cell], str]:
        if column in tables.TEXT_COLUMNS:
            return text_cell
        if column in tables.INTEGER_COLUMNS:
            return str
        return f"%.{tables.decimals_of(column)}f".__mod__

    return tuple(of(column) for column in columns)


def _line(formats: Iterable[Callable[[tables.Cell], str]], row: tables.Row) -> str:
    return ",".join(
        ["" if cell is None else form(cell) for form, cell in zip(formats, row, strict=True)]
    )


_READING = _cell_formats(tables.READING_COLUMNS)
_WINDOW = _cell_formats(tables.WINDOW_COLUMNS)
_EVENT = _cell_formats(tables.EVENT_COLUMNS)


class KeypointCells:
    """Writes the keypoints of a body as cells, the joints of one layout in order."""

    def __init__(self, layout: str) -> None:
        """Prepare one format for the whole body."""
        self.layout = layout
        px, unit = tables.PX_DECIMALS, tables.UNIT_DECIMALS
        depth = f"%.{px}f" if tables.has_depth(layout) else "%.0s"
        joint = f",%.{px}f,%.{px}f,{depth},%.{unit}f"
        self._format = joint * len(tables.joints(layout))
        self._empty = "," * (4 * len(tables.joints(layout)))

    def of(self, person: Person) -> str:
        """Return the cells, each with a comma in front; empty ones where no body was measured."""
        body = person.body
        if body is None or body.layout != self.layout:
            return self._empty
        cells = self._format % tuple(chain.from_iterable(body.keypoints))
        return _without_non_finite(cells) if "n" in cells else cells

    @property
    def empty(self) -> str:
        """The cells of a frame without people."""
        return self._empty


def _without_non_finite(cells: str) -> str:
    return ",".join("" if "n" in cell else cell for cell in cells.split(","))


_COLUMNS = {"windows": tables.WINDOW_COLUMNS, "events": tables.EVENT_COLUMNS}


def header(table: str, layout: str) -> str:
    """Return the first line of a table."""
    readings = tables.READING_COLUMNS + tables.keypoint_columns(layout)
    return ",".join(_COLUMNS.get(table, readings)) + "\n"


def stored_line(table: str, row: tables.Row, layout: str) -> str:
    """Return the line of a row of `run.db` (see `_rows.COLUMNS`)."""
    if table == "windows":
        return _named_line(_WINDOW, row[: len(_WINDOW)], 2)
    if table == "events":
        before, after = (text or None for text in row[len(_EVENT) - 2 : len(_EVENT)])
        return _named_line(_EVENT, (*row[: len(_EVENT) - 2], before, after), 3)
    *cells, points = row[: len(_READING) + 1]
    cells[_PERSON] = cells[_PERSON] or None
    if points is None:
        return _line(_READING, tuple(cells)) + KeypointCells(layout).empty + "\n"
    plain = str(points).translate(_BRACKETS).replace("null", "")
    return f"{_line(_READING, tuple(cells))},{plain}\n"


_PERSON = tables.READING_COLUMNS.index("person")
_BRACKETS = str.maketrans("", "", "[]")


class CsvSink:
    """Three tables as text. Every frame of a source has a row, in order."""

    policy: Policy = "every"
    wants_readings = True
    wants_frames = False

    def __init__(self, run: RunInfo) -> None:
        """Take the folder and the keypoint layout of the run."""
        self._folder = folder_of(run, "csv")
        self._keypoints = KeypointCells(run.keypoint_layout)
        self._files: dict[str, LineFile] = {}

    def open(self) -> None:
        """Create the three files with their headers. Raises: SinkError."""
        for name in ("readings", "windows", "events"):
            head = header(name, self._keypoints.layout)
            self._files[name] = LineFile(self._folder / f"{name}.csv", head)

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Add the rows of a reading, a window or an event. Raises: SinkError."""
        if isinstance(message, Reading):
            self._files["readings"].append(self._reading_lines(message))
        elif isinstance(message, Window):
            lines = (_named_line(_WINDOW, row, 2) for row in tables.window_rows(message))
            self._files["windows"].append("".join(lines))
        elif isinstance(message, Event):
            self._files["events"].append(_named_line(_EVENT, tables.event_row(message), 3))

    def tick(self) -> None:
        """Write what has gathered. Raises: SinkError."""
        for file in self._files.values():
            file.flush()

    def close(self) -> None:
        """Complete the files. Raises: SinkError, after all of them are closed."""
        files, self._files = self._files, {}
        first: Exception | None = None
        for file in files.values():
            try:
                file.close()
            except Exception as error:
                first = first or error
        if first is not None:
            raise first

    def _reading_lines(self, reading: Reading) -> str:
        rows = tables.reading_rows(reading)
        if not reading.people:
            return f"{_line(_READING, rows[0])}{self._keypoints.empty}\n"
        return "".join(
            f"{_line(_READING, row)}{self._keypoints.of(person)}\n"
            for row, person in zip(rows, reading.people, strict=True)
        )


def _named_line(
    formats: Iterable[Callable[[tables.Cell], str]], row: tables.Row, person_at: int
) -> str:
    person = row[person_at]
    assert isinstance(person, int)
    cells = (*row[:person_at], tables.person_name(person), *row[person_at + 1 :])
    return _line(formats, cells) + "\n"


def build(config: Config, run: RunInfo) -> CsvSink:
    """Return the sink. Raises: UsageError where the run has no folder."""
    return CsvSink(run)
