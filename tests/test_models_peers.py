"""The peers' adapters against their sources' own arithmetic, on networks of the same signature."""

import hashlib

import cv2
import msgspec
import numpy as np
import pytest

pytest.importorskip("onnx")
import stand_ins  # noqa: E402

from affectstream.models import expression, mobilefacenet, zoo  # noqa: E402
from affectstream.stream.errors import ModelError  # noqa: E402
from affectstream.stream.messages import EMOTIONS, Face  # noqa: E402

LISTED = {entry.name: entry for entry in zoo.listed()}
EMOTIEFF_ORDER = "anger contempt disgust fear happiness neutral sadness surprise".split()
OPENCV_ORDER = "anger disgust fear happiness neutral sadness surprise".split()
OPENCV_PLACES = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
IMAGE = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)
MARKS = ((100.0, 92.5), (141.5, 84.0), (125.0, 112.0), (113.5, 139.0), (146.0, 131.0))
FACES = [
    Face((80.7, 50.2, 170.9, 160.4), 0.9, MARKS),
    Face((-12.0, -7.0, 60.5, 70.1), 0.8, tuple((x - 90, y - 70) for x, y in MARKS)),
    Face((250.0, 180.0, 320.0, 240.0), 0.7, tuple((x + 160, y + 110) for x, y in MARKS)),
]


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Return a maker of a peer whose weights are a stand-in's; it gives the adapter and the map."""
    monkeypatch.setenv(zoo.ENVIRONMENT, str(tmp_path))

    def made(name: str, columns: int = 0, batch: int | str = "n"):
        entry = LISTED[name]
        ((part, file),) = entry.files.items()
        (output, shape) = next(iter(file.outputs.items()))
        path = tmp_path / file.path
        size = (batch, *file.input.shape[1:])
        weights = stand_ins.classifier(path, size, columns or shape[1], (file.input.name, output))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        own = msgspec.structs.replace(file, sha256=digest)
        return zoo.build(msgspec.structs.replace(entry, files={part: own}), {}), weights

    return made


def ordered(probabilities: np.ndarray, order: list[str]) -> np.ndarray:
    """Return the columns in the order of `EMOTIONS`; 0 where there is none."""
    wide = np.zeros((len(probabilities), len(EMOTIONS)))
    for column, name in enumerate(order):
        wide[:, EMOTIONS.index(name)] = probabilities[:, column]
    return wide


def emotieff_source(crops_rgb: list[np.ndarray], name: str) -> np.ndarray:
    """The preprocessing of EmotiEffLib's ONNX recogniser."""
    if "mbf_" in name:
        mean, sd, side = [0.5] * 3, [0.5] * 3, 112
    else:
        mean, sd, side = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225], 224
    planes = [(cv2.resize(crop, (side, side)) / 255 - mean) / sd for crop in crops_rgb]
    return np.stack(planes).transpose(0, 3, 1, 2).astype("float32")


@pytest.mark.parametrize("batch", ["n", 1])
@pytest.mark.parametrize("name", ["enet_b0_8_va_mtl", "mbf_va_mtl"])
def test_emotieff_as_its_source(make, name, batch):
    adapter, weights = make(name, batch=batch)
    crops = []
    for face in FACES:
        x1, y1, x2, y2 = (int(max(value, 0)) for value in face.box_xyxy)
        crops.append(cv2.cvtColor(IMAGE[y1:y2, x1:x2], cv2.COLOR_BGR2RGB))
    scores = stand_ins.answer(weights, emotieff_source(crops, name))
    powers = np.exp(scores[:, :-2] - scores[:, :-2].max(axis=1)[:, None])
    probabilities = powers / powers.sum(axis=1)[:, None]
    read = adapter.read(IMAGE, FACES)
    assert np.array([face.emotions for face in read]) == pytest.approx(
        ordered(probabilities, EMOTIEFF_ORDER), abs=1e-4
    )
    affect = np.array([(face.valence, face.arousal) for face in read])
    assert affect == pytest.approx(np.clip(scores[:, -2:], -1, 1), abs=1e-4)
    assert np.abs(scores[:, -2:]).max() > 1, "clipping was tried"
    assert [face.box_xyxy for face in read] == [face.box_xyxy for face in FACES]


def test_faces_without_a_pixel_stay_unread(make):
    adapter, _ = make("mbf_va_mtl")
    outside = Face((400.0, 10.0, 450.0, 60.0), 0.9)
    thin = Face((10.2, 10.0, 10.9, 60.0), 0.9)
    read = adapter.read(IMAGE, [outside, FACES[0], thin])
    assert [face.emotions is None for face in read] == [True, False, True]
    assert adapter.read(IMAGE, [outside]) == [outside]
    assert adapter.read(IMAGE, []) == []


def opencv_align(image: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """The alignment of opencv_zoo's facial_fer_model: least squares from the places, inverted."""
    x, y = OPENCV_PLACES[:, :1], OPENCV_PLACES[:, 1:]
    ones, zeros = np.ones((5, 1)), np.zeros((5, 1))
    system = np.vstack([np.hstack([x, y, ones, zeros]), np.hstack([y, -x, zeros, ones])])
    known = np.vstack([marks[:, :1], marks[:, 1:]])
    scale, turn, shift_x, shift_y = np.linalg.lstsq(system, known, rcond=-1)[0].ravel()
    back = np.array([[scale, -turn, 0], [turn, scale, 0], [shift_x, shift_y, 1]])
    return cv2.warpAffine(image, np.linalg.inv(back)[:, :2].T, (112, 112))


def test_mobilefacenet_as_its_source(make):
    adapter, weights = make("mobilefacenet_fer", batch=1)
    crops = [opencv_align(IMAGE, np.array(face.landmarks)) for face in FACES]
    for face, crop in zip(FACES, crops, strict=True):
        own = mobilefacenet.align(IMAGE, face, OPENCV_PLACES, 112)
        assert np.abs(own.astype(int) - crop).max() <= 1
    planes = [(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB) / 255 - 0.5) / 0.5 for crop in crops]
    scores = stand_ins.answer(weights, np.stack(planes).transpose(0, 3, 1, 2))
    powers = np.exp(scores)
    expected = ordered(powers / powers.sum(axis=1)[:, None], OPENCV_ORDER)
    read = adapter.read(IMAGE, FACES)
    assert np.array([face.emotions for face in read]) == pytest.approx(expected, abs=0.02)
    assert all(
        face.valence is None and face.emotions[EMOTIONS.index("contempt")] == 0 for face in read
    )


def test_a_face_without_landmarks_stays_unread(make):
    adapter, _ = make("mobilefacenet_fer")
    bare = Face((80.0, 50.0, 170.0, 160.0), 0.9)
    read = adapter.read(IMAGE, [bare, FACES[0]])
    assert read[0] == bare and read[1].emotions is not None
    assert adapter.read(IMAGE, [bare]) == [bare]


def test_usual_places_are_those_of_the_source():
    framing = np.array(LISTED["mobilefacenet_fer"].framing) * 112
    assert framing == pytest.approx(OPENCV_PLACES, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("enet_b0_8_va_mtl", EMOTIEFF_ORDER),
        ("mbf_va_mtl", EMOTIEFF_ORDER),
        ("mobilefacenet_fer", OPENCV_ORDER),
    ],
)
def test_label_orders_are_those_of_the_sources(name, order):
    assert list(LISTED[name].labels) == order


@pytest.mark.parametrize(
    ("name", "columns"), [("mbf_va_mtl", 8), ("enet_b0_8_va_mtl", 7), ("mobilefacenet_fer", 8)]
)
def test_another_width_is_refused_by_name(make, name, columns):
    with pytest.raises(ModelError, match=LISTED[name].files["expression"].path):
        make(name, columns)


def test_large_logits_do_not_overflow():
    rows = expression.softmax(np.array([[1000.0, 999.0], [-1000.0, -1000.0]], np.float32))
    assert rows == pytest.approx(np.array([[0.7311, 0.2689], [0.5, 0.5]]), abs=1e-4)
