"""Small translucent pictures that are made once and laid over many frames.

A sprite holds its colour already multiplied by its opacity (`ink_bgr`) and what it lets through
(`rest_bgr`), so that laying it over a picture is one multiplication and one addition.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from ...stream.messages import Image
from .palette import SHADOW_BGR, Colour

CACHED_SPRITES = 512
_TYPOGRAPHY = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-"}
) | str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
Alpha = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sprite:
    """Two pictures of the same size: the ink, and the share of the ground that stays (of 255)."""

    ink_bgr: Image
    rest_bgr: Image

    @property
    def width_px(self) -> int:
        """Width."""
        return int(self.ink_bgr.shape[1])

    @property
    def height_px(self) -> int:
        """Height."""
        return int(self.ink_bgr.shape[0])


def from_alpha(alpha: Alpha, colour: Colour) -> Sprite:
    """Return a sprite of one colour with the opacity of every pixel, 0..255."""
    opacity = alpha[..., None].astype(np.uint16)
    ink = opacity * np.array(colour, np.uint16) // 255
    return Sprite(ink.astype(np.uint8), np.repeat(255 - alpha[..., None], 3, axis=2))


def blend(image_bgr: Image, sprite: Sprite, x: int, y: int) -> None:
    """Lay a sprite over a picture, in place; what lies outside the picture is left away."""
    left, top = max(0, -x), max(0, -y)
    right = min(sprite.width_px, image_bgr.shape[1] - x)
    bottom = min(sprite.height_px, image_bgr.shape[0] - y)
    if left >= right or top >= bottom:
        return
    ground = image_bgr[y + top : y + bottom, x + left : x + right]
    part = (slice(top, bottom), slice(left, right))
    cv2.multiply(ground, sprite.rest_bgr[part], dst=ground, scale=1 / 255)
    cv2.add(ground, sprite.ink_bgr[part], dst=ground)


def rounded_panel(width_px: int, height_px: int, radius_px: int, opacity: float) -> Alpha:
    """Return the opacity of a panel with round corners, smooth at its edge."""
    finer = 4
    canvas = Pillow.new("L", (width_px * finer, height_px * finer))
    corner = (width_px * finer - 1, height_px * finer - 1)
    ImageDraw.Draw(canvas).rounded_rectangle(
        (0, 0, *corner), radius_px * finer, fill=round(255 * opacity)
    )
    return np.asarray(canvas.resize((width_px, height_px), Pillow.Resampling.BOX))


@lru_cache(maxsize=256)
def disc(radius_px: int, colour: Colour) -> Sprite:
    """Return a smooth disc with a dark rim of one pixel."""
    side = 2 * radius_px + 2
    sprite = from_alpha(rounded_panel(side, side, radius_px + 1, 1.0), SHADOW_BGR)
    inner = from_alpha(rounded_panel(side - 2, side - 2, radius_px, 1.0), colour)
    blend(sprite.ink_bgr, inner, 1, 1)
    return sprite


def blend_disc(image_bgr: Image, x: float, y: float, radius_px: int, colour: Colour) -> None:
    """Lay a disc over a picture, its middle at the nearest whole pixel."""
    reach = radius_px + 1
    blend(image_bgr, disc(radius_px, colour), round(x) - reach, round(y) - reach)


def fade(width_px: int, height_px: int, opacity: float) -> Alpha:
    """Return an opacity that rises from nothing at the top to `opacity` at two thirds."""
    rise = np.clip(np.linspace(0.0, 1.5, height_px), 0.0, 1.0)
    smooth = rise * rise * (3 - 2 * rise) * 255 * opacity
    return np.repeat(smooth.astype(np.uint8)[:, None], width_px, axis=1)


def foldable(text: str) -> str:
    """Return a text in the letters the font has: ASCII; accents are dropped, the rest is `?`."""
    plain = unicodedata.normalize("NFKD", text.translate(_TYPOGRAPHY))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return plain.encode("ascii", "replace").decode()


def text_size_px(width_px: int, height_px: int) -> int:
    """Return the size of ordinary text: 13 px on 640 x 480; it grows slower than the picture."""
    return max(10, int(round(13 * (min(width_px, 1.4 * height_px) / 640) ** 0.85)))


def small_size_px(text_px: int) -> int:
    """Return the size of what is read second."""
    return max(10, round(text_px * 0.86))


class Type:
    """Sets text in Aileron, the font that Pillow ships (ASCII only).

    Source: Pillow, `ImageFont.load_default`; Aileron Regular by Sora Sagano, CC0. One object
    belongs to one thread.
    """

    def __init__(self) -> None:
        """Load nothing yet."""
        self._fonts: dict[int, ImageFont.FreeTypeFont] = {}
        self._sprites: OrderedDict[Hashable, Sprite] = OrderedDict()

    def line(self, text: str, size_px: int, colour: Colour) -> Sprite:
        """Return one line of text; its height depends on the size alone."""
        key = (text, size_px, colour)
        found = self._sprites.get(key)
        if found is None:
            found = self._sprites[key] = from_alpha(self._alpha(text, size_px), colour)
            if len(self._sprites) > CACHED_SPRITES:
                self._sprites.popitem(last=False)
        else:
            self._sprites.move_to_end(key)
        return found

    def height_px(self, size_px: int) -> int:
        """Return the height of a line."""
        ascent, descent = self._font(size_px).getmetrics()
        return ascent + descent

    def baseline_px(self, size_px: int) -> int:
        """Return how far below the top of a line the letters stand."""
        return self._font(size_px).getmetrics()[0]

    def width_px(self, text: str, size_px: int) -> int:
        """Return the width of a text."""
        return int(self._font(size_px).getlength(foldable(text))) + 1

    def wrap(self, text: str, size_px: int, width_px: int, most_lines: int) -> list[str]:
        """Break a text into lines that fit; what is too long ends in `...`."""
        lines: list[str] = []
        for word in foldable(text).split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.width_px(longer, size_px) <= width_px:
                lines[-1] = longer
            else:
                lines.append(self._cut(word, size_px, width_px))
        if len(lines) > most_lines:
            lines = lines[:most_lines]
            lines[-1] = self._cut(lines[-1] + " ...", size_px, width_px)
        return lines

    def _cut(self, text: str, size_px: int, width_px: int) -> str:
        while self.width_px(text, size_px) > width_px and len(text) > 4:
            text = text.removesuffix("...")[:-1].rstrip() + "..."
        return text

    def _alpha(self, text: str, size_px: int) -> Alpha:
        size = (self.width_px(text, size_px), self.height_px(size_px))
        canvas = Pillow.new("L", size)
        pen = ImageDraw.Draw(canvas)
        pen.text((0, 0), foldable(text), fill=255, font=self._font(size_px))
        return np.asarray(canvas)

    def _font(self, size_px: int) -> ImageFont.FreeTypeFont:
        if size_px not in self._fonts:
            font = ImageFont.load_default(size_px)
            assert isinstance(font, ImageFont.FreeTypeFont)
            self._fonts[size_px] = font
        return self._fonts[size_px]
