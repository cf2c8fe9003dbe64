"""Step 3: run the pipeline over every video and lay the ratings over its frames."""

from __future__ import annotations

import json
import os
import shutil
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import Field

from ...models.base import Vision
from ...stream.config import RunConfig, load
from ...stream.errors import ConfigError, IncompleteError
from ...stream.purpose import check_purpose
from ...stream.sources.base import Source
from ...stream.tables import SCHEMA_VERSION
from ..files import Ledger, stamp_of
from ..found import settings_of
from ..jobs import run_items, worker_count
from ..merge import merge
from ..options import StepOptions, StepResult
from ..pairs import Pair, read_pairs
from ..pictures import RATE_HZ, Pictures
from ..settings import StepConfig, own_keys
from ..tracks import read_tracks
from ..worker import TELL

_OURS = frozenset(("sources", "out", "overwrite", "speed", "live", "loop", "workers"))
"""Keys of a run that this step sets itself."""


TELL_S = 1.0
"""Between two words on how far a video is."""


class Config(StepConfig):
    """How videos are looked at."""

    run: dict[str, Any] = Field(
        {}, description="keys of a run, such as {models: {pose: none}, window_s: 5, sinks: [video]}"
    )
    vision: str = Field("", description="your own `module:name` in place of the networks")
    picture_rate_hz: float = Field(RATE_HZ, gt=0, description="rate of folders of pictures")


def run(options: StepOptions) -> StepResult:
    """Leave `runs/<video_id>/` and `features/<video_id>.csv`."""
    config = own_keys(options.config, Config, "extract")
    check_purpose(_run_config(config, Path(), Path(), 1))
    pairs = read_pairs(options.out, options.limit)
    settings = settings_of(options.out)
    looked, merged = Ledger(options.out, "runs"), Ledger(options.out, "extract")
    items: dict[str, dict[str, Any]] = {}
    for pair in pairs:
        item = _item(options, config, pair, settings)
        is_done = not options.overwrite and merged.is_done(
            pair.video_id, item["stamp"], Path(item["features"])
        )
        if not is_done:
            item["look"] = options.overwrite or not looked.is_done(
                pair.video_id, item["run_stamp"], Path(item["folder"]) / "readings.csv"
            )
            items[pair.video_id] = item
    result = StepResult(skipped=len(pairs) - len(items))
    if options.dry_run:
        frames = sum(pair.frames or 0 for pair in pairs if pair.video_id in items)
        result.notes.append(f"would extract {len(items)} of {len(pairs)} videos, {frames} frames")
        return result
    for item in items.values():
        item["workers"] = max(
            1, (os.cpu_count() or 1) // worker_count(options.jobs, max(1, len(items)))
        )
    remarks: dict[str, str] = {}

    def taken(video_id: str, answer: dict[str, Any]) -> None:
        if answer["note"]:
            remarks[video_id] = str(answer["note"])

    weights = {pair.video_id: float(pair.frames or 1) for pair in pairs}
    result.failed = run_items(
        "extract", items, jobs=options.jobs, weights=weights, unit="frames", taken=taken
    )
    result.done = len(items) - len(result.failed)
    result.notes += [f"{video_id}: {note}" for video_id, note in sorted(remarks.items())]
    return result


def _item(
    options: StepOptions, config: Config, pair: Pair, settings: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    video = options.videos / pair.path
    ratings = [options.videos / path for path in pair.ratings]
    said = {name: settings[name] for name in pair.ratings if name in settings}
    run_stamp = stamp_of([video], config.model_dump(), SCHEMA_VERSION)
    return {
        "video_id": pair.video_id,
        "video": str(video),
        "videos": str(options.videos),
        "out": str(options.out),
        "folder": str(options.out / "runs" / pair.video_id),
        "features": str(options.out / "features" / f"{pair.video_id}.csv"),
        "ratings": pair.ratings,
        "items": pair.items,
        "offset_s": pair.offset_s,
        "frames": pair.frames or 0,
        "settings": said,
        "config": config.model_dump(),
        "run_stamp": run_stamp,
        "stamp": stamp_of(ratings, run_stamp, pair.items, pair.offset_s, said),
    }


def work(item: dict[str, Any]) -> dict[str, Any]:
    """Look at one video and merge, in a worker."""
    out, video_id, folder = Path(item["out"]), item["video_id"], Path(item["folder"])
    looked = Ledger(out, "runs")
    if item["look"]:
        looked.note(video_id, item["run_stamp"], _look(item, folder))
    facts = looked.facts(video_id)
    tracks = []
    if item["ratings"]:
        tracks = read_tracks(Path(item["videos"]), item["ratings"], item["items"], item["settings"])
    made = Path(item["features"])
    frames = merge(folder / "readings.csv", made, video_id, tracks, item["offset_s"])
    if frames != facts["frames"]:
        made.unlink()
        raise IncompleteError(
            f"{folder / 'readings.csv'}: has {frames} frames where {facts['frames']} were seen: "
            "do it again by --overwrite"
        )
    Ledger(out, "extract").note(video_id, item["stamp"], {"frames": frames})
    return {"note": facts["note"]}


def _look(item: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run the pipeline over a video, anew; return frames and a note."""
    from ...stream.pipeline import Pipeline

    shutil.rmtree(folder, ignore_errors=True)
    config = Config(**item["config"])
    video = Path(item["video"])
    run_config = _run_config(config, video, folder, int(item["workers"]))
    source = _source(video, item["video_id"], config)
    vision = _vision(json.dumps(item["config"], sort_keys=True))
    pipeline = Pipeline(run_config, vision=vision, sources=[source]).start()
    tell = item.get(TELL, lambda share: None)
    while not pipeline.wait(TELL_S):
        ledger = pipeline.run.health.ledger.get(f"source:{item['video_id']}", {})
        tell(min(1.0, ledger.get("inferred", 0) / max(1, item["frames"])))
    summary = pipeline.join()
    note = summary.notes.get(item["video_id"], "")
    return {
        "frames": summary.frames[item["video_id"]],
        "note": note if summary.status == "incomplete" else "",
    }


def _run_config(config: Config, video: Path, folder: Path, workers: int) -> RunConfig:
    """Return the run of one video. Raises: ConfigError."""
    for key in sorted(_OURS & set(config.run)):
        raise ConfigError(f"run.{key} is set by the step; leave it out")
    if config.run.get("privacy", "none") != "none":
        raise ConfigError(
            "run.privacy hides people in the run alone; story, film and pages show pictures of "
            "the videos themselves: leave it out"
        )
    return load(
        None,
        sources=[str(video)],
        out=folder,
        overwrite=True,
        speed="max",
        workers=workers,
        **config.run,
    )


def _source(video: Path, video_id: str, config: Config) -> Source:
    if video.is_dir():
        return Pictures(video, video_id, config.picture_rate_hz)
    from ...stream.sources import video as kind

    return kind.build(kind.Config(path=video), video_id)


@lru_cache(maxsize=1)
def _vision(text: str) -> Vision:
    """Open the networks once in a worker. Raises: ConfigError, ModelError."""
    config = Config(**json.loads(text))
    if not config.vision:
        from ...stream.prepare import open_vision

        return open_vision(_run_config(config, Path(), Path(), 1))
    module, _, name = config.vision.partition(":")
    try:
        made: Vision = getattr(import_module(module), name)()
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"vision {config.vision}: cannot be made: {error}") from None
    return made
