"""Collect ONNX nodes and initialisers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .sparse import Array

OPSET = 17
IR_VERSION = 8
HALF_MINIMUM_SIZE = 64
"""Smaller tensors stay float32: the Cast node would take more bytes than it saves."""


class OnnxBuilder:
    """A growing ONNX graph of float32 values."""

    def __init__(self) -> None:
        """Start with an empty graph."""
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, onnx.TensorProto] = {}

    def node(self, op_type: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Append a node with one output and return that output's name."""
        self._nodes.append(
            helper.make_node(op_type, list(inputs), [output], name=output, **attributes)
        )
        return output

    def constant(self, array: Array, name: str) -> str:
        """Store `array` as it is, once per name, and return the name."""
        self._initializers.setdefault(
            name, numpy_helper.from_array(np.ascontiguousarray(array), name)
        )
        return name

    def weight(self, array: Array, name: str) -> str:
        """Store a float tensor, in half precision where that loses nothing.

        The value named `name` is float32 either way; the runtime folds the Cast when it loads
        the model.
        """
        single = array.astype(np.float32)
        with np.errstate(over="ignore"):
            half = single.astype(np.float16)
        if array.size < HALF_MINIMUM_SIZE or not np.array_equal(half.astype(np.float32), single):
            return self.constant(single, name)
        return self.node("Cast", [self.constant(half, f"{name}_half")], name, to=TensorProto.FLOAT)

    def model(
        self,
        name: str,
        inputs: Mapping[str, Sequence[int | str]],
        outputs: Mapping[str, Sequence[int | str]],
        metadata: Mapping[str, str],
    ) -> onnx.ModelProto:
        """Return the checked model; shapes may hold names for free dimensions."""
        graph = helper.make_graph(
            self._nodes, name, _values(inputs), _values(outputs), list(self._initializers.values())
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="affectstream convert_tflite",
        )
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        return model


def _values(shapes: Mapping[str, Sequence[int | str]]) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
        for name, shape in shapes.items()
    ]
