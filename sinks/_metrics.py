"""The metrics of a run, made when Prometheus asks for them."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..stream.ledger import BUCKETS_S
from ..stream.messages import QUADRANTS, Span
from ._extra import need
from .base import RunInfo

_GAUGES = {
    "valence": ("valence_mean", "valence of the group over the window, -1 to 1"),
    "arousal": ("arousal_mean", "arousal of the group over the window, -1 to 1"),
    "coverage": ("coverage", "share of the window's frames with a measured valence, 0 to 1"),
    "movement": ("movement", "movement over the window, torso lengths per second"),
    "people": ("people_mean", "people in the picture, mean over the window"),
}


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
        self.is_lost = False


class Collector:
    """Makes the metrics of a run when they are asked for."""

    def __init__(self, run: RunInfo, now: Callable[[], float]) -> None:
        """Take the run; `now` is the monotonic clock in s."""
        self._run = run
        self._now = now
        self._core = need("prometheus_client.core", "the sink prometheus", "metrics")
        self._seen: dict[str, Seen] = {}

    @property
    def seen(self) -> dict[str, Seen]:
        """What was seen of every source there is; cameras come and go."""
        return {name: self.of(name) for name in self._run.health.names(self._run.sources)}

    def of(self, source: str) -> Seen:
        """Return what was seen of a source; from any thread."""
        return self._seen.setdefault(source, Seen())

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
        for scope, row in self._run.health.ledger.items():
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
        for (stage, step), (*counts, total, sum_s) in self._run.health.steps.items():
            buckets = [(str(edge), count) for edge, count in zip(BUCKETS_S, counts, strict=True)]
            steps.add_metric([stage, step], [*buckets, ("+Inf", total)], sum_s)
        cpu = self._counter("cpu_seconds", "processor time of a stage", ["stage"])
        for stage, row in self._run.health.stages.items():
            cpu_s = row["cpu_s"]
            cpu.add_metric([stage], cpu_s)
        yield from (steps, cpu)

    def _affect(self) -> Iterator[Any]:
        shown = {name: seen for name, seen in self.seen.items() if self._is_up(name, seen)}
        for name, (field, what) in _GAUGES.items():
            metric = self._gauge(name, what, ["source"])
            for source, seen in shown.items():
                value = None if seen.group is None else getattr(seen.group, field)
                if value is not None:
                    metric.add_metric([source], value)
            yield metric
        metric = self._gauge("quadrant", "1 for the group's quadrant", ["source", "quadrant"])
        for source, seen in shown.items():
            if seen.group is not None:
                for quadrant in QUADRANTS:
                    metric.add_metric([source, quadrant], seen.group.quadrant == quadrant)
        yield metric

    def _is_up(self, source: str, seen: Seen) -> bool:
        return self._run.health.is_watched(source) and not seen.is_lost

    def _flow(self) -> Iterator[Any]:
        up = self._gauge("source_up", "1 while pictures of a source are to come", ["source"])
        readings = self._counter("readings", "readings delivered", ["source"])
        narrations = self._counter("narrations", "narrations delivered", ["source"])
        events = self._counter("events", "events by kind", ["source", "kind"])
        silent = self._gauge("reading_silence_seconds", "time since the last reading", ["source"])
        age = self._gauge("result_age_seconds", "age of the last frame when told", ["source"])
        for source, seen in self.seen.items():
            up.add_metric([source], self._is_up(source, seen))
            readings.add_metric([source], seen.readings)
            narrations.add_metric([source], seen.narrations)
            for kind, count in dict(seen.events).items():
                events.add_metric([source, kind], count)
            if seen.read_s is not None:
                silent.add_metric([source], self._now() - seen.read_s)
            if seen.age_s is not None:
                age.add_metric([source], seen.age_s)
        yield from (up, readings, narrations, events, silent, age)

    def _counter(self, name: str, what: str, labels: list[str]) -> Any:
        return self._core.CounterMetricFamily(f"affectstream_{name}", what, labels=labels)

    def _gauge(self, name: str, what: str, labels: list[str]) -> Any:
        return self._core.GaugeMetricFamily(f"affectstream_{name}", what, labels=labels)


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
