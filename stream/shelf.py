"""Runs on disk as things to list and to delete, with a proof of what was deleted."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import tables
from .control import running
from .errors import ConfigError, NotARunError, SinkError, UsageError
from .runs import Run

PROOF = "deletions.jsonl"
"""Beside the run folders: a line for every deletion of a whole run or of files."""

RECORDINGS = "recordings/*"
BUSY_S = 60.0
"""What was written to of late may be written to still."""

KINDS = {
    "pictures": ("overlay*.mp4", RECORDINGS, "snapshot-*.png"),
    "words": ("narration.jsonl", "narrative.md"),
    "rows": (
        *("run.db*", "*.csv", "*.jsonl", "parquet/*/*", "run.pickle", "postgres.spill*"),
        *("webhook-*.spill*", "alerts.db*"),
    ),
}
"""What each kind of data is in a run folder; `rows` is what has no other kind."""

_TIMED = ("readings", "windows", "events", "narrations")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZES = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}


@dataclass(frozen=True)
class Shelved:
    """A run as the list shows it; `modified_s` is seconds since 1970, UTC."""

    folder: Path
    run_id: str
    status: str
    sources: tuple[str, ...]
    readings: int
    size_bytes: int
    modified_s: float


def runs_below(folder: Path) -> Iterator[Path]:
    """Yield run folders: `folder` itself, or those up to three levels below."""
    if (folder / tables.STORE_NAME).is_file():
        yield folder
        return
    for pattern in ("*", "*/*", "*/*/*"):
        yield from (p.parent for p in sorted(folder.glob(f"{pattern}/{tables.STORE_NAME}")))


def shelved(folder: Path) -> Shelved:
    """Return what the list shows of a run. Raises: NotARunError."""
    run = Run(folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    status = run.summary().get("status", "no record")
    return Shelved(
        folder,
        str(run.meta.get("run_id", "")),
        "killed or running" if status == "running" else str(status),
        tuple(run.sources()["source"]),
        run.count("readings"),
        sum(path.stat().st_size for path in files),
        max((path.stat().st_mtime for path in files), default=0.0),
    )


def delete_run(folder: Path, why: str = "asked for") -> dict[str, Any]:
    """Delete a run, and note it in `deletions.jsonl` beside it.

    Only files that a run makes are deleted; the folder goes when nothing else is in it.
    Raises: NotARunError, UsageError where the run goes on, SinkError.
    """
    _refuse_going_on(folder)
    run_id = str(Run(folder).meta.get("run_id", ""))
    patterns = [p for kind in KINDS.values() for p in kind] + ["run.json", "run.json.part"]
    files = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    return delete_files(folder, [path for path in files if path.is_file()], run_id, why)


def delete_files(
    folder: Path, files: list[Path], run_id: str, why: str, *, is_over: bool = True
) -> dict[str, Any]:
    """Delete files of a run and note each with its size. Raises: SinkError.

    Of a run that is over, folders without a file go too.
    """
    proof: dict[str, Any] = {
        "deleted": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "run_id": run_id,
        "folder": folder.name,
        "why": why,
        "files": {str(p.relative_to(folder)): p.stat().st_size for p in files},
    }
    try:
        for path in files:
            path.unlink()
        below = sorted(folder.rglob("*"), reverse=True) if is_over else []
        for inner in [*below, folder]:
            if inner.is_dir() and not any(inner.iterdir()):
                inner.rmdir()
        with open(folder.resolve().parent / PROOF, "a", encoding="utf-8") as file:
            file.write(json.dumps(proof) + "\n")
    except OSError as error:
        raise SinkError(f"cannot delete in {folder}: {error.strerror}") from None
    return proof


def forget(folder: Path, source: str, from_s: float, to_s: float) -> dict[str, int]:
    """Delete a stretch of media time from a run; return the rows deleted by table.

    Windows and narrations that reach into the stretch go too. All other files of the run hold the
    same rows and are deleted; `runs export` makes them anew. The store is rewritten, so that what
    was deleted is no longer in its file, and its table `deletions` notes it.
    Raises: NotARunError, UsageError also where the run goes on, SinkError.
    """
    run = Run(folder)
    _refuse_going_on(folder)
    if from_s > to_s:
        raise UsageError(f"--from {from_s:g} lies after --to {to_s:g}")
    if source and source not in set(run.sources()["source"]):
        raise UsageError(f"{folder} has no source {source!r}")
    window_s = float(run.meta["window_s"])
    narrate_s = float((run.meta.get("config") or {}).get("narrate_s") or 0.0)
    reach = {"windows": window_s, "narrations": window_s + narrate_s}
    others = [p for k in KINDS.values() for pattern in k for p in folder.glob(pattern)]
    others = sorted({p for p in others if p.is_file() and not p.name.startswith("run.db")})
    path = folder / tables.STORE_NAME
    try:
        with closing(sqlite3.connect(path, timeout=5.0)) as store:
            counts = _delete_rows(store, source, from_s, to_s, reach)
    except sqlite3.Error as error:
        raise SinkError(f"cannot delete in {path}: {error}") from None
    if others:
        delete_files(folder, others, str(run.meta["run_id"]), "held rows that were deleted")
    return counts


def _delete_rows(
    store: sqlite3.Connection, source: str, from_s: float, to_s: float, reach: dict[str, float]
) -> dict[str, int]:
    from ..sinks._schema import upgrade

    store.execute("PRAGMA secure_delete = ON")
    upgrade(store)
    counts = {}
    with store:
        for table in _TIMED:
            where = "timestamp BETWEEN ? AND ?" + (" AND source = ?" if source else "")
            limits = [from_s, to_s + reach.get(table, 0.0), *([source] if source else [])]
            counts[table] = store.execute(f"DELETE FROM {table} WHERE {where}", limits).rowcount
            store.execute(
                "INSERT INTO deletions VALUES (?, ?, ?, ?, ?, ?)",
                (time.time_ns(), source, from_s, to_s, table, counts[table]),
            )
    store.execute("VACUUM")
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return counts


def prune(folder: Path, keep: dict[str, str], now_s: float) -> list[dict[str, Any]]:
    """Delete what is too old or too much below a folder; return the proofs.

    `keep` maps a kind of data (`pictures`, `words`, `rows`) or `all` to an age (`30d`, `24h`) or a
    size (`10GB`); the oldest runs go first. A run that goes on is left alone, but for recordings
    that are complete: with `pictures` each of these goes by its own age.
    Raises: ConfigError, SinkError.
    """
    limits = {kind: limit_of(kind, text) for kind, text in keep.items()}
    proofs = []
    for kind, (unit, limit) in limits.items():
        kept_bytes = 0.0
        for place in sorted(runs_below(folder), key=_modified_s, reverse=True):
            files = _files_of(place, kind)
            if not files or _is_going_on(place, now_s):
                continue
            kept_bytes += sum(path.stat().st_size for path in files)
            too_old = unit == "s" and now_s - _modified_s(place) > limit
            if too_old or (unit == "bytes" and kept_bytes > limit):
                why = f"retention: {kind} {keep[kind]}"
                if kind in ("all", "rows"):
                    proofs.append(delete_run(place, why))
                else:
                    run_id = str(Run(place).meta.get("run_id", ""))
                    proofs.append(delete_files(place, files, run_id, why))
        if kind == "pictures":
            why = f"retention: {kind} {keep[kind]}"
            proofs += _prune_recordings(folder, (unit, limit), now_s, why)
    return proofs


def _prune_recordings(
    folder: Path, limit: tuple[str, float], now_s: float, why: str
) -> list[dict[str, Any]]:
    """Delete recordings below a folder, the oldest first; what may be written to is left alone."""
    unit, most = limit
    ages = {
        path: (now_s - path.stat().st_mtime, place)
        for place in runs_below(folder)
        for path in place.glob(RECORDINGS)
    }
    doomed: dict[Path, list[Path]] = {}
    kept_bytes = 0.0
    for path, (age_s, place) in sorted(ages.items(), key=lambda item: item[1][0]):
        kept_bytes += path.stat().st_size
        if age_s > BUSY_S and (age_s > most if unit == "s" else kept_bytes > most):
            doomed.setdefault(place, []).append(path)
    return [
        delete_files(
            place,
            paths,
            str(Run(place).meta.get("run_id", "")),
            why,
            is_over=not _is_going_on(place, now_s),
        )
        for place, paths in doomed.items()
    ]


def limit_of(kind: str, text: str) -> tuple[str, float]:
    """Return the unit (`s` or `bytes`) and the number of a limit. Raises: ConfigError."""
    if kind not in (*KINDS, "all"):
        raise ConfigError(f"--keep {kind}: one of {', '.join(KINDS)}, all")
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]+)", text)
    if found and found[2] in _UNITS:
        return "s", float(found[1]) * _UNITS[found[2]]
    if found and found[2].upper() in _SIZES:
        return "bytes", float(found[1]) * _SIZES[found[2].upper()]
    raise ConfigError(f"--keep {kind}={text}: an age such as 30d or 24h, or a size such as 10GB")


def _files_of(place: Path, kind: str) -> list[Path]:
    patterns = [p for k, ps in KINDS.items() if kind in (k, "all") for p in ps]
    if kind == "pictures":
        patterns.remove(RECORDINGS)
    return sorted({p for pattern in patterns for p in place.glob(pattern) if p.is_file()})


def _modified_s(place: Path) -> float:
    return max((p.stat().st_mtime for p in place.rglob("*") if p.is_file()), default=0.0)


def _is_going_on(place: Path, now_s: float) -> bool:
    """Tell whether a run writes there, or says so and did of late."""
    if _has_writer(place):
        return True
    try:
        status = Run(place).summary().get("status", "running")
    except NotARunError:
        return True
    return status == "running" and now_s - _modified_s(place) < BUSY_S


def _has_writer(place: Path) -> bool:
    return any(card.out == str(place.resolve()) for card in running())


def _refuse_going_on(place: Path) -> None:
    if _has_writer(place):
        raise UsageError(f"{place}: the run goes on; end it first: affectstream ctl stop")
