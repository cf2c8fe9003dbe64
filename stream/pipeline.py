"""The pipeline: build, start, watch, stop, join.

`Pipeline(config).start()`, then `join()`, which raises what a stage raised.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..models.base import Vision
from ..sinks._look.blur import Blur
from ..sinks.base import RunInfo, Sink
from .aggregate import aggregate_loop
from .bus import Bus
from .capture import capture_loop
from .config import RunConfig
from .deliver import deliver_loop, open_outlet
from .errors import AffectstreamError, StageError
from .frames import FrameLink, make_link
from .infer import Pool, infer_loop, vision_loop
from .ledger import Counts, Ledger
from .narrate import narrate_loop
from .prepare import Prepared, prepare
from .schedule import Scheduler
from .sources.base import Source
from .stage import Command, ControlRoom, Report
from .worker import Workers

log = logging.getLogger(__name__)

READY_S = 30.0
GRACE_S = 15.0
"""How long stages may take to leave once they were told to."""


@dataclass
class Summary:
    """What a run came to. `status`: running, done, limited, incomplete, interrupted, failed."""

    status: str = "running"
    notes: dict[str, str] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)
    ledger: Counts = field(default_factory=dict)
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    wall_s: float = 0.0

    @property
    def frames_per_s(self) -> float:
        """Frames looked at for each second of the run."""
        return sum(self.frames.values()) / self.wall_s if self.wall_s else 0.0


class Pipeline:
    """One run, from its sources to its sinks. Used once."""

    def __init__(
        self,
        config: RunConfig,
        *,
        vision: Vision | None = None,
        sources: Sequence[Source] | None = None,
        sinks: Sequence[tuple[str, Sink]] = (),
    ) -> None:
        """Open models and sources, and make the sinks; nothing runs yet.

        A ready `vision`, ready `sources` and further `sinks` may be given instead of names.
        Raises: UsageError, SourceError, ModelError.
        """
        self.summary = Summary()
        self._made: Prepared = prepare(config, vision, sources, sinks)
        self._config = config
        self._bus = Bus()
        self._workers = Workers(self._bus)
        self._ledger = Ledger()
        self._heard_s: dict[str, float] = {}
        self._ended: set[str] = set()
        self._finish = threading.Event()
        self._ready = threading.Event()
        self._done = threading.Event()
        self._error: BaseException | None = None
        self._supervisor: threading.Thread | None = None

    @property
    def run(self) -> RunInfo:
        """What the sinks are told of the run."""
        return self._made.run

    def start(self) -> Pipeline:
        """Start all stages, capture last; return when pictures flow.

        The record of the run is written at once, with status `running`, and again at the end.
        """
        self._made.write_record(self.summary)
        self._supervisor = self._workers.start_bare("supervisor", self._supervise)
        self._ready.wait()
        return self

    def stop(self) -> None:
        """End the sources as if the media had ended; what is under way is completed."""
        self._finish.set()

    def join(self) -> Summary:
        """Wait for the end and return what the run came to. Raises what a stage raised."""
        while not self._done.wait(0.1):
            pass
        if self._supervisor is not None:
            self._supervisor.join()
        if self._error is not None:
            raise self._error
        return self.summary

    def __enter__(self) -> Pipeline:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop, and wait for the end."""
        self.stop()
        self.join()

    def _supervise(self) -> None:
        started_s = time.monotonic()
        room = ControlRoom(self._bus)
        try:
            self._start_stages(room)
            self._ready.set()
            self._watch(room)
        except Exception as error:
            self._fail(error)
        finally:
            stuck = self._gather(room)
            for report in room.reports(0.0):
                self._take(room, report)
            room.close()
            if stuck:
                self._fail(StageError(f"these stages did not stop: {', '.join(stuck)}"))
            else:
                self._bus.shut()
            self._conclude(time.monotonic() - started_s)
            self._ready.set()
            self._done.set()

    def _gather(self, room: ControlRoom) -> list[str]:
        """Wait for all stages to leave; return the names of those that do not.

        After a failure the stop is commanded again and again, since a stage that was still starting
        had not subscribed when it was commanded first.
        """
        end_s = time.monotonic() + GRACE_S
        while (stuck := self._workers.join(0.05)) and time.monotonic() < end_s:
            if self._error is not None:
                room.command(Command("stop"))
            self._take_all(room)
        return stuck

    def _start_stages(self, room: ControlRoom) -> None:
        made, config, start = self._made, self._config, self._workers.start
        links = [make_link(source.info.source_id, config.live) for source in made.sources]
        scheduler = Scheduler(
            [link.source_id for link in links], lag=config.lag_frames, is_live=config.live
        )
        outlets = [open_outlet(name, sink) for name, sink in made.sinks]
        finds_faces = "face" in made.vision.models
        hide = partial(Blur, config.privacy, finds_faces=finds_faces)
        blur = None if config.privacy == "none" else hide
        for outlet, (name, sink) in zip(outlets, made.sinks, strict=True):
            start(f"sink-{name}", partial(deliver_loop, sink=sink, outlet=outlet, blur=blur))
        start("narrate", partial(narrate_loop, outlets=outlets, config=made.narration))
        follow = partial(aggregate_loop, window_s=config.window_s, steady=made.steady)
        start("aggregate", partial(follow, outlets=outlets))
        for number in range(made.workers):
            look = partial(vision_loop, vision=made.vision, jobs=scheduler.under_way)
            start(f"vision-{number}", look)
        shelves = [outlet.pictures for outlet in outlets if outlet.pictures is not None]
        pool = Pool(scheduler, links, made.workers, shelves)
        start("infer", partial(infer_loop, pool=pool))
        end_s = time.monotonic() + READY_S
        while room.subscribers < len(self._workers.alive):
            self._take_all(room)
            if self._workers.errors or time.monotonic() > end_s:
                raise StageError("the stages did not start")
        self._start_capture(links)

    def _start_capture(self, links: Sequence[FrameLink]) -> None:
        """Live sources run side by side; a replay takes one source after another."""
        config = self._config
        factor = 1.0 if config.speed == "real" else config.speed
        speed = None if isinstance(factor, str) else factor
        pairs = list(zip(self._made.sources, links, strict=True))
        groups = [[pair] for pair in pairs] if config.live else [pairs]
        for group in groups:
            name = f"capture-{group[0][1].source_id}" if config.live else "capture"
            take = partial(capture_loop, sources=group, speed=speed, limit=config.limit_frames)
            self._workers.start(name, take)

    def _watch(self, room: ControlRoom) -> None:
        told = False
        while any(name not in self._ended for name in self._workers.alive):
            self._take_all(room)
            if self._finish.is_set() and not told:
                room.command(Command("finish"))
                told = True
            now_s = time.monotonic()
            for name in self._workers.alive:
                silent_s = now_s - self._heard_s.setdefault(name, now_s)
                if silent_s > self._config.hang_s:
                    raise StageError(f"{name} has not reported for {silent_s:.0f} s")

    def _take_all(self, room: ControlRoom) -> None:
        for report in room.reports():
            self._take(room, report)

    def _take(self, room: ControlRoom, report: Report) -> None:
        self._heard_s[report.stage] = time.monotonic()
        self._ledger.update(report.stage, report.counts)
        self.run.state.take(self._ledger.totals(), report.stage, report.cpu_s, report.cumulative)
        self.summary.stages[report.stage] = {"cpu_s": report.cpu_s, "steps": report.timings}
        if report.what == "last":
            self.summary.frames[report.source_id] = report.seq + 1
            self.summary.notes[report.source_id] = report.note
            room.command(Command("last", report.source_id, report.seq))
        elif report.what == "end":
            self._ended.add(report.stage)
        elif report.what == "failed":
            self._ended.add(report.stage)
            self._fail(self._workers.errors[0])
            room.command(Command("stop"))

    def _fail(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error
            if not isinstance(error, AffectstreamError):
                log.error("a stage failed: %s: %s", type(error).__name__, error)

    def _conclude(self, wall_s: float) -> None:
        summary = self.summary
        summary.wall_s = wall_s
        summary.ledger = self._ledger.totals()
        notes = [note.split(":")[0] for note in summary.notes.values()]
        if self._error is not None:
            summary.status = "failed"
        elif self._finish.is_set() and "interrupted" in notes:
            summary.status = "interrupted"
        else:
            summary.status = next((n for n in ("incomplete", "limited") if n in notes), "done")
        try:
            self._made.write_record(summary)
        except (OSError, AffectstreamError) as error:
            self._fail(error)
