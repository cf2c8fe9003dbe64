"""What `affectstream ctl` and a run say to each other, and the state of a run as a table."""

from __future__ import annotations

from collections import deque
from typing import Literal

import msgspec

from .ledger import DROPS

SPAN_S = 5.0
"""Rates are over this many seconds."""

What = Literal["status", "pause", "resume", "add", "remove", "stop"]


class CameraState(msgspec.Struct, frozen=True):
    """One camera: its state and why, results a second, worst age in ms of late, lost frames."""

    camera: str
    state: str
    detail: str = ""
    rate_hz: float = 0.0
    age_ms: float | None = None
    results: int = 0
    drops: dict[str, int] = {}
    decoded_share: float = 1.0


class RunState(msgspec.Struct, frozen=True):
    """A run: its process, its folder, and by how much strides of bodies are stretched."""

    run_id: str
    pid: int
    out: str
    wall_s: float
    is_live: bool
    pose_stretch: int
    cameras: tuple[CameraState, ...]


class Ask(msgspec.Struct, frozen=True):
    """A command; `entry` is the camera to add, as in `cameras.yaml`."""

    what: What
    camera: str = ""
    entry: dict[str, object] = {}


class Answer(msgspec.Struct, frozen=True):
    """What came of a command."""

    ok: bool
    text: str = ""
    state: RunState | None = None


class RateMeter:
    """Results a second of one camera, from a counter that is read now and then."""

    def __init__(self) -> None:
        """Start without a reading."""
        self._marks: deque[tuple[float, int]] = deque()

    def note(self, now_s: float, count: int) -> None:
        """Take the counter."""
        self._marks.append((now_s, count))
        while len(self._marks) > 2 and now_s - self._marks[1][0] >= SPAN_S:
            self._marks.popleft()

    def per_s(self) -> float:
        """Return the rate; 0 while it cannot be told."""
        if len(self._marks) < 2:
            return 0.0
        (start_s, first), (end_s, last) = self._marks[0], self._marks[-1]
        return (last - first) / (end_s - start_s) if end_s > start_s else 0.0


def drops_text(drops: dict[str, int]) -> str:
    """Return the frames that were not looked at, by reason."""
    return ", ".join(f"{name} {drops[name]}" for name in DROPS if drops.get(name)) or "none"


def status_text(state: RunState, width: int = 100) -> str:
    """Return a run as people read it: a line, and a table with a row per camera."""
    from rich.console import Console
    from rich.table import Table

    minutes, seconds = divmod(round(state.wall_s), 60)
    place = f", results in {state.out}" if state.out else ""
    stretch = f"; bodies {state.pose_stretch} times rarer" if state.pose_stretch > 1 else ""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for name in ("camera", "state"):
        table.add_column(name)
    for name in ("results/s", "age ms"):
        table.add_column(name, justify="right")
    table.add_column("not looked at")
    for one in state.cameras:
        word = f"{one.state}: {one.detail}" if one.detail else one.state
        age = "" if one.age_ms is None else f"{one.age_ms:.0f}"
        table.add_row(one.camera, word, f"{one.rate_hz:.1f}", age, drops_text(one.drops))
    console = Console(width=width, highlight=False)
    with console.capture() as captured:
        console.print(table)
    head = f"run {state.run_id}, process {state.pid}, {minutes} min {seconds} s{place}{stretch}"
    return head + "\n" + "\n".join(line.rstrip() for line in captured.get().splitlines())
