"""Steady readings: smoothing by time constants, a label that does not flicker, and a baseline.

Pure: time is what the readings carry. The raw readings are not touched; what comes out stands
beside them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log
from statistics import median
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..stream.messages import EMOTIONS, Steady
from .affect import derive

Emotions = tuple[float, ...]

RESTING = 0.02
"""Probability to which a resting face's habitual emotions are brought down. Our choice."""
MAX_SHIFT = 4.0
"""The most that a baseline takes from the log of a probability (a factor of 55), so that a strong
expression is still seen. Our choice."""
MAX_GAP_S = 1.0
"""After a longer gap smoothing starts anew."""
SAMPLE_S = 0.2
"""The baseline takes a sample this often, so that its memory does not depend on the rate."""
FORGET_S = 10.0
"""Who was not read for longer is forgotten: by then the tracker has given up their number."""


class Config(BaseModel):
    """How steady. All times in seconds of media time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    smooth_s: float = Field(0.3, gt=0, description="time constant of the smoothing")
    margin: float = Field(0.15, ge=0, le=1, description="lead that a new label needs")
    dwell_s: float = Field(
        0.5, ge=0, description="how long it must keep that lead; twice the lead counts at once"
    )
    baseline: Literal["off", "start", "continuous"] = Field(
        "off", description="learn each resting face from its first seconds, or all along"
    )
    baseline_s: float = Field(10.0, gt=0, description="media time it learns from")


@dataclass(slots=True)
class _Memory:
    pts_s: float
    emotions: Emotions
    affect: tuple[float, float]
    label: int
    rival: int | None = None
    rival_since_s: float = 0.0


@dataclass(slots=True)
class _Baseline:
    first_s: float
    samples: deque[tuple[float, Emotions]] = field(default_factory=deque)
    usual: Emotions | None = None
    shifts: Emotions = (0.0,) * len(EMOTIONS)


class Steadiness:
    """The people of one source."""

    def __init__(self, config: Config | None = None) -> None:
        """Start with nobody."""
        self._config = config or Config()
        self._memories: dict[int, _Memory] = {}
        self._baselines: dict[int, _Baseline] = {}

    def update(
        self,
        pts_s: float,
        person_id: int,
        emotions: Sequence[float],
        valence: float,
        arousal: float,
    ) -> Steady:
        """Take a reading; return the steady one.

        The mean forgets with the time constant `smooth_s`; the label changes when another emotion
        has led by `margin` for `dwell_s`, or leads by twice that. A baseline moves valence and
        arousal by as much as it moves the expectation of the emotions.
        """
        self._forget_stale(pts_s)
        corrected = self._corrected(pts_s, person_id, tuple(emotions))
        affect = (valence, arousal)
        if corrected != tuple(emotions):
            raw, shifted = derive(emotions), derive(corrected)
            affect = (valence + shifted[0] - raw[0], arousal + shifted[1] - raw[1])
        before = self._memories.get(person_id)
        if before is None or not 0 <= pts_s - before.pts_s <= MAX_GAP_S:
            memory = _Memory(pts_s, corrected, affect, _strongest(corrected))
        else:
            share = 1 - exp(-(pts_s - before.pts_s) / self._config.smooth_s)
            memory = before
            memory.emotions = _towards(before.emotions, corrected, share)
            felt = _towards(before.affect, affect, share)
            memory.affect, memory.pts_s = (felt[0], felt[1]), pts_s
            self._relabel(memory)
        self._memories[person_id] = memory
        return Steady(
            memory.emotions,
            EMOTIONS[memory.label],
            max(-1.0, min(1.0, memory.affect[0])),
            max(-1.0, min(1.0, memory.affect[1])),
            None if (usual := self.resting(person_id)) is None else derive(usual),
        )

    def resting(self, person_id: int) -> Emotions | None:
        """Return the raw probabilities of the resting face that is taken off.

        They are medians and need not sum to 1. None while nothing is taken off: without a baseline,
        or before the person was read for `baseline_s`.
        """
        baseline = self._baselines.get(person_id)
        return None if baseline is None else baseline.usual

    def forget(self, ids: Sequence[int]) -> None:
        """Drop people who will not come back."""
        for person_id in ids:
            self._memories.pop(person_id, None)
            self._baselines.pop(person_id, None)

    def _forget_stale(self, pts_s: float) -> None:
        self.forget(
            [key for key, who in self._memories.items() if abs(pts_s - who.pts_s) > FORGET_S]
        )

    def _relabel(self, memory: _Memory) -> None:
        best = _strongest(memory.emotions)
        lead = memory.emotions[best] - memory.emotions[memory.label]
        if best == memory.label or lead < self._config.margin:
            memory.rival = None
            return
        if memory.rival != best:
            memory.rival, memory.rival_since_s = best, memory.pts_s
        has_waited = memory.pts_s - memory.rival_since_s >= self._config.dwell_s - 1e-6
        if has_waited or lead >= 2 * self._config.margin:
            memory.label, memory.rival = best, None

    def _corrected(self, pts_s: float, person_id: int, emotions: Emotions) -> Emotions:
        """Return the probabilities after the baseline has been taken off, summing to 1.

        Of every emotion but neutral, the median over the baseline's samples in excess of `RESTING`
        is taken off as a factor: what a face always shows counts as its rest. Nothing is taken off
        before a whole `baseline_s` was learned from: a smile on arrival is no rest.
        """
        if self._config.baseline == "off":
            return emotions
        baseline = self._baselines.setdefault(person_id, _Baseline(pts_s))
        self._learn(baseline, pts_s, emotions)
        scaled = [p * exp(-s) for p, s in zip(emotions, baseline.shifts, strict=True)]
        total = sum(scaled)
        return tuple(p / total for p in scaled) if total > 0 else emotions

    def _learn(self, baseline: _Baseline, pts_s: float, emotions: Emotions) -> None:
        samples, length_s = baseline.samples, self._config.baseline_s
        if samples and 0 <= pts_s - samples[-1][0] < SAMPLE_S:
            return
        if self._config.baseline == "start" and baseline.usual is not None:
            return
        samples.append((pts_s, emotions))
        while samples[0][0] < pts_s - length_s:
            samples.popleft()
        if pts_s - baseline.first_s < length_s - SAMPLE_S - 1e-6:
            return
        columns = zip(*(sample for _, sample in samples), strict=True)
        baseline.usual = tuple(median(column) for column in columns)
        baseline.shifts = tuple(
            0.0 if k == 0 else min(log(max(p, RESTING) / RESTING), MAX_SHIFT)
            for k, p in enumerate(baseline.usual)
        )


def _strongest(emotions: Emotions) -> int:
    return max(range(len(emotions)), key=emotions.__getitem__)


def _towards(old: Emotions, new: Emotions, share: float) -> Emotions:
    return tuple(a + share * (b - a) for a, b in zip(old, new, strict=True))
