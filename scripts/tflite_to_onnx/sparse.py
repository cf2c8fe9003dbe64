"""Expand the sparse tensors of TFLite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ConversionError

Array = NDArray[Any]


@dataclass(frozen=True)
class DenseLevel:
    """A level of the traversal that stores every index of its dimension."""

    size: int


@dataclass(frozen=True)
class CompressedLevel:
    """A level that stores its non-zero indices, as in compressed sparse rows.

    The children of entry `p` of the level above are `indices[segments[p]:segments[p + 1]]`.
    """

    segments: Array
    indices: Array


Level = DenseLevel | CompressedLevel


def densify(
    values: Array, levels: Sequence[Level], order: Sequence[int], shape: Sequence[int]
) -> Array:
    """Return the dense tensor of `shape` whose stored entries are `values`.

    `levels[k]` describes dimension `order[k]`. Positions that are not stored are zero.

    Source: SparsityParameters in the TFLite schema (tensorflow/lite/schema/schema.fbs).

    Raises:
        ConversionError: the tensor is stored in blocks.
    """
    if len(levels) != len(shape):
        raise ConversionError("a block-sparse tensor is not supported")
    positions = np.zeros(1, np.int64)
    indices: list[Array] = []
    for level in levels:
        if isinstance(level, DenseLevel):
            children = np.full(len(positions), level.size)
            parents = np.repeat(np.arange(len(positions)), children)
            new_indices = np.tile(np.arange(level.size), len(positions))
            positions = positions[parents] * level.size + new_indices
        else:
            segments = level.segments.astype(np.int64)
            children = segments[positions + 1] - segments[positions]
            parents = np.repeat(np.arange(len(positions)), children)
            first_child = np.cumsum(children) - children
            rank = np.arange(len(parents)) - first_child[parents]
            positions = segments[positions][parents] + rank
            new_indices = level.indices.astype(np.int64)[positions]
        indices = [index[parents] for index in indices] + [new_indices]
    dense = np.zeros(tuple(shape), values.dtype)
    by_dimension = dict(zip(order, indices, strict=True))
    dense[tuple(by_dimension[dimension] for dimension in range(len(shape)))] = values[positions]
    return dense
