"""Each operator that the converter translates, against its definition."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="converting networks needs onnx")
pytest.importorskip("onnxruntime", reason="running networks needs onnxruntime")
pytest.importorskip("tflite", reason="converting networks needs tflite, flatbuffers")
sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))

import tflite
from tflite_to_onnx.builder import OnnxBuilder
from tflite_to_onnx.graph import same_padding
from tflite_to_onnx.prelu import prelu
from tiny_tflite import TinyModel, convert_model, image, ops, run

SAME, VALID = tflite.Padding.SAME, tflite.Padding.VALID
RELU, RELU6 = tflite.ActivationFunctionType.RELU, tflite.ActivationFunctionType.RELU6
UNIT_WINDOW = {"StrideH": 1, "StrideW": 1}
UNIT_CONVOLUTION = {**UNIT_WINDOW, "DilationHFactor": 1, "DilationWFactor": 1}


def convolve(
    image_nhwc: np.ndarray,
    kernel_ohwi: np.ndarray,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
) -> np.ndarray:
    """TFLite's VALID convolution, written as its definition."""
    _, height, width, _ = image_nhwc.shape
    count, kernel_h, kernel_w, depth = kernel_ohwi.shape
    out_h = (height - (kernel_h - 1) * dilation - 1) // stride + 1
    out_w = (width - (kernel_w - 1) * dilation - 1) // stride + 1
    result = np.zeros((len(image_nhwc), out_h, out_w, count))
    for y, x, o in np.ndindex(out_h, out_w, count):
        first = o * groups // count * depth
        patch = image_nhwc[
            :,
            y * stride : y * stride + (kernel_h - 1) * dilation + 1 : dilation,
            x * stride : x * stride + (kernel_w - 1) * dilation + 1 : dilation,
            first : first + depth,
        ]
        result[:, y, x, o] = (patch * kernel_ohwi[o]).sum(axis=(1, 2, 3))
    return result


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation", "expected"),
    [
        (5, 3, 1, 1, (1, 1)),
        (4, 3, 2, 1, (0, 1)),
        (5, 3, 2, 1, (1, 1)),
        (6, 5, 2, 1, (1, 2)),
        (8, 3, 1, 2, (2, 2)),
        (4, 1, 2, 1, (0, 0)),
        (4, 2, 2, 1, (0, 0)),
    ],
)
def test_same_padding(size, kernel, stride, dilation, expected):
    assert same_padding(size, kernel, stride, dilation) == expected


@pytest.mark.parametrize(
    ("stride", "dilation", "pads"),
    [(1, 1, (1, 1)), (2, 1, (0, 1)), (1, 2, (2, 2))],
    ids=["plain", "stride", "dilation"],
)
@pytest.mark.parametrize("depthwise", [False, True])
def test_convolution_same(stride, dilation, pads, depthwise):
    picture, weights = image(2, 6, 6, 2), image(4, 3, 3, 1 if depthwise else 2)
    bias = np.array([1, -2, 3, 0])
    padded = np.pad(picture, ((0, 0), pads, pads, (0, 0)))
    linear = convolve(padded, weights, stride, dilation, 2 if depthwise else 1) + bias
    model = TinyModel()
    x = model.input(1, 6, 6, 2)
    stored = weights.transpose(3, 1, 2, 0) if depthwise else weights
    y = model.operator(
        "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D",
        [x, model.constant(stored), model.constant(bias)],
        (1, *linear.shape[1:]),
        Padding=SAME,
        StrideH=stride,
        StrideW=stride,
        DilationHFactor=dilation,
        DilationWFactor=dilation,
        FusedActivationFunction=RELU6,
        **({"DepthMultiplier": 2} if depthwise else {}),
    )
    (result,) = run(convert_model(model, y), picture)
    assert (linear < 0).any() and (linear > 6).any()
    np.testing.assert_allclose(result, np.clip(linear, 0, 6), atol=1e-5)


def padded_model(paddings: list[list[int]]) -> tuple[TinyModel, int]:
    model = TinyModel()
    x = model.input(1, 4, 4, 2)
    after = tuple(size + sum(pad) for size, pad in zip((1, 4, 4, 2), paddings, strict=True))
    return model, model.operator("PAD", [x, model.constant(paddings, np.int32)], after)


def test_spatial_padding_goes_into_the_convolution():
    paddings = [[0, 0], [1, 2], [0, 1], [0, 0]]
    model, padded = padded_model(paddings)
    weights, picture = image(3, 3, 3, 2), image(1, 4, 4, 2)
    expected = convolve(np.pad(picture, paddings), weights)
    y = model.operator(
        "CONV_2D",
        [padded, model.constant(weights)],
        expected.shape,
        Padding=VALID,
        **UNIT_CONVOLUTION,
    )
    converted = convert_model(model, y)
    assert "Pad" not in ops(converted)
    np.testing.assert_allclose(run(converted, picture)[0], expected, atol=1e-5)


@pytest.mark.parametrize("paddings", [[[0, 0], [1, 2], [0, 1], [0, 0]], [[0, 0]] * 3 + [[1, 3]]])
def test_padding_that_is_read_directly(paddings):
    model, padded = padded_model(paddings)
    shape = model.tensors[padded].shape
    y = model.operator("ADD", [padded, padded], shape, FusedActivationFunction=RELU)
    picture = image(3, 4, 4, 2)
    expected = np.maximum(2 * np.pad(picture, paddings), 0)
    np.testing.assert_array_equal(run(convert_model(model, y), picture)[0], expected)


def test_max_pool_does_not_count_its_own_padding():
    model = TinyModel()
    x = model.input(1, 3, 3, 1)
    y = model.operator(
        "MAX_POOL_2D",
        [x],
        (1, 2, 2, 1),
        Padding=SAME,
        StrideH=2,
        StrideW=2,
        FilterHeight=2,
        FilterWidth=2,
    )
    picture = -np.arange(1, 10).reshape(1, 3, 3, 1)
    expected = np.array([-1, -3, -7, -9]).reshape(1, 2, 2, 1)
    np.testing.assert_array_equal(run(convert_model(model, y), picture)[0], expected)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"HalfPixelCenters": 1}, [0, 0.25, 0.75, 1]),
        ({"AlignCorners": 1}, [0, 1 / 3, 2 / 3, 1]),
        ({"AlignCorners": 0}, [0, 0.5, 1, 1]),
    ],
)
def test_resize_bilinear(options, expected):
    model = TinyModel()
    x = model.input(1, 1, 2, 1)
    size = model.constant([1, 4], np.int32)
    y = model.operator("RESIZE_BILINEAR", [x, size], (1, 1, 4, 1), **options)
    (result,) = run(convert_model(model, y), np.array([0, 1]).reshape(1, 1, 2, 1))
    np.testing.assert_allclose(result.ravel(), expected, atol=1e-6)


def test_depth_to_space_concatenation_and_reshape_keep_the_order_of_tflite():
    model = TinyModel()
    x = model.input(1, 2, 3, 8)
    wide = model.operator("DEPTH_TO_SPACE", [x], (1, 4, 6, 2), BlockSize=2)
    twice = model.operator("CONCATENATION", [wide, wide], (1, 4, 6, 4), Axis=-1)
    one = model.operator("RESHAPE", [twice], (1, 48, 2))
    two = model.operator("RESHAPE", [wide], (1, 24, 2))
    y = model.operator("CONCATENATION", [one, two], (1, 72, 2), Axis=1)
    picture = image(2, 2, 3, 8)
    blocks = picture.reshape(2, 2, 3, 2, 2, 2).transpose(0, 1, 3, 2, 4, 5).reshape(2, 4, 6, 2)
    doubled = np.concatenate([blocks, blocks], axis=3).reshape(2, 48, 2)
    expected = np.concatenate([doubled, blocks.reshape(2, 24, 2)], axis=1)
    np.testing.assert_array_equal(run(convert_model(model, y), picture)[0], expected)


def test_outputs_are_channels_last_and_lose_unit_axes():
    model = TinyModel()
    x = model.input(1, 2, 2, 3)
    pooled = model.operator(
        "MAX_POOL_2D",
        [x],
        (1, 1, 1, 3),
        FilterHeight=2,
        FilterWidth=2,
        **UNIT_WINDOW,
        Padding=VALID,
    )
    y = model.operator("LOGISTIC", [x], (1, 2, 2, 3))
    picture = image(2, 2, 2, 3)
    largest, sigmoid = run(convert_model(model, pooled, y), picture)
    np.testing.assert_array_equal(largest, picture.max(axis=(1, 2)))
    np.testing.assert_allclose(sigmoid, 1 / (1 + np.exp(-picture)), atol=1e-6)


@pytest.mark.parametrize("slope", [[0.25, -0.5, 1.75], [0.1, 0, 1]])
def test_prelu_equals_the_operator_it_replaces(slope):
    model = TinyModel()
    x = model.input(1, 5, 4, 3)
    slopes = np.array(slope, np.float32)
    y = model.operator("PRELU", [x, model.constant(slopes.reshape(1, 1, 3))], (1, 5, 4, 3))
    converted = convert_model(model, y)
    picture = image(2, 5, 4, 3)
    expected = np.where(picture > 0, picture, slopes * picture)
    assert "PRelu" not in ops(converted)
    np.testing.assert_allclose(run(converted, picture)[0], expected, atol=1e-6)


def test_prelu_against_onnxruntime():
    slope = np.linspace(-1, 2, 8, dtype=np.float32)
    results = []
    for rewritten in (False, True):
        builder = OnnxBuilder()
        if rewritten:
            prelu(builder, "image_nchw", slope, "y")
        else:
            stored = builder.constant(slope.reshape(8, 1, 1), "slope")
            builder.node("PRelu", ["image_nchw", stored], "y")
        shape = ("batch", 8, 6, 6)
        model = builder.model("prelu", {"image_nchw": shape}, {"y": shape}, {})
        results.append(run(model, image(2, 6, 6, 8))[0])
    np.testing.assert_allclose(*results, atol=1e-6)
