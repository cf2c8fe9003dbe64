"""Step 10: the plots, annotated frames and films, and one report that needs nothing else."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

from pydantic import Field

from ..curve import curve_of, moments_of
from ..drawing.frames import annotated_at, film, jpeg
from ..drawing.overview import Overview, draw_overview
from ..drawing.timeline import draw_timeline
from ..files import whole
from ..options import StepOptions, StepResult
from ..per_video import begun, per_video, tables_of
from ..report import write_report
from ..results import DRAWN, Results
from ..rows import readings_of
from ..settings import StepConfig, own_keys

WINDOW_S = 10.0
"""Length of the trace in the annotated film."""


class Config(StepConfig):
    """What is drawn of each video."""

    frames: int = Field(6, ge=1, le=24, description="annotated frames of a video")
    film: bool = Field(True, description="make the annotated film of each video")
    report_videos: int = Field(30, ge=1, description="videos shown whole in the report")


def run(options: StepOptions) -> StepResult:
    """Leave `plots/` and `report.html`."""
    config = own_keys(options.config, Config, "plots")

    def made(results: Results, video_id: str) -> list[Path]:
        folder = _folder(results, video_id)
        return [folder / "timeline.png", *([folder / "annotated.mp4"] if config.film else [])]

    result = per_video("plots", options, Config, tables_of, made)
    if options.dry_run:
        return result
    results = Results(options)
    overview = Overview()
    for video_id in results.video_ids():
        overview.add(video_id, results.frames(video_id, DRAWN))
    drawn = draw_overview(options.out / "plots", overview)
    write_report(results, drawn, config.report_videos)
    result.notes.append(f"look at {options.out / 'report.html'}")
    return result


def _folder(results: Results, video_id: str) -> Path:
    return results.out / "plots" / video_id


def work(item: dict[str, Any]) -> dict[str, Any]:
    """Draw one video, in a worker."""
    job = begun(item)
    folder = _folder(job.results, job.video_id)
    table = job.results.frames(job.video_id)
    readings = list(readings_of(table, job.video_id))
    draw_timeline(folder / "timeline.png", table, job.video_id)
    curve = curve_of(table)
    rows = moments_of(curve, job.config["frames"])
    video = job.results.video_of(job.video_id)
    for old in folder.glob("frame_*.jpg"):
        old.unlink()
    for seq, image_bgr in annotated_at(
        video, readings, {int(curve.frame[r]) for r in rows}
    ).items():
        with whole(folder / f"frame_{seq:06}.jpg") as draft:
            draft.write_bytes(jpeg(image_bgr))
    if job.config["film"]:
        film(video, readings, job.results.run_of(job.video_id), folder / "annotated.mp4", WINDOW_S)
    gc.collect()  # Figures are cyclic; a worker draws hundreds of them.
    return job.done()
