"""What a sink is. One file per kind; the file name is the kind in a configuration.

A sink file holds `Config` (pydantic, unknown keys refused) and `build(config, run)`. The sink lives
in a thread of its own: `open`, `write`, `tick` and `close` are all called there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from ..stream.messages import Delivery, Event, Frame, SourceHealth, SourceInfo, Window

Policy = Literal["every", "latest"]


@dataclass
class Health:
    """What the supervisor knows while the run goes on, for sinks that tell it.

    The supervisor's thread writes; every value is replaced whole, so any thread may read. `ledger`
    is that of `stream.ledger`; `stages` holds CPU time and timings of each stage's steps; `steps`
    the same as histograms by stage and step, as `stream.ledger.Timings.cumulative` makes them;
    `notes` says of a source that has ended why it did ("": its media ended); `heard_s` is when a
    stage last reported, on the monotonic clock; `servers` says by sink why its server cannot be
    reached, "" where it can. `joined` are the cameras that were added while the run goes on;
    `cameras` says of each camera of a live run how it is: ready, running, leaving, paused, off,
    ended, failed, removed; `states` how a source that may be lost and found again says it is.
    """

    heard_s: float = 0.0
    ledger: dict[str, dict[str, int]] = field(default_factory=dict)
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    servers: dict[str, str] = field(default_factory=dict)
    joined: tuple[SourceInfo, ...] = ()
    cameras: dict[str, str] = field(default_factory=dict)
    states: dict[str, SourceHealth] = field(default_factory=dict)

    def names(self, first: Iterable[SourceInfo]) -> tuple[str, ...]:
        """Return the sources there are: those of the start and the joined, without the removed."""
        names = dict.fromkeys(info.source_id for info in (*first, *self.joined))
        return tuple(name for name in names if self.cameras.get(name) != "removed")

    def is_watched(self, source: str) -> bool:
        """Tell whether pictures of a source are still to come, as far as is known."""
        if source in self.cameras:
            return self.cameras[source] in ("ready", "running", "leaving")
        return source not in self.notes

    def tell_server(self, sink: str, fault: str) -> None:
        """Note whether a sink reaches its server; from the thread that knows."""
        self.servers = {**self.servers, sink: fault}

    def take(
        self,
        ledger: dict[str, dict[str, int]],
        stage: str,
        told: dict[str, Any],
        cumulative: dict[str, list[float]],
    ) -> None:
        """Take a stage's report: `told` is its row of `stages`."""
        self.heard_s = time.monotonic()
        self.ledger = ledger
        self.stages = {**self.stages, stage: told}
        self.steps = {**self.steps, **{(stage, name): row for name, row in cumulative.items()}}


@dataclass
class Recordings:
    """What `record` has written: an entry per file (see `run.json`), and lost packets by source."""

    files: list[dict[str, Any]] = field(default_factory=list)
    lost: dict[str, int] = field(default_factory=dict)


AlertListener = Callable[[Window | Event, str], None]
"""Is told of the message that made an alert, and its rule; returns at once."""


@dataclass(frozen=True)
class RunInfo:
    """What every sink may know of the run. `folder` is None when nothing is to be written."""

    run_id: str
    folder: Path | None
    sources: tuple[SourceInfo, ...]
    keypoint_layout: str
    window_s: float
    is_live: bool
    config: dict[str, Any] = field(default_factory=dict)
    models: dict[str, Any] = field(default_factory=dict)
    health: Health = field(default_factory=Health)
    recordings: Recordings = field(default_factory=Recordings)
    alert_listeners: list[AlertListener] = field(default_factory=list)


class SinkConfig(BaseModel):
    """Base of every sink's configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sink(Protocol):
    """Takes messages, in order, in its own thread.

    `policy` is `every` (nothing is lost; a slow sink slows a replay) or `latest` (only the newest
    reading matters). A sink that does not want readings gets the rest; with `wants_frames`,
    each `Reading` comes with its `Frame`.
    """

    policy: Policy
    wants_readings: bool
    wants_frames: bool

    def open(self) -> None:
        """Create outputs. Raises: SinkError."""
        ...

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Take one message. Raises: SinkError."""
        ...

    def tick(self) -> None:
        """Make what was written so far survive a kill; called about once a second."""
        ...

    def close(self) -> None:
        """Complete the outputs; may be called twice."""
        ...


@runtime_checkable
class Viewer(Protocol):
    """A sink that also sees every frame as it is captured, before anybody has looked at it."""

    def see(self, frame: Frame) -> None:
        """Take note of a frame; called in the capture threads, returns at once."""
        ...


@runtime_checkable
class Adjustable(Protocol):
    """A sink whose options can change while it is at work."""

    def adjust(self, config: Any) -> list[str]:
        """Take another configuration, from any thread; return the options that stay as they are."""
        ...


class Controls(Protocol):
    """What somebody who looks at a run may do to it; from any thread."""

    def stop(self) -> None:
        """End the sources."""
        ...

    def pause(self) -> None:
        """Take no pictures."""
        ...

    def resume(self) -> None:
        """Take pictures again."""
        ...

    def restart_baseline(self) -> None:
        """Learn every resting face anew."""
        ...


@runtime_checkable
class Attended(Protocol):
    """A sink with a window of its own, which the main thread shows."""

    def attend(self, controls: Controls, is_over: Callable[[], bool]) -> None:
        """Show it until it is closed or the run is over; called in the thread that joins."""
        ...
