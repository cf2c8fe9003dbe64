"""Export of YOLO networks and their 8-bit form."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

pytest.importorskip("onnx")
import made_videos  # noqa: E402
import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from affectstream.models import yolo_pose, zoo  # noqa: E402
from affectstream.models.added import METADATA  # noqa: E402
from affectstream.models.export import Wish, export  # noqa: E402
from affectstream.models.ort import Net  # noqa: E402
from affectstream.models.quantize import behind_the_convolutions, quantize  # noqa: E402
from affectstream.stream.errors import (  # noqa: E402
    ConfigError,
    MissingExtraError,
    ModelError,
    SourceError,
)

HAS_ULTRALYTICS = importlib.util.find_spec("ultralytics") is not None
LISTED = next(entry for entry in zoo.listed() if entry.name == "yolov8n-pose")


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    folder = tmp_path / "own"
    monkeypatch.setenv(zoo.ENVIRONMENT, str(folder))
    return folder


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        (Wish("yolov8n-pose"), "yolov8n-pose"),
        (Wish("yolov8n-pose", 320), "yolov8n-pose_320"),
        (Wish("yolov8n-pose", weights=Path("mine.pt")), "yolov8n-pose"),
        (Wish("yolo11n-pose", 480, calibrate=Path("a.mp4")), "yolo11n-pose_480_int8"),
        (Wish("yolo26n-pose", weights=Path("x.yaml")), "yolo26n-pose_random"),
    ],
)
def test_the_name_says_what_was_made(wish, name):
    assert wish.entry_name == name


@pytest.mark.parametrize(
    ("wish", "kind", "words"),
    [
        (Wish("yolov9n-pose"), ConfigError, "there are: yolov8n-pose, yolo11n-pose, yolo26n-pose"),
        (Wish("yunet"), ConfigError, "cannot be exported"),
        (Wish("yolov8n-pose", 300), ConfigError, "--imgsz 300: one of 320, 480, 640"),
        (Wish("yolov8n-pose", weights=Path("no/such.pt")), ModelError, "no/such.pt"),
    ],
)
def test_wishes_that_cannot_be_met(own, wish, kind, words):
    with pytest.raises(kind, match=words):
        export(wish)
    assert not own.exists()


@pytest.mark.skipif(HAS_ULTRALYTICS, reason="the extra `export` is installed")
def test_without_the_extra_the_pip_line_is_told(own):
    with pytest.raises(MissingExtraError, match=r'pip install "affectstream\[export\]"'):
        export(Wish("yolov8n-pose"))
    assert not own.exists()


def tiny(path: Path) -> Path:
    """Write a net of two convolutions whose answer joins large and small numbers.

    Row 0 is hundreds of px, row 1 a score below 1, row 2 a mean by a convolution to one channel.
    """
    random = np.random.default_rng(3)
    weights = {
        "first": random.normal(size=(8, 3, 3, 3)).astype(np.float32),
        "last": random.normal(size=(6, 8, 1, 1)).astype(np.float32),
        "mean": np.arange(4, dtype=np.float32).reshape(1, 4, 1, 1),
        "parts": np.array([1, 1, 4], np.int64),
        "large": np.array(300, np.float32),
        "axes": np.array([0, 3, -1], np.int64),
    }
    nodes = [
        helper.make_node("Conv", ["images", "first"], ["a"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "last"], ["c"]),
        helper.make_node("Split", ["c", "parts"], ["place", "logit", "spread"], axis=1),
        helper.make_node("Mul", ["place", "large"], ["px"]),
        helper.make_node("Sigmoid", ["logit"], ["score"]),
        helper.make_node("Softmax", ["spread"], ["shares"], axis=1),
        helper.make_node("Conv", ["shares", "mean"], ["distance"]),
        helper.make_node("Concat", ["px", "score", "distance"], ["joined"], axis=1),
        helper.make_node("Reshape", ["joined", "axes"], ["output0"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 32, 32])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 3, 256])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return path


def test_what_follows_the_last_convolutions_is_found(tmp_path):
    graph = onnx.load(tiny(tmp_path / "net.onnx")).graph
    for node in graph.node:
        node.name = node.output[0]
    found = behind_the_convolutions(graph)
    assert set(found) == {"output0", "joined", "px", "score", "distance", "shares", "place"}


FED = msgspec.structs.replace(LISTED.files["pose"].input, shape=("batch", 3, 32, 32))
SHAPES = ({"images": [1, 3, 32, 32]}, {"output0": [1, 3, 256]})


@pytest.mark.filterwarnings("default")
def test_eight_bits_keep_small_scores_beside_large_places(tmp_path):
    whole, file = tiny(tmp_path / "whole.onnx"), tiny(tmp_path / "net.onnx")
    clip = made_videos.make(tmp_path / "clip.mp4", draw=made_videos.noisy)
    quantize(file, FED, clip)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "clip.mp4",
        "net.onnx",
        "whole.onnx",
    ]
    model = onnx.load(file)
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("QuantizeLinear") >= 2
    assert {one.data_type for one in model.graph.initializer if len(one.dims) == 4} >= {
        TensorProto.INT8
    }
    assert [one.domain for one in model.opset_import] == [""]
    frame = made_videos.noisy(1, 64, 48)
    framed, _ = yolo_pose.letterbox(frame, (32, 32), 114)
    batch = yolo_pose.to_batch([framed], FED)
    exact, rough = (Net(path, *SHAPES).run({"images": batch})[0][0] for path in (whole, file))
    step = (exact.max() - exact.min()) / 255
    assert step > 1, "8 bits over the joined answer would leave nothing of a score"
    for row in range(3):
        spread = exact[row].max() - exact[row].min()
        assert np.abs(rough[row] - exact[row]).max() < 0.1 * spread
        assert np.corrcoef(rough[row], exact[row])[0, 1] > 0.99


def test_a_clip_that_cannot_be_read_leaves_the_file_alone(tmp_path):
    file = tiny(tmp_path / "net.onnx")
    before = file.read_bytes()
    with pytest.raises(SourceError):
        quantize(file, FED, tmp_path / "gone.mp4")
    assert file.read_bytes() == before


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_eight_bits_find_the_same_people(tmp_path, test_data, clips):
    """Official weights at 320 px, calibrated on one clip and compared on another."""
    side = 320
    entry = msgspec.structs.replace(
        LISTED,
        files={
            "pose": msgspec.structs.replace(
                LISTED.files["pose"],
                input=msgspec.structs.replace(
                    LISTED.files["pose"].input, shape=("batch", 3, side, side)
                ),
            )
        },
    )
    fed = entry.files["pose"].input
    data = (test_data / "models" / "yolov8n-pose_320.onnx").read_bytes()
    nets = []
    for name in ("whole.onnx", "net.onnx"):
        (tmp_path / name).write_bytes(data)
    quantize(tmp_path / "net.onnx", fed, clips / "intel_walk.mkv")
    for name in ("whole.onnx", "net.onnx"):
        net = Net(tmp_path / name, {"images": fed.shape}, {"output0": ["n", 56, 2100]})
        nets.append(yolo_pose.YoloPose(yolo_pose.Config(), net, entry))
    capture = cv2.VideoCapture(str(clips / "intel_one-by-one-person-detection.mp4"))
    counts, off = [], []
    for number in range(600):
        is_read, frame = capture.read()
        if not is_read:
            break
        if number % 20:
            continue
        exact, rough = (net.estimate(frame) for net in nets)
        counts.append(len(exact) - len(rough))
        for one, other in zip(exact, rough, strict=False):
            places, others = np.array(one.keypoints), np.array(other.keypoints)
            seen = places[:, 3] > 0.5
            height = one.box_xyxy[3] - one.box_xyxy[1]
            if len(exact) == len(rough) == 1 and seen.any():
                distance = np.hypot(*(places - others)[seen, :2].T)
                off.append(np.median(distance) / height)
    assert len(off) > 10
    assert np.mean(np.array(counts) != 0) < 0.05
    assert np.median(off) < 0.015


SHIMMED = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); import torchvision_cpu_shim; "
    "from affectstream.stream.cli import main; main()"
)


@pytest.mark.slow
@pytest.mark.skipif(not HAS_ULTRALYTICS, reason="needs the extra `export`")
@pytest.mark.parametrize("name", ["yolov8n-pose", "yolo11n-pose", "yolo26n-pose"])
def test_a_random_network_proves_the_path(own, tmp_path, test_data, name):
    """`ultralytics` builds it by its own plan; what comes out runs in our adapter."""
    clip = made_videos.make(tmp_path / "clip.mp4")
    command = [sys.executable, "-c", SHIMMED, str(test_data / "tools"), "models", "export", name]
    command += ["--imgsz", "320", "--weights", f"{name}.yaml", "--int8", "--calibrate", str(clip)]
    environment = {**os.environ, "YOLO_CONFIG_DIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=500)
    assert done.returncode == 0, done.stderr
    assert "must offer its source" in done.stdout
    entry = zoo.find(f"{name}_320_int8_random")
    assert {path.name for path in own.iterdir()} == {f"{entry.name}.onnx", "models.yaml"}
    assert entry.licence == "AGPL-3.0" and "finds nobody" in entry.note and not entry.accuracy
    zoo.check(entry)
    assert zoo.build(entry, {}).estimate(np.zeros((90, 160, 3), np.uint8)) == []
    props = {one.key: one.value for one in onnx.load(own / f"{entry.name}.onnx").metadata_props}
    told = json.loads(props[METADATA])
    assert (told["job"], told["layout"], told["imgsz"]) == ("pose", "coco17", 320)
    assert props["license"] == "AGPL-3.0"
