import cv2
import numpy as np
import pytest

from affectstream.models import crop, expression, zoo
from affectstream.stream.errors import ModelError
from affectstream.stream.messages import EMOTIONS, Face

ENTRY = zoo.pick("expression").entry
FRAMING = np.array(ENTRY.framing) * 48


@pytest.mark.parametrize(
    "labels",
    [
        EMOTIONS,
        EMOTIONS[::-1],
        ("anger", "happiness", "neutral"),
        ("fear",),
    ],
)
def test_labels_are_mapped_by_name(labels):
    outputs = np.random.default_rng(0).random((3, len(labels))).astype(np.float32)
    rows = expression.in_order(outputs, expression.columns(labels, "net"))
    for row, output in zip(rows, outputs.astype(float), strict=True):
        naive = [
            output[labels.index(name)] / output.sum() if name in labels else 0 for name in EMOTIONS
        ]
        assert row == pytest.approx(naive)
        assert sum(row) == pytest.approx(1)


@pytest.mark.parametrize("labels", [(), ("joy",), ("fear", "fear"), ("Neutral",)])
def test_foreign_labels_are_refused(labels):
    with pytest.raises(ModelError, match="labels of net"):
        expression.columns(labels, "net")


def test_landmarks_are_brought_to_the_framing():
    turn = np.array([[0.1, 0.02, -9], [-0.02, 0.1, -3]])
    points = crop.transform(FRAMING, crop.inverse(turn))
    face = Face((0, 0, 1, 1), 1.0, tuple((x, y) for x, y in points.tolist()))
    assert expression.face_matrix(face, FRAMING, 48) == pytest.approx(turn)


def test_a_face_without_landmarks_is_framed_by_its_box():
    matrix = expression.face_matrix(Face((100, 50, 200, 130), 1.0), FRAMING, 48)
    centre = crop.transform(np.array([150.0, 90.0]), matrix)
    edge = crop.transform(np.array([150 + 48.5, 90.0]), matrix)
    assert centre == pytest.approx([24, 24])
    assert edge == pytest.approx([48, 24])


@pytest.fixture(scope="module")
def net():
    return zoo.build(ENTRY, {})


def test_nobody_is_read_without_a_run(net):
    assert net.read(np.zeros((4, 4, 3), np.uint8), []) == []


def test_many_faces_read_as_each_alone(net):
    image = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    faces = [Face((x, 10 + x / 3, x + 60, 80 + x / 3), 0.9) for x in range(0, 220, 20)]
    together = net.read(image, faces)
    alone = [net.read(image, [face])[0] for face in faces]
    assert len(together) == 11
    for one, other in zip(together, alone, strict=True):
        assert one.emotions == pytest.approx(other.emotions, abs=1e-4)
        assert sum(one.emotions) == pytest.approx(1)
        assert one.box_xyxy == other.box_xyxy


def test_a_smile_is_happy(clips, net):
    detector, mesh = (zoo.build(zoo.pick(job).entry, {}) for job in ("face", "mesh"))
    image = cv2.imread(str(clips / "pyfeat_single_face.jpg"))
    (face,) = net.read(image, mesh.measure(image, detector.detect(image)))
    assert EMOTIONS[int(np.argmax(face.emotions))] == "happiness"


def test_framed_pictures_keep_their_place(test_data, net):
    """FER+ pictures, whose votes stand in the order of `EMOTIONS`, are fed unchanged.

    Where 8 of 10 annotators agree, the net does too (its card: 78 % where 6 do).
    """
    data = np.load(test_data / "data" / "ferplus" / "ferplus_valid.npz")
    votes = data["votes"][:400, :8].astype(float)
    clear = votes.max(axis=1) >= 8
    faces = data["x"][:400][clear]
    truth = votes[clear].argmax(axis=1)
    framed = Face((0, 0, 48, 48), 1.0, tuple((x, y) for x, y in FRAMING.tolist()))
    right = 0
    for grey, best in zip(faces, truth, strict=True):
        (face,) = net.read(np.repeat(grey[:, :, None], 3, axis=2), [framed])
        right += int(np.argmax(face.emotions)) == best
    assert right / len(truth) > 0.8
