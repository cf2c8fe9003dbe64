"""Where a course of valence and arousal turns: the moments that tell it best."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]
Rows: TypeAlias = npt.NDArray[np.signedinteger[Any]]

LEAST = 0.02
"""A moment nearer than this to the straight lines between the others tells nothing. Our choice."""


def turns(time_s: Array, valence: Array, arousal: Array, known: Rows, count: int) -> list[int]:
    """Return up to `count` of the rows `known` (ascending), in order.

    The first and the last, a little inside, then, one by one, the row farthest from the straight
    lines between those taken; where nothing turns any more, the middle of the widest gap.
    """
    if not len(known) or count < 1:
        return []
    span_s = time_s[known[-1]] - time_s[known[0]]
    inset_s = min(0.3, span_s / 10)
    start_s, end_s = time_s[known[0]] + inset_s, time_s[known[-1]] - inset_s
    inside = known[(time_s[known] >= start_s) & (time_s[known] <= end_s)]
    known = inside if len(inside) else known
    apart_s = (time_s[known[-1]] - time_s[known[0]]) / (3 * count)
    taken = sorted({int(known[0]), int(known[-1])})[:count]
    while len(taken) < min(count, len(known)):
        times_s = time_s[known]
        off = np.hypot(
            valence[known] - np.interp(times_s, time_s[taken], valence[taken]),
            arousal[known] - np.interp(times_s, time_s[taken], arousal[taken]),
        )
        distance_s = np.abs(times_s[:, None] - time_s[taken][None]).min(axis=1)
        off[distance_s < apart_s] = -1.0
        at = int(off.argmax()) if off.max() > LEAST else int(distance_s.argmax())
        if distance_s[at] <= 0:
            break
        taken = sorted({*taken, int(known[at])})
    return taken
