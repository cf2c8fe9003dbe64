"""What every reader of rating files makes: tracks; and the tables they are read from."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..stream.errors import UsageError

Floats = np.ndarray[Any, np.dtype[np.float64]]
Scale = tuple[float, float]
TimeBase = Literal["frames", "seconds", "intervals"]
"""`start` counts pictures, or tells when a sample was given, or when an interval begins."""

DIMENSIONS = ("valence", "arousal")
UNIT_SCALE: Scale = (-1.0, 1.0)
_MISSING = frozenset(("", "nan", "na", "n/a", "null", "none", "-"))


class RatingError(UsageError):
    """A rating file is not what its format says; the text names file, line and column."""

    def __init__(self, path: Path, fault: str, line: int | None = None, column: str = "") -> None:
        """Name the place as far as it is known."""
        where = [str(path)]
        if line is not None:
            where.append(f"line {line}")
        if column:
            where.append(f"column {column}")
        super().__init__(f"{', '.join(where)}: {fault}")


@dataclass(frozen=True)
class RatingTrack:
    """The ratings of one video, by one person or by several together; values as in the file.

    `start` is in pictures or seconds (see `TimeBase`), rising; `end` (s) belongs to intervals, inf
    is the video's end. A missing value is NaN. `raters` counts the voices in each sample. `parts`
    names the intervals where each may also be a video of its own. `dimensions` are those that the
    files have a place for. `lines` are those of the samples in their file, if it has any.
    """

    item: str
    reader: str
    paths: tuple[Path, ...]
    time_base: TimeBase
    start: Floats
    valence: Floats
    arousal: Floats
    raters: Floats
    valence_scale: Scale = UNIT_SCALE
    arousal_scale: Scale = UNIT_SCALE
    end: Floats | None = None
    subject: str = ""
    parts: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = DIMENSIONS
    lines: tuple[int, ...] = ()

    @property
    def is_clip(self) -> bool:
        """Whether one value holds for the whole video."""
        return self.end is not None and len(self.end) == 1 and bool(np.isinf(self.end[0]))

    def scale_of(self, dimension: str) -> Scale | None:
        """Return the scale of a dimension; None where the files have no place for it."""
        if dimension not in self.dimensions:
            return None
        return self.valence_scale if dimension == "valence" else self.arousal_scale


def track(
    item: str,
    reader: str,
    paths: Sequence[Path],
    time_base: TimeBase,
    start: Sequence[float] | Floats,
    valence: Sequence[float] | Floats,
    arousal: Sequence[float] | Floats,
    **more: Any,
) -> RatingTrack:
    """Return a track of arrays, in order of `start`; one rater a sample unless `raters` is given.

    `lines` are those of the samples and `column` what tells their times, for whoever must mend
    them. Raises: RatingError where two samples are of the same time.
    """
    lines, column = more.pop("lines", ()), more.pop("column", "")
    begins = np.asarray(start, float)
    order = np.argsort(begins, kind="stable")
    begins = begins[order]
    if time_base != "intervals" and (twice := np.flatnonzero(np.diff(begins) == 0)).size:
        at = begins[twice[0]]
        line = lines[order[twice[0] + 1]] if lines else None
        fault = f"two samples of {item or 'the video'} are at {at:g}"
        raise RatingError(paths[0], fault, line, column)
    raters = more.pop("raters", None)
    end = more.pop("end", None)
    voices = np.ones(len(begins)) if raters is None else np.asarray(raters, float)[order]
    parts = more.pop("parts", ())
    return RatingTrack(
        item,
        reader,
        tuple(paths),
        time_base,
        begins,
        np.asarray(valence, float)[order],
        np.asarray(arousal, float)[order],
        voices,
        end=None if end is None else np.asarray(end, float)[order],
        parts=tuple(parts[k] for k in order) if parts else (),
        lines=tuple(lines[k] for k in order) if lines else (),
        **more,
    )


def clip_track(
    item: str, reader: str, path: Path, valence: float, arousal: float, **more: Any
) -> RatingTrack:
    """Return the track of a video that was rated once, as a whole."""
    whole = {"end": [float("inf")], **more}
    return track(item, reader, [path], "intervals", [0.0], [valence], [arousal], **whole)


class Table:
    """A text file of cells, which knows the line of every row."""

    def __init__(self, path: Path, separator: str = ",", *, has_header: bool = True) -> None:
        """Read the file. Raises: RatingError."""
        self.path = path
        reader = csv.reader(io.StringIO(read_text(path)), delimiter=separator)
        self.rows: list[list[str]] = []
        self.lines: list[int] = []
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    self.rows.append([cell.strip() for cell in row])
                    self.lines.append(reader.line_num)
        except csv.Error as error:
            raise RatingError(path, f"is no table ({error})", reader.line_num) from None
        self.columns: list[str] = []
        if has_header:
            if not self.rows:
                raise RatingError(path, "the file is empty; it should begin with its columns", 1)
            self.columns = self.rows.pop(0)
            self.lines.pop(0)
        if not self.rows:
            raise RatingError(path, "holds no ratings", 1)
        self._check_widths()

    def _check_widths(self) -> None:
        """Refuse lines with more cells than columns: a decimal comma shifts what follows."""
        wanted = len(self.columns) or len(self.rows[0])
        for line, row in zip(self.lines, self.rows, strict=True):
            if any(row[wanted:]):
                fault = f"the line has {len(row)} cells for {wanted} columns"
                raise RatingError(self.path, fault, line, str(wanted + 1))

    def index(self, column: str) -> int:
        """Return where a column is, in whatever case. Raises: RatingError naming those there."""
        names = [name.lower() for name in self.columns]
        if column.lower() not in names:
            there = ", ".join(self.columns)
            raise RatingError(self.path, f"there is no such column, only: {there}", 1, column)
        return names.index(column.lower())

    def texts(self, column: str | int) -> list[str]:
        """Return the cells of a column. Raises: RatingError where a line is too short."""
        at = self.index(column) if isinstance(column, str) else column
        found = []
        for line, row in zip(self.lines, self.rows, strict=True):
            if at >= len(row):
                fault = f"the line has {len(row)} of its columns only"
                raise RatingError(self.path, fault, line, self._name(at))
            found.append(row[at])
        return found

    def numbers(self, column: str | int, *, is_key: bool = False) -> Floats:
        """Return a column as numbers, NaN where missing; a key must be there.

        Raises: RatingError.
        """
        at = self.index(column) if isinstance(column, str) else column
        values = np.empty(len(self.rows))
        for k, text in enumerate(self.texts(at)):
            values[k] = self._number(text, self.lines[k], at, is_key)
        return values

    def _number(self, text: str, line: int, at: int, is_key: bool) -> float:
        if text.lower() in _MISSING:
            if is_key:
                raise RatingError(self.path, "is missing", line, self._name(at))
            return float("nan")
        try:
            value = float(text)
        except ValueError:
            raise RatingError(self.path, f"{text!r} is no number", line, self._name(at)) from None
        if not np.isfinite(value):
            raise RatingError(self.path, f"{text} is not finite", line, self._name(at))
        return value

    def _name(self, at: int) -> str:
        return self.columns[at] if at < len(self.columns) else str(at + 1)


def read_text(path: Path) -> str:
    """Return the text of a file. Raises: RatingError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise RatingError(path, f"is no text in UTF-8 (byte {error.start})", line) from None
    except OSError as error:
        raise RatingError(path, f"cannot be read: {error.strerror}") from None


def first_line(path: Path) -> str:
    """Return the beginning of a text file; "" where there is none or it is no text."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.readline(4096).strip()
    except (OSError, UnicodeDecodeError):
        return ""


def header(path: Path, separator: str = ",") -> list[str]:
    """Return the first line's cells in lower case."""
    return [cell.strip().strip('"').lower() for cell in first_line(path).split(separator)]


def check_scale(found: RatingTrack) -> str:
    """Return what is wrong with values outside of the scale; "" where nothing is."""
    for name, values, scale in (
        ("valence", found.valence, found.valence_scale),
        ("arousal", found.arousal, found.arousal_scale),
    ):
        outside = np.flatnonzero((values < scale[0] - 1e-6) | (values > scale[1] + 1e-6))
        if outside.size:
            low, high = float(np.nanmin(values)), float(np.nanmax(values))
            where = f", first in line {found.lines[outside[0]]}" if found.lines else ""
            return (
                f"{name} goes from {low:g} to {high:g}, outside of its scale {scale_text(scale)}"
                f"{where}"
            )
    return ""


def check_times(paths: Sequence[Path], tables: Sequence[Table], times: Sequence[Floats]) -> None:
    """Refuse two files whose samples are not of the same times.

    Raises: RatingError naming the first line of the second file that differs, or the first one
    that its partner lacks.
    """
    first, second = times
    common = min(len(first), len(second))
    apart = np.flatnonzero(first[:common] != second[:common])
    if not apart.size and len(first) == len(second):
        return
    longer = int(len(second) > len(first) or bool(apart.size))
    line = tables[longer].lines[int(apart[0]) if apart.size else common]
    column = tables[longer].columns[0] if tables[longer].columns else "1"
    fault = f"its times are not those of {paths[1 - longer]}"
    raise RatingError(paths[longer], fault, line, column)


def scale_text(scale: Scale) -> str:
    """Return a scale as it stands in a table, such as `-1..1`."""
    return f"{scale[0]:g}..{scale[1]:g}"


def scale_of_text(text: str) -> Scale | None:
    """Return the scale of such a text; None where it is none."""
    low, dots, high = text.partition("..")
    return (float(low), float(high)) if dots else None


def to_unit(values: Floats, scale: Scale) -> Floats:
    """Return values of a scale in [0, 1], cut off there."""
    low, high = scale
    unit: Floats = np.clip((values - low) / (high - low), 0.0, 1.0)
    return unit
