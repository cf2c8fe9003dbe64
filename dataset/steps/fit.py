"""Fits a head for valence and arousal to the ratings, from frozen features: `fit/`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from ...models.features import COLUMNS, VERSION
from ...models.fitted import JOB
from ...stream.errors import MissingExtraError, UsageError
from ..chance import p_told
from ..files import stamp_of, text_file, write_json, write_rows
from ..fitting import nested
from ..fitting.comparison import CSV_COLUMNS, HEADS, rows_of
from ..fitting.nested import Outside
from ..fitting.network import write_network
from ..fitting.table import STEP_S, Video, video_rows
from ..groups import groups_of
from ..options import StepOptions, StepResult
from ..progress import Progress
from ..results import SCALED, Results
from ..settings import StepConfig, own_keys
from .evaluate import REPORTED

PREDICTED = ("dimension", "video_id", "group", "timestamp", "rated", "fitted", "derived")
LEAST_GROUPS = 3
MOST_P = 0.05
LEAST_S = 10.0
"""A video counts with this much media time that has a face and a rating. Our choice."""


class Config(StepConfig):
    """What belongs together, and a check."""

    groups: str = Field("", description="CSV file with video_id and group: who belongs together")
    group_by: str = Field("", description="pattern; its first bracket in a video's id is the group")
    shuffle: int = Field(
        0,
        ge=0,
        description="a check: fit to ratings that belong this many groups further on; "
        "nothing should be found",
    )


def run(options: StepOptions) -> StepResult:
    """Leave `fit/affect.onnx` with its manifest, cross-validation, plots and a card.

    Raises: UsageError where there are too few groups; MissingExtraError.
    """
    config = own_keys(options.config, Config, "fit")
    results = Results(options)
    groups, told = groups_of(results, config.model_dump())
    videos = [video for video in _videos(results, groups, config.shuffle)]
    count = len({video.group for video in videos})
    result = StepResult(notes=[f"{len(videos)} rated videos in {count} groups, {told}"])
    result.notes += results.warn_of_normalised()
    if count < LEAST_GROUPS:
        raise UsageError(
            f"{count} groups of videos with {LEAST_S:g} s of faces and ratings are too few to fit "
            f"and to check: at least {LEAST_GROUPS} originals or subjects are needed"
        )
    if options.dry_run:
        return result
    if not _has_learner():
        raise MissingExtraError("fitting a head", "dataset")
    folder = results.out / ("fit-shuffled" if config.shuffle else "fit")
    stamp = stamp_of([results.labels_of(video.video_id) for video in videos], groups, VERSION)
    if not options.overwrite and not config.shuffle and _is_done(folder, stamp):
        result.skipped = len(videos)
        return result
    found = _cross_validate(videos)
    rows = [row for axis, outside in enumerate(found) for row in rows_of(axis, outside)]
    write_rows(folder / "cross_validation.csv", CSV_COLUMNS, rows)
    _write_predictions(folder / "predictions.csv", found)
    if not config.shuffle:
        about = _write_head(folder, videos, found, rows, stamp, results.normalised_by())
        result.notes.append(f"chosen: {about['kind']}")
    from ..drawing.fitting import draw_fit

    draw_fit(folder, found, pd.DataFrame(rows))
    result.done = len(videos)
    result.notes += [_said(row) for row in rows]
    if config.shuffle:
        result.notes.append("of other videos: CCC is about 0 on average over pairings")
        return result
    result.notes += [*_warnings(rows), REPORTED]
    result.notes.append(f"use it: affectstream run --model affect={folder / 'affect.onnx'}")
    return result


def _warnings(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Say for which dimension the head is not clearly better than none."""
    by_head = {(row["dimension"], row["head"]): row for row in rows}
    notes = []
    for name in SCALED:
        fitted, derived = by_head.get((name, HEADS[0])), by_head.get((name, HEADS[2]))
        is_clear = fitted is not None and not fitted["p"] > MOST_P
        if derived is not None and fitted is not None:
            is_clear &= fitted["ccc_low"] > derived["ccc_high"]
        if not is_clear:
            notes.append(f"{name}: not clearly better than the derived values; do not rely on it")
    return notes


def _has_learner() -> bool:
    from importlib.util import find_spec

    return find_spec("sklearn") is not None


def _is_done(folder: Path, stamp: str) -> bool:
    from ..files import read_json

    manifest = read_json(folder / "affect.json")
    return (
        isinstance(manifest, dict)
        and manifest.get("stamp") == stamp
        and all(
            (folder / name).is_file()
            for name in ("affect.onnx", "cross_validation.csv", "fit.png", "card.md")
        )
    )


def _videos(results: Results, groups: dict[str, str], shuffle: int) -> list[Video]:
    """Return the rows of all rated videos; `shuffle` moves the ratings on by that many groups."""
    videos = []
    for video_id, group in groups.items():
        table = results.frames(video_id)
        if all(table[f"rating_{name}"].isna().all() for name in SCALED):
            continue
        video = video_rows(video_id, group, table)
        if np.isfinite(video.ratings(0.0)).any(axis=1).sum() * STEP_S >= LEAST_S:
            videos.append(video)
    if not shuffle:
        return videos
    names = sorted({video.group for video in videos})
    by = shuffle % len(names) if names else 0
    moved = dict(zip(names, [*names[by:], *names[:by]], strict=True))
    rated = {video.group: video.rated for video in videos}
    return [
        Video(v.video_id, v.group, v.time_s, v.features, v.derived, rated[moved[v.group]])
        for v in videos
    ]


def _cross_validate(videos: Sequence[Video]) -> list[Outside]:
    folds = len(nested.folds_of([video.group for video in videos], nested.OUTER))
    items = {f"{axis}-{fold}": 1.0 for axis in range(2) for fold in range(folds)}
    progress = Progress("fit", items)
    return [
        nested.outside(videos, axis, partial(_tick, progress, axis)) for axis in range(len(SCALED))
    ]


def _tick(progress: Progress, axis: int, fold: str) -> None:
    progress.count(f"{axis}-{fold}")


def _write_predictions(path: Path, found: Sequence[Outside]) -> None:
    """Write every prediction from outside beside its rating, for plots of the user's own."""
    write_rows(
        path,
        PREDICTED,
        (
            dict(zip(PREDICTED, (SCALED[axis], *map(_plain, cells)), strict=True))
            for axis, outside in enumerate(found)
            for cells in zip(
                outside.rows.video,
                outside.rows.group,
                outside.rows.time_s,
                outside.rows.target,
                outside.predicted,
                outside.rows.derived,
                strict=True,
            )
        ),
    )


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else round(float(value), 4)


def _write_head(
    folder: Path,
    videos: Sequence[Video],
    found: Sequence[Outside],
    rows: Sequence[dict[str, Any]],
    stamp: str,
    normalised_by: str,
) -> dict[str, Any]:
    """Fit on everything, and write network, manifest and card; return what the file says."""
    finals = [nested.final(videos, axis) for axis in range(2)]
    fitted = {row["dimension"]: row for row in rows if row["head"] == "fitted"}
    kinds = [head.choice.words for _, head in finals]
    kind = kinds[0] if kinds[0] == kinds[1] else f"valence {kinds[0]}, arousal {kinds[1]}"
    about: dict[str, Any] = {
        "job": JOB,
        "version": VERSION,
        "columns": list(COLUMNS),
        "kind": kind,
        "lag_s": round(float(np.mean([lag_s for lag_s, _ in finals])), 2),
        "groups": len({video.group for video in videos}),
    }
    for name in SCALED:
        about[f"{name}_sd"] = min(1.0, max(0.01, fitted[name]["rmse"])) if name in fitted else 1.0
        about[f"{name}_ccc"] = fitted[name]["ccc"] if name in fitted else 0.0
    path = folder / "affect.onnx"
    write_network(path, [head for _, head in finals], about)
    write_json(
        folder / "affect.json",
        {
            **about,
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "size_bytes": path.stat().st_size,
            "input": {"features": ["n", len(COLUMNS)]},
            "output": {"affect": ["n", 2], "meaning": "valence, arousal in [-1, 1]"},
            "cross_validation": list(rows),
            "videos": {video.video_id: video.group for video in videos},
            "stamp": stamp,
        },
    )
    from ..fitting.card import card_of

    with text_file(folder / "card.md") as file:
        file.write(card_of(about, rows, videos, found, normalised_by))
    return about


def _said(row: dict[str, Any]) -> str:
    return (
        f"{row['dimension']}, {row['head']}: CCC {row['ccc']:.2f} "
        f"[{row['ccc_low']:.2f}, {row['ccc_high']:.2f}]{p_told(row['p'])}, RMSE {row['rmse']:.2f}"
    )
