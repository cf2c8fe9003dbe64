"""The control plane: what the supervisor commands, what stages report.

A stage looks at its commands whenever it waits, and never waits longer than `TICK_S` without
looking. It reports once a second.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from .bus import Bus, Socket, offer, poll, receive
from .ledger import Counts, Tally, Timings
from .messages import SourceHealth

TICK_S = 0.2
"""The longest wait between two looks at the control plane."""
REPORT_S = 1.0


class Stopped(Exception):
    """Unwinds a loop when the supervisor commands an immediate stop; never reaches a user."""


class Command(msgspec.Struct, frozen=True):
    """Supervisor to all.

    `finish`: sources end as if the media had ended. `last`: `source_id` has sent its last frame,
    number `seq` (-1: none). `stop`: leave at once. `pause`, `resume`: sources take no pictures, or
    again. `baseline`: whoever is seen from now on shows their resting face. Live: `add`: a camera
    joins; `leave`: it is to end; `seal`: none will join any more.
    """

    what: Literal["finish", "last", "stop", "pause", "resume", "baseline", "add", "leave", "seal"]
    source_id: str = ""
    seq: int = -1


News = Literal["health", "state", "last", "gone", "lost", "end", "failed"]


class Report(msgspec.Struct, frozen=True):
    """A stage to the supervisor: absolute counters, timings, its thread's CPU time, and news.

    `last`: the last frame of a source was sent; `gone`: every result of it has left inference;
    `lost`: the run goes on without this sink.
    `gauges` are values as they stand, and the highest since the last report (`age_ms:SOURCE`).
    `cumulative` are the timings as histograms, see `Timings.cumulative`.
    """

    stage: str
    what: News
    counts: Counts = {}
    timings: dict[str, dict[str, float]] = {}
    cumulative: dict[str, list[float]] = {}
    cpu_s: float = 0.0
    gauges: dict[str, float] = {}
    source_id: str = ""
    seq: int = -1
    note: str = ""
    health: SourceHealth | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode_command = msgspec.msgpack.Decoder(Command).decode
_decode_report = msgspec.msgpack.Decoder(Report).decode


class Stage:
    """A stage's end of the control plane, made and used in the stage's own thread.

    `wait`, `send` and `receive` raise `Stopped` once the supervisor commands a stop.
    """

    def __init__(self, bus: Bus, name: str) -> None:
        """Subscribe to commands; the supervisor counts subscriptions before capture starts."""
        self.bus = bus
        self.name = name
        self.tally = Tally()
        self.timings = Timings()
        self.is_finishing = False
        self.is_paused = False
        self.baselines = 0
        self.is_sealed = False
        self.last_seq: dict[str, int] = {}
        self.joining: list[str] = []
        self.leaving: set[str] = set()
        self.gauges: dict[str, float] = {}
        self._peaks: dict[str, float] = {}
        self._sockets: list[Socket] = []
        self._reports = self.socket("push", "reports", connect="reports")
        self._control = self.socket("sub", "control", connect="control")
        self._next_report_s = 0.0

    def socket(self, kind: str, link: str, **options: Any) -> Socket:
        """Open a socket that is closed with the stage."""
        socket = self.bus.socket(kind, link, **options)
        self._sockets.append(socket)
        return socket

    def drop(self, socket: Socket) -> None:
        """Close a socket before the stage ends."""
        self._sockets.remove(socket)
        self.bus.close(socket)

    def peak(self, name: str, value: float) -> None:
        """Note a value of which the next report tells the highest."""
        self._peaks[name] = max(value, self._peaks.get(name, value))

    def wait(self, sockets: Sequence[Socket], timeout_s: float = TICK_S) -> list[Socket]:
        """Return the sockets that can be read, after at most `timeout_s`; obey commands."""
        return self._poll(sockets, timeout_s)

    def send(self, socket: Socket, payload: bytes) -> None:
        """Send, waiting for room as long as it takes."""
        while not offer(socket, payload):
            self._poll([], TICK_S, [socket])

    def pause(self, duration_s: float) -> None:
        """Wait for a duration, obeying commands; returns early when the run is finishing."""
        end_s = time.monotonic() + duration_s
        while not self.is_finishing and (rest_s := end_s - time.monotonic()) > 0:
            self._poll([], min(rest_s, TICK_S))

    def hold(self) -> None:
        """Wait while the run is paused, obeying commands; returns when it is finishing."""
        while self.is_paused and not self.is_finishing:
            self._poll([], TICK_S)

    def report(self, what: News, **fields: Any) -> None:
        """Tell the supervisor; only a report on health may be lost."""
        report = Report(
            self.name,
            what,
            self.tally.counts,
            self.timings.summary(),
            self.timings.cumulative(),
            round(time.thread_time(), 4),
            {**self.gauges, **self._peaks},
            **fields,
        )
        while not offer(self._reports, _encode(report)) and what != "health":
            poll([], TICK_S, [self._reports])
        self._peaks = {}
        self._next_report_s = time.monotonic() + REPORT_S

    def obey(self) -> None:
        """Take the commands that have arrived, without waiting."""
        self._poll([], 0.0)

    def close(self) -> None:
        """Close every socket of the stage."""
        for socket in self._sockets:
            self.bus.close(socket)

    def _poll(
        self, readable: Sequence[Socket], timeout_s: float, writable: Sequence[Socket] = ()
    ) -> list[Socket]:
        ready = poll([self._control, *readable], timeout_s, writable)
        if self._control in ready:
            self._take_commands()
        if time.monotonic() >= self._next_report_s:
            self.report("health")
        return [socket for socket in ready if socket is not self._control]

    def _take_commands(self) -> None:
        while (payload := receive(self._control)) is not None:
            command = _decode_command(payload)
            if command.what == "stop":
                raise Stopped
            if command.what == "finish":
                self.is_finishing = True
            elif command.what in ("pause", "resume"):
                self.is_paused = command.what == "pause"
            elif command.what == "baseline":
                self.baselines += 1
            elif command.what == "seal":
                self.is_sealed = True
            elif command.what == "add":
                self.joining.append(command.source_id)
            elif command.what == "leave":
                self.leaving.add(command.source_id)
            else:
                self.last_seq[command.source_id] = command.seq


class ControlRoom:
    """The supervisor's end of the control plane."""

    def __init__(self, bus: Bus) -> None:
        """Bind both sockets; stages may have connected before."""
        self._bus = bus
        self._reports = bus.socket("pull", "reports", bind="reports")
        self._control = bus.socket("xpub", "control", bind="control")
        self.subscribers = 0

    def reports(self, timeout_s: float = TICK_S, also: Sequence[Socket] = ()) -> list[Report]:
        """Return what stages have told, after at most `timeout_s`; count subscriptions.

        It returns at once when one of the other sockets can be read.
        """
        poll([self._reports, self._control, *also], timeout_s)
        while (event := receive(self._control)) is not None:
            self.subscribers += 1 if event[:1] == b"\x01" else -1
        told = []
        while (payload := receive(self._reports)) is not None:
            told.append(_decode_report(payload))
        return told

    def command(self, command: Command) -> None:
        """Publish to every subscribed stage."""
        offer(self._control, _encode(command))

    def close(self) -> None:
        """Close both sockets."""
        self._bus.close(self._reports)
        self._bus.close(self._control)
