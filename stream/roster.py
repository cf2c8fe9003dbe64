"""The cameras of a live run: who is there, who is paused, who has failed. Lives in the supervisor.

    ready -> running -> ended, failed          by itself
             running -> leaving -> paused      by `pause`;   paused, ended, failed, off -> running
             any     -> leaving -> removed     by `remove`   by `resume`

A camera that leaves is told so again and again until its thread has gone, since a thread that was
still starting has not subscribed to commands.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from .capture import View
from .errors import AffectstreamError, SourceError, UsageError
from .frames import FrameLink, make_link
from .live import Seat, live_loop
from .recording import Recorder
from .stage import Command, ControlRoom, Report, Stage

GOING = ("running", "leaving")
SILENT_S = 5.0
"""A camera that gave no picture for this long is called silent."""

Start = Callable[[str, Callable[[Stage], None]], None]


@dataclass(frozen=True)
class RosterPlan:
    """What the roster works with.

    How to start a stage, where links go, frames to take of each, who is shown every frame, and who
    keeps the packets.
    """

    start: Start
    links: dict[str, FrameLink]
    limit: int | None
    views: Sequence[View] = ()
    recorder: Recorder | None = None


class Roster:
    """The seats of a live run, by name."""

    def __init__(self, seats: Sequence[Seat], plan: RosterPlan, room: ControlRoom) -> None:
        """Take the seats; nobody runs yet."""
        self.seats = {seat.source_id: seat for seat in seats}
        self._plan = plan
        self._room = room
        self._after: dict[str, str] = {}
        self._going: dict[str, set[str]] = {}
        self._is_finishing = False

    def start(self) -> None:
        """Start every camera that is ready."""
        for seat in self.seats.values():
            if seat.state == "ready":
                self._start(seat)

    def add(self, seat: Seat) -> str:
        """Let a camera join the run."""
        self._open()
        self.seats[seat.source_id] = seat
        self._start(seat)
        return f"{seat.source_id}: added"

    def pause(self, name: str) -> str:
        """Stop taking pictures of a camera, which keeps its place. Raises: UsageError."""
        seat = self._seat(name)
        if seat.state != "running":
            raise UsageError(f"{name} is {seat.state}, not running")
        if seat.reopen is None:
            raise UsageError(f"{name} cannot be opened again, so it cannot be paused")
        self._leave(seat, "paused")
        return f"{name}: pausing"

    def resume(self, name: str) -> str:
        """Start a camera that is paused, off, ended or failed. Raises: UsageError."""
        seat = self._seat(name)
        if seat.state in (*GOING, "ready") or seat.reopen is None:
            raise UsageError(f"{name} is {seat.state}; it cannot be resumed")
        self._open()
        self._start(seat)
        return f"{name}: resuming"

    def renew(self, seat: Seat, *, is_now: bool) -> str:
        """Have a camera opened as another seat says, at once or when it comes back.

        Raises: UsageError.
        """
        own = self._seat(seat.source_id)
        own.treatment, own.reopen, own.speed = seat.treatment, seat.reopen, seat.speed
        if is_now and own.state == "running":
            self._leave(own, "again")
        elif is_now and own.state in ("ended", "failed"):
            return self.resume(own.source_id)
        return f"{own.source_id}: changed"

    def remove(self, name: str) -> str:
        """Take a camera out of the run. Raises: UsageError."""
        seat = self._seat(name)
        if len(self.seats) - len([s for s in self._after.values() if s == "removed"]) < 2:
            raise UsageError(f"{name} is the last camera: add another first, or use stop")
        if seat.state in GOING:
            self._leave(seat, "removed")
        else:
            del self.seats[name]
        return f"{name}: removed"

    def take(self, report: Report) -> None:
        """Learn what a stage reports.

        A camera has left when its thread has ended and inference has let go of it: only then may
        it come back.
        """
        is_camera = report.stage.startswith("capture-")
        seat = self.seats.get(report.stage.removeprefix("capture-") if is_camera else "")
        if report.what == "gone":
            self._gone(report.source_id, "infer")
        elif seat is not None and report.what == "last":
            seat.note = report.note
        elif seat is not None and report.what in ("end", "failed"):
            self._gone(seat.source_id, "capture")

    def _gone(self, source_id: str, part: str) -> None:
        parts = self._going.setdefault(source_id, set())
        parts.add(part)
        if parts == {"infer", "capture"}:
            del self._going[source_id]
            self._left(self.seats[source_id])

    def tick(self, is_finishing: bool) -> None:
        """Say again what must not be missed."""
        if is_finishing:
            self._is_finishing = True
            # Before a source is interrupted: one that does not know why says that its media ended.
            self._room.command(Command("finish"))
        for seat in self.seats.values():
            if seat.state == "leaving":
                self._room.command(Command("leave", seat.source_id))
            if seat.state == "leaving" or (is_finishing and seat.state == "running"):
                source = seat.source
                if source is not None:
                    source.interrupt()
        if self.is_over:
            self._room.command(Command("seal"))

    @property
    def is_over(self) -> bool:
        """Whether no camera runs, and none waits to be resumed."""
        waiting = () if self._is_finishing else ("paused",)
        return not any(seat.state in (*GOING, "ready", *waiting) for seat in self.seats.values())

    @property
    def failure(self) -> AffectstreamError | None:
        """What ended the run when every camera has failed."""
        seats = [seat for seat in self.seats.values() if seat.state not in ("off", "paused")]
        if not seats or any(seat.state != "failed" for seat in seats):
            return None
        return SourceError("; ".join(f"{seat.source_id} {seat.note}" for seat in seats))

    def silent_s(self, seat: Seat, now_s: float) -> float:
        """Return for how long a running camera has given no picture; 0 while it is new."""
        last_s = seat.mark.t_mono_s
        return 0.0 if last_s is None else now_s - last_s

    def state_of(self, seat: Seat) -> tuple[str, str]:
        """Return a word for how a camera is, and what more there is to say."""
        health = None if seat.source is None else seat.source.health
        if seat.state == "running" and health is not None:
            return str(health.state), str(health.detail)
        silent_s = self.silent_s(seat, time.monotonic())
        if seat.state == "running" and silent_s > SILENT_S:
            return "silent", f"no picture for {silent_s:.0f} s"
        return seat.state, seat.note

    def _start(self, seat: Seat) -> None:
        source_id = seat.source_id
        link = make_link(source_id, True, seat.treatment)
        self._plan.links[source_id] = link
        self._room.command(Command("add", source_id))
        seat.state, seat.note = "running", ""
        plan = self._plan
        take = partial(live_loop, limit=plan.limit, views=plan.views, recorder=plan.recorder)
        take = partial(take, seat=seat, link=link)
        plan.start(f"capture-{source_id}", take)

    def _leave(self, seat: Seat, then: str) -> None:
        seat.state = "leaving"
        self._after[seat.source_id] = then
        self._room.command(Command("leave", seat.source_id))
        if seat.source is not None:
            seat.source.interrupt()

    def _left(self, seat: Seat) -> None:
        then = self._after.pop(seat.source_id, "")
        self._plan.links.pop(seat.source_id, None)
        if then == "removed":
            del self.seats[seat.source_id]
        if then == "again":
            if not self._is_finishing:
                self._start(seat)
                return
            then = "ended"
        seat.state = then or ("failed" if seat.note.startswith("failed") else "ended")

    def _open(self) -> None:
        if self._is_finishing or self.is_over:
            raise UsageError("the run is ending")

    def _seat(self, name: str) -> Seat:
        seat = self.seats.get(name)
        if seat is None:
            raise UsageError(f"no camera {name!r}; there are: {', '.join(self.seats)}")
        return seat
