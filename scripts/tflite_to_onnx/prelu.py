"""Write PRelu in operators that ONNX Runtime has fast kernels for."""

from __future__ import annotations

import numpy as np

from .builder import OnnxBuilder
from .sparse import Array


def prelu(builder: OnnxBuilder, value: str, slope: Array, output: str) -> str:
    """Append `x if x > 0 else slope * x` per channel of an N x C x H x W value.

    `slope` holds one number per channel. The identity used is
    `slope * x + (1 - slope) * relu(x)`, with each product a 1 x 1 depthwise convolution: ONNX
    Runtime's CPU provider keeps convolutions in its blocked channel layout and fuses the sum
    into one of them, while PRelu runs alone in the plain layout.
    """
    channels = slope.size
    slope = slope.astype(np.float32).reshape(channels, 1, 1, 1)
    positive = builder.node("Relu", [value], f"{output}_positive")
    parts = [
        builder.node(
            "Conv",
            [operand, builder.weight(factor, f"{output}_{label}_factor")],
            f"{output}_{label}",
            group=channels,
            kernel_shape=[1, 1],
        )
        for label, operand, factor in (("all", value, slope), ("rest", positive, 1 - slope))
    ]
    return builder.node("Add", parts, output)
