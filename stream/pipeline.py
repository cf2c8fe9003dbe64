"""The pipeline: build, start, watch, stop, join.

`Pipeline(config).start()`, then `join()`, which raises what a stage raised.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..models.base import Vision
from ..sinks._look.blur import Blur
from ..sinks.base import Attended, RunInfo, Sink, Viewer
from .aggregate import aggregate_loop
from .bus import Bus, Socket
from .capture import capture_loop
from .config import RunConfig
from .control import ControlSocket
from .deliver import deliver_loop, open_outlet
from .errors import AffectstreamError, StageError
from .frames import FrameLink, make_link
from .infer import Pool, infer_loop, vision_loop
from .ledger import Counts, Ledger
from .messages import SourceHealth, SourceInfo
from .narrate import narrate_loop
from .prepare import Prepared, prepare, shown
from .recording import Recorder
from .reload import Reload
from .roster import Roster, RosterPlan
from .schedule import Scheduler
from .seats import speed_of
from .serve import Dials, Service
from .source_state import SourceState
from .sources.base import Source
from .stage import Command, ControlRoom, Report, Stage
from .strides import Strides
from .worker import Workers

log = logging.getLogger(__name__)

READY_S = 30.0
RECORD_S = 1.0
GRACE_S = 15.0
"""How long stages may take to leave once they were told to."""


@dataclass
class Summary:
    """What a run came to. `joined` are cameras that were added while it went on.

    `reloads` tells of configurations read anew, `states` how each live source is, while the run
    goes on and in the end. `status`: running, done, limited, stopped, incomplete, interrupted,
    failed.
    """

    status: str = "running"
    joined: list[SourceInfo] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)
    ledger: Counts = field(default_factory=dict)
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: dict[str, SourceHealth] = field(default_factory=dict)
    reloads: list[dict[str, Any]] = field(default_factory=list)
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
        self._config = config.model_copy(update={"live": self._made.run.is_live})
        self._bus = Bus()
        self._workers = Workers(self._bus)
        self._ledger = Ledger()
        self._heard_s: dict[str, float] = {}
        self._recorded: dict[str, Any] = {}
        self._recorded_s = 0.0
        self._ended: set[str] = set()
        self._links: dict[str, FrameLink] = {}
        self._roster: Roster | None = None
        self._dials = Dials()
        self._is_commanded = False
        self._finish = threading.Event()
        self._wishes: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._reloads: queue.SimpleQueue[Callable[[], RunConfig]] = queue.SimpleQueue()
        self._reload = Reload(config, self._made.sinks, self._made.narration)
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

    def pause(self) -> None:
        """Take no pictures until `resume`; a saved video waits, a camera's are let go."""
        self._wishes.put(Command("pause"))

    def resume(self) -> None:
        """Take pictures again: a camera's newest."""
        self._wishes.put(Command("resume"))

    def reload(self, load: Callable[[], RunConfig]) -> None:
        """Take what can change from the configuration that `load` returns; it may raise ours."""
        self._reloads.put(load)

    def restart_baseline(self) -> None:
        """Learn every resting face anew, from what is seen next."""
        self._wishes.put(Command("baseline"))

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end for a while; return whether the run is over."""
        return self._done.wait(timeout_s)

    def join(self) -> Summary:
        """Wait for the end and return what the run came to. Raises what a stage raised.

        A sink with a window shows it meanwhile, in this thread: macOS wants it to be the main one.
        """
        try:
            for _, sink in self._made.sinks:
                if isinstance(sink, Attended) and not self._done.is_set():
                    sink.attend(self, self._done.is_set)
        except Exception as error:
            self._fail(error)
            self.stop()
        while not self.wait(0.1):
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
        control: ControlSocket | None = None
        try:
            control = ControlSocket(self._bus, self.run.run_id, self.run.folder)
            self._start_stages(room)
            self._ready.set()
            self._watch(room, self._service(control, started_s))
        except Exception as error:
            self._fail(error)
        finally:
            if control is not None:
                control.close()
            stuck = self._gather(room)
            for report in room.reports(0.0):
                self._take(room, report)
            room.close()
            if stuck:
                self._fail(StageError(f"these stages did not stop: {', '.join(stuck)}"))
            else:
                self._bus.shut()
            self._conclude(time.monotonic() - started_s)
            if control is not None:
                control.leave()
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
        links = [make_link(source.info.source_id, False) for source in made.sources]
        self._links.update({link.source_id: link for link in links})
        scheduler = Scheduler(list(self._links), lag=config.lag_frames, is_live=made.run.is_live)
        outlets = [open_outlet(name, sink) for name, sink in made.sinks]
        finds_faces = "face" in made.vision.models
        way = "blur" if config.privacy == "none" else config.privacy
        blur = partial(Blur, way, finds_faces=finds_faces)
        for outlet, (name, sink) in zip(outlets, made.sinks, strict=True):
            start(f"sink-{name}", partial(deliver_loop, sink=sink, outlet=outlet, blur=blur))
        start("narrate", partial(narrate_loop, outlets=outlets, config=made.narration))
        begin = partial(SourceState, config.window_s, made.steady, made.head)
        follow = partial(aggregate_loop, begin=begin)
        start("aggregate", partial(follow, outlets=outlets))
        has_window = any(isinstance(sink, Attended) for _, sink in made.sinks)
        for number in range(made.workers):
            look = partial(
                vision_loop, vision=made.vision, jobs=scheduler.under_way, is_live=made.run.is_live
            )
            start(f"vision-{number}", look, gives_way=has_window)
        shelves = [outlet.pictures for outlet in outlets if outlet.pictures is not None]
        strides = Strides(config.face_stride, config.pose_stride, config.pose_refresh)
        pool = Pool(
            scheduler,
            self._links,
            made.workers,
            shelves,
            made.run.is_live,
            strides,
            config.most_age_s,
        )
        start("infer", partial(infer_loop, pool=pool))
        end_s = time.monotonic() + READY_S
        while room.subscribers < len(self._workers.alive):
            self._take_all(room)
            if self._workers.errors:
                raise self._workers.errors[0]
            if time.monotonic() > end_s:
                raise StageError("the stages did not start")
        self._start_capture(room, links)

    def _start_capture(self, room: ControlRoom, links: Sequence[FrameLink]) -> None:
        """Live sources run side by side; a replay takes one source after another."""
        config, made = self._config, self._made
        views = [sink.see for _, sink in made.sinks if isinstance(sink, Viewer)]
        recorder = next((sink for _, sink in made.sinks if isinstance(sink, Recorder)), None)
        if made.run.is_live:
            plan = RosterPlan(self._begin, self._links, config.limit_frames, views, recorder)
            self._roster = Roster(made.seats, plan, room)
            self._roster.start()
            return
        pairs = list(zip(made.sources, links, strict=True))
        take = partial(
            capture_loop, sources=pairs, speed=speed_of(config), limit=config.limit_frames
        )
        is_private = config.privacy != "none"
        take = partial(take, views=views, is_private=is_private, recorder=recorder)
        self._workers.start("capture", take)

    def _begin(self, name: str, loop: Callable[[Stage], None]) -> None:
        """Start a stage that may have run before under the same name."""
        self._ended.discard(name)
        self._heard_s.pop(name, None)
        self._workers.start(name, loop)

    def _service(self, control: ControlSocket, started_s: float) -> Service:
        return Service(
            self._config,
            self.run.run_id,
            control,
            self._dials,
            self._ledger.totals,
            self.summary.notes,
            self._stop_by_command,
            started_s,
        )

    def _stop_by_command(self) -> None:
        self._is_commanded = True
        self._finish.set()

    def _watch(self, room: ControlRoom, service: Service) -> None:
        roster, told = self._roster, False
        while any(name not in self._ended for name in self._workers.alive):
            self._take_all(room, service.socket.sockets)
            self._keep_record()
            while not self._wishes.empty():
                room.command(self._wishes.get())
            while not self._reloads.empty():
                self.summary.reloads.append(self._reload.take(self._reloads.get(), roster))
                self.run.config.update(shown(self._reload.config))
                self._recorded = {}
            service.serve(roster)
            now_s = time.monotonic()
            self._dials.tick(now_s, self._ledger.totals)
            if roster is not None:
                roster.tick(self._finish.is_set())
            elif self._finish.is_set() and not told:
                room.command(Command("finish"))
                told = True
            for name in self._workers.alive:
                silent_s = now_s - self._heard_s.setdefault(name, now_s)
                is_camera = roster is not None and name.startswith("capture-")
                if silent_s > self._config.hang_s and not is_camera:
                    raise StageError(f"{name} has not reported for {silent_s:.0f} s")
        if roster is not None and roster.failure is not None:
            raise roster.failure

    def _take_all(self, room: ControlRoom, also: Sequence[Socket] = ()) -> None:
        for report in room.reports(also=also):
            self._take(room, report)

    def _take(self, room: ControlRoom, report: Report) -> None:
        self._heard_s[report.stage] = time.monotonic()
        self._ledger.update(report.stage, report.counts)
        self._dials.take(report)
        told = {"cpu_s": report.cpu_s, "steps": report.timings}
        self.summary.stages[report.stage] = told
        self.run.health.take(self._ledger.totals(), report.stage, told, report.cumulative)
        self.run.health.notes = dict(self.summary.notes)
        if report.what == "last":
            self.summary.frames[report.source_id] = report.seq + 1
            self.summary.notes[report.source_id] = report.note
            room.command(Command("last", report.source_id, report.seq))
        elif report.health is not None:
            self.summary.states[report.source_id] = report.health
        elif report.what == "end":
            self._ended.add(report.stage)
        elif report.what == "failed":
            self._ended.add(report.stage)
            self._fail(self._workers.errors[0])
            room.command(Command("stop"))
        if self._roster is not None:
            self._note_cameras(self._roster, report)

    def _note_cameras(self, roster: Roster, report: Report) -> None:
        """Keep what a camera counted when its stage ends, since it may come back."""
        roster.take(report)
        if report.what in ("end", "failed") and report.stage.startswith("capture-"):
            self._ledger.retire(report.stage)
        known = {info.source_id for info in (*self.run.sources, *self.summary.joined)}
        fresh = [seat.info for name, seat in roster.seats.items() if name not in known]
        self.summary.joined.extend(fresh)
        names = [info.source_id for info in (*self.run.sources, *self.summary.joined)]
        self.run.health.joined = tuple(self.summary.joined)
        self.run.health.cameras = {
            name: roster.seats[name].state if name in roster.seats else "removed" for name in names
        }

    def _keep_record(self) -> None:
        """Write the record again when a source or a recording is in another state.

        At most once a second.
        """
        told: dict[str, Any] = {name: health.state for name, health in self.summary.states.items()}
        told[""] = (list(self.run.recordings.files), self.run.health.servers)
        now_s = time.monotonic()
        if told == self._recorded or now_s - self._recorded_s < RECORD_S:
            return
        self._recorded, self._recorded_s = told, now_s
        try:
            self._made.write_record(self.summary)
        except OSError as error:
            log.warning("the record of the run cannot be written: %s", error.strerror)

    def _fail(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error
            if not isinstance(error, AffectstreamError):
                log.error("a stage failed: %s: %s", type(error).__name__, error)

    def _conclude(self, wall_s: float) -> None:
        summary = self.summary
        summary.wall_s = wall_s
        summary.ledger = self._ledger.totals()
        for seat in self._roster.seats.values() if self._roster else ():
            summary.notes.setdefault(seat.source_id, seat.note)
        notes = [note.split(":")[0] for note in summary.notes.values()]
        if self._error is not None:
            summary.status = "failed"
        elif self._finish.is_set() and "interrupted" in notes:
            summary.status = "stopped" if self._is_commanded else "interrupted"
        elif {"incomplete", "failed"} & set(notes):
            summary.status = "incomplete"
        else:
            summary.status = "limited" if "limited" in notes else "done"
        try:
            self._made.write_record(summary)
        except (OSError, AffectstreamError) as error:
            self._fail(error)
