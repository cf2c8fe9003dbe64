"""The narration, set at the foot of the picture on a ground that fades in."""

from __future__ import annotations

import numpy as np

from .palette import GROUND_BGR, SHADOW_BGR, TEXT_BGR
from .sprites import Sprite, Type, blend, fade, from_alpha

OPACITY = 0.82
LINE_PITCH = 1.12
MOST_LINES = 4
CHARACTERS_PER_LINE = 78
"""Longer lines are hard to read; the text block is kept in the middle."""


def caption(type_: Type, words: str, text_px: int, width_px: int, height_px: int) -> Sprite:
    """Return the caption as wide as the picture, at most a third of it high.

    What needs more than `MOST_LINES` lines is cut.
    """
    size_px = round(text_px * 1.15)
    pitch = round(type_.height_px(size_px) * LINE_PITCH)
    room = min(width_px - 4 * text_px, round(CHARACTERS_PER_LINE * size_px * 0.52))
    most = max(1, min(MOST_LINES, (height_px // 3 - 2 * text_px) // pitch))
    lines = _balanced(type_, words, size_px, max(room, size_px), most)
    block_px = len(lines) * pitch
    height = block_px + 3 * text_px
    ground = from_alpha(fade(width_px, height, OPACITY), GROUND_BGR)
    for index, text in enumerate(lines):
        line = type_.line(text, size_px, TEXT_BGR)
        x = (width_px - line.width_px) // 2
        y = height - text_px - block_px + index * pitch
        shadow = type_.line(text, size_px, SHADOW_BGR)
        for sprite, offset in ((shadow, max(1, size_px // 14)), (line, 0)):
            _add(ground, sprite, x + offset, y + offset)
    return ground


def _balanced(type_: Type, words: str, size_px: int, room_px: int, most: int) -> list[str]:
    """Wrap so that the last line is about as long as the others."""
    lines = type_.wrap(words, size_px, room_px, most)
    for narrower_px in range(room_px, room_px // 2, -size_px):
        tried = type_.wrap(words, size_px, narrower_px, most + 1)
        if len(tried) > len(lines) or lines[-1].endswith("..."):
            break
        lines = tried
    return lines


def _add(ground: Sprite, sprite: Sprite, x: int, y: int) -> None:
    blend(ground.ink_bgr, sprite, x, y)
    blend(ground.rest_bgr, Sprite(np.zeros_like(sprite.ink_bgr), sprite.rest_bgr), x, y)
