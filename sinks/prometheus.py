"""`/metrics` for Prometheus, `/health` and `/ready`: rates, ages, the ledger, the group's affect.

The address is loopback unless a `token` is given, which Prometheus then sends as a bearer token.
"""

from __future__ import annotations

import hmac
import json
import platform
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from pydantic import Field, SecretStr

from ..stream.errors import SinkError, UsageError
from ..stream.ledger import BUCKETS_S
from ..stream.messages import (
    GROUP,
    QUADRANTS,
    Delivery,
    Event,
    Frame,
    Narration,
    Reading,
    Span,
    Window,
)
from ._extra import need
from .base import Policy, RunInfo, SinkConfig

SILENT_S = 10.0
"""A supervisor that has not heard of any stage for so long is not healthy."""

_GAUGES = {
    "valence": ("valence_mean", "valence of the group over the window, -1 to 1"),
    "arousal": ("arousal_mean", "arousal of the group over the window, -1 to 1"),
    "coverage": ("coverage", "share of the window's frames with a measured valence, 0 to 1"),
    "movement": ("movement", "movement over the window, torso lengths per second"),
    "people": ("people_mean", "people in the picture, mean over the window"),
}


class Config(SinkConfig):
    """Where to listen; `token` is needed for an address that others can reach."""

    address: str = "127.0.0.1"
    port: int = Field(default=9464, ge=0, le=65535)
    token: SecretStr | None = None


class Seen:
    """What was delivered of one source; times are on the monotonic clock, in s."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.readings = 0
        self.narrations = 0
        self.events: dict[str, int] = {}
        self.group: Span | None = None
        self.read_s: float | None = None
        self.age_s: float | None = None


class Collector:
    """Makes the metrics of a run when they are asked for."""

    def __init__(self, run: RunInfo, now: Callable[[], float]) -> None:
        """Take the run; `now` is the monotonic clock in s."""
        self._run = run
        self._now = now
        self._core = need("prometheus_client.core", "the sink prometheus", "metrics")
        self.seen = {source.source_id: Seen() for source in run.sources}

    def describe(self) -> Iterable[Any]:
        """Name no metrics beforehand: they depend on the run."""
        return ()

    def collect(self) -> Iterator[Any]:
        """Yield every metric."""
        yield from self._ledger()
        yield from self._steps()
        yield from self._affect()
        yield from self._flow()
        yield self._info("build", "versions", [_build_labels()])
        models = [
            {"job": job, "name": str(made.get("name", "")), "sha256": _sums(made.get("sha256"))}
            for job, made in self._run.models.items()
        ]
        yield self._info("model", "networks that run", models)
        run = {"run": self._run.run_id, "live": str(self._run.is_live).lower()}
        yield self._info("run", "this run", [run])

    def _info(self, name: str, what: str, rows: list[dict[str, str]]) -> Any:
        labels = list(rows[0]) if rows else []
        metric = self._gauge(f"{name}_info", what, labels)
        for row in rows:
            metric.add_metric(list(row.values()), 1)
        return metric

    def _ledger(self) -> Iterator[Any]:
        frames = self._counter("frames", "frames by what became of them", ["source", "fate"])
        told = self._counter("messages", "messages to sinks by fate", ["sink", "fate"])
        waiting = self._gauge("frames_in_flight", "frames between capture and reading", ["source"])
        for scope, row in self._run.state.counts.items():
            kind, _, name = scope.partition(":")
            for fate, count in row.items():
                if kind == "source" and fate == "in_flight":
                    waiting.add_metric([name], count)
                elif kind == "source":
                    frames.add_metric([name, fate], count)
                elif kind == "sink" and fate != "pending":
                    told.add_metric([name, fate], count)
        yield from (frames, told, waiting)

    def _steps(self) -> Iterator[Any]:
        steps = self._core.HistogramMetricFamily(
            "affectstream_step_seconds", "duration of a stage's steps", labels=["stage", "step"]
        )
        for (stage, step), (*counts, total, sum_s) in self._run.state.steps.items():
            buckets = [(str(edge), count) for edge, count in zip(BUCKETS_S, counts, strict=True)]
            steps.add_metric([stage, step], [*buckets, ("+Inf", total)], sum_s)
        cpu = self._counter("cpu_seconds", "processor time of a stage", ["stage"])
        for stage, cpu_s in self._run.state.cpu_s.items():
            cpu.add_metric([stage], cpu_s)
        yield from (steps, cpu)

    def _affect(self) -> Iterator[Any]:
        for name, (field, what) in _GAUGES.items():
            metric = self._gauge(name, what, ["source"])
            for source, seen in self.seen.items():
                value = None if seen.group is None else getattr(seen.group, field)
                if value is not None:
                    metric.add_metric([source], value)
            yield metric
        metric = self._gauge("quadrant", "1 for the group's quadrant", ["source", "quadrant"])
        for source, seen in self.seen.items():
            if seen.group is not None:
                for quadrant in QUADRANTS:
                    metric.add_metric([source, quadrant], seen.group.quadrant == quadrant)
        yield metric

    def _flow(self) -> Iterator[Any]:
        readings = self._counter("readings", "readings delivered", ["source"])
        narrations = self._counter("narrations", "narrations delivered", ["source"])
        events = self._counter("events", "events by kind", ["source", "kind"])
        silent = self._gauge("reading_silence_seconds", "time since the last reading", ["source"])
        age = self._gauge("result_age_seconds", "age of the last frame when told", ["source"])
        for source, seen in self.seen.items():
            readings.add_metric([source], seen.readings)
            narrations.add_metric([source], seen.narrations)
            for kind, count in dict(seen.events).items():
                events.add_metric([source, kind], count)
            if seen.read_s is not None:
                silent.add_metric([source], self._now() - seen.read_s)
            if seen.age_s is not None:
                age.add_metric([source], seen.age_s)
        yield from (readings, narrations, events, silent, age)

    def _counter(self, name: str, what: str, labels: list[str]) -> Any:
        return self._core.CounterMetricFamily(f"affectstream_{name}", what, labels=labels)

    def _gauge(self, name: str, what: str, labels: list[str]) -> Any:
        return self._core.GaugeMetricFamily(f"affectstream_{name}", what, labels=labels)


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
        try:
            self._server = make_server(
                *where, self._answer, server_class=_Server, handler_class=_Quiet
            )
        except OSError as error:
            raise SinkError(f"prometheus: {where[0]}:{where[1]}: {error.strerror}") from None
        serve = self._server.serve_forever
        threading.Thread(target=serve, name="prometheus-server", daemon=True).start()

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Count a message."""
        seen = self._collector.seen.get(getattr(message, "source_id", ""))
        if seen is None:
            return
        if isinstance(message, Reading):
            seen.readings += 1
            seen.read_s = self._now()
            if message.t_mono_ns and self._run.is_live:
                seen.age_s = (time.monotonic_ns() - message.t_mono_ns) / 1e9
        elif isinstance(message, Window):
            seen.group = next((span for span in message.spans if span.person == GROUP), None)
        elif isinstance(message, Event):
            seen.events[message.kind] = seen.events.get(message.kind, 0) + 1
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
        heard_s = self._run.state.heard_s
        silent_s = time.monotonic() - heard_s if heard_s else 0.0
        fine = silent_s < SILENT_S
        status = "200 OK" if fine else "503 Service Unavailable"
        return _reply(start, status, {"healthy": fine, "silent_s": round(silent_s, 1)})

    def _ready(self, start: Any) -> Iterable[bytes]:
        waiting = [name for name, seen in self._collector.seen.items() if not seen.readings]
        status = "503 Service Unavailable" if waiting else "200 OK"
        return _reply(start, status, {"ready": not waiting, "waiting_for": waiting})


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = 5

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal belongs to the run."""


def _reply(start: Any, status: str, content: dict[str, Any]) -> list[bytes]:
    start(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    return [json.dumps(content).encode()]


def _is_loopback(address: str) -> bool:
    return address in ("localhost", "::1") or address.startswith("127.")


def _sums(files: Any) -> str:
    """Return the beginnings of the checksums of a network's files."""
    return ",".join(str(value)[:12] for value in (files or {}).values())


def _build_labels() -> dict[str, str]:
    labels = {"python": platform.python_version()}
    for name in ("affectstream", "onnxruntime"):
        try:
            labels[name] = version(name)
        except PackageNotFoundError:
            labels[name] = ""
    return labels


def build(config: Config, run: RunInfo) -> PrometheusSink:
    """Return the sink. Raises: UsageError, MissingExtraError."""
    need("prometheus_client", "the sink prometheus", "metrics")
    return PrometheusSink(config, run)
