"""Small ONNX networks with the signature of published ones; their weights are noise."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def classifier(
    path: Path,
    shape: tuple[int | str, int, int, int],
    columns: int,
    names: tuple[str, str] = ("input", "output"),
    metadata: dict[str, str] | None = None,
    ending: str = "Identity",
) -> np.ndarray:
    """Write a net that answers a fixed linear map of the mean and corners of each channel.

    Behind the map stands the operator `ending`. Returns the map: columns x (5 * channels), for
    means, then the corners row by row.
    """
    _, channels, height, width = shape
    weights = np.random.default_rng(5).normal(size=(columns, 5 * channels)).astype(np.float32)
    corners = np.zeros((5, 1, height, width), np.float32)
    corners[0] = 1 / (height * width)
    for place, (row, column) in enumerate([(0, 0), (0, -1), (-1, 0), (-1, -1)], 1):
        corners[place, 0, row, column] = 1
    kernels = np.concatenate([corners] * channels)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", [names[0], "kernels"], ["spots"], group=channels),
            helper.make_node("Flatten", ["spots"], ["flat"]),
            helper.make_node("Gemm", ["flat", "weights"], ["sums"], transB=1),
            helper.make_node(ending, ["sums"], [names[1]]),
        ],
        "stand-in",
        [helper.make_tensor_value_info(names[0], TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info(names[1], TensorProto.FLOAT, [shape[0], columns])],
        [
            numpy_helper.from_array(kernels, "kernels"),
            numpy_helper.from_array(weights, "weights"),
        ],
    )
    save(graph, path, metadata)
    return weights


def answer(weights: np.ndarray, batch_nchw: np.ndarray) -> np.ndarray:
    """Return what such a net answers, worked out by NumPy."""
    spots = [batch_nchw.mean(axis=(2, 3))]
    spots += [batch_nchw[:, :, row, column] for row, column in [(0, 0), (0, -1), (-1, 0), (-1, -1)]]
    return np.stack(spots, axis=2).reshape(len(batch_nchw), -1) @ weights.T


def constant(
    path: Path, shape: list[int | str], outputs: dict[str, list[int]], domain: str = ""
) -> None:
    """Write a net that answers zeros of the given shapes."""
    nodes = [helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0)]
    weights = []
    for name, size in outputs.items():
        weights.append(numpy_helper.from_array(np.zeros(size, np.float32), f"{name}_zeros"))
        nodes.append(helper.make_node("Mul", [f"{name}_zeros", "mean"], [name]))
    if domain:
        nodes.append(helper.make_node("Odd", ["mean"], ["odd"], domain=domain))
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, size)
        for name, size in outputs.items()
    ]
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)
    save(helper.make_graph(nodes, "zeros", [images], values, weights), path, None, domain)


def bomb(path: Path) -> None:
    """Write a few bytes that ask for 160 GB when run: a picture in, an endless tensor inside."""
    size = numpy_helper.from_array(np.array([200_000, 200_000], np.int64), "size")
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=1),
            helper.make_node("Reshape", ["mean", "two"], ["small"]),
            helper.make_node("Expand", ["small", "size"], ["vast"]),
            helper.make_node("ReduceMax", ["vast"], ["scores"], keepdims=1),
            helper.make_node("Expand", ["scores", "wide"], ["output"]),
        ],
        "bomb",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 1, 48, 48])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["n", 8])],
        [
            size,
            numpy_helper.from_array(np.array([1, 1], np.int64), "two"),
            numpy_helper.from_array(np.array([1, 8], np.int64), "wide"),
        ],
    )
    save(graph, path)


def save(graph, path: Path, metadata: dict[str, str] | None = None, domain: str = "") -> None:
    opsets = [helper.make_opsetid("", 17)]
    if domain:
        opsets.append(helper.make_opsetid(domain, 1))
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    helper.set_model_props(model, metadata or {})
    onnx.save(model, str(path))
