"""Builds TFLite files of a few operators, converts and runs them, for the converter's tests.

The importing test puts the scripts on the path first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import onnx
import onnxruntime
import tflite
from tflite_to_onnx.operators import convert
from tflite_to_onnx.reader import TFLiteGraph

TYPES = {
    np.dtype(np.float32): tflite.TensorType.FLOAT32,
    np.dtype(np.float16): tflite.TensorType.FLOAT16,
    np.dtype(np.int32): tflite.TensorType.INT32,
}


@dataclass
class _Tensor:
    shape: tuple[int, ...]
    values: np.ndarray | None
    sparse_rows: bool


@dataclass
class TinyModel:
    """Tensors and operators in the order they are added; `bytes()` writes the file."""

    tensors: list[_Tensor] = field(default_factory=list)
    operators: list[tuple[str, list[int], int, dict[str, int]]] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def tensor(self, *shape: int) -> int:
        """Add a computed tensor and return its number."""
        self.tensors.append(_Tensor(shape, None, False))
        return len(self.tensors) - 1

    def input(self, *shape: int) -> int:
        self.inputs.append(self.tensor(*shape))
        return self.inputs[-1]

    def constant(self, values: Any, dtype: type = np.float32, sparse_rows: bool = False) -> int:
        """Add a constant; `sparse_rows` stores a matrix as compressed sparse rows."""
        array = np.asarray(values, dtype)
        self.tensors.append(_Tensor(array.shape, array, sparse_rows))
        return len(self.tensors) - 1

    def operator(
        self, name: str, inputs: Sequence[int], shape: Sequence[int], **options: int
    ) -> int:
        """Add an operator with one output of `shape` and return the output's number."""
        output = self.tensor(*shape)
        self.operators.append((name, list(inputs), output, options))
        return output

    def bytes(self, *outputs: int) -> bytes:
        b = flatbuffers.Builder(1024)
        names = [name for name, *_ in self.operators]
        buffers = [_table(b, "Buffer")] + [
            _table(
                b, "Buffer", Data=b.CreateNumpyVector(np.frombuffer(_stored(t).tobytes(), np.uint8))
            )
            for t in self.tensors
            if t.values is not None
        ]
        buffer_numbers = iter(range(1, len(buffers)))
        tensors = [
            _table(
                b,
                "Tensor",
                Shape=_ints(b, t.shape),
                Type=tflite.TensorType.FLOAT32 if t.values is None else TYPES[t.values.dtype],
                Buffer=0 if t.values is None else next(buffer_numbers),
                **({"Sparsity": _sparsity(b, t.values)} if t.sparse_rows else {}),
            )
            for t in self.tensors
        ]
        operators = [
            _operator(b, number, *operator) for number, operator in enumerate(self.operators)
        ]
        graph = _table(
            b,
            "SubGraph",
            Tensors=_offsets(b, tensors),
            Inputs=_ints(b, self.inputs),
            Outputs=_ints(b, outputs),
            Operators=_offsets(b, operators),
        )
        codes = [
            _table(b, "OperatorCode", DeprecatedBuiltinCode=getattr(tflite.BuiltinOperator, name))
            for name in names
        ]
        model = _table(
            b,
            "Model",
            Version=3,
            OperatorCodes=_offsets(b, codes),
            Subgraphs=_offsets(b, [graph]),
            Buffers=_offsets(b, buffers),
        )
        b.Finish(model, b"TFL3")
        return bytes(b.Output())


def convert_model(model: TinyModel, *outputs: int) -> onnx.ModelProto:
    graph = TFLiteGraph(model.bytes(*outputs))
    return convert(graph, {f"out{k}": t for k, t in enumerate(graph.outputs)}, "tiny", {})


def run(model: onnx.ModelProto, image_nhwc: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    image_nchw = np.ascontiguousarray(image_nhwc.astype(np.float32).transpose(0, 3, 1, 2))
    return session.run(None, {"image_nchw": image_nchw})


def image(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def ops(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def _table(b: flatbuffers.Builder, kind: str, **fields: int) -> int:
    getattr(tflite, f"{kind}Start")(b)
    for name, value in fields.items():
        getattr(tflite, f"{kind}Add{name}")(b, value)
    return int(getattr(tflite, f"{kind}End")(b))


def _ints(b: flatbuffers.Builder, values: Sequence[int]) -> int:
    return int(b.CreateNumpyVector(np.asarray(values, np.int32)))


def _offsets(b: flatbuffers.Builder, offsets: Sequence[int]) -> int:
    b.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        b.PrependUOffsetTRelative(offset)
    return int(b.EndVector())


def _operator(
    b: flatbuffers.Builder,
    number: int,
    name: str,
    inputs: list[int],
    output: int,
    options: dict[str, int],
) -> int:
    kind = "".join(part.capitalize() for part in name.split("_"))
    kind = {"Conv2d": "Conv2D", "DepthwiseConv2d": "DepthwiseConv2D", "MaxPool2d": "Pool2D"}.get(
        kind, kind
    )
    fields = {"Inputs": _ints(b, inputs), "Outputs": _ints(b, [output]), "OpcodeIndex": number}
    if hasattr(tflite, f"{kind}Options"):
        fields["BuiltinOptions"] = _table(b, f"{kind}Options", **options)
        fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, f"{kind}Options")
    return _table(b, "Operator", **fields)


def _stored(tensor: _Tensor) -> np.ndarray:
    assert tensor.values is not None
    return tensor.values[tensor.values != 0] if tensor.sparse_rows else tensor.values


def _sparsity(b: flatbuffers.Builder, matrix: np.ndarray) -> int:
    """Rows dense, columns compressed, offsets as uint16 and columns as uint8."""
    rows, columns = np.nonzero(matrix)
    segments = np.searchsorted(rows, np.arange(len(matrix) + 1)).astype(np.uint16)
    vectors = [
        _table(b, kind, Values=b.CreateNumpyVector(values))
        for kind, values in (("Uint16Vector", segments), ("Uint8Vector", columns.astype(np.uint8)))
    ]
    levels = [
        _table(b, "DimensionMetadata", Format=tflite.DimensionType.DENSE, DenseSize=len(matrix)),
        _table(
            b,
            "DimensionMetadata",
            Format=tflite.DimensionType.SPARSE_CSR,
            ArraySegmentsType=tflite.SparseIndexVector.Uint16Vector,
            ArraySegments=vectors[0],
            ArrayIndicesType=tflite.SparseIndexVector.Uint8Vector,
            ArrayIndices=vectors[1],
        ),
    ]
    return _table(
        b,
        "SparsityParameters",
        TraversalOrder=_ints(b, [0, 1]),
        DimMetadata=_offsets(b, levels),
    )
