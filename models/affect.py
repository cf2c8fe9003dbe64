"""From faces and bodies to valence and arousal, each with its uncertainty, and to a quadrant.

The values are a reading of expressions, not of feelings: they say how somebody looks. Everything
that was measured is a normal distribution, and those of one person are multiplied: each counts by
one over its variance, as if they erred independently. Nothing measured gives nothing, not zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, hypot, isfinite, sqrt
from operator import mul
from typing import Protocol

from ..stream.messages import EMOTIONS, Face, Quadrant
from .posture import Posture

SOURCE = "derived"
"""The `affect_source` of values made from the probabilities of emotions."""

REGRESSED = "regressed"
"""The `affect_source` of values that a network regressed."""

BODY = "body"
"""The `affect_source` of arousal from the body alone."""

COORDINATES: dict[str, tuple[float, float]] = {
    "neutral": (0.0, 0.0),
    "happiness": (0.81, 0.15),
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

The arousal of happiness is not theirs. The term `happy` has 0.51 there, and with it no face could
be calm; but a smile is not the term. AffectNet's raters were given -0.2 to 0.5 for happy faces
(Mollahosseini et al. 2019, section 3.2.2), of which 0.15 is the middle, and in its ratings happy
and neutral faces have a similar median arousal (Wagner et al. 2024, CAGE, section 3). Neutral faces
lie around the origin there, and are set to it.
"""

_VALENCES, _AROUSALS = zip(*(COORDINATES[name] for name in EMOTIONS), strict=True)

FACE_SD = (0.340, 0.362)
"""Least standard deviation of valence and arousal read from a good face: how far two people are
apart who rate the same face, RMSE. Source: Mollahosseini et al. 2019, AffectNet, table 5."""

STILL_AROUSAL = -0.2
"""Arousal of a body that does not move: the lowest of AffectNet's happy faces (see `COORDINATES`),
so that stillness makes a smile calm and no more. Our choice."""

LIVELY_AROUSAL = 0.6
"""Arousal of boundless movement: that of anger and fear in `COORDINATES`. Our choice. That lively
movement shows activation: Wallbott 1998, Bodily expression of emotion, European Journal of Social
Psychology 28, 879-896; that arms tell arousal and hardly valence: Dael, Goudbeek and Scherer 2013,
Perceived gesture dynamics in nonverbal expression of emotion, Perception 42, 642-657."""

MOVEMENT_SCALE = 0.5
"""Torso lengths per second at which movement has 63 % of its effect: the mean gesture energy in two
clips of people who gesture was 0.4 and 0.5."""

MOVEMENT_SD = 0.5
"""Standard deviation of arousal from movement. Our choice: so that a body alone, posture and all,
is less sure than a good face."""

POSTURE_AFFECT: dict[str, tuple[float | None, float]] = {
    "slumped": (-0.3, -0.3),
    "closed": (-0.3, -0.3),
    "open": (0.3, 0.3),
    "arms raised": (None, 0.4),
}
"""Valence and arousal of the postures that tell some; None tells none.

Source of the signs: slumped and constricted bodies go with low arousal and negative valence, bodies
spread open with high arousal and positive valence (Takayama and Sekiya 2023, Effects of various
sitting and standing postures on arousal and valence, PLOS ONE 18, e0286720, which reviews and
measures it). Raised arms are seen in joy, anger and terror alike, hence no valence. The sizes are
our choice.
"""

POSTURE_SD = (0.8, 0.6)
"""Standard deviation of valence and arousal from a posture that is certain: weak. Our choice."""

MAX_SD = 1.0
"""The largest standard deviation that is stated: it covers the whole scale."""

NEUTRAL_RADIUS = 0.15
"""Points nearer to the origin than this are `neutral`. Our choice, not fitted to data."""


@dataclass(frozen=True, slots=True)
class Affect:
    """A reading in [-1, 1] with standard deviations in (0, 1]; None is not measured."""

    valence: float | None
    arousal: float | None
    valence_sd: float | None
    arousal_sd: float | None
    source: str


class AffectHead(Protocol):
    """Anything that turns what is known of one person into valence and arousal.

    `measure` is one; one that was fitted to ratings takes the same and names another `source`.
    """

    def __call__(
        self,
        face: Face | None,
        movement: float | None,
        posture: Posture | None,
        gesture_energy: float | None = None,
    ) -> Affect | None:
        """Return the reading, or None when nothing was measured."""
        ...


Estimate = tuple[float, float]
"""A mean and a standard deviation."""


def measure(
    face: Face | None,
    movement: float | None,
    posture: Posture | None,
    gesture_energy: float | None = None,
) -> Affect | None:
    """Return valence and arousal of a person, or None when nothing was measured.

    A face gives both: the regressed values where the network has them, else those of `derive`.
    The body adds arousal from gesture energy (torso lengths per second; where it is unknown from
    `movement`, which a moving camera or walking through inflates too), and from `posture`, whose
    valence counts weakly, and only beside a face: without one valence and its uncertainty are None.
    """
    valences, arousals, source = [], [], BODY
    read = None if face is None else _read(face)
    if read is not None:
        valence, arousal, source = read
        valences.append(valence)
        arousals.append(arousal)
    activity = movement if gesture_energy is None else gesture_energy
    if activity is not None:
        arousals.append((_liveliness(activity), MOVEMENT_SD))
    if posture is not None and posture.name in POSTURE_AFFECT and posture.confidence > 0:
        told_v, told_a = POSTURE_AFFECT[posture.name]
        if told_v is not None and valences:
            valences.append((told_v, _less_sure(POSTURE_SD[0], posture.confidence)))
        arousals.append((told_a, _less_sure(POSTURE_SD[1], posture.confidence)))
    if not arousals:
        return None
    arousal_mean, arousal_sd = _together(arousals)
    if not valences:
        return Affect(None, arousal_mean, None, arousal_sd, source)
    valence_mean, valence_sd = _together(valences)
    return Affect(valence_mean, arousal_mean, valence_sd, arousal_sd, source)


def derive(emotions: Sequence[float]) -> tuple[float, float]:
    """Return valence and arousal in [-1, 1]: the mean of `COORDINATES` under the probabilities.

    `emotions` follow `EMOTIONS`; they are divided by their sum. Raises ValueError when there are
    not as many as classes, or when their sum is not positive.
    """
    (valence, _), (arousal, _) = _expect(emotions)
    return _bounded(valence), _bounded(arousal)


def quadrant(valence: float, arousal: float, radius: float = NEUTRAL_RADIUS) -> Quadrant:
    """Return the quadrant of a point; `neutral` nearer than `radius`, 0 counts as positive."""
    if hypot(valence, arousal) < radius:
        return "neutral"
    if valence >= 0:
        return "excited" if arousal >= 0 else "calm"
    return "angry" if arousal >= 0 else "sad"


def _read(face: Face) -> tuple[Estimate, Estimate, str] | None:
    """Return valence, arousal and their source; None when the face tells neither.

    The variance is that of `FACE_SD` plus, for derived values, that of the class coordinates under
    the probabilities, over the face's quality.
    """
    spreads = (0.0, 0.0)
    if face.valence is not None and face.arousal is not None:
        if not isfinite(face.valence + face.arousal):
            return None
        values, source = (face.valence, face.arousal), REGRESSED
    elif face.emotions is not None:
        (valence, valence_sd), (arousal, arousal_sd) = _expect(face.emotions)
        values, spreads, source = (valence, arousal), (valence_sd, arousal_sd), SOURCE
    else:
        return None
    quality = 1.0 if face.quality is None else face.quality
    valence_sd, arousal_sd = (
        _less_sure(hypot(floor, spread), quality)
        for floor, spread in zip(FACE_SD, spreads, strict=True)
    )
    return (_bounded(values[0]), valence_sd), (_bounded(values[1]), arousal_sd), source


def _expect(emotions: Sequence[float]) -> tuple[Estimate, Estimate]:
    """Return mean and standard deviation of the coordinates under the probabilities."""
    total = sum(emotions)
    if len(emotions) != len(EMOTIONS) or not total > 0:
        raise ValueError(f"need {len(EMOTIONS)} probabilities with a positive sum")
    shares = [emotion / total for emotion in emotions]
    return _moments(shares, _VALENCES), _moments(shares, _AROUSALS)


def _moments(shares: Sequence[float], values: Sequence[float]) -> Estimate:
    """Return mean and standard deviation; eight numbers are too few to be worth numpy's calls."""
    mean = sum(map(mul, shares, values))
    squares = [(value - mean) ** 2 for value in values]
    return mean, sqrt(sum(map(mul, shares, squares)))


def _liveliness(activity: float) -> float:
    share = 1 - exp(-max(activity, 0.0) / MOVEMENT_SCALE)
    return STILL_AROUSAL + (LIVELY_AROUSAL - STILL_AROUSAL) * share


def _less_sure(sd: float, trust: float) -> float:
    """Return the standard deviation of something that counts only by `trust`, in [0, 1]."""
    return sd / sqrt(trust) if trust > sd**2 else MAX_SD


def _together(estimates: Sequence[Estimate]) -> Estimate:
    """Return the product of normal distributions, within the scale."""
    weights = [sd**-2 for _, sd in estimates]
    mean = sum(w * value for w, (value, _) in zip(weights, estimates, strict=True)) / sum(weights)
    return _bounded(mean), min(MAX_SD, sum(weights) ** -0.5)


def _bounded(value: float) -> float:
    return min(1.0, max(-1.0, value))
