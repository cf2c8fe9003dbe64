"""Random changes to a batch of faces, drawn per face and done on the whole batch at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """Largest change of each kind; ``_share`` is the part of the faces that gets one.

    The ranges follow how live faces differ from the pictures: crops by five landmarks leave a
    few degrees and percents of error, cameras differ in light, contrast and sharpness.
    """

    rotation_deg: float = 12.0
    scale: float = 0.15
    shift: float = 0.08
    contrast: float = 0.3
    brightness: float = 30.0
    blur_share: float = 0.3
    cutout_share: float = 0.5
    cutout_side: tuple[float, float] = (0.15, 0.35)


def _uniform(count: int, low: float, high: float, random: Generator) -> Tensor:
    return torch.rand(count, generator=random) * (high - low) + low


def warp(faces_n1hw: Tensor, config: AugmentConfig, random: Generator) -> Tensor:
    """Return faces mirrored by chance, turned, scaled and shifted; edges repeat outwards."""
    count = len(faces_n1hw)
    angle = _uniform(count, -config.rotation_deg, config.rotation_deg, random) * math.pi / 180
    scale = _uniform(count, 1 - config.scale, 1 + config.scale, random)
    mirror = torch.where(torch.rand(count, generator=random) < 0.5, -1.0, 1.0)
    matrix = torch.zeros(count, 2, 3)
    matrix[:, 0, 0] = mirror * torch.cos(angle) / scale
    matrix[:, 0, 1] = -mirror * torch.sin(angle) / scale
    matrix[:, 1, 0] = torch.sin(angle) / scale
    matrix[:, 1, 1] = torch.cos(angle) / scale
    # affine_grid counts the side as 2.
    matrix[:, 0, 2] = _uniform(count, -2 * config.shift, 2 * config.shift, random)
    matrix[:, 1, 2] = _uniform(count, -2 * config.shift, 2 * config.shift, random)
    grid = functional.affine_grid(matrix, list(faces_n1hw.shape), align_corners=False)
    return functional.grid_sample(
        faces_n1hw, grid, mode="bilinear", padding_mode="border", align_corners=False
    )


def relight(faces_n1hw: Tensor, config: AugmentConfig, random: Generator) -> Tensor:
    """Return faces with another contrast about their mean and another brightness, in 0..255."""
    count = len(faces_n1hw)
    contrast = _uniform(count, 1 - config.contrast, 1 + config.contrast, random)
    brightness = _uniform(count, -config.brightness, config.brightness, random)
    mean = faces_n1hw.mean((1, 2, 3), keepdim=True)
    relit = (faces_n1hw - mean) * contrast[:, None, None, None] + mean
    return (relit + brightness[:, None, None, None]).clamp(0, 255)


def blur(faces_n1hw: Tensor, config: AugmentConfig, random: Generator) -> Tensor:
    """Return faces of which a share is mixed, by a random amount, with its 5x5 binomial blur."""
    count = len(faces_n1hw)
    chosen = torch.rand(count, generator=random) < config.blur_share
    amount = torch.rand(count, generator=random) * chosen
    taps = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    padded = functional.pad(faces_n1hw, (2, 2, 2, 2), mode="replicate")
    rows = functional.conv2d(padded, taps.view(1, 1, 1, 5))
    blurred = functional.conv2d(rows, taps.view(1, 1, 5, 1))
    return torch.lerp(faces_n1hw, blurred, amount[:, None, None, None])


def cut_out(faces_n1hw: Tensor, config: AugmentConfig, random: Generator) -> Tensor:
    """Return faces of which a share has one rectangle replaced by a random grey.

    Source: DeVries and Taylor 2017, arXiv 1708.04552.
    """
    count, _, height, width = faces_n1hw.shape
    chosen = torch.rand(count, generator=random) < config.cutout_share
    grey = _uniform(count, 0, 255, random)
    inside = chosen[:, None, None]
    for side_px, shape in ((height, (1, -1, 1)), (width, (1, 1, -1))):
        half = _uniform(count, *config.cutout_side, random) * side_px / 2
        centre = _uniform(count, 0, side_px, random)
        pixel = torch.arange(side_px, dtype=torch.float32).view(shape)
        inside = inside & ((pixel - centre[:, None, None]).abs() < half[:, None, None])
    return torch.where(inside[:, None], grey[:, None, None, None], faces_n1hw)


def augment(faces_n1hw: Tensor, config: AugmentConfig, random: Generator) -> Tensor:
    """Return changed faces, float32 0..255, same shape; equal random states give equal faces."""
    warped = warp(faces_n1hw, config, random)
    return cut_out(blur(relight(warped, config, random), config, random), config, random)
