"""What a run came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .ledger import Counts
from .messages import SourceHealth, SourceInfo


@dataclass
class Summary:
    """What a run came to. `joined` are cameras that were added while it went on.

    `lost` are sinks that a live run went on without, and why.
    `reloads` tells of configurations read anew, `states` how each live source is, while the run
    goes on and in the end. `status`: running, done, limited, stopped, incomplete, interrupted,
    failed.
    """

    status: str = "running"
    joined: list[SourceInfo] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)
    ledger: Counts = field(default_factory=dict)
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: dict[str, SourceHealth] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    reloads: list[dict[str, Any]] = field(default_factory=list)
    wall_s: float = 0.0

    @property
    def frames_per_s(self) -> float:
        """Frames looked at for each second of the run."""
        return sum(self.frames.values()) / self.wall_s if self.wall_s else 0.0
