"""Keep track of which ONNX value stands for which TFLite tensor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tflite

from .builder import OnnxBuilder
from .errors import ConversionError
from .reader import TFLiteGraph

INPUT_NAME = "image_nchw"
BATCH = "batch"


@dataclass(frozen=True)
class Window:
    """A sliding window's geometry, each pair as (vertical, horizontal)."""

    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int] = (1, 1)


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return the padding before and after one axis that TFLite calls SAME.

    The output has ceil(size / stride) elements; an odd rest goes after.

    Source: ComputePaddingWithOffset in tensorflow/lite/kernels/padding.h.
    """
    out_size = -(-size // stride)
    total = max((out_size - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


class Translation:
    """One conversion under way. Images are N x H x W x C in TFLite, N x C x H x W in ONNX."""

    def __init__(self, graph: TFLiteGraph, output_names: Mapping[str, int]) -> None:
        """Start at the input; `output_names` maps the names of the outputs to tensors."""
        if len(graph.inputs) != 1 or len(graph.shape(graph.inputs[0])) != 4:
            raise ConversionError("exactly one input, an image, is supported")
        self.graph = graph
        self.builder = OnnxBuilder()
        self._output_names = output_names
        self._labels = {
            tensor: label for label, tensor in output_names.items() if len(graph.shape(tensor)) != 4
        }
        self._values = {graph.inputs[0]: INPUT_NAME}
        self._deferred: dict[int, tuple[int, tuple[int, ...]]] = {}

    def name(self, tensor: int) -> str:
        """Return the name that the value of `tensor` gets."""
        return self._labels.get(tensor, f"t{tensor}")

    def value(self, tensor: int) -> str:
        """Return the ONNX value of a computed tensor."""
        if tensor in self._deferred and tensor not in self._values:
            source, (top, left, bottom, right) = self._deferred[tensor]
            self.pad(source, tensor, (0, 0, top, left, 0, 0, bottom, right))
        if tensor not in self._values:
            raise ConversionError(f"tensor {tensor} is constant where a computed one is needed")
        return self._values[tensor]

    def pad(self, source: int, target: int, pads_nchw: Sequence[int]) -> None:
        """Append the zero padding of `source` that makes `target`."""
        pads = self.builder.constant(np.array(pads_nchw, np.int64), f"{self.name(target)}_pads")
        self.emit(target, "Pad", [self.value(source), pads])

    def defer_pad(self, source: int, target: int, pads: Sequence[int]) -> None:
        """Put off a spatial zero padding (top, left, bottom, right) until someone needs it."""
        self._deferred[target] = (source, tuple(pads))

    def unpadded(self, tensor: int) -> tuple[str, list[int]]:
        """Return a value and the zero padding (top, left, bottom, right) still to be done."""
        source, pads = self._deferred.get(tensor, (tensor, (0, 0, 0, 0)))
        return self.value(source), list(pads)

    def same_pads(self, tensor: int, window: Window) -> list[int]:
        """Return the SAME padding (top, left, bottom, right) of a window on `tensor`."""
        size = self.graph.shape(tensor)[1:3]
        axes = zip(size, window.kernel, window.strides, window.dilations, strict=True)
        (top, bottom), (left, right) = (same_padding(*axis) for axis in axes)
        return [top, left, bottom, right]

    def emit(self, tensor: int, op_type: str, inputs: list[str], **attributes: object) -> None:
        """Append the node that computes `tensor`."""
        self._values[tensor] = self.builder.node(op_type, inputs, self.name(tensor), **attributes)

    def emit_activated(
        self, tensor: int, activation: int, op_type: str, inputs: list[str], **attributes: object
    ) -> None:
        """Append the node that computes `tensor`, then TFLite's fused activation."""
        kinds = tflite.ActivationFunctionType
        if activation == kinds.NONE:
            self.emit(tensor, op_type, inputs, **attributes)
            return
        linear = self.builder.node(op_type, inputs, f"{self.name(tensor)}_linear", **attributes)
        if activation == kinds.RELU:
            self.emit(tensor, "Relu", [linear])
        elif activation == kinds.RELU6:
            limits = [self.builder.constant(np.array(x, np.float32), f"limit_{x}") for x in (0, 6)]
            self.emit(tensor, "Clip", [linear, *limits])
        else:
            raise ConversionError(f"fused activation {activation} is not supported")

    def bind(self, tensor: int, value: str) -> None:
        """Let the ONNX value `value` stand for `tensor`."""
        self._values[tensor] = value

    def channels_last(self, tensor: int) -> str:
        """Return the value in the order of TFLite, for whoever reads it as a flat list."""
        shape = self.graph.shape(tensor)
        if len(shape) != 4 or shape[3] == 1 or shape[1:3] == (1, 1):
            return self.value(tensor)
        name = f"{self.name(tensor)}_nhwc"
        return self.builder.node("Transpose", [self.value(tensor)], name, perm=[0, 2, 3, 1])

    def emit_flat(self, tensor: int, source: int, shape: Sequence[int]) -> None:
        """Append the reshape of `source` to batch x `shape` that makes `tensor`."""
        name = self.name(tensor)
        sizes = self.builder.constant(np.array((-1, *shape), np.int64), f"{name}_shape")
        self.emit(tensor, "Reshape", [self.channels_last(source), sizes])

    def finish(self, label: str) -> tuple[int | str, ...]:
        """Make the output `label` and return its shape."""
        tensor = self._output_names[label]
        shape = list(self.graph.shape(tensor)[1:])
        value = self.value(tensor)
        if len(shape) == 3 and shape[:2] == [1, 1]:
            shape = shape[2:]
            sizes = self.builder.constant(np.array((-1, *shape), np.int64), f"{label}_shape")
            self.builder.node("Reshape", [value, sizes], label)
        elif len(shape) == 3:
            self.builder.node("Transpose", [value], label, perm=[0, 2, 3, 1])
        return (BATCH, *shape)
