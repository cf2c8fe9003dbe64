"""Cut what a network looks at out of a picture, and map its answers back.

Coordinates are continuous: pixel i covers [i, i + 1), so a side of n px runs from 0 to n. A
`Matrix` is 2 x 3 and maps picture coordinates to crop coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from ..stream.messages import Image
from .similarity import Similarity, fit

Array = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]
Region = tuple[float, float, float, float]
"""A rotated square: centre x, centre y, side (px), rotation (radians, clockwise)."""


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a network takes: N x C x H x W float32, each value `x * scale + offset`, x in 0..255.

    `scale` and `offset` hold for all channels, or one each in the order of `colour`. `pad` (0..255)
    is what lies outside the picture.
    """

    name: str
    shape: tuple[str, int, int, int]
    colour: Literal["RGB", "BGR", "grey"]
    scale: float | tuple[float, float, float] = 1.0
    offset: float | tuple[float, float, float] = 0.0
    pad: int = 0
    layout: Literal["NCHW"] = "NCHW"

    @property
    def side_px(self) -> int:
        """The side of a square input."""
        return self.shape[3]


def letterbox(image_bgr: Image, side_px: int, pad: int) -> tuple[Image, Matrix]:
    """Shrink or grow a picture into a square, bars filled with `pad`.

    Twice the wanted size is sampled first and then averaged: a plain bilinear reduction drops
    most pixels of a large frame, a full area average costs six times as much.

    Returns the square, uint8, and the matrix that was really used (the size is rounded to whole
    pixels).
    """
    height, width = image_bgr.shape[:2]
    scale = side_px / max(width, height)
    inner = max(round(width * scale), 1), max(round(height * scale), 1)
    if scale <= 0.5:
        image_bgr = cv2.resize(image_bgr, (inner[0] * 2, inner[1] * 2))
        small = cv2.resize(image_bgr, inner, interpolation=cv2.INTER_AREA)
    else:
        small = cv2.resize(image_bgr, inner)
    left, top = (side_px - inner[0]) // 2, (side_px - inner[1]) // 2
    square = np.full((side_px, side_px, 3), pad, np.uint8)
    square[top : top + inner[1], left : left + inner[0]] = small
    return square, np.array([[inner[0] / width, 0, left], [0, inner[1] / height, top]])


def region_matrix(region: Region, side_px: int) -> Matrix:
    """Return the matrix that makes a rotated square an upright crop of `side_px`."""
    centre_x, centre_y, region_side, rotation = region
    scale = side_px / region_side
    cosine, sine = math.cos(rotation) * scale, math.sin(rotation) * scale
    half = side_px / 2
    return np.array(
        [
            [cosine, sine, half - cosine * centre_x - sine * centre_y],
            [-sine, cosine, half + sine * centre_x - cosine * centre_y],
        ]
    )


def similarity_matrix(points: Sequence[tuple[float, float]], targets: Matrix) -> Matrix:
    """Return the rotation, scale and shift that bring `points` closest to `targets` (N x 2).

    Points that are all one have no rotation and no scale: all lands in the middle of `targets`.
    """
    target = [complex(u, v) for u, v in targets.tolist()]
    found = fit([complex(x, y) for x, y in points], target)
    if found is None:
        found = Similarity(0j, sum(target) / len(target))
    turn, shift = found.turn, found.shift
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def warp(image: Image, matrix: Matrix, side_px: int, pad: int, oversampling: int = 1) -> Image:
    """Cut a square crop out of a picture, uint8, what lies outside filled with `pad`.

    Where the crop shrinks the picture more than 1.5 times, up to `oversampling` samples per axis
    are averaged into one pixel, so that fine texture does not alias. Samples lie about a pixel
    apart then, so the nearest pixel serves, at a third of the time of interpolation.
    """
    (a, b, c), (d, e, f) = matrix.tolist()
    scale = math.sqrt(abs(a * e - b * d))
    factor = min(max(round(1 / max(scale, 1e-6)), 1), oversampling)
    across, down = c + (a + b) / 2, f + (d + e) / 2  # Of the first pixel's middle.
    index_matrix = np.array([[a, b, across], [d, e, down]]) * factor
    index_matrix[:, 2] -= 0.5
    size = side_px * factor
    crop = cv2.warpAffine(
        image,
        index_matrix,
        (size, size),
        flags=cv2.INTER_LINEAR if factor == 1 else cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(pad, pad, pad),
    )
    if factor > 1:
        crop = cv2.resize(crop, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return np.asarray(crop, np.uint8)


def inverse(matrix: Matrix) -> Matrix:
    """Return the matrix that maps crop coordinates back to picture coordinates."""
    return np.asarray(cv2.invertAffineTransform(matrix), np.float64)


def transform(points: npt.NDArray[np.floating], matrix: Matrix) -> Matrix:
    """Return `points` (... x 2) mapped by `matrix`."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float64)


def to_batch(crops_bgr: Sequence[Image], wanted: Input) -> Array:
    """Return crops of one size as the float32 batch that a network wants."""
    scale, offset = (
        np.array(value, np.float32).reshape(-1, 1, 1) for value in (wanted.scale, wanted.offset)
    )
    batch_nchw = np.empty((len(crops_bgr), *wanted.shape[1:]), np.float32)
    for target, crop in zip(batch_nchw, crops_bgr, strict=True):
        if wanted.colour == "grey":
            crop = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[:, :, None]
        planes = crop.transpose(2, 0, 1)
        if wanted.colour == "RGB":
            planes = planes[::-1]
        np.multiply(planes, scale, out=target)
    if offset.any():
        batch_nchw += offset
    return batch_nchw


def clip_box(
    box_xyxy: Sequence[float], width_px: int, height_px: int
) -> tuple[float, float, float, float]:
    """Return the part of a box that lies in the picture, as plain floats."""
    x1, x2 = (min(max(float(x), 0.0), float(width_px)) for x in box_xyxy[::2])
    y1, y2 = (min(max(float(y), 0.0), float(height_px)) for y in box_xyxy[1::2])
    return x1, y1, x2, y2
