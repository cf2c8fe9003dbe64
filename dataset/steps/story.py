"""Step 8: the moments where a video turns, with pictures, numbers and words."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from ...models.base import Manner
from ...stream.narrator_process import load_engine
from ..curve import Curve, curve_of, moments_of
from ..drawing.frames import annotated_at, jpeg
from ..drawing.poster import draw_curve, draw_poster
from ..drawing.style import page as figure_page
from ..moments import Moment, moments_told
from ..options import StepOptions, StepResult
from ..page import page
from ..per_video import begun, per_video, tables_of
from ..results import Results
from ..rows import readings_of
from ..settings import StepConfig
from ..telling import events_of
from .describe import ENGINE


class Config(StepConfig):
    """How much of a video is shown."""

    moments: int = Field(6, ge=2, le=24, description="pictures in a story")


def run(options: StepOptions) -> StepResult:
    """Leave a picture and a page per video in `story/`."""
    return per_video("story", options, Config, tables_of, _made)


def _made(results: Results, video_id: str) -> list[Path]:
    return [results.out / "story" / f"{video_id}{ending}" for ending in (".png", ".html")]


def work(item: dict[str, Any]) -> dict[str, Any]:
    """Tell one video in pictures, in a worker."""
    job = begun(item)
    table = job.results.frames(job.video_id)
    readings = list(readings_of(table, job.video_id))
    events = events_of(job.results.events(job.video_id))
    curve = curve_of(table)
    rows = moments_of(curve, job.config["moments"])
    video = job.results.video_of(job.video_id)
    images = annotated_at(video, readings, {int(curve.frame[row]) for row in rows})
    narrator = load_engine(ENGINE, {}, Manner())
    moments = moments_told(rows, curve, table, readings, events, images, narrator)
    picture, told_page = _made(job.results, job.video_id)
    told = told_of(curve, int(table["person"].nunique()), moments)
    draw_poster(picture, job.video_id, told, curve, table, moments)
    strip = picture.with_name(f".{job.video_id}-curve.png")
    with figure_page(strip, 10.0, 2.4) as figure:
        draw_curve(figure.subplots(), curve, table, moments)
    curve_png = base64.b64encode(strip.read_bytes()).decode()
    strip.unlink()
    cards = [
        {
            **moment._asdict(),
            "image": base64.b64encode(jpeg(moment.image_bgr)).decode(),
            "metrics": moment.metrics,
            "rated": None if None in moment.rated else moment.rated,
        }
        for moment in moments
    ]
    page(told_page, "story.html.j2", title=job.video_id, told=told, curve=curve_png, cards=cards)
    return job.done()


def told_of(curve: Curve, people: int, moments: Sequence[Moment]) -> str:
    """Return in words which moments these are."""
    if np.isfinite(curve.arousal).any():
        which = ": where valence and arousal turn, and evenly between"
    else:
        which = ", evenly spread: there is no course to follow"
    who = {0: "Nobody was seen", 1: "1 person in all"}.get(people, f"{people} people in all")
    parts = [f"{len(moments)} moments of {curve.length_s:.1f} s{which}", who]
    parts.append("Words tell of the stretch around a moment")
    if any(None not in one.rated for one in moments):
        parts.append("Black ticks: the rating")
    return ". ".join((*parts, "An expression is not a feeling."))
