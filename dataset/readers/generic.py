"""Any other table with valence or arousal: columns, scale and time base are guessed, and shown.

What was guessed wrongly is set under `readers` in `pairs.yaml`: `valence`, `arousal`, `time`,
`frame`, `start`, `end`, `video`, `rater` name columns, `time_unit` is s or ms, `rate_hz` spaces
rows without a time, `valence_scale` and `arousal_scale` are [low, high].
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...stream.config import explain
from ...stream.errors import ConfigError
from ..ratings import (
    DIMENSIONS,
    Floats,
    RatingTrack,
    Scale,
    Table,
    first_line,
    header,
    scale_text,
    track,
)

NAME = "generic"

_NAMES: dict[str, tuple[str, ...]] = {
    "valence": ("valence", "val", "v", "rating_valence", "valence_mean", "pleasure"),
    "arousal": ("arousal", "aro", "a", "rating_arousal", "arousal_mean", "activation", "energy"),
    "time": (
        *("time", "timestamp", "time_s", "time_ms", "t", "t_s", "t_ms", "seconds", "second", "sec"),
        *("ms", "milliseconds", "timestamp_s", "timestamp_ms", "pts_s"),
    ),
    "frame": ("frame", "frame_number", "frame_index", "frame_id", "frameid"),
    "start": ("start", "start_s", "begin", "onset"),
    "end": ("end", "end_s", "stop", "offset"),
    "video": ("video", "video_id", "file", "filename", "clip", "video_name", "name", "movie"),
    "rater": ("rater", "rater_id", "annotator", "subject", "participant", "observer", "user"),
}
"""What columns are called, by what they hold; the first that is there is taken."""

_SCALES: tuple[Scale, ...] = (
    *((0.0, 1.0), (-1.0, 1.0), (1.0, 5.0), (1.0, 7.0), (1.0, 9.0), (0.0, 10.0), (-10.0, 10.0)),
    *((0.0, 100.0), (-100.0, 100.0), (0.0, 1000.0), (-1000.0, 1000.0)),
)
"""Scales that are in use, from narrow to wide; the first that holds all values is guessed."""

_MS_STEP = 5.0
"""A time whose samples are further apart than this in the median is in ms, unless it says s."""


class Settings(BaseModel):
    """What a person may set for one file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    valence: str = ""
    arousal: str = ""
    time: str = ""
    frame: str = ""
    start: str = ""
    end: str = ""
    video: str = ""
    rater: str = ""
    time_unit: str = Field("", pattern="^(s|ms)?$")
    rate_hz: float | None = Field(None, gt=0)
    valence_scale: Scale | None = None
    arousal_scale: Scale | None = None


def groups(paths: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Return the tables that have a column of valence or arousal."""
    return [
        (path,)
        for path in paths
        if path.suffix.lower() in (".csv", ".tsv", ".txt")
        and any(_find(header(path, _separator(path)), job) for job in DIMENSIONS)
    ]


def read(paths: tuple[Path, ...], settings: dict[str, Any]) -> list[RatingTrack]:
    """Read a track per video and rater. Raises: RatingError, ConfigError."""
    path = paths[0]
    said = _checked(path, settings)
    table = Table(path, _separator(path))
    names = {job: getattr(said, job) or _find(table.columns, job) for job in _NAMES}
    guesses = [
        f"{job} from column {name}"
        for job, name in names.items()
        if name and not getattr(said, job)
    ]
    values, scales = {}, {}
    for job in DIMENSIONS:
        values[job] = _numbers(table, names[job])
        given = getattr(said, f"{job}_scale")
        scales[f"{job}_scale"] = given or _scale(values[job])
        if given is None and names[job]:
            guesses.append(_scale_guess(job, scales[f"{job}_scale"]))
    base, start, end, how = _times(table, names, said)
    tracks = []
    for (video, rater), rows in _rows_of(table, names["video"], names["rater"]).items():
        begins = start[rows] if start is not None else np.arange(len(rows)) / (said.rate_hz or 1)
        whole = start is None and len(rows) == 1 and bool(names["video"])
        ends = np.asarray([np.inf]) if whole else None if end is None else end[rows]
        tracks.append(
            track(
                PurePath(video).stem if video else path.stem,
                NAME,
                paths,
                "intervals" if whole else base,
                np.zeros(1) if whole else begins,
                values["valence"][rows],
                values["arousal"][rows],
                end=ends,
                subject=rater,
                guesses=(*guesses, "one value for the whole video" if whole else how),
                dimensions=tuple(job for job in DIMENSIONS if names[job]),
                lines=[table.lines[row] for row in rows],
                column=names["frame" if base == "frames" else "time"],
                **scales,
            )
        )
    return tracks


def _checked(path: Path, settings: dict[str, Any]) -> Settings:
    try:
        return Settings(**settings)
    except ValidationError as error:
        raise ConfigError(explain(error, Settings, f"pairs.yaml, readers, {path.name}")) from None


def _rows_of(table: Table, video: str, rater: str) -> dict[tuple[str, str], list[int]]:
    """Return the rows of each video and rater; all of them where there is no such column."""
    rows: dict[tuple[str, str], list[int]] = {}
    for k, key in enumerate(zip(_keys(table, video), _keys(table, rater), strict=True)):
        rows.setdefault(key, []).append(k)
    return rows


def _times(
    table: Table, names: dict[str, str], said: Settings
) -> tuple[Any, Floats | None, Floats | None, str]:
    """Return time base, start, end, and how it was found; start is None where rows alone count."""
    if said.frame or (names["frame"] and not said.time and not said.start):
        return "frames", table.numbers(names["frame"], is_key=True), None, "a row per picture"
    if names["start"] and names["end"]:
        start, end = (table.numbers(names[job], is_key=True) for job in ("start", "end"))
        return "intervals", start, end, "a row per interval, in s"
    if names["time"]:
        time = table.numbers(names["time"], is_key=True)
        unit = said.time_unit or _unit(names["time"].lower(), time)
        return "seconds", time / 1000 if unit == "ms" else time, None, f"time in {unit}"
    if said.rate_hz:
        return "seconds", None, None, f"{said.rate_hz:g} rows a second"
    return "frames", None, None, "row k is picture k, as there is no time"


def _unit(name: str, time: Floats) -> str:
    if name.endswith(("_s", "sec", "seconds", "second")):
        return "s"
    steps = np.diff(time)
    steps = steps[steps > 0]
    is_ms = name.endswith("ms") or name == "milliseconds"
    return "ms" if is_ms or (steps.size and float(np.median(steps)) > _MS_STEP) else "s"


def with_common_scales(tracks: Sequence[RatingTrack]) -> list[RatingTrack]:
    """Return the tracks with the widest of the scales that were guessed in their folder.

    One file of a dataset may use the middle of its scale only.
    """
    rows: list[dict[str, Any]] = [
        {
            "folder": one.paths[0].parent,
            "guesses": one.guesses,
            **{f"{job}_scale": one.scale_of(job) for job in DIMENSIONS},
        }
        for one in tracks
    ]
    widen(rows)
    return [
        replace(
            one,
            valence_scale=row["valence_scale"] or one.valence_scale,
            arousal_scale=row["arousal_scale"] or one.arousal_scale,
            guesses=tuple(row["guesses"]),
        )
        for one, row in zip(tracks, rows, strict=True)
    ]


def widen(rows: Sequence[dict[str, Any]]) -> None:
    """Set guessed scales to the widest of their `folder`, and in `guesses` what is said of them.

    `valence_scale` and `arousal_scale` are None where there is no such column.
    """
    for job in DIMENSIONS:
        name = f"{job}_scale"
        guessed = [
            row for row in rows if row[name] and _scale_guess(job, row[name]) in row["guesses"]
        ]
        widest: dict[Path, Scale] = {}
        for row in guessed:
            low, high = widest.get(row["folder"], row[name])
            widest[row["folder"]] = (min(low, row[name][0]), max(high, row[name][1]))
        for row in guessed:
            old, new = (_scale_guess(job, at) for at in (row[name], widest[row["folder"]]))
            row["guesses"] = [new if guess == old else guess for guess in row["guesses"]]
            row[name] = widest[row["folder"]]


def _scale_guess(job: str, scale: Scale) -> str:
    return f"{job} on a scale of {scale_text(scale)}"


def _scale(values: Floats) -> Scale:
    known = values[~np.isnan(values)]
    if not known.size:
        return -1.0, 1.0
    low, high = float(known.min()), float(known.max())
    fitting = [scale for scale in _SCALES if scale[0] <= low and high <= scale[1]]
    return fitting[0] if fitting else (low, high)


def _numbers(table: Table, column: str) -> Floats:
    return table.numbers(column) if column else np.full(len(table.rows), np.nan)


def _keys(table: Table, column: str) -> list[str]:
    return table.texts(column) if column else [""] * len(table.rows)


def _find(columns: Sequence[str], job: str) -> str:
    by_name = {column.strip().lower(): column for column in columns}
    return next((by_name[name] for name in _NAMES[job] if name in by_name), "")


def _separator(path: Path) -> str:
    try:
        return csv.Sniffer().sniff(first_line(path), delimiters=",;\t|").delimiter
    except csv.Error:
        return ","
