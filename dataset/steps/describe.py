"""Step 7: describe every interval of every video in words, from facts alone."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from pydantic import Field

from ...models.base import Manner
from ...stream.narrator_process import load_engine
from ..files import Ledger, text_file
from ..options import StepOptions, StepResult
from ..per_video import begun, per_video, tables_of
from ..results import Results
from ..rows import readings_of
from ..settings import StepConfig
from ..telling import even_stretches, events_of, tell

ENGINE = "grounded"
KEYS = ("video_id", "start_s", "end_s", "text", "engine", "grounded", "facts")


class Config(StepConfig):
    """How often something is said."""

    interval_s: float = Field(10.0, gt=0, description="length of a described interval, in seconds")


def run(options: StepOptions) -> StepResult:
    """Leave `descriptions.jsonl`, a line per interval."""
    result = per_video("describe", options, Config, tables_of, lambda results, video_id: [])
    if not options.dry_run:
        ledger = Ledger(options.out, "describe")
        with text_file(options.out / "descriptions.jsonl") as file:
            for video_id in Results(options).video_ids():
                for row in ledger.facts(video_id).get("rows", []):
                    ordered = {key: row[key] for key in KEYS}
                    file.write(json.dumps(ordered, ensure_ascii=False) + "\n")
    return result


def work(item: dict[str, Any]) -> dict[str, Any]:
    """Describe one video, in a worker."""
    job = begun(item)
    table = job.results.features(job.video_id)
    events = events_of(job.results.events(job.video_id))
    stretches = even_stretches(float(table["timestamp"].max()), job.config["interval_s"])
    readings = list(readings_of(table, job.video_id))
    narrator = load_engine(ENGINE, {}, Manner())
    rows = [
        {
            "video_id": job.video_id,
            "start_s": round(start_s, 3),
            "end_s": round(end_s, 3),
            "text": told.text,
            "engine": ENGINE,
            "grounded": True,
            "facts": msgspec.to_builtins(told.facts),
        }
        for (start_s, end_s), told in zip(
            stretches,
            tell(narrator, readings, events, stretches),
            strict=True,
        )
    ]
    return job.done(rows=rows)
