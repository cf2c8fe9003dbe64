"""ZeroMQ: the only module that imports it.

A socket belongs to the thread that made it. One factory sets linger, time-outs and high-water
marks, and nothing here waits without a limit.
One message is one part (a ROUTER adds the peer's name); nothing is pickled. Keys and monitors are
imported where programs outside are served: they bring asyncio, which every child would pay for.
"""

from __future__ import annotations

import itertools
import math
import os
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

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


SERVER = "server"
CLIENTS = "clients"
_REFUSALS = (
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)


def make_keys(folder: Path, client: str = "") -> tuple[Path, Path]:
    """Make a pair of CURVE keys, of the server or of a client; return the public and secret file.

    The folder is readable by its owner alone. Raises: FileExistsError, OSError.
    """
    import zmq.auth

    place = folder / CLIENTS if client else folder
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = client or SERVER
    if (place / f"{name}.key").exists():
        raise FileExistsError(f"{place / name}.key")
    mask = os.umask(0o077)
    try:
        public, secret = zmq.auth.create_certificates(place, name)
    finally:
        os.umask(mask)
    return Path(public), Path(secret)


class Broadcast:
    """A publishing end for programs outside, used by one thread.

    With `keys` (a folder of `make_keys`) only the clients whose public key lies in its `clients`
    are admitted; a key added or taken away counts from the next handshake on. A subscriber that
    does not read loses messages beyond `capacity` and holds nobody up.
    """

    def __init__(self, address: str, capacity: int, keys: Path | None = None) -> None:
        """Bind. Raises: OSError where the address is taken or the keys cannot be read."""
        self.refused = 0
        self._keys = keys
        self._context = zmq.Context()
        self._zap: zmq.Socket[bytes] | None = None
        self._socket: zmq.Socket[bytes] = self._context.socket(zmq.XPUB)
        try:
            self._socket.setsockopt(zmq.SNDHWM, capacity)
            self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)
            self._socket.setsockopt(zmq.MAXMSGSIZE, 4096)
            self._monitor = self._socket.get_monitor_socket(_REFUSALS)
            if keys is not None:
                self._lock(keys)
            self._socket.bind(address)
        except (zmq.ZMQError, OSError, ValueError) as error:
            self.close()
            raise OSError(getattr(error, "strerror", None) or str(error)) from error
        endpoint = self._socket.getsockopt(zmq.LAST_ENDPOINT)
        self.address = endpoint.rstrip(b"\0").decode() if isinstance(endpoint, bytes) else address

    def send(self, topic: str, payload: bytes) -> None:
        """Send one part: the topic, a space, the payload."""
        self._socket.send(b"%s %s" % (topic.encode(), payload), zmq.NOBLOCK)

    def asked(self) -> list[str]:
        """Admit who waits; return the topics that were subscribed to since the last call."""
        self._admit()
        topics = []
        while (event := receive(self._socket)) is not None:
            if event[:1] == b"\x01":
                topics.append(event[1:].decode(errors="replace"))
        return topics

    def close(self) -> None:
        """Give what is under way half a second, and close; may be called twice."""
        self._context.destroy(linger=500)

    def _lock(self, keys: Path) -> None:
        import zmq.auth

        public, secret = zmq.auth.load_certificate(keys / f"{SERVER}.key_secret")
        if secret is None:
            raise OSError(f"{keys / SERVER}.key_secret holds no secret key")
        self._zap = self._context.socket(zmq.REP)
        self._zap.bind("inproc://zeromq.zap.01")
        self._socket.curve_server = True
        self._socket.curve_publickey, self._socket.curve_secretkey = public, secret
        self._socket.setsockopt(zmq.ZAP_DOMAIN, b"affectstream")

    def _admit(self) -> None:
        from zmq.utils.monitor import parse_monitor_message

        while self._zap is not None and self._zap.poll(0):
            version, request, *_, key = self._zap.recv_multipart(zmq.NOBLOCK)
            known = self._is_known(zmq.utils.z85.encode(key))
            verdict = [b"200", b"OK", b"client"] if known else [b"400", b"unknown key", b""]
            self._zap.send_multipart([version, request, *verdict, b""])
        while self._monitor.poll(0):
            event = parse_monitor_message(self._monitor.recv_multipart(zmq.NOBLOCK))
            self.refused += bool(event["event"] & _REFUSALS)

    def _is_known(self, key: bytes) -> bool:
        import zmq.auth

        assert self._keys is not None
        for path in sorted((self._keys / CLIENTS).glob("*.key")):
            try:
                if zmq.auth.load_certificate(path)[0] == key:
                    return True
            except (OSError, ValueError):
                continue
        return False
