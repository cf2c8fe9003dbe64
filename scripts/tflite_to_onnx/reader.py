"""Read tensors, constants and operators of a TFLite file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tflite

from .errors import ConversionError
from .sparse import Array, CompressedLevel, DenseLevel, Level, densify


def _names(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


OPERATOR_NAMES = _names(tflite.BuiltinOperator)
OPTION_NAMES = _names(tflite.BuiltinOptions)
INDEX_VECTOR_NAMES = _names(tflite.SparseIndexVector)
DTYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}
CONSTANT_OPERATORS = ("DEQUANTIZE", "DENSIFY")
"""Operators that only change how a constant is stored."""


@dataclass(frozen=True)
class Operator:
    """One operator: tensor numbers in and out, and its table of options (None when absent)."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any


class TFLiteGraph:
    """The first subgraph of a TFLite file; tensors go by their number."""

    def __init__(self, data: bytes) -> None:
        """Parse `data`, the bytes of a .tflite file."""
        if data[4:8] != b"TFL3":
            raise ConversionError("not a TFLite file: the identifier TFL3 is missing")
        self._model = tflite.Model.GetRootAsModel(data, 0)
        self._graph = self._model.Subgraphs(0)
        self.inputs = tuple(int(i) for i in self._graph.InputsAsNumpy())
        self.outputs = tuple(int(i) for i in self._graph.OutputsAsNumpy())
        self._constants: dict[int, Array] = {}

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Return the declared shape; images are N x H x W x C."""
        entry = self._graph.Tensors(tensor)
        return tuple(entry.Shape(axis) for axis in range(entry.ShapeLength()))

    def constant(self, tensor: int) -> Array:
        """Return the value of a constant tensor, dense, in the precision it is stored in.

        Raises:
            ConversionError: the tensor is computed, or of a type that is not supported.
        """
        if tensor not in self._constants:
            self._constants[tensor] = self._read(self._origin.get(tensor, tensor))
        return self._constants[tensor]

    @cached_property
    def operators(self) -> tuple[Operator, ...]:
        """The operators in the order of execution, without `CONSTANT_OPERATORS`."""
        return tuple(op for op in self._all_operators if op.name not in CONSTANT_OPERATORS)

    def operators_for(self, outputs: Collection[int]) -> list[Operator]:
        """Return the operators that `outputs` depend on, in the order of execution."""
        wanted = set(outputs)
        kept = []
        for operator in reversed(self.operators):
            if wanted.intersection(operator.outputs):
                wanted.update(operator.inputs)
                kept.append(operator)
        return kept[::-1]

    @cached_property
    def _all_operators(self) -> tuple[Operator, ...]:
        count = self._graph.OperatorsLength()
        return tuple(self._operator(self._graph.Operators(k)) for k in range(count))

    @cached_property
    def _origin(self) -> dict[int, int]:
        """The stored tensor behind each dequantised or densified one."""
        origin: dict[int, int] = {}
        for operator in self._all_operators:
            if operator.name in CONSTANT_OPERATORS:
                source = operator.inputs[0]
                origin[operator.outputs[0]] = origin.get(source, source)
        return origin

    def _operator(self, entry: Any) -> Operator:
        number = self._model.OperatorCodes(entry.OpcodeIndex()).BuiltinCode()
        options = None
        if entry.BuiltinOptionsType():
            options = getattr(tflite, OPTION_NAMES[entry.BuiltinOptionsType()])()
            table = entry.BuiltinOptions()
            options.Init(table.Bytes, table.Pos)
        return Operator(
            OPERATOR_NAMES.get(number, f"operator {number}"),
            tuple(entry.Inputs(k) for k in range(entry.InputsLength())),
            tuple(entry.Outputs(k) for k in range(entry.OutputsLength())),
            options,
        )

    def _read(self, tensor: int) -> Array:
        entry = self._graph.Tensors(tensor)
        buffer = self._model.Buffers(entry.Buffer())
        if buffer.DataLength() == 0:
            raise ConversionError(f"tensor {tensor} is computed where a constant is needed")
        if entry.Type() not in DTYPES:
            raise ConversionError(f"tensor {tensor} has unsupported type {entry.Type()}")
        values = np.frombuffer(buffer.DataAsNumpy().tobytes(), DTYPES[entry.Type()])
        sparsity = entry.Sparsity()
        if sparsity is None:
            return values.reshape(self.shape(tensor))
        levels = [_level(sparsity.DimMetadata(k)) for k in range(sparsity.DimMetadataLength())]
        order = [sparsity.TraversalOrder(k) for k in range(sparsity.TraversalOrderLength())]
        return densify(values, levels, order, self.shape(tensor))


def _level(metadata: Any) -> Level:
    if metadata.Format() == tflite.DimensionType.DENSE:
        return DenseLevel(metadata.DenseSize())
    return CompressedLevel(
        _index_vector(metadata.ArraySegmentsType(), metadata.ArraySegments()),
        _index_vector(metadata.ArrayIndicesType(), metadata.ArrayIndices()),
    )


def _index_vector(kind: int, table: Any) -> Array:
    vector = getattr(tflite, INDEX_VECTOR_NAMES[kind])()
    vector.Init(table.Bytes, table.Pos)
    values: Array = vector.ValuesAsNumpy()
    return values
