"""The converter's parts and its command line, on TFLite files built here."""

from __future__ import annotations

import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="converting networks needs onnx")
pytest.importorskip("onnxruntime", reason="running networks needs onnxruntime")
pytest.importorskip("tflite", reason="converting networks needs tflite, flatbuffers")
sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))

import convert_tflite
import onnx
from tflite_to_onnx.builder import OnnxBuilder
from tflite_to_onnx.catalogue import FACE_MESH
from tflite_to_onnx.errors import ConversionError
from tflite_to_onnx.reader import TFLiteGraph
from tflite_to_onnx.sparse import CompressedLevel, DenseLevel, densify
from tflite_to_onnx.wheel import read_source
from tiny_tflite import TinyModel, convert_model, ops, run

# Reading


@pytest.mark.parametrize(
    ("levels", "order", "values", "dense"),
    [
        ([DenseLevel(2), DenseLevel(2)], [0, 1], [1, 2, 3, 4], [[1, 2], [3, 4]]),
        ([DenseLevel(2), DenseLevel(2)], [1, 0], [1, 2, 3, 4], [[1, 3], [2, 4]]),
        (
            [DenseLevel(3), CompressedLevel(np.array([0, 2, 2, 3]), np.array([0, 3, 1]))],
            [0, 1],
            [5, 6, 7],
            [[5, 0, 0, 6], [0, 0, 0, 0], [0, 7, 0, 0]],
        ),
        (
            [
                CompressedLevel(np.array([0, 1]), np.array([1])),
                CompressedLevel(np.array([0, 2]), np.array([0, 2])),
            ],
            [0, 1],
            [8, 9],
            [[0, 0, 0], [8, 0, 9]],
        ),
    ],
    ids=["dense", "columns first", "compressed rows", "compressed twice"],
)
def test_densify(levels, order, values, dense):
    expected = np.array(dense)
    result = densify(np.array(values, np.float16), levels, order, expected.shape)
    assert result.dtype == np.float16
    np.testing.assert_array_equal(result, expected)


def test_densify_refuses_blocks():
    with pytest.raises(ConversionError, match="block"):
        densify(np.ones(4), [DenseLevel(2)] * 3, [0, 1, 2], (2, 2))


def test_reader_follows_a_constant_through_densify_and_dequantize():
    matrix = np.array([[0, 1.5, 0], [0, 0, 0], [2, 0, -3]])
    model = TinyModel()
    stored = model.constant(matrix, np.float16, sparse_rows=True)
    dense = model.operator("DENSIFY", [stored], (3, 3))
    single = model.operator("DEQUANTIZE", [dense], (3, 3))
    graph = TFLiteGraph(model.bytes(single))
    assert graph.operators == ()
    np.testing.assert_array_equal(graph.constant(single), matrix)


def test_reader_refuses_other_files():
    with pytest.raises(ConversionError, match="TFL3"):
        TFLiteGraph(b"\x08\x00\x00\x00ONNX" + bytes(32))


# The whole


@pytest.mark.parametrize(
    ("values", "kept_in"),
    [
        (np.arange(64) / 8, np.float16),
        (np.arange(64) / 10, np.float32),
        (np.full(64, 1e6), np.float32),
        (np.arange(63) / 8, np.float32),
    ],
    ids=["exact", "inexact", "too large", "small"],
)
def test_weights_are_halved_only_where_that_is_exact(values, kept_in):
    builder = OnnxBuilder()
    weights = builder.weight(values.astype(np.float32), "w")
    builder.node("Add", ["image_nchw", weights], "y")
    shape = ("batch", 1, 1, len(values))
    model = builder.model("half", {"image_nchw": shape}, {"y": shape}, {})
    (stored,) = model.graph.initializer
    assert onnx.numpy_helper.to_array(stored).dtype == kept_in
    (result,) = run(model, np.zeros((1, 1, len(values), 1)))
    np.testing.assert_array_equal(result.ravel(), values.astype(np.float32))


def two_headed_model(other_head: str) -> tuple[TinyModel, int, int]:
    model = TinyModel()
    x = model.input(1, 2, 2, 1)
    return (
        model,
        model.operator("LOGISTIC", [x], (1, 2, 2, 1)),
        model.operator(other_head, [x], (1, 2, 2, 1)),
    )


def test_a_head_that_is_left_out_leaves_no_nodes():
    model, wanted, _ = two_headed_model("TANH")
    assert ops(convert_model(model, wanted)) == ["Sigmoid", "Transpose"]


def test_an_unknown_operator_is_named():
    model, wanted, unknown = two_headed_model("TANH")
    with pytest.raises(ConversionError, match="TANH"):
        convert_model(model, wanted, unknown)


def test_the_bytes_depend_on_the_source_alone():
    def once() -> bytes:
        model, y, _ = two_headed_model("TANH")
        return convert_model(model, y).SerializeToString(deterministic=True)

    assert once() == once()


# The wheel and the command line


@pytest.mark.parametrize(
    ("member", "message"),
    [("other.tflite", "holds no"), (FACE_MESH.member, "is not the file of")],
)
def test_a_wheel_without_the_file_is_refused(tmp_path, capsys, member, message):
    wheel = tmp_path / "mediapipe.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(member, b"something else")
    with pytest.raises(ConversionError, match=message):
        read_source(wheel, FACE_MESH)
    assert convert_tflite.main(["--wheel", str(wheel), "--out", str(tmp_path)]) == 1
    assert "convert_tflite: " in capsys.readouterr().err
    assert not list(tmp_path.glob("*.onnx"))


def test_the_command_line_wants_the_hardware_named(capsys):
    with pytest.raises(SystemExit) as stopped:
        convert_tflite.main(["--check", "picture.png"])
    assert stopped.value.code == 2
    assert "--hardware" in capsys.readouterr().err


def test_entry_metadata_says_where_the_weights_come_from():
    model, y, other = two_headed_model("LOGISTIC")
    entry = replace(FACE_MESH, output_names=("landmarks", None))
    converted = onnx.load_from_string(convert_tflite.convert_entry(entry, model.bytes(y, other)))
    properties = {item.key: item.value for item in converted.metadata_props}
    assert properties["licence"] == "Apache-2.0"
    assert properties["source_sha256"] == FACE_MESH.source_sha256
    assert FACE_MESH.member in properties["origin"]
    assert [value.name for value in converted.graph.output] == ["landmarks"]
