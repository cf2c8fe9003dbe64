"""Step 9: one smooth story per video, from its chapters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from ...models.base import Manner
from ...stream.narrator_process import load_engine
from ..curve import chapters_of, curve_of
from ..files import text_file
from ..options import StepOptions, StepResult
from ..per_video import begun, per_video, tables_of
from ..results import Results
from ..rows import readings_of
from ..settings import StepConfig
from ..tale import tale
from ..telling import events_of, tell
from .describe import ENGINE


class Config(StepConfig):
    """How finely a story is told."""

    chapters: int = Field(16, ge=1, le=50, description="most chapters of a story")


def run(options: StepOptions) -> StepResult:
    """Leave `narratives/<video>.md`."""
    return per_video("narrate", options, Config, tables_of, _made)


def _made(results: Results, video_id: str) -> list[Path]:
    return [results.out / "narratives" / f"{video_id}.md"]


def work(item: dict[str, Any]) -> dict[str, Any]:
    """Tell one video, in a worker."""
    job = begun(item)
    table = job.results.frames(job.video_id)
    curve = curve_of(table)
    chapters = chapters_of(curve, job.config["chapters"])
    events = events_of(job.results.events(job.video_id))
    stretches = [(chapter.start_s, chapter.end_s) for chapter in chapters]
    readings = list(readings_of(table, job.video_id))
    told = tell(load_engine(ENGINE, {}, Manner()), readings, events, stretches)
    with text_file(_made(job.results, job.video_id)[0]) as file:
        file.write(tale(job.video_id, table, curve, chapters, told))
    return job.done()
