"""ZeroMQ: the only module that imports it.

A socket belongs to the thread that made it. One factory sets linger, time-outs and high-water
marks, and nothing here waits without a limit.
One message is one part (a ROUTER adds the peer's name); nothing is pickled.
"""

from __future__ import annotations

import itertools
import math
import os
import shutil
import tempfile
import threading
from collections.abc import Sequence

import zmq

from .links import LINKS

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
        if kind == "sub":
            socket.setsockopt(zmq.SUBSCRIBE, b"")
        if kind == "xpub":
            socket.setsockopt(zmq.XPUB_VERBOSE, 1)  # Tell of every subscriber, not the first.
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


def receive(socket: Socket) -> bytes | None:
    """Return a message if one is there, else None."""
    try:
        return socket.recv(zmq.NOBLOCK)
    except zmq.Again:
        return None


def poll(
    readable: Sequence[Socket], timeout_s: float, writable: Sequence[Socket] = ()
) -> list[Socket]:
    """Wait until one of the sockets can be read or written; return those that can."""
    poller = zmq.Poller()
    for socket in readable:
        poller.register(socket, zmq.POLLIN)
    for socket in writable:
        poller.register(socket, zmq.POLLOUT)
    return [socket for socket, _ in poller.poll(math.ceil(max(0.0, timeout_s) * 1000))]


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
