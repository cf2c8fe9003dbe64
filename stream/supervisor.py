"""The supervisor: starts the stages, hears their reports, and ends the run."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence

from .bus import Bus, Socket
from .config import RunConfig
from .control import ControlSocket
from .errors import AffectstreamError, StageError
from .frames import FrameLink, make_link
from .ledger import Ledger
from .prepare import Prepared, shown
from .record import Record
from .reload import Reload
from .roster import Roster, RosterPlan
from .secrets import scrub
from .serve import Dials, Service
from .stage import Command, ControlRoom, Report, Stage
from .stages import start_replay, start_stages, watchers
from .summary import Summary
from .worker import Workers

log = logging.getLogger(__name__)

READY_S = 30.0
GRACE_S = 15.0
"""How long stages may take to start, and to leave once they were told to."""


class Supervisor:
    """The thread that owns a run. `pipeline.Pipeline` talks to it by its queues and events.

    `wishes` are commands to pass on, `reloads` configurations to take; `finish` ends the sources as
    if the media had ended. `ready`: pictures flow, or will not; `done`: the run is over. `error` is
    the first thing that went wrong.
    """

    def __init__(self, made: Prepared, config: RunConfig, summary: Summary) -> None:
        """Take what was prepared; nothing runs yet."""
        self.summary = summary
        self.bus = Bus()
        self.roster: Roster | None = None
        self.error: BaseException | None = None
        self.finish, self.ready, self.done = threading.Event(), threading.Event(), threading.Event()
        self.wishes: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self.reloads: queue.SimpleQueue[Callable[[], RunConfig]] = queue.SimpleQueue()
        self._made = made
        self._config = config
        self._workers = Workers(self.bus)
        self._ledger = Ledger()
        self._record = Record(made, summary)
        self._reload = Reload(config, made.sinks, made.narration)
        self._dials = Dials()
        self._heard_s: dict[str, float] = {}
        self._ended: set[str] = set()
        self._links: dict[str, FrameLink] = {}
        self._is_commanded = False

    def start(self) -> threading.Thread:
        """Write the record of the run, with status `running`, and begin."""
        self._record.write()
        return self._workers.start_bare("supervisor", self._supervise)

    def _supervise(self) -> None:
        started_s = time.monotonic()
        room = ControlRoom(self.bus)
        control: ControlSocket | None = None
        try:
            control = ControlSocket(self.bus, self._made.run.run_id, self._made.run.folder)
            self._start_stages(room)
            self.ready.set()
            self._watch(room, self._service(control, started_s))
        except Exception as error:
            self.fail(error)
        finally:
            if control is not None:
                control.close()
            stuck = self._gather(room)
            for report in room.reports(0.0):
                self._take(room, report)
            room.close()
            if stuck:
                self.fail(StageError(f"these stages did not stop: {', '.join(stuck)}"))
            else:
                self.bus.shut()
            self._conclude(time.monotonic() - started_s)
            if control is not None:
                control.leave()
            self.ready.set()
            self.done.set()

    def _gather(self, room: ControlRoom) -> list[str]:
        """Wait for all stages to leave; return the names of those that do not.

        After a failure the stop is commanded again and again, since a stage that was still starting
        had not subscribed when it was commanded first.
        """
        end_s = time.monotonic() + GRACE_S
        while (stuck := self._workers.join(0.05)) and time.monotonic() < end_s:
            if self.error is not None:
                room.command(Command("stop"))
            self._take_all(room)
        return stuck

    def _start_stages(self, room: ControlRoom) -> None:
        made, config = self._made, self._config
        for source in made.sources:
            self._links[source.info.source_id] = make_link(source.info.source_id, False)
        start_stages(made, config, self._workers, self._links)
        self._hear_all_begin(room)
        if not made.run.is_live:
            start_replay(made, config, self._workers, self._links)
            return
        views, recorder = watchers(made)
        plan = RosterPlan(self._begin, self._links, config.limit_frames, views, recorder)
        self.roster = Roster(made.seats, plan, room)
        self.roster.start()

    def _hear_all_begin(self, room: ControlRoom) -> None:
        """Wait until every stage can hear commands."""
        end_s = time.monotonic() + READY_S
        while room.subscribers < len(self._workers.alive):
            self._take_all(room)
            if self._workers.errors:
                raise self._workers.errors[0]
            if time.monotonic() > end_s:
                raise StageError("the stages did not start")

    def _begin(self, name: str, loop: Callable[[Stage], None]) -> None:
        """Start a stage that may have run before under the same name."""
        self._ended.discard(name)
        self._heard_s.pop(name, None)
        self._workers.start(name, loop)

    def _service(self, control: ControlSocket, started_s: float) -> Service:
        return Service(
            self._config,
            self._made.run.run_id,
            control,
            self._dials,
            self._ledger.totals,
            self.summary.notes,
            self._stop_by_command,
            started_s,
        )

    def _stop_by_command(self) -> None:
        self._is_commanded = True
        self.finish.set()

    def _watch(self, room: ControlRoom, service: Service) -> None:
        roster, told = self.roster, False
        while any(name not in self._ended for name in self._workers.alive):
            self._take_all(room, service.socket.sockets)
            self._record.keep()
            while not self.wishes.empty():
                room.command(self.wishes.get())
            while not self.reloads.empty():
                self.summary.reloads.append(self._reload.take(self.reloads.get(), roster))
                self._made.run.config.update(shown(self._reload.config))
                self._record.forget()
            service.serve(roster)
            now_s = time.monotonic()
            self._dials.tick(now_s, self._ledger.totals)
            if roster is not None:
                roster.tick(self.finish.is_set())
            elif self.finish.is_set() and not told:
                room.command(Command("finish"))
                told = True
            for name in self._workers.alive:
                silent_s = now_s - self._heard_s.setdefault(name, now_s)
                if silent_s > self._config.hang_s:
                    self._note_hang(name, roster, f"has not reported for {silent_s:.0f} s")
        if roster is not None and roster.failure is not None:
            raise roster.failure

    def _note_hang(self, name: str, roster: Roster | None, what: str) -> None:
        """End the run, or note the sink that a live run can do without. Raises: StageError."""
        if roster is not None and name.startswith("capture-"):
            return  # It waits for its camera, and says so itself.
        if roster is None or roster.is_over or not name.startswith("sink-"):
            raise StageError(f"{name} {what}")
        if name.removeprefix("sink-") not in self.summary.lost:
            log.error("%s %s; the run goes on without it", name, what)
            self._lose(name, what)

    def _lose(self, name: str, why: str) -> None:
        self.summary.lost[name.removeprefix("sink-")] = scrub(why)
        self._record.forget()

    def _take_all(self, room: ControlRoom, also: Sequence[Socket] = ()) -> None:
        for report in room.reports(also=also):
            self._take(room, report)

    def _take(self, room: ControlRoom, report: Report) -> None:
        self._heard_s[report.stage] = time.monotonic()
        self._ledger.update(report.stage, report.counts)
        self._dials.take(report)
        told = {"cpu_s": report.cpu_s, "steps": report.timings}
        self.summary.stages[report.stage] = told
        self._made.run.health.take(self._ledger.totals(), report.stage, told, report.cumulative)
        self._made.run.health.notes = dict(self.summary.notes)
        if report.what == "last":
            self.summary.frames[report.source_id] = report.seq + 1
            self.summary.notes[report.source_id] = report.note
            room.command(Command("last", report.source_id, report.seq))
        elif report.health is not None:
            self.summary.states[report.source_id] = report.health
            self._made.run.health.states = dict(self.summary.states)
        elif report.what == "lost":
            self._lose(report.stage, report.note)
        elif report.what == "end":
            self._ended.add(report.stage)
        elif report.what == "failed":
            self._ended.add(report.stage)
            self.fail(self._workers.errors[0])
            room.command(Command("stop"))
        if self.roster is not None:
            self._note_cameras(self.roster, report)

    def _note_cameras(self, roster: Roster, report: Report) -> None:
        """Keep what a camera counted when its stage ends, since it may come back."""
        roster.take(report)
        if report.what in ("end", "failed") and report.stage.startswith("capture-"):
            self._ledger.retire(report.stage)
        known = {info.source_id for info in (*self._made.run.sources, *self.summary.joined)}
        fresh = [seat.info for name, seat in roster.seats.items() if name not in known]
        self.summary.joined.extend(fresh)
        names = [info.source_id for info in (*self._made.run.sources, *self.summary.joined)]
        self._made.run.health.joined = tuple(self.summary.joined)
        self._made.run.health.cameras = {
            name: roster.seats[name].state if name in roster.seats else "removed" for name in names
        }

    def fail(self, error: BaseException) -> None:
        """Note the first thing that went wrong."""
        if self.error is None:
            self.error = error
            if not isinstance(error, AffectstreamError):
                log.error("a stage failed: %s: %s", type(error).__name__, error)

    def _conclude(self, wall_s: float) -> None:
        summary = self.summary
        summary.wall_s = wall_s
        summary.ledger = self._ledger.totals()
        for seat in self.roster.seats.values() if self.roster else ():
            summary.notes.setdefault(seat.source_id, seat.note)
        notes = [note.split(":")[0] for note in summary.notes.values()]
        if self.error is not None:
            summary.status = "failed"
        elif self.finish.is_set() and "interrupted" in notes:
            summary.status = "stopped" if self._is_commanded else "interrupted"
        elif {"incomplete", "failed"} & set(notes) or summary.lost:
            summary.status = "incomplete"
        else:
            summary.status = "limited" if "limited" in notes else "done"
        try:
            self._record.write()
        except (OSError, AffectstreamError) as error:
            self.fail(error)
