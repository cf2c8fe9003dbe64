"""ZeroMQ: the only module that imports it.

A socket belongs to the thread that made it. One factory sets linger, time-outs and high-water
marks, and no send or receive waits longer than `TICK_S` without looking at the control plane.
One message is one part (a ROUTER adds the peer's name); nothing is pickled.
"""

from __future__ import annotations

import itertools
import math
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import zmq

from .ledger import Counts, Tally, Timings
from .links import LINKS

TICK_S = 0.2
"""The longest wait between two looks at the control plane."""
REPORT_S = 1.0
MAX_MESSAGE_BYTES = 16 * 1024 * 1024

Socket = zmq.Socket[bytes]
_KINDS = {
    "push": zmq.PUSH,
    "pull": zmq.PULL,
    "router": zmq.ROUTER,
    "dealer": zmq.DEALER,
    "xpub": zmq.XPUB,
    "sub": zmq.SUB,
}
_runs = itertools.count()


class Stopped(Exception):
    """Unwinds a loop when the supervisor commands an immediate stop; never reaches a user."""


class Command(msgspec.Struct, frozen=True):
    """Supervisor to all.

    `finish`: sources end as if the media had ended. `last`: `source_id` has sent its last frame,
    number `seq` (-1: none). `stop`: leave at once.
    """

    what: Literal["finish", "last", "stop"]
    source_id: str = ""
    seq: int = -1


class Report(msgspec.Struct, frozen=True):
    """A stage to the supervisor: absolute counters, timings, and what happened."""

    stage: str
    what: Literal["health", "last", "end", "failed"]
    counts: Counts = {}
    timings: dict[str, dict[str, float]] = {}
    source_id: str = ""
    seq: int = -1
    note: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode_command = msgspec.msgpack.Decoder(Command).decode
_decode_report = msgspec.msgpack.Decoder(Report).decode


class Bus:
    """The ZeroMQ context of one pipeline and its socket factory."""

    def __init__(self) -> None:
        """Open a context; its inproc names are private to it."""
        self._context = zmq.Context()
        self._lock = threading.Lock()
        self._open = 0
        self._run = next(_runs)
        self._folder: str | None = None
        self._private = 0

    def socket(
        self,
        kind: str,
        link: str,
        *,
        bind: str = "",
        connect: str = "",
        capacity: int | None = None,
    ) -> Socket:
        """Return a socket of this thread for a row of the link table.

        `bind` or `connect` is a name (inproc) or a full endpoint. Close it by `close`.
        """
        capacity = LINKS[link].capacity if capacity is None else capacity
        socket: Socket = self._context.socket(_KINDS[kind])
        with self._lock:
            self._open += 1
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        half = max(1, capacity // 2)
        socket.setsockopt(zmq.SNDHWM, half)
        socket.setsockopt(zmq.RCVHWM, max(1, capacity - half))
        if LINKS[link].policy == "latest" and link != "frames.live":
            socket.setsockopt(zmq.CONFLATE, 1)
        if bind:
            socket.bind(self.endpoint(bind))
        if connect:
            socket.connect(self.endpoint(connect))
        return socket

    def endpoint(self, name: str) -> str:
        """Return the inproc address of a name; a full address stays as it is."""
        return name if "://" in name else f"inproc://{self._run}/{name}"

    def close(self, socket: Socket) -> None:
        """Close a socket, in the thread that made it."""
        if not socket.closed:
            socket.close(0)
            with self._lock:
                self._open -= 1

    @property
    def open_sockets(self) -> int:
        """The number of sockets not closed yet."""
        return self._open

    def bind_private(self, socket: Socket) -> str:
        """Bind for one child process; return the endpoint to give it.

        An ipc path in a folder of our own (mode 0700), since a second process could otherwise bind
        over it; loopback TCP where the platform has no ipc.
        """
        if os.name == "nt":
            return f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.mkdtemp(prefix="affectstream-")
            self._private += 1
            endpoint = f"ipc://{self._folder}/{self._private}"
        socket.bind(endpoint)
        return endpoint

    def shut(self) -> None:
        """End the context; what a dead stage left open is closed, so that this never hangs."""
        self._context.destroy(linger=0)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


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
        self.last_seq: dict[str, int] = {}
        self._sockets: list[Socket] = []
        self._reports = self.socket("push", "reports", connect="reports")
        self._control = self.socket("sub", "control", connect="control")
        self._control.setsockopt(zmq.SUBSCRIBE, b"")
        self._next_report_s = 0.0

    def socket(self, kind: str, link: str, **options: Any) -> Socket:
        """Open a socket that is closed with the stage."""
        socket = self.bus.socket(kind, link, **options)
        self._sockets.append(socket)
        return socket

    def wait(self, sockets: Sequence[Socket], timeout_s: float = TICK_S) -> list[Socket]:
        """Return the sockets that can be read, after at most `timeout_s`; obey commands."""
        return self._poll([(socket, zmq.POLLIN) for socket in sockets], timeout_s)

    def send(self, socket: Socket, payload: bytes) -> None:
        """Send, waiting for room as long as it takes."""
        while True:
            try:
                socket.send(payload, zmq.NOBLOCK)
                return
            except zmq.Again:
                self._poll([(socket, zmq.POLLOUT)], TICK_S)

    def pause(self, duration_s: float) -> None:
        """Wait for a duration, obeying commands; returns early when the run is finishing."""
        end_s = time.monotonic() + duration_s
        while not self.is_finishing and (rest_s := end_s - time.monotonic()) > 0:
            self._poll([], min(rest_s, TICK_S))

    def report(self, what: Literal["health", "last", "end", "failed"], **fields: Any) -> None:
        """Tell the supervisor; never waits."""
        report = Report(self.name, what, self.tally.counts, self.timings.summary(), **fields)
        try:
            self._reports.send(_encode(report), zmq.NOBLOCK)
        except zmq.Again:
            if what != "health":
                raise
        self._next_report_s = time.monotonic() + REPORT_S

    def obey(self) -> None:
        """Take the commands that have arrived, without waiting."""
        self._poll([], 0.0)

    def close(self) -> None:
        """Close every socket of the stage."""
        for socket in self._sockets:
            self.bus.close(socket)

    def _poll(self, wanted: list[tuple[Socket, int]], timeout_s: float) -> list[Socket]:
        poller = zmq.Poller()
        poller.register(self._control, zmq.POLLIN)
        for socket, event in wanted:
            poller.register(socket, event)
        ready = dict(poller.poll(math.ceil(max(0.0, timeout_s) * 1000)))
        if self._control in ready:
            self._take_commands()
        if time.monotonic() >= self._next_report_s:
            self.report("health")
        return [socket for socket, _ in wanted if socket in ready]

    def _take_commands(self) -> None:
        while (payload := receive(self._control)) is not None:
            command = _decode_command(payload)
            if command.what == "stop":
                raise Stopped
            if command.what == "finish":
                self.is_finishing = True
            else:
                self.last_seq[command.source_id] = command.seq


class ControlRoom:
    """The supervisor's end of the control plane."""

    def __init__(self, bus: Bus) -> None:
        """Bind both sockets; stages may have connected before."""
        self._bus = bus
        self._reports = bus.socket("pull", "reports", bind="reports")
        self._control = bus.socket("xpub", "control", bind="control")
        self._control.setsockopt(zmq.XPUB_VERBOSE, 1)
        self.subscribers = 0

    def reports(self, timeout_s: float = TICK_S) -> list[Report]:
        """Return what stages have told, after at most `timeout_s`; count subscriptions."""
        poller = zmq.Poller()
        poller.register(self._reports, zmq.POLLIN)
        poller.register(self._control, zmq.POLLIN)
        poller.poll(round(timeout_s * 1000))
        while (event := receive(self._control)) is not None:
            self.subscribers += 1 if event[:1] == b"\x01" else -1
        told = []
        while (payload := receive(self._reports)) is not None:
            told.append(_decode_report(payload))
        return told

    def command(self, command: Command) -> None:
        """Publish to every subscribed stage."""
        self._control.send(_encode(command), zmq.NOBLOCK)

    def close(self) -> None:
        """Close both sockets."""
        self._bus.close(self._reports)
        self._bus.close(self._control)


def receive(socket: Socket) -> bytes | None:
    """Return a message if one is there, else None."""
    try:
        return socket.recv(zmq.NOBLOCK)
    except zmq.Again:
        return None


def wait_for(socket: Socket, timeout_s: float) -> bool:
    """Wait for a message outside any stage (a child process); return whether one is there."""
    return bool(socket.poll(round(timeout_s * 1000), zmq.POLLIN))


def offer(socket: Socket, payload: bytes) -> bool:
    """Send if a peer is there and has room; return whether it was sent."""
    try:
        socket.send(payload, zmq.NOBLOCK)
    except zmq.Again:
        return False
    return True


def ring(socket: Socket, payload: bytes) -> None:
    """Send a doorbell; if there is no room, those that wait already will wake the receiver."""
    offer(socket, payload)


def receive_from(socket: Socket) -> tuple[bytes, bytes] | None:
    """Return the peer's name and its message from a ROUTER, or None."""
    try:
        peer, payload = socket.recv_multipart(zmq.NOBLOCK)
    except zmq.Again:
        return None
    return peer, payload


def send_to(socket: Socket, peer: bytes, payload: bytes) -> None:
    """Send to one peer of a ROUTER."""
    socket.send_multipart([peer, payload], zmq.NOBLOCK)
