"""Writes a fitted head as one ONNX file that stands alone, with what must be known of it inside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...models.features import COLUMNS
from ...models.fitted import METADATA
from ...stream.errors import MissingExtraError
from ..files import whole
from .regressor import BOUND, Regressor

OPSET = 17
IR_VERSION = 8
"""Old enough for ONNX Runtime 1.19."""


def write_network(path: Path, heads: Sequence[Regressor], about: dict[str, Any]) -> None:
    """Write `features` (n, F) -> `affect` (n, one column a head), each within [-1, 1].

    The same heads and words give the same bytes. Raises: MissingExtraError, SinkError.
    """
    try:
        import onnx
        from onnx import helper
    except ImportError as error:
        raise MissingExtraError("the fitted head's file", "dataset") from error
    nodes: list[Any] = []
    constants: list[Any] = []
    outputs = [_head(f"h{number}", head, nodes, constants) for number, head in enumerate(heads)]
    _constant(constants, "lowest", np.array(-1.0))
    _constant(constants, "highest", np.array(1.0))
    nodes.append(helper.make_node("Concat", outputs, ["joined"], axis=1))
    nodes.append(helper.make_node("Clip", ["joined", "lowest", "highest"], ["affect"]))
    number = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "fitted head",
        [helper.make_tensor_value_info("features", number, ["n", len(COLUMNS)])],
        [helper.make_tensor_value_info("affect", number, ["n", len(heads)])],
        constants,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="affectstream"
    )
    model.ir_version = IR_VERSION
    helper.set_model_props(model, {METADATA: json.dumps(about, sort_keys=True)})
    onnx.checker.check_model(model)
    with whole(path) as draft:
        draft.write_bytes(model.SerializeToString(deterministic=True))


def _head(name: str, head: Regressor, nodes: list[Any], constants: list[Any]) -> str:
    """Append one head's nodes; return the name of its output, (n, 1)."""
    from onnx import helper

    def node(kind: str, inputs: list[str], output: str) -> str:
        nodes.append(helper.make_node(kind, inputs, [f"{name}_{output}"]))
        return f"{name}_{output}"

    def constant(word: str, values: Any) -> str:
        return _constant(constants, f"{name}_{word}", values)

    mean = constant("mean", head.mean[None])
    absent = node("IsNaN", ["features"], "absent")
    known = node("Where", [absent, mean, "features"], "known")
    apart = node("Sub", [known, mean], "apart")
    scaled = node("Mul", [apart, constant("sharpness", 1 / head.spread[None])], "scaled")
    low, high = constant("low", np.array(-BOUND)), constant("high", np.array(BOUND))
    value = node("Clip", [scaled, low, high], "rows")
    for depth, (weights, biases) in enumerate(head.layers):
        wanted = [value, constant(f"w{depth}", weights), constant(f"b{depth}", biases)]
        value = node("Gemm", wanted, f"layer{depth}")
        if depth + 1 < len(head.layers):
            value = node("Relu", [value], f"active{depth}")
    stretched = node("Mul", [value, constant("scale", np.array([head.scale]))], "stretched")
    return node("Add", [stretched, constant("shift", np.array([head.shift]))], "out")


def _constant(constants: list[Any], name: str, values: Any) -> str:
    from onnx import numpy_helper

    constants.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
    return name
