"""What a measurement is: a function from the data folder to figures by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class SkippedError(Exception):
    """Something cannot be measured here; the text says why."""


Measured = dict[str, "float | SkippedError"]
"""Figures by name, in the unit of `benchmarks/accuracy.toml`, or why there is none."""


class Part(NamedTuple):
    """One measurement, by the name that `--only` takes, and the names of its figures."""

    name: str
    figures: tuple[str, ...]
    measure: Callable[[Path], Measured]


def wanted(path: Path) -> Path:
    """Return a path that exists. Raises: SkippedError naming it."""
    if not path.exists():
        raise SkippedError(f"{'/'.join(path.parts[-2:])} is absent")
    return path


def clip(data: Path, name: str) -> Path:
    """Return a clip of the data folder. Raises: SkippedError."""
    return wanted(data / "data" / "clips" / name)
