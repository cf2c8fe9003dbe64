"""Bounds of figures, what they say of measured values, and the table that shows it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from .parts import Measured, SkippedError

OK, WORSE, INCOMPLETE = 0, 1, 5
"""Exit codes; 5 is also that of a run of the product that ended early."""

Verdict = Literal["ok", "worse", "skipped", "not judged"]


class Bound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a figure must be.

    `value` is what was measured when the bound was set, on the processor `hardware`; times (unit
    `ms`) are held to their bound on that processor only. `how` says how it is measured and where
    the bound comes from.
    """

    value: float
    bound: float
    direction: Literal["at least", "at most"]
    unit: str
    how: str
    hardware: str

    def holds(self, value: float) -> bool:
        """Return whether a value is good."""
        return value >= self.bound if self.direction == "at least" else value <= self.bound


class Row(NamedTuple):
    """One line of the table; `value` is None where the figure was skipped."""

    name: str
    value: float | None
    bound: Bound
    verdict: Verdict
    note: str = ""


def read_bounds(path: Path) -> dict[str, Bound]:
    """Read one table per figure. Raises: OSError, tomllib.TOMLDecodeError, ValidationError."""
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), dict[str, Bound])


def judge(measured: Measured, bounds: Mapping[str, Bound], cpu: str) -> list[Row]:
    """Hold figures to their bounds. Raises: KeyError for a figure without one."""
    rows = []
    for name, value in measured.items():
        bound = bounds[name]
        if isinstance(value, SkippedError):
            rows.append(Row(name, None, bound, "skipped", str(value)))
        elif bound.unit == "ms" and bound.hardware != cpu:
            rows.append(Row(name, value, bound, "not judged", f"the bound is for {bound.hardware}"))
        else:
            rows.append(Row(name, value, bound, "ok" if bound.holds(value) else "worse"))
    return rows


def exit_code(rows: Sequence[Row]) -> int:
    """Return `WORSE` when one figure is, else `INCOMPLETE` when one was skipped, else `OK`."""
    verdicts = {row.verdict for row in rows}
    return WORSE if "worse" in verdicts else INCOMPLETE if "skipped" in verdicts else OK


def table(rows: Sequence[Row]) -> str:
    """Return the rows as lines of text."""
    lines = [f"{'figure':26} {'value':>9} {'bound':>18} {'unit':14} verdict"]
    for row in rows:
        value = "-" if row.value is None else f"{row.value:.3f}"
        bound = f"{row.bound.direction} {row.bound.bound:g}"
        note = f" ({row.note})" if row.note else ""
        verdict = row.verdict.upper() if row.verdict == "worse" else row.verdict
        lines.append(f"{row.name:26} {value:>9} {bound:>18} {row.bound.unit:14} {verdict}{note}")
    return "\n".join(lines)
