"""Step 6: summarise every video and every person in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...models.posture import POSTURES
from ..files import Ledger, needed, stamp_of, write_rows
from ..jobs import run_items
from ..labels import LABELS
from ..options import StepOptions, StepResult
from ..pairs import read_pairs
from ..ratings import Floats
from ..settings import StepConfig
from .label import KEYS

ALL = "all"
EVENTS = ("arrival", "departure", "quadrant_change", "spike")
_SPREADS = ("mean", "sd", "trend_per_s")
COLUMNS = (
    *("video_id", "person", "frames", "duration_s", "seen_share"),
    *(f"{name}_{what}" for name in ("valence", "arousal") for what in _SPREADS),
    *(f"{label}_s" for label in LABELS),
    *("movement_mean", "movement_sd", "gesture_energy_mean"),
    *(f"posture_{name.replace(' ', '_')}_share" for name in POSTURES),
    *(f"{kind}_events" for kind in EVENTS),
    *(f"rating_{name}_01_{what}" for name in ("valence", "arousal") for what in _SPREADS),
    *(f"rating_{label}_s" for label in LABELS),
)
"""A row per person, and one of all of them (`all`), which holds the ratings too.

Valence and arousal are -1..1, ratings 0..1; time in a category is in s; shares are of the frames
in which a posture was told; movement is in torso lengths per second.
"""

_FEATURES = (
    *("frame", "timestamp", "person", "valence", "arousal"),
    *("movement", "gesture_energy", "posture"),
)


class Config(StepConfig):
    """No keys."""


def run(options: StepOptions) -> StepResult:
    """Leave `summary.csv`."""
    needed(options.out / "labels", "label")
    ledger = Ledger(options.out, "summarize")
    items: dict[str, dict[str, Any]] = {}
    for pair in read_pairs(options.out, options.limit):
        paths = {
            "features": options.out / "features" / f"{pair.video_id}.csv",
            "labels": options.out / "labels" / f"{pair.video_id}.csv",
            "events": options.out / "runs" / pair.video_id / "events.csv",
        }
        if paths["features"].is_file() and paths["labels"].is_file():
            items[pair.video_id] = {
                "video_id": pair.video_id,
                "out": str(options.out),
                "stamp": stamp_of(paths.values()),
                **{name: str(path) for name, path in paths.items()},
            }
    todo = {
        video_id: item
        for video_id, item in items.items()
        if options.overwrite or not ledger.is_done(video_id, item["stamp"])
    }
    result = StepResult(skipped=len(items) - len(todo))
    if options.dry_run:
        result.notes.append(f"would summarise {len(todo)} of {len(items)} videos")
        return result
    result.failed = run_items("summarize", todo, jobs=options.jobs)
    result.done = len(todo) - len(result.failed)
    kept = (video_id for video_id in items if video_id not in result.failed)
    rows = (row for video_id in kept for row in ledger.facts(video_id)["rows"])
    write_rows(options.out / "summary.csv", COLUMNS, rows)
    return result


def work(item: dict[str, Any]) -> dict[str, Any]:
    """Summarise one video, in a worker."""
    table = pd.read_csv(item["features"], usecols=list(_FEATURES))
    labels = pd.read_csv(item["labels"], keep_default_na=False, na_values=[""])
    events = pd.read_csv(item["events"], dtype={"person": str})
    table = pd.concat([table, labels.drop(columns=list(KEYS))], axis=1)
    rows = list(summary_rows(item["video_id"], table, events))
    Ledger(Path(item["out"]), "summarize").note(item["video_id"], item["stamp"], {"rows": rows})
    return {}


def summary_rows(
    video_id: str, table: pd.DataFrame, events: pd.DataFrame
) -> Iterator[dict[str, Any]]:
    """Yield the row of all, then one per person. Columns as in features, with their labels."""
    times = table.drop_duplicates("frame")[["frame", "timestamp"]]
    steps = _durations(times["timestamp"].to_numpy(float))
    step_of = dict(zip(times["frame"], steps, strict=True))
    table = table.assign(step_s=table["frame"].map(step_of))
    video_s = float(steps.sum())
    whole = {
        **_of(table, table.drop_duplicates("frame"), events, video_s),
        **_ratings(table.drop_duplicates("frame")),
    }
    yield _rounded({"video_id": video_id, "person": ALL, **whole})
    for person, rows in table.dropna(subset="person").groupby("person"):
        mine = events[events["person"] == str(int(float(str(person))))]
        one = _of(rows, rows, mine, video_s)
        yield _rounded({"video_id": video_id, "person": int(float(str(person))), **one})


def _of(
    rows: pd.DataFrame, frames: pd.DataFrame, events: pd.DataFrame, video_s: float
) -> dict[str, Any]:
    """Return the facts of rows of one person, or of all; several in a frame share its time."""
    seen = rows.dropna(subset=["valence"])
    seen_s = float(seen.drop_duplicates("frame")["step_s"].sum())
    people = rows.groupby("frame")["label"].transform("count").clip(lower=1)
    share_s = rows["step_s"] / people
    postures = rows["posture"].value_counts(normalize=True)
    kinds = events["kind"].value_counts()
    return {
        "frames": len(frames),
        "duration_s": float(frames["step_s"].sum()),
        "seen_share": seen_s / video_s if video_s else None,
        **_spread("valence", rows),
        **_spread("arousal", rows),
        **{f"{name}_s": float(share_s[rows["label"] == name].sum()) for name in LABELS},
        "movement_mean": _finite(rows["movement"].mean()),
        "movement_sd": _finite(rows["movement"].std(ddof=0)),
        "gesture_energy_mean": _finite(rows["gesture_energy"].mean()),
        **{
            f"posture_{name.replace(' ', '_')}_share": float(postures.get(name, 0.0))
            if len(postures)
            else None
            for name in POSTURES
        },
        **{f"{kind}_events": int(kinds.get(kind, 0)) for kind in EVENTS},
    }


def _ratings(frames: pd.DataFrame) -> dict[str, Any]:
    rated = frames["rating_label"]
    return {
        **_spread("rating_valence_01", frames),
        **_spread("rating_arousal_01", frames),
        **{
            f"rating_{name}_s": float(frames["step_s"][rated == name].sum())
            if rated.notna().any()
            else None
            for name in LABELS
        },
    }


def _spread(column: str, rows: pd.DataFrame) -> dict[str, float | None]:
    """Return mean, standard deviation and the slope of a straight line, per second."""
    known = rows.dropna(subset=[column])
    values, time_s = known[column].to_numpy(float), known["timestamp"].to_numpy(float)
    trend = None
    if len(known) > 1 and np.ptp(time_s) > 0:
        moved = time_s - time_s.mean()
        trend = float(moved @ (values - values.mean()) / (moved @ moved))
    return {
        f"{column}_mean": float(values.mean()) if len(values) else None,
        f"{column}_sd": float(values.std()) if len(values) else None,
        f"{column}_trend_per_s": trend,
    }


def _durations(time_s: Floats) -> Floats:
    """Return how long each picture is shown; the last one as long as is usual."""
    steps = np.diff(time_s)
    usual = float(np.median(steps)) if len(steps) else 0.0
    durations: Floats = np.append(steps, usual)
    return durations


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: round(value, 4) + 0.0 if isinstance(value, float) else value
        for name, value in row.items()
    }
