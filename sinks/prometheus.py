"""`/metrics` for Prometheus, `/health` and `/ready`: rates, ages, the ledger, the group's affect.

The address is loopback unless a `token` is given, which Prometheus then sends as a bearer token.
"""

from __future__ import annotations

import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from pydantic import Field, SecretStr

from ..stream.errors import SinkError, UsageError
from ..stream.messages import (
    GROUP,
    Delivery,
    End,
    Event,
    Frame,
    Narration,
    Reading,
    Window,
)
from ._extra import need
from ._metrics import Collector
from .base import Policy, RunInfo, SinkConfig

SILENT_S = 10.0
"""A supervisor that has not heard of any stage for so long is not healthy."""


class Config(SinkConfig):
    """Where to listen; `token` is needed for an address that others can reach."""

    address: str = "127.0.0.1"
    port: int = Field(default=9464, ge=0, le=65535)
    token: SecretStr | None = None


class PrometheusSink:
    """Counts in its thread; a small web server beside it answers."""

    policy: Policy = "every"
    wants_readings = True
    wants_frames = False

    def __init__(
        self, config: Config, run: RunInfo, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Check the address. Raises: UsageError, MissingExtraError."""
        if config.token is None and not _is_loopback(config.address):
            raise UsageError(
                f"prometheus: {config.address} can be reached from the network: give `token`, "
                "or listen on 127.0.0.1"
            )
        self._config = config
        self._run = run
        self._now = now
        self._collector = Collector(run, now)
        self._server: WSGIServer | None = None

    @property
    def port(self) -> int:
        """The port it listens on; 0 while closed."""
        return 0 if self._server is None else self._server.server_port

    def open(self) -> None:
        """Listen. Raises: SinkError."""
        client = need("prometheus_client", "the sink prometheus", "metrics")
        registry = client.CollectorRegistry()
        registry.register(self._collector)
        self._metrics = client.make_wsgi_app(registry)
        where = (self._config.address, self._config.port)
        server = _Server6 if ":" in where[0] else _Server
        try:
            self._server = make_server(
                *where, self._answer, server_class=server, handler_class=_Quiet
            )
        except OSError as error:
            raise SinkError(f"prometheus: {where[0]}:{where[1]}: {error.strerror}") from None
        serve = self._server.serve_forever
        threading.Thread(target=serve, name="prometheus-server", daemon=True).start()

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Count a message."""
        if isinstance(message, End):
            return
        seen = self._collector.of(message.source_id)
        if isinstance(message, Reading):
            seen.readings += 1
            seen.read_s = self._now()
            if message.t_mono_ns and self._run.is_live:
                seen.age_s = (time.monotonic_ns() - message.t_mono_ns) / 1e9
        elif isinstance(message, Window):
            seen.group = next((span for span in message.spans if span.person == GROUP), None)
        elif isinstance(message, Event):
            seen.events[message.kind] = seen.events.get(message.kind, 0) + 1
            if message.kind == "source_state":
                seen.is_lost = message.after != "playing"
        elif isinstance(message, Narration):
            seen.narrations += 1

    def tick(self) -> None:
        """Do nothing: metrics are made when they are asked for."""

    def close(self) -> None:
        """Stop listening; may be called twice."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def _answer(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return _reply(start, "405 Method Not Allowed", {"error": "GET only"})
        if path == "/health":
            return self._health(start)
        if path == "/ready":
            return self._ready(start)
        if path != "/metrics":
            return _reply(start, "404 Not Found", {"paths": ["/metrics", "/health", "/ready"]})
        token = self._config.token
        if token is not None:
            given = environ.get("HTTP_AUTHORIZATION", "").encode("utf-8", "replace")
            if not hmac.compare_digest(given, f"Bearer {token.get_secret_value()}".encode()):
                return _reply(start, "401 Unauthorized", {"error": "a bearer token is needed"})
        answer: Iterable[bytes] = self._metrics(environ, start)
        return answer

    def _health(self, start: Any) -> Iterable[bytes]:
        heard_s, known = self._run.health.heard_s, self._run.health.servers
        states = {sink: "away" if fault else "reachable" for sink, fault in known.items()}
        servers = {"servers": states} if states else {}
        silent_s = time.monotonic() - heard_s if heard_s else 0.0
        fine = silent_s < SILENT_S
        status = "200 OK" if fine else "503 Service Unavailable"
        return _reply(start, status, {"healthy": fine, "silent_s": round(silent_s, 1), **servers})

    def _ready(self, start: Any) -> Iterable[bytes]:
        health, seen = self._run.health, self._collector.seen
        waiting = [n for n, one in seen.items() if not one.readings and health.is_watched(n)]
        status = "503 Service Unavailable" if waiting else "200 OK"
        return _reply(start, status, {"ready": not waiting, "waiting_for": waiting})


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Quiet(WSGIRequestHandler):
    timeout = 5

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal belongs to the run."""


def _reply(start: Any, status: str, content: dict[str, Any]) -> list[bytes]:
    start(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    return [json.dumps(content).encode()]


def _is_loopback(address: str) -> bool:
    return address in ("localhost", "::1") or address.startswith("127.")


def build(config: Config, run: RunInfo) -> PrometheusSink:
    """Return the sink. Raises: UsageError, MissingExtraError."""
    need("prometheus_client", "the sink prometheus", "metrics")
    return PrometheusSink(config, run)
