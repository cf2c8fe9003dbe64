import cv2
import numpy as np
import pytest
import real_nets

from affectstream.models import yunet, zoo
from affectstream.models.crop import letterbox
from affectstream.models.ssd import Found
from affectstream.stream.errors import ModelError

FILES = ["face_detection_yunet_2023mar.onnx", "yunet_2023mar_dyn.onnx"]
PICTURES = ["pyfeat_multi_face.jpg", "pyfeat_single_face.jpg", "skimage_astronaut.png"]


def silent(side_px: int) -> dict[str, np.ndarray]:
    """Return the twelve outputs of a net that sees nothing."""
    widths = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    return {
        f"{part}_{stride}": np.zeros(((side_px // stride) ** 2, width), np.float32)
        for part, width in widths.items()
        for stride in yunet.STRIDES
    }


@pytest.mark.parametrize(("stride", "column", "row"), [(8, 3, 5), (16, 0, 7), (32, 3, 0)])
def test_a_cell_becomes_a_face(stride, column, row):
    outputs = silent(128)
    cell = row * (128 // stride) + column
    outputs[f"cls_{stride}"][cell], outputs[f"obj_{stride}"][cell] = 0.9, 0.4
    outputs[f"bbox_{stride}"][cell] = 0.5, 0.25, np.log(2), np.log(3)
    outputs[f"kps_{stride}"][cell] = np.arange(10) / 10
    found = yunet.decode(outputs, 128, 0.55)
    x, y = (column + 0.5) * stride, (row + 0.25) * stride
    expected = (x - stride, y - 1.5 * stride, x + stride, y + 1.5 * stride)
    assert found.boxes == pytest.approx(np.array([expected]), abs=1e-4)
    assert found.scores == pytest.approx([0.6])
    points = (np.arange(10).reshape(5, 2) / 10 + [column, row]) * stride
    assert found.points[0] == pytest.approx(points, abs=1e-4)
    assert len(yunet.decode(outputs, 128, 0.65).scores) == 0


@pytest.mark.parametrize(("cls", "obj", "score"), [(1.5, 0.64, 0.8), (-1, -1, 0), (4, 4, 1)])
def test_beliefs_are_held_to_their_range(cls, obj, score):
    outputs = silent(64)
    outputs["cls_32"][0], outputs["obj_32"][0] = cls, obj
    found = yunet.decode(outputs, 64, 0.5)
    assert found.scores.tolist() == pytest.approx([score] if score else [])


def test_huge_boxes_stay_finite():
    outputs = silent(64)
    outputs["cls_8"][:], outputs["obj_8"][:], outputs["bbox_8"][:] = 1, 1, 1000
    found = yunet.decode(outputs, 64, 0.5)
    assert np.isfinite(found.boxes).all() and len(found.boxes) == 64


def test_faces_are_put_back_into_the_picture():
    boxes = np.array([[10.0, 10, 30, 40]], np.float32)
    points = np.arange(10, dtype=np.float32).reshape(1, 5, 2)
    found = Found(boxes, points, np.array([0.75], np.float32))
    (face,) = yunet.faces_from(found, np.array([[2.0, 0, 10], [0, 2.0, -30]]), (60, 100))
    assert face.box_xyxy == (30, 0, 60, 50)
    assert face.landmarks == tuple((2.0 * x + 10, 2.0 * y - 30) for x, y in points[0].tolist())
    assert face.score == 0.75


def test_a_list_without_its_outputs_is_refused(test_data):
    file = test_data / "models" / FILES[0]
    listed = real_nets.entry("yunet", file, cls_8=["batch", 6400, 1])
    with pytest.raises(ModelError, match="bbox_32"):
        zoo.build(listed, {}, "cpu")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("picture", PICTURES)
def test_agrees_with_opencv(test_data, clips, file, picture):
    square, _ = letterbox(cv2.imread(str(clips / picture)), 640, 0)
    path = str(test_data / "models" / file)
    try:
        theirs = cv2.FaceDetectorYN.create(path, "", (640, 640), 0.6, 0.3)
        _, rows = theirs.detect(square)
    except cv2.error as error:
        pytest.skip(f"this OpenCV cannot run the file: {error}")
    ours = real_nets.yunet(test_data, file, min_score=0.6).detect(square)
    assert len(ours) == len(rows) >= 1
    for face, row in zip(ours, sorted(rows.tolist(), key=lambda row: -row[14]), strict=True):
        left, top, width, height = row[:4]
        box = np.clip([left, top, left + width, top + height], 0, 640)
        assert face.box_xyxy == pytest.approx(box, abs=1)
        assert np.ravel(face.landmarks) == pytest.approx(row[4:14], abs=1)
        assert face.score == pytest.approx(row[14], abs=1e-3)


@pytest.fixture(scope="module")
def detector(test_data):
    return real_nets.yunet(test_data)


@pytest.mark.parametrize("picture", PICTURES)
def test_landmarks_stand_where_the_mesh_has_them(detector, clips, picture):
    image = cv2.imread(str(clips / picture))
    mesh = zoo.build(zoo.pick("mesh").entry, {}, "cpu")
    faces = detector.detect(image)
    measured = mesh.measure(image, faces)
    assert len(measured) == len(faces) == (5 if "multi" in picture else 1)
    for face, exact in zip(faces, measured, strict=True):
        side_px = exact.box_xyxy[2] - exact.box_xyxy[0]
        gaps = np.linalg.norm(np.subtract(face.landmarks, exact.landmarks), axis=1)
        assert gaps.max() < 0.15 * side_px


def test_a_free_size_serves_smaller_inputs(test_data, clips):
    image = cv2.imread(str(clips / PICTURES[0]))
    small = real_nets.yunet(test_data, FILES[1], side_px=320)
    assert len(small.detect(image)) == 5
    with pytest.raises(ModelError):
        real_nets.yunet(test_data, FILES[0], side_px=320)


def test_most_faces(test_data, clips):
    detector = real_nets.yunet(test_data, max_faces=2)
    faces = detector.detect(cv2.imread(str(clips / PICTURES[0])))
    assert len(faces) == 2 and faces[0].score >= faces[1].score


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 3), (17, 31)])
def test_odd_pictures_hold_nobody(detector, size):
    assert detector.detect(np.full((*size, 3), 90, np.uint8)) == []


@pytest.mark.parametrize(
    ("name", "step"), [("pyfeat_no_face.mp4", 4), ("intel_car-detection.mp4", 20)]
)
def test_nobody_is_invented(detector, clips, name, step):
    film, number, looked = cv2.VideoCapture(str(clips / name)), 0, 0
    while film.grab():
        if number % step == 0:
            looked += 1
            assert detector.detect(film.retrieve()[1]) == []
        number += 1
    assert looked > 10
