"""Step 5: valence and arousal of any known scale to 0..1 and to the four categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import Field

from ...models.affect import NEUTRAL_RADIUS
from .. import labels
from ..files import Ledger, needed, stamp_of, text_file, write_json
from ..jobs import run_items
from ..labels import QUANTILES, Span, spans_json
from ..options import StepOptions, StepResult
from ..pairs import Pair, read_pairs
from ..ratings import UNIT_SCALE, Floats, Scale, scale_of_text, scale_text, to_unit
from ..settings import StepConfig, own_keys

KEYS = ("video_id", "frame", "timestamp", "person")
"""Columns of the features that say which row it is: labels and features are joined by them."""

COLUMNS = (
    *KEYS,
    *("rating_valence_01", "rating_arousal_01", "rating_label"),
    *("valence_01", "arousal_01", "label"),
)
VALUES = ("rating_valence", "rating_arousal", "valence", "arousal")
_DECIMALS = 4
_WHAT = {
    "scale": "0 and 1 are the ends of each scale",
    "dataset": "each scale was brought to 0..1; 0 and 1 are then percentiles of all videos",
    "subject": "each scale was brought to 0..1; 0 and 1 are then percentiles of each subject, or "
    "of the video where no subject is known",
}


class Config(StepConfig):
    """How values become labels."""

    normalise: Literal["scale", "dataset", "subject"] = Field(
        "scale",
        description="what 0 and 1 are: the ends of the scale, or the 1st and 99th percentile of "
        "the dataset or of each subject (of the video, where no subject is known)",
    )
    neutral_radius: float = Field(
        NEUTRAL_RADIUS, ge=0, le=1, description="points nearer to the middle are neutral (-1..1)"
    )


def run(options: StepOptions) -> StepResult:
    """Leave `labels/<video_id>.csv` and `labels/normalisation.json`."""
    config = own_keys(options.config, Config, "label")
    needed(options.out / "features", "extract")
    pairs = [
        pair
        for pair in read_pairs(options.out, options.limit)
        if _features(options.out, pair).is_file()
    ]
    items = {pair.video_id: _item(options, pair) for pair in pairs}
    result = StepResult()
    if options.dry_run:
        result.notes.append(f"would label {len(items)} videos by {config.normalise}")
        return result
    spans = _spans(config, pairs, items, options, result)
    ledger, todo = Ledger(options.out, "label"), {}
    for pair in pairs:
        mine = spans[_group(config, pair)]
        item = items[pair.video_id] | {
            "spans": spans_json(mine),
            "radius": config.neutral_radius,
        }
        item["stamp"] = stamp_of(
            [Path(item["features"])], COLUMNS, item["spans"], item["scales"], item["radius"]
        )
        made = Path(item["labels"])
        if options.overwrite or not ledger.is_done(pair.video_id, item["stamp"], made):
            todo[pair.video_id] = item
    result.skipped = len(items) - len(todo)
    result.failed |= run_items("label", todo, jobs=options.jobs)
    result.done = len(todo) - len(result.failed)
    _tell(options.out, config, pairs, spans)
    return result


def _features(out: Path, pair: Pair) -> Path:
    return out / "features" / f"{pair.video_id}.csv"


def _item(options: StepOptions, pair: Pair) -> dict[str, Any]:
    return {
        "video_id": pair.video_id,
        "out": str(options.out),
        "features": str(_features(options.out, pair)),
        "labels": str(options.out / "labels" / f"{pair.video_id}.csv"),
        "scales": [scale_of_text(text) or UNIT_SCALE for text in pair.scales],
    }


def _group(config: Config, pair: Pair) -> str:
    """Return whose values are spread together."""
    if config.normalise == "subject":
        return pair.subject or pair.video_id
    return "dataset"


def _spans(
    config: Config,
    pairs: Sequence[Pair],
    items: Mapping[str, dict[str, Any]],
    options: StepOptions,
    result: StepResult,
) -> dict[str, dict[str, Span]]:
    """Return the range of every value by group; counted video by video."""
    groups = {_group(config, pair) for pair in pairs}
    if config.normalise == "scale":
        return {group: {name: Span() for name in VALUES} for group in groups}
    counts = {group: {name: Counter[int]() for name in VALUES} for group in groups}
    by_id = {pair.video_id: pair for pair in pairs}
    ledger, todo = Ledger(options.out, "count"), {}
    for video_id, item in items.items():
        stamp = stamp_of([Path(item["features"])], item["scales"])
        if not ledger.is_done(video_id, stamp):
            todo[video_id] = {**item, "stamp": stamp, "count": True}
    result.failed |= run_items("label", todo, jobs=options.jobs)
    for video_id in items:
        mine = counts[_group(config, by_id[video_id])]
        for name, pairs_of_bin in ledger.facts(video_id).items():
            mine[name].update({int(at): int(count) for at, count in pairs_of_bin})
    return {
        group: {name: labels.span(counted) for name, counted in values.items()}
        for group, values in counts.items()
    }


def work(item: dict[str, Any]) -> dict[str, Any]:
    """Count the values of one video, or label it, in a worker."""
    table = _read(Path(item["features"]))
    units = _units(table, item["scales"])
    if item.get("count"):
        counted = {name: labels.histogram(unit) for name, unit in units.items()}
        Ledger(Path(item["out"]), "count").note(item["video_id"], item["stamp"], counted)
        return {}
    values = {name: Span(*item["spans"][name]).spread(units[name]) for name in VALUES}
    made = table[list(KEYS)].copy()
    for prefix in ("rating_", ""):
        pair = [values[f"{prefix}{name}"].round(_DECIMALS) for name in ("valence", "arousal")]
        made[f"{prefix}valence_01"], made[f"{prefix}arousal_01"] = pair
        made[f"{prefix}label"] = labels.names(pair[0], pair[1], item["radius"])
    with text_file(Path(item["labels"])) as file:
        made.to_csv(
            file,
            index=False,
            columns=list(COLUMNS),
            float_format=f"%.{_DECIMALS}f",
            lineterminator="\n",
        )
    Ledger(Path(item["out"]), "label").note(item["video_id"], item["stamp"])
    return {}


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, usecols=[*KEYS, *VALUES], dtype=str, keep_default_na=False)


def _units(table: pd.DataFrame, scales: Sequence[Scale]) -> dict[str, Floats]:
    """Return the four values in 0..1, NaN where missing."""
    by_name = dict(zip(VALUES, (*scales, UNIT_SCALE, UNIT_SCALE), strict=True))
    return {
        name: to_unit(pd.to_numeric(table[name]).to_numpy(float), (at[0], at[1]))
        for name, at in by_name.items()
    }


def _tell(
    out: Path, config: Config, pairs: Sequence[Pair], spans: Mapping[str, Mapping[str, Span]]
) -> None:
    """Say in a file how values became labels."""
    content = {
        "normalise": config.normalise,
        "what": _WHAT[config.normalise],
        "percentiles": None if config.normalise == "scale" else [100 * q for q in QUANTILES],
        "neutral_radius": config.neutral_radius,
        "labels": list(labels.LABELS),
        "scales": {
            pair.video_id: {"rating_valence": pair.scales[0], "rating_arousal": pair.scales[1]}
            for pair in pairs
            if pair.ratings
        },
        "model_scale": scale_text(UNIT_SCALE),
        "ranges_01": {group: spans_json(values) for group, values in spans.items()},
    }
    write_json(out / "labels" / "normalisation.json", content)
