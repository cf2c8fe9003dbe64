"""How valence and arousal of a made clip go over time, and what the face and the body do for it.

The ratings of these clips come from here and never from what a network saw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from demo_clip.motion import EXPRESSIONS, Array, Pose, smooth

ANCHORS = (
    (0.0, 0.0, "neutral"),
    (0.8, 0.15, "smile"),
    (-0.6, -0.35, "sad"),
    (0.2, 0.8, "surprise"),
    (-0.65, 0.6, "angry"),
    (0.45, -0.5, "content"),
    (-0.05, -0.7, "tired"),
)
"""Valence and arousal at which a face is fully the expression. Our choice."""

REACH = 0.32
"""How far in the plane an expression is felt."""

SWAY_PX = (0.4, 7.0)
"""Amplitude of the head's sway in portrait px at arousal -1 and 1."""

SWAY_HZ = (0.25, 1.1)
"""Rate of the sway at arousal -1 and 1."""


def _extra() -> dict[str, Pose]:
    neutral, smile = EXPRESSIONS["neutral"], EXPRESSIONS["smile"]
    half = Pose(*((a + b) / 2 for a, b in zip(neutral, smile, strict=True)))
    return {
        **EXPRESSIONS,
        "content": half._replace(eye_open=0.7, half_open=0.4),
        "tired": neutral._replace(eye_open=0.55, brow_outer=-1.5, jaw_drop=1.0),
    }


POSES = _extra()


@dataclass(frozen=True)
class Look:
    """What differs between the people that are played: no one's face is rated by itself."""

    gain: float
    rest: Pose
    is_mirrored: bool
    light: float
    warmth: float
    width_px: float
    phase: float


def look_of(rng: np.random.Generator) -> Look:
    """Draw a person."""
    shift = rng.normal(0.0, 1.0, 4)
    rest = Pose(*[0.0] * len(Pose._fields))._replace(
        corner_drop=float(shift[0]), brow_inner=float(shift[1]), corner_out=float(shift[2])
    )
    return Look(
        gain=float(rng.uniform(0.8, 1.1)),
        rest=rest,
        is_mirrored=bool(rng.random() < 0.5),
        light=float(rng.uniform(0.75, 1.2)),
        warmth=float(rng.uniform(-0.08, 0.08)),
        width_px=float(rng.uniform(330.0, 430.0)),
        phase=float(rng.uniform(0.0, 6.28)),
    )


def course_of(rng: np.random.Generator, duration_s: float, rate_hz: float) -> Array:
    """Return valence and arousal (N, 2) in [-1, 1]: held for a while, then smoothly elsewhere."""
    times_s, points = [0.0], [_place(rng)]
    while times_s[-1] < duration_s:
        held_s, moved_s = rng.uniform(1.0, 2.8), rng.uniform(1.0, 2.2)
        times_s += [times_s[-1] + held_s, times_s[-1] + held_s + moved_s]
        points += [points[-1], _place(rng)]
    wanted_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    at = np.searchsorted(times_s, wanted_s, "right") - 1
    start_s, end_s = np.array(times_s)[at], np.array(times_s)[at + 1]
    ratio = smooth((wanted_s - start_s) / (end_s - start_s))[:, None]
    table = np.array(points)
    return np.asarray(table[at] + (table[at + 1] - table[at]) * ratio)


def _place(rng: np.random.Generator) -> tuple[float, float]:
    """Return a point that faces can show: near one of the anchors, or between two."""
    one, other = rng.choice(len(ANCHORS), 2, replace=False)
    share = rng.uniform(0.0, 0.5)
    valence, arousal = (
        ANCHORS[one][axis] * (1 - share) + ANCHORS[other][axis] * share for axis in (0, 1)
    )
    return float(np.clip(valence, -0.9, 0.9)), float(np.clip(arousal, -0.9, 0.9))


def pose_of(valence: float, arousal: float, look: Look) -> Pose:
    """Return the face of a point: the expressions around it, each by how near it is."""
    near = np.array([(valence - v) ** 2 + (arousal - a) ** 2 for v, a, _ in ANCHORS])
    weights = np.exp(-near / (2 * REACH**2))
    weights /= weights.sum()
    mixed = sum(w * np.array(POSES[name]) for w, (_, _, name) in zip(weights, ANCHORS, strict=True))
    neutral = np.array(POSES["neutral"])
    played = neutral + look.gain * (mixed - neutral) + np.array(look.rest)
    pose = Pose(*map(float, played))
    return pose._replace(
        smile_marks=float(np.clip(pose.smile_marks, 0, 1)),
        half_open=max(0.0, pose.half_open),
        hollow=float(np.clip(pose.hollow, 0, 1)),
        furrow=max(0.0, pose.furrow),
        sneer=max(0.0, pose.sneer),
    )


def sway_of(course: Array, rate_hz: float, look: Look) -> Array:
    """Return the sway of head and torso, x and y (N, 4) in portrait px, livelier with arousal."""
    level = (course[:, 1] + 1) / 2
    amplitude = SWAY_PX[0] + (SWAY_PX[1] - SWAY_PX[0]) * level**1.5
    rate = SWAY_HZ[0] + (SWAY_HZ[1] - SWAY_HZ[0]) * level
    phase = look.phase + 2 * np.pi * np.cumsum(rate) / rate_hz
    return np.stack(
        [
            amplitude * np.sin(phase),
            0.5 * amplitude * np.sin(1.7 * phase + 1.0),
            0.7 * amplitude * np.sin(phase - 0.6),
            0.3 * amplitude * np.sin(1.7 * phase),
        ],
        axis=1,
    )
