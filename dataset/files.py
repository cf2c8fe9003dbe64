"""Files that are complete or not there, and the tables that steps hand to one another."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import yaml

from ..stream.errors import SinkError, UsageError

STATE = ".state"
"""Folder in OUT of what each step knows to be done; may be deleted, and all is done anew."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; it takes the place of `path` at the end.

    A process that is killed leaves the earlier file, or none. Raises: SinkError.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        draft.replace(path)
    except OSError as error:
        raise SinkError(f"cannot write {path}: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def text_file(path: Path) -> Iterator[TextIO]:
    r"""Open a text to be written whole, UTF-8 and `\n`. Raises: SinkError."""
    with whole(path) as draft, draft.open("w", encoding="utf-8", newline="\n") as file:
        yield file


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a CSV table; None is an empty cell. Raises: SinkError."""
    with text_file(path) as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: _cell(value) for key, value in row.items()})


def read_rows(path: Path, step: str) -> list[dict[str, str]]:
    """Read a CSV table of ours. Raises: UsageError naming the step that makes it."""
    needed(path, step)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def needed(path: Path, step: str) -> Path:
    """Return a path that must be there. Raises: UsageError naming the step that makes it."""
    if not path.exists():
        raise UsageError(f"{path} is missing: run `affectstream dataset {step}` first")
    return path


def write_json(path: Path, content: Any) -> None:
    """Write JSON, keys in order. Raises: SinkError."""
    with text_file(path) as file:
        file.write(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Return what a JSON file holds; None where there is none, or a broken one."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the keys of a YAML file; none where it is not there. Raises: UsageError."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: cannot be read as YAML: {error}") from None
    if not isinstance(content, dict | None):
        raise UsageError(f"{path}: must hold keys and values, not {type(content).__name__}")
    return content or {}


def stamp_of(paths: Iterable[Path], *more: Any) -> str:
    """Return a mark that changes when a file (name, size or time) or one of the values does.

    Folders may be moved as a whole.
    """
    parts: list[Any] = []
    for path in paths:
        try:
            about = path.stat()
            parts.append([path.name, about.st_size, about.st_mtime_ns])
        except OSError:
            parts.append([path.name, None])
    text = json.dumps([parts, more], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Ledger:
    """What a step has done, by item: a mark of its inputs, so that nothing is done twice."""

    def __init__(self, out: Path, step: str) -> None:
        """Name the step."""
        self.folder = out / STATE / step

    def is_done(self, item: str, stamp: str, *made: Path) -> bool:
        """Tell whether an item was done from these very inputs, and its files are there."""
        found = read_json(self.folder / f"{item}.json")
        return (
            isinstance(found, dict)
            and found.get("stamp") == stamp
            and all(path.exists() for path in made)
        )

    def note(self, item: str, stamp: str, facts: Mapping[str, Any] | None = None) -> None:
        """Say that an item is done; called when its files are complete."""
        write_json(self.folder / f"{item}.json", {"stamp": stamp, "facts": dict(facts or {})})

    def facts(self, item: str) -> dict[str, Any]:
        """Return what was noted of an item."""
        found = read_json(self.folder / f"{item}.json")
        return dict(found["facts"]) if isinstance(found, dict) and "facts" in found else {}


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Keep OUT to one command at a time. Raises: UsageError where another one works there."""
    try:
        import fcntl
    except ImportError:  # Windows has no such lock; two commands at once are the user's to avoid.
        yield
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(out / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise UsageError(
            f"{out}: another `affectstream dataset` works there; wait for it"
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.6g}" if value == value else ""
    if isinstance(value, str):
        return _safe(value)
    return "" if value is None else value


def _safe(text: str) -> str:
    from ..sinks.csv import FORMULA_STARTS

    is_number = text[1:].replace(".", "").isdigit()
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not is_number else text
