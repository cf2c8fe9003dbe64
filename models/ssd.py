"""Boxes and keypoints out of single-shot detectors with fixed anchors (BlazeFace, BlazePose).

Source: Liu et al. 2016, arXiv 1512.02325 (SSD); Bazarevsky et al. 2019, arXiv 1907.05047, section
4.3 (blending instead of suppressing); MediaPipe's tensors_to_detections and
non_max_suppression calculators (Apache-2.0).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
LOGIT_LIMIT = 80.0
"""Logits are cut to +-80: beyond, float32 overflows, and a sigmoid is 0 or 1 anyway."""


class Found(NamedTuple):
    """N detections in px of the network's input.

    `boxes` N x 4 (x1, y1, x2, y2), `points` N x K x 2, `scores` N.
    """

    boxes: Array
    points: Array
    scores: Array


def sigmoid(logits: Array) -> Array:
    """Return 1 / (1 + exp(-x)) for any x."""
    cut = np.minimum(np.maximum(logits, -LOGIT_LIMIT), LOGIT_LIMIT)  # np.clip: three times this.
    return np.asarray(1 / (1 + np.exp(-cut)), np.float32)


def grid(levels: Sequence[tuple[int, int]]) -> Array:
    """Return anchor centres, A x 2 (x, y), in units of the input's side.

    A level is a number of cells per side and of anchors per cell; cells go row by row.
    """
    parts = []
    for cells, per_cell in levels:
        centres = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(centres, centres, indexing="ij")
        parts.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), per_cell, axis=0))
    return np.concatenate(parts).astype(np.float32)


def decode(
    regressors: Array, logits: Array, anchors: Array, side_px: int, min_score: float
) -> Found:
    """Return the detections that reach `min_score`.

    `regressors` is A x (4 + 2 K): centre x, centre y, width, height, then keypoints, all in px of
    the input and relative to the anchor's centre. `logits` holds A numbers.
    """
    logits = logits.reshape(-1)
    least = math.log(max(min_score, 1e-9) / max(1 - min_score, 1e-9))
    kept = np.flatnonzero(logits >= least)
    values = regressors[kept].reshape(len(kept), regressors.shape[1] // 2, 2)
    centres = anchors[kept] * np.float32(side_px)
    middle, half = values[:, 0] + centres, values[:, 1] / 2
    return Found(
        np.concatenate([middle - half, middle + half], axis=1),
        values[:, 2:] + centres[:, None],
        sigmoid(logits[kept]),
    )


def overlap(box: Array, boxes: Array) -> Array:
    """Return the intersection over union of one box with N boxes; 0 where there is no area."""
    shared = _areas(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]))
    union = _areas(boxes[:, 2:] - boxes[:, :2]) + _areas(box[None, 2:] - box[None, :2]) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def _areas(sizes: Array) -> Array:
    """Return the areas of N widths and heights, 0 where one is negative."""
    sizes = np.maximum(sizes, 0)
    return np.asarray(sizes[:, 0] * sizes[:, 1], np.float32)


def weighted_nms(found: Found, min_iou: float) -> Found:
    """Blend detections of one thing into one, best first.

    The best detection left and all that overlap it more than `min_iou` become their mean, weighted
    by score, and keep the best score.
    """
    left = np.argsort(-found.scores, kind="stable")
    if not left.size:
        return found
    boxes, points, scores = [], [], []
    values = np.concatenate([found.boxes, found.points.reshape(len(left), -1)], axis=1)
    while left.size:
        near = overlap(found.boxes[left[0]], found.boxes[left]) > min_iou
        near[0] = True
        group = left[near]
        weights = found.scores[group]
        blended = (weights / weights.sum()) @ values[group]
        boxes.append(blended[:4])
        points.append(blended[4:].reshape(found.points.shape[1:]))
        scores.append(weights[0])
        left = left[~near]
    return Found(np.stack(boxes), np.stack(points), np.stack(scores))
