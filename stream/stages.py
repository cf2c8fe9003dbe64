"""Starts the stages of a run, each a thread with its loop: sinks first, capture last."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from ..sinks._look.blur import Blur, finds_faces
from ..sinks.base import Attended, Viewer
from .aggregate import aggregate_loop
from .capture import View, capture_loop
from .config import RunConfig
from .crew import vision_loop
from .deliver import deliver_loop
from .frames import FrameLink
from .infer import Pool, infer_loop
from .narrate import narrate_loop
from .outlets import Outlet, open_outlet
from .prepare import Prepared
from .recording import Recorder
from .schedule import Job, Scheduler
from .seats import speed_of
from .source_state import SourceState
from .stage import Stage
from .strides import Strides
from .worker import Workers


def start_stages(
    made: Prepared, config: RunConfig, workers: Workers, links: dict[str, FrameLink]
) -> None:
    """Start every stage but capture. `links` are those of a replay; live ones join later."""
    outlets = [open_outlet(name, sink, made.run.is_live) for name, sink in made.sinks]
    _start_sinks(made, config, workers, outlets)
    workers.start("narrate", partial(narrate_loop, outlets=outlets, config=made.narration))
    begin = partial(SourceState, config.window_s, made.steady, made.head)
    workers.start("aggregate", partial(aggregate_loop, begin=begin, outlets=outlets))
    scheduler = Scheduler(list(links), lag=config.lag_frames, is_live=made.run.is_live)
    jobs: deque[Job] = deque()
    look = partial(vision_loop, vision=made.vision, jobs=jobs, is_live=made.run.is_live)
    has_window = any(isinstance(sink, Attended) for _, sink in made.sinks)
    for number in range(made.workers):
        workers.start(f"vision-{number}", look, gives_way=has_window)
    shelves = [outlet.pictures for outlet in outlets if outlet.pictures is not None]
    strides = Strides(config.face_stride, config.pose_stride, config.pose_refresh)
    is_live, most_age_s = made.run.is_live, config.most_age_s
    pool = Pool(scheduler, links, made.workers, jobs, shelves, is_live, strides, most_age_s)
    workers.start("infer", partial(infer_loop, pool=pool))


def _start_sinks(
    made: Prepared, config: RunConfig, workers: Workers, outlets: Sequence[Outlet]
) -> None:
    way = "blur" if config.privacy == "none" else config.privacy
    blur = partial(Blur, way, finds_faces=finds_faces(made.vision.models))
    for outlet, (name, sink) in zip(outlets, made.sinks, strict=True):
        loop: Callable[[Stage], None] = partial(deliver_loop, sink=sink, outlet=outlet, blur=blur)
        workers.start(f"sink-{name}", loop)


def watchers(made: Prepared) -> tuple[list[View], Recorder | None]:
    """Return who is shown every frame at capture, and who keeps the packets."""
    sinks: list[object] = [sink for _, sink in made.sinks]
    views: list[View] = [sink.see for sink in sinks if isinstance(sink, Viewer)]
    recorder = next((sink for sink in sinks if isinstance(sink, Recorder)), None)
    return views, recorder


def start_replay(
    made: Prepared, config: RunConfig, workers: Workers, links: dict[str, FrameLink]
) -> None:
    """Start capture of a replay, which takes one source after another."""
    views, recorder = watchers(made)
    pairs = [(source, links[source.info.source_id]) for source in made.sources]
    take = partial(
        capture_loop,
        sources=pairs,
        speed=speed_of(config),
        limit=config.limit_frames,
        views=views,
        is_private=config.privacy != "none",
        recorder=recorder,
    )
    workers.start("capture", take)
