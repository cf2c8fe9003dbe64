"""Clips made from one picture: a face that does not move before a camera that does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Waves = NDArray[Any]

SHAKE_HZ = (0.3, 6.0)
"""Hand-held sway and tremor; its size falls with the frequency. Our choice."""

DRIFT_HZ = (0.02, 0.2)
"""Automatic exposure and clouds: periods of 5 to 50 s. Our choice."""

WAVES = 6
"""Sinusoids summed in each disturbance."""


class Disturbance(NamedTuple):
    """How much the picture suffers; standard deviations over time or over pixels, our choice.

    Noise is `read_noise` levels of 255 plus shot noise of `shot_gain` levels of variance per level.
    """

    shift_px: float = 3.0
    roll_deg: float = 0.8
    zoom: float = 0.01
    exposure: float = 0.10
    read_noise: float = 2.0
    shot_gain: float = 0.06


def still_face(
    picture_bgr: Image,
    seconds: float = 60.0,
    rate_hz: float = 25.0,
    seed: int = 1,
    disturbance: Disturbance | None = None,
) -> Iterator[tuple[float, Image]]:
    """Yield the media time in seconds and the frame (H x W x 3 uint8) of a still picture filmed.

    The camera is held by hand (shift, roll, zoom), its exposure drifts, its sensor is noisy: only
    the camera changes, so a change of the expression read is an error. The same seed gives the
    same frames on the same versions of numpy and OpenCV.
    """
    amount = disturbance or Disturbance()
    rng = np.random.default_rng(seed)
    shake = [_waves(rng, SHAKE_HZ) for _ in range(4)]
    drift = _waves(rng, DRIFT_HZ)
    height, width = picture_bgr.shape[:2]
    for index in range(round(seconds * rate_hz)):
        pts_s = index / rate_hz
        right, down, roll, zoom = (_at(waves, pts_s) for waves in shake)
        matrix = cv2.getRotationMatrix2D(
            (width / 2, height / 2), amount.roll_deg * roll, 1 + amount.zoom * zoom
        )
        matrix[:, 2] += amount.shift_px * right, amount.shift_px * down
        moved = cv2.warpAffine(
            picture_bgr, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
        light = moved.astype(np.float32) * (1 + amount.exposure * _at(drift, pts_s))
        spread = np.sqrt(amount.read_noise**2 + amount.shot_gain * light)
        noisy = light + spread * rng.standard_normal(light.shape, np.float32)
        yield pts_s, np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _waves(rng: np.random.Generator, band_hz: tuple[float, float]) -> Waves:
    """Draw `WAVES` sinusoids whose size falls with the frequency: rows Hz, phase, amplitude."""
    low_hz, high_hz = band_hz
    hz = low_hz * (high_hz / low_hz) ** rng.uniform(0, 1, WAVES)
    amplitude = 1 / hz
    amplitude *= np.sqrt(2 / np.sum(amplitude**2))
    return np.stack([hz, rng.uniform(0, 2 * np.pi, WAVES), amplitude])


def _at(waves: Waves, pts_s: float) -> float:
    """Return the sum of the sinusoids: mean 0, standard deviation 1 over a long time."""
    hz, phase, amplitude = waves
    return float(np.sum(amplitude * np.sin(2 * np.pi * hz * pts_s + phase)))
