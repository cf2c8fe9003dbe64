"""Keep the best of overlapping boxes and drop the others.

Source: greedy non-maximum suppression as in Felzenszwalb et al. 2010, IEEE PAMI 32(9), section 4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .ssd import Array, overlap


def suppress(boxes: Array, scores: Array, max_iou: float, most: int) -> npt.NDArray[np.intp]:
    """Return the indices of at most `most` boxes (N x 4, x1 y1 x2 y2) to keep, best first.

    A box is dropped when it overlaps a better kept one by more than `max_iou`; of equal scores the
    first is the better.
    """
    left = np.argsort(-scores, kind="stable")
    kept: list[np.intp] = []
    while left.size and len(kept) < most:
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[overlap(boxes[best], boxes[left]) <= max_iou]
    return np.array(kept, np.intp)
