"""BlazePose's numbers into regions, keypoints and bodies; pure.

Source: Bazarevsky et al. 2020, arXiv 2006.10204; constants from MediaPipe's graphs
pose_detection, pose_landmark_by_roi and pose_landmarks_to_roi (Apache-2.0).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..stream.messages import Body, Box
from .crop import Array, Matrix, Region, clip_box, inverse, transform
from .ssd import grid, sigmoid

ANCHORS = grid([(28, 2), (14, 2), (7, 6)])
REGION_SCALE = 1.25
"""Side of the region over twice the distance of the two alignment points."""
KEYPOINTS, POINTS = 33, 39
CENTRE_POINT, SIZE_POINT = 33, 34
"""Points of the landmark net that say where to look next: mid hip, and size with rotation."""
HEATMAP_REACH = 3
"""Half of the 7 x 7 window in which the heatmap refines a point."""
MIN_HEAT = 0.5
"""Least heat in the window that moves a point. Source: min_confidence_to_refine."""
MIN_VISIBILITY = 0.5
"""A keypoint below this does not count for the box."""
MIN_REGION_PX = 8.0


def region_from(centre: Sequence[float], size_point: Sequence[float]) -> Region:
    """Return the rotated square in which `size_point` is straight above `centre`."""
    x, y = float(size_point[0] - centre[0]), float(size_point[1] - centre[1])
    side = 2 * math.hypot(x, y) * REGION_SCALE
    return float(centre[0]), float(centre[1]), side, math.atan2(x, -y)


def is_usable(region: Region, width_px: int, height_px: int) -> bool:
    """Tell whether a region has a size and, as if upright, covers part of the picture.

    Its centre, the hips, is often below the picture.
    """
    x, y, side, _ = region
    touches = abs(2 * x - width_px) < width_px + side and abs(2 * y - height_px) < height_px + side
    return side >= MIN_REGION_PX and touches


def region_iou(one: Region, other: Region) -> float:
    """Return the overlap of two regions as if they were upright, in [0, 1]."""
    (x, y, side, _), (other_x, other_y, other_side, _) = one, other
    reach = (side + other_side) / 2
    across = min(reach - abs(x - other_x), side, other_side)
    down = min(reach - abs(y - other_y), side, other_side)
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    return shared / (side * side + other_side * other_side - shared)


def refine(points_px: Array, heatmap: Array, side_px: int) -> Array:
    """Move points (K x 2, px of the crop) to the centre of heat around them.

    `heatmap` is H x W x K logits. Each point becomes the mean of the cells in its window weighted
    by their heat, where the hottest reaches `MIN_HEAT`; cells outside the map do not count, and
    points outside it stay.
    """
    cells = heatmap.shape[0]
    per_cell = side_px / cells
    count = len(points_px)
    middle = np.floor(points_px / per_cell).astype(np.int64)
    reach = np.arange(-HEATMAP_REACH, HEATMAP_REACH + 1)
    columns, rows = middle[:, :1] + reach, middle[:, 1:] + reach
    inside = _within(rows, cells)[:, :, None] & _within(columns, cells)[:, None, :]
    at_cells = _cut(rows, cells)[:, :, None] * cells + _cut(columns, cells)[:, None, :]
    heat = sigmoid(heatmap.take(at_cells * count + np.arange(count)[:, None, None])) * inside
    total = np.maximum(heat.sum(axis=(1, 2)), np.float32(1e-12))
    x = (heat.sum(axis=1) * columns).sum(axis=1) / total
    y = (heat.sum(axis=2) * rows).sum(axis=1) / total
    moves = (heat.max(axis=(1, 2)) >= MIN_HEAT) & _within(middle, cells).all(axis=1)
    refined = np.stack([x, y], axis=1) * per_cell
    return np.where(moves[:, None], refined, points_px).astype(np.float32)


def _within(indices: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.bool_]:
    return (indices >= 0) & (indices < size)


def _cut(indices: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    return np.minimum(np.maximum(indices, 0), size - 1)


def body_from(
    landmarks: Array, heatmap: Array, score: float, matrix: Matrix, size_px: tuple[int, int]
) -> Body:
    """Return the body that the landmark net saw in one crop.

    `landmarks` holds 39 x (x, y, z px of the crop, visibility logit, presence logit); `matrix`
    mapped the picture to the crop, whose side is four times the heatmap's. A keypoint's
    visibility is that of the net, and 0 outside the picture.
    """
    values = landmarks.reshape(POINTS, 5)
    side_px = heatmap.shape[0] * 4
    back = inverse(matrix)
    places = transform(refine(values[:, :2], heatmap, side_px), back)
    depths = values[:KEYPOINTS, 2] * math.hypot(back[0, 0], back[1, 0])
    seen = sigmoid(values[:KEYPOINTS, 3])
    spots = places[:KEYPOINTS]
    seen = np.where(((spots >= 0) & (spots <= size_px)).all(axis=1), seen, 0)
    return Body(
        box_xyxy=_box(spots, seen, size_px),
        score=score,
        layout="blazepose33",
        keypoints=tuple(map(tuple, np.column_stack([spots, depths, seen]).tolist())),
        next_region=region_from(places[CENTRE_POINT], places[SIZE_POINT]),
    )


def _box(spots: Matrix, seen: Array, size_px: tuple[int, int]) -> Box:
    """Return the box around the visible keypoints, or around all when fewer than two are."""
    visible = spots[seen >= MIN_VISIBILITY]
    if len(visible) < 2:
        visible = spots
    return clip_box((*visible.min(axis=0), *visible.max(axis=0)), *size_px)
