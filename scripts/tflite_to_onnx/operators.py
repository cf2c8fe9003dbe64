"""Translate TFLite operators to ONNX."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx
import tflite

from .errors import ConversionError
from .graph import BATCH, INPUT_NAME, Translation, Window
from .prelu import prelu
from .reader import Operator, TFLiteGraph

NHWC_AXIS_IN_NCHW = (0, 2, 3, 1)
"""Where axis k of N x H x W x C stands in N x C x H x W."""


def convert(
    graph: TFLiteGraph, output_names: Mapping[str, int], name: str, metadata: Mapping[str, str]
) -> onnx.ModelProto:
    """Return the ONNX model that computes the named outputs of `graph`.

    `output_names` maps a name to a tensor number; operators that no named output needs are left
    out. The input is `image_nchw`, batch x C x H x W. An output that is an image keeps the
    original order, batch x H x W x C, and loses the spatial axes where they are 1 x 1.

    Raises:
        ConversionError: an operator, or the way it is used, is not supported.
    """
    translation = Translation(graph, output_names)
    for operator in graph.operators_for(output_names.values()):
        if operator.name not in TRANSLATORS:
            raise ConversionError(f"operator {operator.name} is not supported")
        TRANSLATORS[operator.name](translation, operator)
    outputs = {label: translation.finish(label) for label in output_names}
    _, height, width, channels = graph.shape(graph.inputs[0])
    inputs = {INPUT_NAME: (BATCH, channels, height, width)}
    return translation.builder.model(name, inputs, outputs, metadata)


def _convolution(t: Translation, op: Operator) -> None:
    source, weights, *bias = op.inputs
    target = op.outputs[0]
    kernel = t.graph.constant(weights)
    depthwise = op.name == "DEPTHWISE_CONV_2D"
    window = Window(
        (kernel.shape[1], kernel.shape[2]),
        (op.options.StrideH(), op.options.StrideW()),
        (op.options.DilationHFactor(), op.options.DilationWFactor()),
    )
    if op.options.Padding() == tflite.Padding.VALID:
        value, pads = t.unpadded(source)
    else:
        value, pads = t.value(source), t.same_pads(source, window)
    name = t.name(target)
    kernel = kernel.transpose(3, 0, 1, 2) if depthwise else kernel.transpose(0, 3, 1, 2)
    inputs = [value, t.builder.weight(kernel, f"{name}_weight")]
    if bias and bias[0] >= 0:
        inputs.append(t.builder.weight(t.graph.constant(bias[0]), f"{name}_bias"))
    t.emit_activated(
        target,
        op.options.FusedActivationFunction(),
        "Conv",
        inputs,
        kernel_shape=list(window.kernel),
        strides=list(window.strides),
        dilations=list(window.dilations),
        pads=pads,
        group=t.graph.shape(source)[3] // kernel.shape[1],
    )


def _max_pool(t: Translation, op: Operator) -> None:
    window = Window(
        (op.options.FilterHeight(), op.options.FilterWidth()),
        (op.options.StrideH(), op.options.StrideW()),
    )
    source = op.inputs[0]
    valid = op.options.Padding() == tflite.Padding.VALID
    t.emit_activated(
        op.outputs[0],
        op.options.FusedActivationFunction(),
        "MaxPool",
        [t.value(source)],
        kernel_shape=list(window.kernel),
        strides=list(window.strides),
        pads=[0, 0, 0, 0] if valid else t.same_pads(source, window),
    )


def _add(t: Translation, op: Operator) -> None:
    inputs = [t.value(tensor) for tensor in op.inputs]
    t.emit_activated(op.outputs[0], op.options.FusedActivationFunction(), "Add", inputs)


def _pad(t: Translation, op: Operator) -> None:
    amounts = t.graph.constant(op.inputs[1])
    if amounts.shape != (4, 2):
        raise ConversionError("PAD of anything but an image is not supported")
    before, after = ([int(x) for x in amounts[[0, 3, 1, 2], side]] for side in (0, 1))
    if not any(before[:2] + after[:2]):
        t.defer_pad(op.inputs[0], op.outputs[0], (*before[2:], *after[2:]))
    else:
        t.pad(op.inputs[0], op.outputs[0], (*before, *after))


def _resize_bilinear(t: Translation, op: Operator) -> None:
    sizes = zip(t.graph.shape(op.inputs[0])[1:3], t.graph.shape(op.outputs[0])[1:3], strict=True)
    factors = [out_size / in_size for in_size, out_size in sizes]
    if any(factor != round(factor) for factor in factors):
        raise ConversionError("RESIZE_BILINEAR by a fraction is not supported")
    mode = "asymmetric"
    if op.options.AlignCorners():
        mode = "align_corners"
    elif op.options.HalfPixelCenters():
        mode = "half_pixel"
    name = f"{t.name(op.outputs[0])}_scales"
    scales = t.builder.constant(np.array([1, 1, *factors], np.float32), name)
    t.emit(
        op.outputs[0],
        "Resize",
        [t.value(op.inputs[0]), "", scales],
        mode="linear",
        coordinate_transformation_mode=mode,
    )


def _prelu(t: Translation, op: Operator) -> None:
    source, target = op.inputs[0], op.outputs[0]
    slope = t.graph.constant(op.inputs[1])
    if slope.size != t.graph.shape(source)[-1]:
        raise ConversionError("PRELU must have one slope per channel")
    t.bind(target, prelu(t.builder, t.value(source), slope, t.name(target)))


def _logistic(t: Translation, op: Operator) -> None:
    t.emit(op.outputs[0], "Sigmoid", [t.value(op.inputs[0])])


def _depth_to_space(t: Translation, op: Operator) -> None:
    block = op.options.BlockSize()
    t.emit(op.outputs[0], "DepthToSpace", [t.value(op.inputs[0])], blocksize=block, mode="DCR")


def _concatenation(t: Translation, op: Operator) -> None:
    rank = len(t.graph.shape(op.outputs[0]))
    axis = op.options.Axis() % rank
    if rank == 4:
        axis = NHWC_AXIS_IN_NCHW[axis]
    t.emit(op.outputs[0], "Concat", [t.value(tensor) for tensor in op.inputs], axis=axis)


def _reshape(t: Translation, op: Operator) -> None:
    before, after = t.graph.shape(op.inputs[0]), t.graph.shape(op.outputs[0])
    if before[0] != after[0] or len(after) == 4:
        raise ConversionError("RESHAPE of the batch axis, or to an image, is not supported")
    t.emit_flat(op.outputs[0], op.inputs[0], after[1:])


TRANSLATORS: Mapping[str, Callable[[Translation, Operator], None]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "MAX_POOL_2D": _max_pool,
    "ADD": _add,
    "PAD": _pad,
    "RESIZE_BILINEAR": _resize_bilinear,
    "PRELU": _prelu,
    "LOGISTIC": _logistic,
    "DEPTH_TO_SPACE": _depth_to_space,
    "CONCATENATION": _concatenation,
    "RESHAPE": _reshape,
}
