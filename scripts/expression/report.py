"""Figures of a classifier: accuracy, macro-F1, calibration, confusion; fits the temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .data import LABELS, UNLABELLED, Classes

Floats = NDArray[np.float64]

CALIBRATION_BINS = 15
# Wide enough for any sane net; steps of about one percent.
TEMPERATURES = np.geomspace(0.25, 4.0, 281)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures over the faces with a majority class.

    ``confusion`` holds counts, rows the majority class, columns the answer; ``recall``,
    ``precision`` and ``f1`` are per class in 0..1, 0 where undefined.
    """

    faces: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    confusion: NDArray[np.int64]
    recall: Floats
    precision: Floats
    f1: Floats


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> Floats:
    """Return softmax of logits NxC over ``temperature``, in float64."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)


def calibration_error(probabilities: Floats, classes: Classes) -> float:
    """Return the expected calibration error of the top answer over 15 equal bins.

    Source: Guo et al. 2017, arXiv 1706.04599.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == classes
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    gaps = [
        abs(float((right[bins == index] - confidence[bins == index]).sum()))
        for index in range(CALIBRATION_BINS)
    ]
    return sum(gaps) / len(classes)


def fit_temperature(logits: NDArray[np.floating], majority: Classes) -> float:
    """Return the temperature with the lowest log loss on the faces with a majority class."""
    clear = majority != UNLABELLED
    answers = majority[clear]
    losses = [
        -np.log(softmax(logits[clear], float(t))[np.arange(len(answers)), answers]).mean()
        for t in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])


def measure(probabilities: Floats, majority: Classes) -> Figures:
    """Return the figures of probabilities Nx8 against majority classes N (-1 is left out)."""
    clear = majority != UNLABELLED
    probabilities, majority = probabilities[clear], majority[clear]
    confusion = np.zeros((len(LABELS), len(LABELS)), np.int64)
    np.add.at(confusion, (majority, probabilities.argmax(axis=1)), 1)
    hits = np.diag(confusion).astype(np.float64)
    recall = hits / np.maximum(confusion.sum(axis=1), 1)
    precision = hits / np.maximum(confusion.sum(axis=0), 1)
    f1 = 2 * hits / np.maximum(confusion.sum(axis=0) + confusion.sum(axis=1), 1)
    return Figures(
        faces=len(majority),
        accuracy=float(hits.sum() / len(majority)),
        macro_f1=float(f1.mean()),
        calibration_error=calibration_error(probabilities, majority),
        confusion=confusion,
        recall=recall,
        precision=precision,
        f1=f1,
    )
