"""What a step is told and what it says back: the one shape of all steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class StepOptions:
    """What every step is told. `jobs` 0 is one per core; `config` holds the steps' own keys."""

    videos: Path
    out: Path
    jobs: int = 0
    limit: int | None = None
    dry_run: bool = False
    overwrite: bool = False
    config: dict[str, Any] = field(default_factory=dict)


@dataclass
class StepResult:
    """What a step came to. `failed` holds the reason by video or file; `notes` are for people."""

    done: int = 0
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
