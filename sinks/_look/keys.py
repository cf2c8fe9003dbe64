"""The keys of the window, and the panel that explains them."""

from __future__ import annotations

from ...stream.messages import Image
from .palette import FAINT_TEXT_BGR, GROUND_BGR, TEXT_BGR
from .sprites import Type, blend, from_alpha, rounded_panel

KEYS = (
    ("q", "end the run (so does closing the window)"),
    ("space", "pause and go on"),
    ("b", "learn resting faces anew, from now on"),
    ("p", "blur faces, here and in snapshots"),
    ("s", "keep what is shown, in the folder of the run"),
    ("h", "show or hide this help"),
)


def draw_help(canvas: Image, type_: Type, text_px: int) -> None:
    """Lay the panel over the middle of a picture, in place."""
    pitch = round(text_px * 1.8)
    words_px = max(type_.width_px(words, text_px) for _, words in KEYS)
    keys_px = max(type_.width_px(key, text_px) for key, _ in KEYS) + text_px
    width, height = keys_px + words_px + 3 * text_px, len(KEYS) * pitch + 2 * text_px
    left, top = (canvas.shape[1] - width) // 2, (canvas.shape[0] - height) // 2
    blend(canvas, from_alpha(rounded_panel(width, height, text_px, 0.9), GROUND_BGR), left, top)
    x, y = left + round(1.5 * text_px), top + text_px
    for key, words in KEYS:
        blend(canvas, type_.line(key, text_px, TEXT_BGR), x, y)
        blend(canvas, type_.line(words, text_px, FAINT_TEXT_BGR), x + keys_px, y)
        y += pitch


def draw_note(canvas: Image, type_: Type, text_px: int, words: str) -> None:
    """Lay a short message over the left top corner of a picture, in place."""
    line = type_.line(words, text_px, TEXT_BGR)
    width, height = line.width_px + 2 * text_px, line.height_px + text_px
    panel = from_alpha(rounded_panel(width, height, height // 2, 0.9), GROUND_BGR)
    blend(canvas, panel, text_px, text_px)
    blend(canvas, line, 2 * text_px, text_px + text_px // 2)
