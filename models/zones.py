"""Where a point of valence and arousal lies, in words a text can be held to. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

Looks: TypeAlias = Mapping[tuple[int, int], tuple[Sequence[str], Sequence[str]]]

ZONE_EDGE = 0.1
"""Beyond this, valence counts as positive or negative and arousal as high or low. Our choice."""

STRONG = 0.45
"""At this distance from the origin the stronger words are used. Our choice."""

SLACK = 0.05
"""A word for one side of the middle is wrong nearer to it than this. Our choice."""

MIDDLE = 0.2
"""A word for the middle is wrong beyond this. Our choice."""

CENTRES = {
    "excited": (0.4, 0.4),
    "calm": (0.4, -0.4),
    "angry": (-0.4, 0.4),
    "sad": (-0.4, -0.4),
    "neutral": (0.0, 0.0),
}
"""A point well inside each quadrant."""

_FITS: Mapping[str, Callable[[float], bool]] = {
    "+": lambda x: x > SLACK,
    "-": lambda x: x < -SLACK,
    "0": lambda x: abs(x) <= MIDDLE,
    "p": lambda x: x >= -SLACK,
    "n": lambda x: x <= SLACK,
    "*": lambda x: True,
}


def sign(value: float) -> int:
    """Return -1, 0 or 1; 0 is nearer to the origin than `ZONE_EDGE`."""
    return (value > ZONE_EDGE) - (value < -ZONE_EDGE)


def fits(zone: str, valence: float, arousal: float) -> bool:
    """Tell whether a point lies in a region such as `+*`: see `tongues.en.LEXICON`."""
    return _FITS[zone[0]](valence) and _FITS[zone[1]](arousal)


def phrases(looks: Looks, shown: Mapping[str, Any]) -> Sequence[str]:
    """Return the words of `tongues.en.LOOKS` that fit somebody, or the group, that can be read."""
    valence, arousal = shown["valence"], shown["arousal"]
    zone = (0, 0) if shown["quadrant"] == "neutral" else (sign(valence), sign(arousal))
    mild, strong = looks[zone]
    return strong if valence**2 + arousal**2 >= STRONG**2 else mild
