"""The one palette: a colour and an emoji per quadrant, and the colours of everything else."""

from __future__ import annotations

from collections.abc import Mapping

Colour = tuple[int, int, int]
"""Blue, green, red, 0..255."""


def _bgr(hex_rgb: str) -> Colour:
    red, green, blue = bytes.fromhex(hex_rgb)
    return blue, green, red


QUADRANT_HEX: Mapping[str, str] = {
    "excited": "ffc533",
    "calm": "2fd3a4",
    "angry": "ff7a45",
    "sad": "5aabf2",
    "neutral": "d5d9de",
}
"""Red, green, blue of each quadrant.

Source: Okabe and Ito 2008, Color Universal Design (orange, bluish green, vermillion, sky blue),
each made lighter so that it can be read on a dark ground; neutral is a light grey.
"""

QUADRANT_BGR: Mapping[str, Colour] = {name: _bgr(code) for name, code in QUADRANT_HEX.items()}
UNKNOWN_BGR = _bgr("aab0b7")
"""Of a person whose valence and arousal were not measured."""

PERSON_HEX = ("0072b2", "d55e00", "009e73", "cc79a7", "e69f00", "56b4e9", "7f7f7f", "a6761d")
"""Of the lines of people in charts, by number, over again from the ninth on.

Source: Okabe and Ito 2008, but for the last two, a grey and a brown of other lightness.
"""

VALENCE_HEX = "ffffff"
AROUSAL_HEX = "ff9ecf"
VALENCE_BGR = _bgr(VALENCE_HEX)
AROUSAL_BGR = _bgr(AROUSAL_HEX)
TEXT_BGR = _bgr("ffffff")
FAINT_TEXT_BGR = _bgr("c3c9d1")
GROUND_BGR = _bgr("12161c")
"""Behind all text."""
LINE_BGR = _bgr("6b737d")
"""Axes and rings."""
SHADOW_BGR = _bgr("000000")

EMOJI: Mapping[str, str] = {
    "excited": "😃",
    "calm": "😌",
    "angry": "😠",
    "sad": "😔",
    "neutral": "😐",
}


def colour_of(quadrant: str | None) -> Colour:
    """Return the colour of a quadrant; of an unknown one where it is None."""
    return UNKNOWN_BGR if quadrant is None else QUADRANT_BGR[quadrant]
