"""From the probabilities of emotions and from movement to valence and arousal, and to a quadrant.

The values are a reading of expressions, not of feelings: they say how somebody looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, hypot

from ..stream.messages import EMOTIONS, Quadrant

SOURCE = "derived"
"""The `affect_source` of everything made here."""

COORDINATES: dict[str, tuple[float, float]] = {
    "neutral": (0.0, 0.0),
    "happiness": (0.81, 0.51),
    "surprise": (0.40, 0.67),
    "sadness": (-0.63, -0.27),
    "anger": (-0.51, 0.59),
    "disgust": (-0.60, 0.35),
    "fear": (-0.64, 0.60),
    "contempt": (-0.24, 0.31),
}
"""Valence (pleasure) and arousal of each class, in [-1, 1].

Source: Russell and Mehrabian 1977, Evidence for a three-factor theory of emotions, Journal of
Research in Personality 11, 273-294, the mean ratings of the terms happy, surprised, sad, angry,
disgusted, fearful, contemptuous; they are printed on a scale of -1 to 1 and are not rescaled.
Neutral is the origin of that scale and our addition. No class lies at positive valence and
negative arousal, so a face alone never reads as `calm` by this table.
"""

NEUTRAL_RADIUS = 0.15
"""Points nearer to the origin than this are `neutral`. Our choice, not fitted to data."""

MOVEMENT_GAIN = 0.3
"""The share of the room up to full arousal that boundless movement would take. Our choice."""

MOVEMENT_SCALE = 1.0
"""Torso lengths per second at which movement has 63 % of its effect. Our choice."""


def derive(emotions: Sequence[float]) -> tuple[float, float]:
    """Return valence and arousal in [-1, 1]: the mean of `COORDINATES` under the probabilities.

    `emotions` follow `EMOTIONS`; they are divided by their sum. Raises ValueError when there are
    not as many as classes, or when their sum is not positive.
    """
    total = sum(emotions)
    if len(emotions) != len(EMOTIONS) or not total > 0:
        raise ValueError(f"need {len(EMOTIONS)} probabilities with a positive sum")
    points = [COORDINATES[name] for name in EMOTIONS]
    valence = sum(p * point[0] for p, point in zip(emotions, points, strict=True)) / total
    arousal = sum(p * point[1] for p, point in zip(emotions, points, strict=True)) / total
    return _bounded(valence), _bounded(arousal)


def fuse(
    valence: float | None, arousal: float | None, movement: float | None
) -> tuple[float | None, float | None]:
    """Return valence and arousal after movement has raised arousal.

    arousal + gain * (1 - exp(-movement / scale)) * (1 - arousal), with `MOVEMENT_GAIN` and
    `MOVEMENT_SCALE`: monotonic, saturating, never above 1. That lively movement goes with high
    activation is from Wallbott 1998, Bodily expression of emotion, European Journal of Social
    Psychology 28, 879-896; the size of the effect is our choice. Without a face (valence or
    arousal None) both are None; without movement nothing changes.
    """
    if valence is None or arousal is None:
        return None, None
    share = MOVEMENT_GAIN * (1 - exp(-max(movement or 0.0, 0.0) / MOVEMENT_SCALE))
    return _bounded(valence), _bounded(arousal + share * (1 - arousal))


def quadrant(valence: float, arousal: float, radius: float = NEUTRAL_RADIUS) -> Quadrant:
    """Return the quadrant of a point; `neutral` nearer than `radius`, 0 counts as positive."""
    if hypot(valence, arousal) < radius:
        return "neutral"
    if valence >= 0:
        return "excited" if arousal >= 0 else "calm"
    return "angry" if arousal >= 0 else "sad"


def _bounded(value: float) -> float:
    return min(1.0, max(-1.0, value))
