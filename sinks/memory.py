"""Keeps what it gets, fails or waits on demand: for tests, and to read results in Python."""

from __future__ import annotations

import threading
import time
from typing import Literal

from ..stream.errors import SinkError
from ..stream.messages import Delivery, Frame
from .base import Policy, RunInfo, SinkConfig

Step = Literal["open", "write", "tick", "close"]


class Config(SinkConfig):
    """What to keep and how to misbehave.

    `name` is how `kept` finds the sink. A `write` fails after `fail_after` messages were kept;
    the other steps at once. `fail_with` tells a failure that has a type from a fault of ours.
    With `held`, `write` waits until `release()`.
    """

    name: str = "memory"
    policy: Policy = "every"
    wants_readings: bool = True
    wants_frames: bool = False
    delay_s: float = 0.0
    held: bool = False
    fail_on: Step | None = None
    fail_after: int = 0
    fail_with: Literal["sink", "fault"] = "sink"


class MemorySink:
    """Everything it was given, in order, in `messages`; pictures beside them in `frames`."""

    def __init__(self, config: Config, run: RunInfo) -> None:
        """Keep nothing yet."""
        self.config = config
        self.run = run
        self.policy: Policy = config.policy
        self.wants_readings = config.wants_readings
        self.wants_frames = config.wants_frames
        self.messages: list[Delivery] = []
        self.frames: list[Frame | None] = []
        self.steps: list[Step] = []
        self._released = threading.Event()
        if not config.held:
            self._released.set()

    def open(self) -> None:
        """Note the step. Raises: what the script says."""
        self._step("open")

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Keep the message and its frame. Raises: what the script says."""
        self._released.wait()
        if self.config.delay_s:
            time.sleep(self.config.delay_s)
        if len(self.messages) >= self.config.fail_after:
            self._fail_if("write")
        self.messages.append(message)
        self.frames.append(frame)

    def tick(self) -> None:
        """Note the step. Raises: what the script says."""
        self._step("tick")

    def close(self) -> None:
        """Note the step. Raises: what the script says."""
        self._step("close")

    def release(self) -> None:
        """Let a held sink go on; called from another thread."""
        self._released.set()

    def _step(self, step: Step) -> None:
        self.steps.append(step)
        self._fail_if(step)

    def _fail_if(self, step: Step) -> None:
        if self.config.fail_on == step:
            text = f"the memory sink {self.config.name!r} fails in {step}, as its script says"
            raise SinkError(text) if self.config.fail_with == "sink" else RuntimeError(text)


_kept: dict[str, MemorySink] = {}


def kept(name: str = "memory") -> MemorySink:
    """Return the sink that was built last under this name. Raises: KeyError."""
    return _kept[name]


def build(config: Config, run: RunInfo) -> MemorySink:
    """Return the sink, and remember it under its name."""
    sink = _kept[config.name] = MemorySink(config, run)
    return sink
