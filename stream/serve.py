"""Answers `affectstream ctl`: the commands of a live run, and the state of every run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .cameras import check_cameras
from .config import RunConfig
from .control import ControlSocket
from .errors import AffectstreamError, UsageError
from .ledger import DROPS, Counts
from .locate import unique_ids
from .roster import Roster
from .seats import seat_of
from .stage import Report
from .status import Answer, Ask, CameraState, RateMeter, RunState

METER_S = 1.0


@dataclass
class Dials:
    """What stages told of late: results a second and ages by camera, levels of shedding."""

    gauges: dict[str, float] = field(default_factory=dict)
    rates: dict[str, RateMeter] = field(default_factory=dict)
    _next_s: float = 0.0

    def take(self, report: Report) -> None:
        """Take the gauges of a report; an age that was not told again is let go."""
        if report.stage == "aggregate":
            self.gauges = {k: v for k, v in self.gauges.items() if not k.startswith("age_ms:")}
        self.gauges.update(report.gauges)

    def tick(self, now_s: float, totals: Callable[[], Counts]) -> None:
        """Read the counters, about once a second."""
        if now_s < self._next_s:
            return
        self._next_s = now_s + METER_S
        for scope, row in totals().items():
            if scope.startswith("source:"):
                meter = self.rates.setdefault(scope[7:], RateMeter())
                meter.note(now_s, row.get("inferred", 0))


@dataclass(frozen=True)
class Service:
    """What the commands work on; `notes` are those of sources that ended."""

    config: RunConfig
    run_id: str
    socket: ControlSocket
    dials: Dials
    totals: Callable[[], Counts]
    notes: Mapping[str, str]
    stop: Callable[[], None]
    started_s: float

    def serve(self, roster: Roster | None) -> None:
        """Answer the commands that have come; `roster` is None in a replay."""
        while (got := self.socket.next()) is not None:
            peer, ask = got
            try:
                answer = self._answer(ask, roster)
            except AffectstreamError as error:
                answer = Answer(False, str(error))
            self.socket.answer(peer, answer)

    def state(self, roster: Roster | None) -> RunState:
        """Return the state of the run."""
        totals = self.totals()
        names = roster.seats if roster else [s[7:] for s in totals if s.startswith("source:")]
        out = self.config.out
        return RunState(
            self.run_id,
            os.getpid(),
            "" if out is None else str(out),
            round(time.monotonic() - self.started_s, 1),
            roster is not None,
            int(self.dials.gauges.get("stretch", 1)),
            tuple(self._camera(name, totals, roster) for name in names),
        )

    def _camera(self, name: str, totals: Counts, roster: Roster | None) -> CameraState:
        row, dials = totals.get(f"source:{name}", {}), self.dials
        if roster is not None:
            state, detail = roster.state_of(roster.seats[name])
        else:
            state, detail = ("ended" if name in self.notes else "running"), self.notes.get(name, "")
        meter, age_ms = dials.rates.get(name), dials.gauges.get(f"age_ms:{name}")
        return CameraState(
            name,
            state,
            "" if detail == "interrupted" else detail.removeprefix("failed: "),
            round(meter.per_s(), 2) if meter else 0.0,
            None if age_ms is None else round(age_ms, 1),
            row.get("inferred", 0),
            {fate: row[fate] for fate in DROPS if row.get(fate)},
            round(dials.gauges.get(f"decoded:{name}", 1.0), 2),
        )

    def _answer(self, ask: Ask, roster: Roster | None) -> Answer:
        if ask.what == "status":
            return Answer(True, state=self.state(roster))
        if ask.what == "stop":
            self.stop()
            return Answer(True, "stopping")
        if roster is None:
            raise UsageError("a replay has no cameras; only status and stop work here")
        if ask.what == "add":
            return Answer(True, self._add(ask, roster))
        if ask.what == "pause":
            return Answer(True, roster.pause(ask.camera))
        if ask.what == "resume":
            return Answer(True, roster.resume(ask.camera))
        return Answer(True, roster.remove(ask.camera))

    def _add(self, ask: Ask, roster: Roster) -> str:
        camera = check_cameras([dict(ask.entry)], "ctl add")[0]
        name = unique_ids([camera.title], roster.seats)[0]
        if camera.name and name != unique_ids([camera.title])[0]:
            raise UsageError(f"there is a camera {camera.name!r} already; choose another name")
        return roster.add(seat_of(camera, name, self.config))
