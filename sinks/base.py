"""What a sink is. One file per kind; the file name is the kind in a configuration.

A sink file holds `Config` (pydantic, unknown keys refused) and `build(config, run)`. The sink lives
in a thread of its own: `open`, `write`, `tick` and `close` are all called there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from ..stream.messages import Delivery, Frame, SourceInfo

Policy = Literal["every", "latest"]


@dataclass
class RunState:
    """What the supervisor knows while the run goes on, for sinks that tell it.

    The supervisor's thread writes; every value is replaced whole, so any thread may read.
    `steps` are histograms by stage and step, as `stream.ledger.Timings.cumulative` makes them.
    """

    heard_s: float = 0.0
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    steps: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def take(
        self,
        counts: dict[str, dict[str, int]],
        stage: str,
        cpu_s: float,
        cumulative: dict[str, list[float]],
    ) -> None:
        """Take a stage's report; `heard_s` is on the monotonic clock."""
        self.heard_s = time.monotonic()
        self.counts = counts
        self.cpu_s = {**self.cpu_s, stage: cpu_s}
        self.steps = {**self.steps, **{(stage, name): row for name, row in cumulative.items()}}


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
    state: RunState = field(default_factory=RunState)


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
