"""The server: an address bound at once, a thread that serves it, and an end that is quick."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import secrets
import socket
import sys
import threading
from collections.abc import Generator, Sequence
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from websockets.protocol import State

from ...stream.errors import SinkError, UsageError
from .guard import Guard, Guarded

TOKEN_VARIABLE = "AFFECTSTREAM_WEB_TOKEN"
TOKEN_LENGTH = 22
"""Characters of 6 bits: 128 bits and more. Source: NIST SP 800-63B, session secrets."""
MOST_BYTES = 4 << 20
"""Of one message to us: a picture from the browser's camera."""
MOST_CLIENTS = 64
START_S = 10.0


class Server:
    """Serves `app` from `start` to `stop`, on an address bound when it is made."""

    app: ASGIApp

    def __init__(self, host: str, port: int, hosts: Sequence[str] = ()) -> None:
        """Bind. Raises: UsageError where the address is taken, unknown, or open without a token."""
        self._token = token_for(host)
        self._socket = bind(host, port)
        self.port: int = self._socket.getsockname()[1]
        shown = "127.0.0.1" if is_unspecified(host) else host
        self._shown = f"[{shown}]" if ":" in shown else shown
        names = [shown, "127.0.0.1", "localhost", "::1", *hosts]
        self.guard = Guard(self.port, names, self._token, is_unspecified(host))
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._started = threading.Event()

    @property
    def url(self) -> str:
        """Where the page is, with the token if there is one."""
        query = f"?token={self._token}" if self._token else ""
        return f"http://{self._shown}:{self.port}/{query}"

    def announce(self) -> None:
        """Print the address."""
        print(f"page: {self.url}", file=sys.stderr, flush=True)

    def start(self) -> None:
        """Serve in a thread; return once it does. Raises: SinkError."""
        self._server = _Uvicorn(
            uvicorn.Config(
                Guarded(self.app, self.guard),
                log_config=None,
                log_level=logging.CRITICAL,
                access_log=False,
                lifespan="on",
                server_header=False,
                ws="websockets-sansio",
                ws_max_size=MOST_BYTES,
                ws_per_message_deflate=False,
                limit_concurrency=4 * MOST_CLIENTS,
                timeout_graceful_shutdown=1,
            ),
            self._started,
        )
        self._thread = threading.Thread(target=self._serve, name="web", daemon=False)
        self._thread.start()
        if not self._started.wait(START_S):
            self.stop()
            raise SinkError("the page's server did not start")

    def ask_to_stop(self) -> None:
        """Make `wait` return soon; may be called by a signal."""
        if self._server is not None:
            self._server.should_exit = True

    def stop(self) -> None:
        """End every connection and the thread; may be called twice."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._socket.close()

    def wait(self) -> None:
        """Serve until the thread ends."""
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(0.2)

    def _serve(self) -> None:
        assert self._server is not None
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self._server.serve(sockets=[self._socket]))


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the command line, and says when it serves."""

    def __init__(self, config: uvicorn.Config, started: threading.Event) -> None:
        super().__init__(config)
        self._has_started = started

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._has_started.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            if _is_leaving(connection):  # uvicorn would fail on one that says goodbye already
                connection.transport.abort()
                self.server_state.connections.discard(connection)
        await super().shutdown(sockets)
        # A client that does not read would hold its connection open for ever.
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        await asyncio.sleep(0)


def _is_leaving(connection: Any) -> bool:
    """Tell a WebSocket that is neither opening nor open."""
    state = getattr(getattr(connection, "conn", None), "state", None)
    return state in (State.CLOSING, State.CLOSED)


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket. Raises: UsageError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UsageError(f"the page cannot be at {host}:{port}: {error.strerror}") from None
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"the page cannot be at {host}:{port}: {error.strerror}; --web 0 takes a free port"
        ) from None
    return listener


def token_for(host: str) -> str:
    """Return the token, "" where none is needed.

    Raises: UsageError for an address other than loopback without one, or one too short.
    """
    token = os.environ.get(TOKEN_VARIABLE, "")
    if token == "new":
        return secrets.token_urlsafe(24)
    if token and (len(token) < TOKEN_LENGTH or not token.isascii() or not token.isprintable()):
        raise UsageError(f"{TOKEN_VARIABLE} needs at least {TOKEN_LENGTH} random ASCII characters")
    if not token and not is_loopback(host):
        raise UsageError(
            f"a page at {host} can be opened by others: set {TOKEN_VARIABLE}=new to have a token "
            "made, or keep to 127.0.0.1"
        )
    return token


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_unspecified(host: str) -> bool:
    """Tell whether an address means all of this machine's."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
