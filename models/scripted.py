"""Models that follow a script: for tests and benchmarks of everything around the networks.

`ScriptedVision` makes one body whose place depends on the frame and on what it is told of the
past, so that any dependence on the order of work shows in the results. Its delay stands for a
network's time.
"""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ..stream.errors import ModelError
from ..stream.messages import Body, Face, Frame, Observation, stamp_of
from .base import COCO17, Draft, Manner, Task

Delay = Callable[[int], float]
"""Seconds to take over frame `seq`."""


def random_delay(mean_s: float, seed: int = 0) -> Delay:
    """Return delays between 0 and twice the mean, the same for the same frame."""
    return lambda seq: random.Random(seed * 1_000_003 + seq).uniform(0, 2 * mean_s)


def compute(duration_s: float) -> None:
    """Spend processor time the way a network does, with the interpreter lock released."""
    block = b"\0" * 65536
    end_s = time.thread_time() + duration_s
    while time.thread_time() < end_s:
        hashlib.sha256(block)


class ScriptedVision:
    """One body and one face in every frame.

    The body's x is a running hash of the past it was given; `fail_at` raises at that frame, as a
    network's own failure (`ModelError`, counted) or as a fault of ours (`RuntimeError`).
    """

    keypoint_layout = "coco17"

    def __init__(
        self,
        delay: Delay = lambda seq: 0.0,
        *,
        compute_s: float = 0.0,
        stride: int = 1,
        fail_at: range | None = None,
        fail_as: type[Exception] = ModelError,
        emotions: Callable[[float], tuple[float, ...]] | None = None,
    ) -> None:
        """Prepare a script; bodies appear on every `stride`-th frame.

        A frame takes `delay` of waiting and `compute_s` of processor time.
        """
        self._delay = delay
        self._compute_s = compute_s
        self._stride = stride
        self._fail_at = fail_at or range(0)
        self._fail_as = fail_as
        self._emotions = emotions or _swing
        self.models: Mapping[str, Any] = {"face": {"name": "scripted"}}

    def see(self, frame: Frame, earlier: Observation | None) -> Observation:
        """Return the scripted observation after the scripted delay."""
        time.sleep(self._delay(frame.seq))
        compute(self._compute_s)
        if frame.seq in self._fail_at:
            raise self._fail_as(f"scripted failure at frame {frame.seq}")
        level = int(frame.image_bgr[0, 0, 0])
        past = earlier.bodies[0].keypoints[0][0] if earlier and earlier.bodies else 0.0
        x_px = (past * 31 + level + frame.seq) % 997
        height, width = frame.image_bgr.shape[:2]
        keypoints = tuple((x_px, float(k), 0.0, 1.0) for k in range(len(COCO17)))
        body = Body((0.0, 0.0, float(width), float(height)), 1.0, "coco17", keypoints)
        face = Face((8.0, 8.0, 24.0, 24.0), 1.0, emotions=self._emotions(frame.pts_s))
        return Observation(
            **stamp_of(frame),
            width_px=width,
            height_px=height,
            faces=(face,),
            bodies=(body,) if frame.seq % self._stride == 0 else None,
            timings_ms={"scripted": 0.0},
        )


def _swing(pts_s: float) -> tuple[float, ...]:
    """Happiness rises and falls with a period of 8 s; sadness takes the rest."""
    happy = abs((pts_s / 4.0) % 2.0 - 1.0)
    return (0.1, 0.8 * happy, 0.0, 0.8 * (1 - happy), 0.1, 0.0, 0.0, 0.0)


class Config(BaseModel):
    """What the narrator does when asked; `texts` are said in turn, and then held to the facts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    behaviour: Literal[
        "talk", "hang", "crash", "raise", "empty", "garbage", "slow load", "no load"
    ] = "talk"
    texts: tuple[str, ...] = ()
    delay_s: float = 0.0


class ScriptedNarrator:
    """A narrator that says what it is told to say, or misbehaves as it is told to."""

    name = "scripted"
    expected_s = 0.0

    def __init__(self, config: Config) -> None:
        """Take the script."""
        self._config = config
        self._said = 0
        self.is_grounded = not config.texts and config.behaviour != "garbage"
        if config.behaviour == "no load":
            raise ModelError("scripted weights are broken")
        if config.behaviour == "slow load":
            time.sleep(1.5)

    def tell(self, task: Task) -> Draft:
        """Return the scripted text, or none."""
        behaviour = self._config.behaviour
        time.sleep(self._config.delay_s)
        if behaviour == "hang":
            time.sleep(3600)
        if behaviour == "crash":
            os._exit(3)
        if behaviour == "raise":
            raise RuntimeError("scripted failure of the narrator")
        if behaviour == "empty":
            return Draft("")
        if behaviour == "garbage":
            print("\x00\xffgarbage" * 1000, flush=True)
            return Draft("\x1b[31m\ufffd<|user|> 0x00 {}" * 50, 999)
        if self._config.texts:
            self._said += 1
            return Draft(self._config.texts[(self._said - 1) % len(self._config.texts)], 7)
        return Draft(f"Scripted words about {len(task.facts)} facts.")


def build(config: Config, manner: Manner) -> ScriptedNarrator:
    """Return the narrator."""
    return ScriptedNarrator(config)
