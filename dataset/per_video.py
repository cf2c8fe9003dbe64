"""A step that does each video by itself: what is done is not done twice, and cores share the work.

The step's file has `work(item)`, which a worker calls; `begun` gives it what it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from .files import Ledger, stamp_of
from .jobs import run_items
from .options import StepOptions, StepResult
from .results import Results
from .settings import StepConfig, own_keys

Model = TypeVar("Model", bound=StepConfig)
Paths = Callable[[Results, str], Sequence[Path]]


class Job(NamedTuple):
    """One video for one step, in a worker."""

    results: Results
    video_id: str
    ledger: Ledger
    stamp: str
    config: dict[str, Any]

    def done(self, **facts: Any) -> dict[str, Any]:
        """Note that the video is done; return the worker's answer."""
        self.ledger.note(self.video_id, self.stamp, facts)
        return {}


def per_video(
    step: str, options: StepOptions, model: type[Model], reads: Paths, makes: Paths
) -> StepResult:
    """Do a step for every video whose inputs, options or results are not those of last time.

    Raises: UsageError, ConfigError.
    """
    config = own_keys(options.config, model, step).model_dump()
    results, ledger = Results(options), Ledger(options.out, step)
    ids = results.video_ids()
    items: dict[str, dict[str, Any]] = {}
    for video_id in ids:
        stamp = stamp_of(reads(results, video_id), step, config)
        made = makes(results, video_id)
        if options.overwrite or not ledger.is_done(video_id, stamp, *made):
            items[video_id] = {
                "step": step,
                "video_id": video_id,
                "out": str(options.out),
                "videos": str(options.videos),
                "stamp": stamp,
                "config": config,
            }
    result = StepResult(done=len(items), skipped=len(ids) - len(items))
    if options.dry_run:
        result.done = 0
        result.notes.append(f"would do {len(items)} of {len(ids)} videos")
    elif items:
        result.failed = run_items(step, items, jobs=options.jobs)
        result.done -= len(result.failed)
    return result


def begun(item: dict[str, Any]) -> Job:
    """Return what `work` is given, from the item that a worker was sent."""
    out = Path(item["out"])
    results = Results(StepOptions(Path(item["videos"]), out))
    return Job(results, item["video_id"], Ledger(out, item["step"]), item["stamp"], item["config"])


def tables_of(results: Results, video_id: str) -> list[Path]:
    """Return the tables that most steps read."""
    events = results.run_of(video_id) / "events.csv"
    return [results.features_of(video_id), results.labels_of(video_id), events]
