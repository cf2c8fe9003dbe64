"""The converted networks that are shipped: what their cards say, and the original."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="running networks needs onnxruntime")
sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))

import onnxruntime
from tflite_to_onnx.catalogue import CATALOGUE

WEIGHTS = Path(__file__).parent.parent / "models" / "weights"

SHAPES = {
    "blazeface_full_range": {
        "image_nchw": (3, 192, 192),
        "regressors": (2304, 16),
        "scores": (2304, 1),
    },
    "face_mesh": {"image_nchw": (3, 192, 192), "landmarks": (1404,), "presence": (1,)},
    "blazepose_detector": {
        "image_nchw": (3, 224, 224),
        "regressors": (2254, 12),
        "scores": (2254, 1),
    },
    "blazepose_landmark": {
        "image_nchw": (3, 256, 256),
        "landmarks": (195,),
        "presence": (1,),
        "heatmap": (64, 64, 39),
        "world": (117,),
    },
}
CLOSE = 5e-4
"""Largest difference from the original as a part of an output's range. The original's own two
sets of kernels are up to 4e-4 apart on noise (blazepose_landmark, world)."""


@pytest.fixture(params=CATALOGUE)
def name(request) -> str:
    return request.param


def open_session(name: str):
    return onnxruntime.InferenceSession(
        str(WEIGHTS / f"{name}.onnx"), providers=["CPUExecutionProvider"]
    )


def test_the_card_names_this_very_file(name):
    card = (WEIGHTS / f"{name}.md").read_text("utf-8")
    data = (WEIGHTS / f"{name}.onnx").read_bytes()
    assert re.findall(r"^\| sha256 \| `(\w+)` \|$", card, re.M) == [
        hashlib.sha256(data).hexdigest()
    ]
    assert f"`{CATALOGUE[name].source_sha256}`" in card
    assert f"{len(data):,} bytes" in card


def test_names_shapes_and_metadata(name):
    session = open_session(name)
    values = [*session.get_inputs(), *session.get_outputs()]
    assert {v.name: tuple(v.shape) for v in values} == {
        label: ("batch", *shape) for label, shape in SHAPES[name].items()
    }
    card = (WEIGHTS / f"{name}.md").read_text("utf-8")
    for value in values:
        assert f"`{value.name}`, {' x '.join(str(size) for size in value.shape)}" in card
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata["licence"] == "Apache-2.0"
    assert metadata["source_sha256"] == CATALOGUE[name].source_sha256


def test_a_batch_gives_what_its_pictures_give_alone(name):
    session = open_session(name)
    images = np.random.default_rng(3).random((2, *SHAPES[name]["image_nchw"]), np.float32)
    together = session.run(None, {"image_nchw": images})
    for k in range(len(images)):
        alone = session.run(None, {"image_nchw": images[k : k + 1]})
        for one, both in zip(alone, together, strict=True):
            scale = np.abs(one).max()
            np.testing.assert_allclose(both[k], one[0], rtol=0, atol=1e-4 * scale)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The MediaPipe wheel: AFFECTSTREAM_MEDIAPIPE_WHEEL, or downloaded by pip."""
    for package in ("tflite", "onnx", "ai_edge_litert", "cv2"):
        pytest.importorskip(package, reason=f"comparing with the original needs {package}")
    given = os.environ.get("AFFECTSTREAM_MEDIAPIPE_WHEEL")
    if given:
        return Path(given)
    from tflite_to_onnx.errors import ConversionError
    from tflite_to_onnx.wheel import download_wheel

    try:
        return download_wheel(tmp_path_factory.mktemp("wheel"))
    except ConversionError as error:
        pytest.skip(f"no MediaPipe wheel: {error}")


@pytest.mark.slow
def test_the_wheel_gives_this_very_file(name, wheel):
    import convert_tflite
    from tflite_to_onnx.wheel import read_source

    source = read_source(wheel, CATALOGUE[name])
    assert (
        convert_tflite.convert_entry(CATALOGUE[name], source)
        == (WEIGHTS / f"{name}.onnx").read_bytes()
    )


@pytest.mark.slow
def test_outputs_are_close_to_the_original(name, wheel, clips):
    from tflite_to_onnx.check import check
    from tflite_to_onnx.crops import Finder, read_picture_rgb
    from tflite_to_onnx.wheel import read_source

    models = {entry: (WEIGHTS / f"{entry}.onnx").read_bytes() for entry in CATALOGUE}
    pictures = [
        read_picture_rgb(clips / file)
        for file in ("skimage_astronaut.png", "pyfeat_single_face.jpg")
    ]
    entry = CATALOGUE[name]
    result = check(entry, read_source(wheel, entry), models[name], Finder(models), pictures)
    assert {difference.output for difference in result.differences} == set(entry.outputs)
    assert all(difference.relative < CLOSE for difference in result.differences)
    assert all(score > 0.5 for score in result.best_scores)
