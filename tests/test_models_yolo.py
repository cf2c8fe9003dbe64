import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import real_nets

from affectstream.models import yolo_pose, zoo
from affectstream.models.base import COCO17
from affectstream.models.nms import suppress
from affectstream.models.yolo_pose import Config, People
from affectstream.stream.errors import ModelError

pytest.importorskip("onnx")
import stand_ins  # noqa: E402

REFERENCE = Path(__file__).with_name("yolo_reference.json")
"""What `ultralytics` 8.4.190 made of YOLOv8n-pose and three pictures (conf 0.25, iou 0.7)."""
LOOSE = {"min_score": 0.25, "max_bodies": 300}


@pytest.mark.parametrize(
    ("picture", "size", "inner", "corner"),
    [
        ((480, 640), (640, 640), (480, 640), (80, 0)),
        ((1080, 1920), (640, 640), (360, 640), (140, 0)),
        ((512, 277), (640, 640), (640, 346), (0, 147)),
        ((333, 501), (320, 320), (213, 320), (53, 0)),
        ((667, 1000), (320, 640), (320, 480), (0, 80)),
        ((3, 1), (33, 34), (33, 11), (0, 11)),
        ((1, 900), (320, 320), (1, 320), (159, 0)),
    ],
    ids=str,
)
def test_letterbox_sizes_and_places(picture, size, inner, corner):
    image = np.full((*picture, 3), 200, np.uint8)
    framed, matrix = yolo_pose.letterbox(image, size, 114)
    expected = np.full((*size, 3), 114, np.uint8)
    expected[corner[0] : corner[0] + inner[0], corner[1] : corner[1] + inner[1]] = 200
    assert (framed == expected).all()
    ends = matrix @ [[0, picture[1]], [0, picture[0]], [1, 1]]
    assert ends[:, 0] == pytest.approx(corner[::-1])
    assert ends[:, 1] == pytest.approx((corner[1] + inner[1], corner[0] + inner[0]))


def naive_suppress(boxes, scores, max_iou, most):
    order = sorted(range(len(boxes)), key=lambda index: (-scores[index], index))
    kept = []
    for index in order:
        x1, y1, x2, y2 = boxes[index]
        for other in kept:
            u1, v1, u2, v2 = boxes[other]
            shared = max(min(x2, u2) - max(x1, u1), 0) * max(min(y2, v2) - max(y1, v1), 0)
            union = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - shared
            if shared / union > max_iou:
                break
        else:
            kept.append(index)
    return kept[:most]


@pytest.mark.parametrize("max_iou", [0.1, 0.3, 0.7])
@pytest.mark.parametrize("most", [1, 7, 1000])
def test_suppression_follows_a_naive_loop(max_iou, most):
    random = np.random.default_rng(2)
    corner, size = random.uniform(0, 60, (120, 2)), random.uniform(10, 50, (120, 2))
    boxes = np.concatenate([corner, corner + size], axis=1)
    scores = random.integers(1, 40, 120) / 40
    expected = naive_suppress(boxes.tolist(), scores.tolist(), max_iou, most)
    kept = suppress(boxes.astype(np.float32), scores.astype(np.float32), max_iou, most)
    assert kept.tolist() == expected
    assert len(expected) < 120


def test_nothing_to_suppress():
    assert len(suppress(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), 0.5, 4)) == 0


def joints(offset: float) -> np.ndarray:
    return np.arange(51, dtype=np.float32).reshape(17, 3) + offset


def dense(people) -> np.ndarray:
    """Return 56 rows: each person is centre x, centre y, width, height, score, joints."""
    return np.array([[*box, score, *marks.ravel()] for box, score, marks in people], np.float32).T


THREE = [
    ((50, 60, 20, 40), 0.7, joints(0)),
    ((51, 60, 20, 40), 0.9, joints(100)),
    ((150, 60, 20, 40), 0.8, joints(200)),
    ((250, 60, 20, 40), 0.5, joints(300)),
]


def test_dense_output_leaves_one_box_a_person():
    people = yolo_pose.decode(dense(THREE), Config(min_score=0.5))
    assert people.scores == pytest.approx([0.9, 0.8])
    assert people.boxes.tolist() == [[41, 40, 61, 80], [140, 40, 160, 80]]
    assert (people.joints == [joints(100), joints(200)]).all()
    assert len(yolo_pose.decode(dense(THREE), Config(max_bodies=1)).scores) == 1
    assert len(yolo_pose.decode(dense(THREE), Config(nms_iou=1)).scores) == 3
    assert len(yolo_pose.decode(dense(THREE), Config(min_score=0.95)).scores) == 0


def test_final_output_is_taken_as_it_is():
    rows = [[0, 0, 10, 20, score, 0, *joints(score).ravel()] for score in (0.6, 0.9, 0.4, 0.8)]
    output = np.array(rows, np.float32)
    people = yolo_pose.decode(output, Config(min_score=0.5))
    assert people.scores == pytest.approx([0.9, 0.8, 0.6])
    assert people.boxes.tolist() == [[0, 0, 10, 20]] * 3
    assert people.joints[0] == pytest.approx(joints(0.9))
    assert len(yolo_pose.decode(output, Config(max_bodies=2)).scores) == 2


def test_people_are_put_back_into_the_picture():
    marks = np.full((17, 3), 0.5, np.float32)
    marks[0], marks[1], marks[2] = (10, 20, 0.75), (-5, 20, 0.75), (10, 31, 0.75)
    people = People(np.array([[-5, 5, 10, 35]]), np.array([0.8]), marks[None])
    (body,) = yolo_pose.bodies_from(people, np.array([[2.0, 0, 4], [0, 2, -6]]), (40, 56))
    assert body.box_xyxy == (0, 4, 24, 56)
    assert (body.score, body.layout, body.next_region) == (0.8, "coco17", None)
    assert body.keypoints[:3] == ((24, 34, 0, 0.75), (-6, 34, 0, 0), (24, 56, 0, 0.75))
    assert len(body.keypoints) == len(COCO17)


@pytest.mark.parametrize("shape", [[1, 135, 2100], [1, 300, 6], [1, 84, 2100]])
def test_networks_of_something_else_are_refused(tmp_path, shape):
    file = tmp_path / "other.onnx"
    stand_ins.constant(file, ["n", 3, 320, 320], {"output0": shape})
    listed = real_nets.entry("yolov8n-pose", file, 320, output0=["n", "rows", "columns"])
    with pytest.raises(ModelError, match=r"other\.onnx.*17 keypoints"):
        zoo.build(listed, {}, "cpu")


def test_a_file_of_free_size_takes_the_side_asked_for(tmp_path):
    file = tmp_path / "free.onnx"
    stand_ins.constant(file, ["n", 3, "height", "width"], {"output0": [1, 56, 10]})
    listed = real_nets.entry("yolov8n-pose", file, 640, output0=["n", 56, "places"])
    pose = zoo.build(listed, {"side_px": 96}, "cpu")
    assert pose.estimate(np.zeros((40, 30, 3), np.uint8)) == []


@pytest.fixture(scope="module", params=[320, 640])
def side(request) -> int:
    return request.param


@pytest.fixture(scope="module")
def pose(test_data, side):
    return real_nets.yolo(test_data, side, **LOOSE)


def largest_gap_px(bodies, people, image) -> float:
    """Return the largest distance of box edges and joints, the joints held to the picture."""
    assert len(bodies) == len(people)
    gaps = [0.0]
    for body, person in zip(bodies, people, strict=True):
        assert body.score == pytest.approx(person["score"], abs=1e-3)
        spots = np.clip(np.array(body.keypoints)[:, :2], 0, image.shape[1::-1])
        gaps.append(np.abs(spots - np.array(person["joints"])[:, :2]).max())
        gaps.append(np.abs(np.subtract(body.box_xyxy, person["box"])).max())
    return max(gaps)


def test_agrees_with_the_recorded_reference(pose, side, clips):
    pictures = [one for one in json.loads(REFERENCE.read_text()) if one["side_px"] == side]
    assert len(pictures) == 3
    for one in pictures:
        image = cv2.imread(str(clips / one["picture"]))
        bodies = pose.estimate(image)
        assert largest_gap_px(bodies, one["people"], image) < 0.5
        for body, person in zip(bodies, one["people"], strict=True):
            seen = np.array(body.keypoints)[:, 3]
            inside = seen > 0
            assert seen[inside] == pytest.approx(np.array(person["joints"])[inside, 2], abs=2e-3)


LIVE = """
import json, os, sys
os.environ.update(YOLO_CONFIG_DIR=sys.argv[4], YOLO_AUTOINSTALL="false", YOLO_OFFLINE="true")
sys.path.insert(0, sys.argv[1])
try:
    import torchvision
except RuntimeError:
    import torchvision_cpu_shim
import cv2, onnx
from ultralytics import YOLO
side, file = int(sys.argv[2]), sys.argv[4] + "/named.onnx"
model = onnx.load(sys.argv[3])
facts = {"names": "{0: 'person'}", "kpt_shape": "[17, 3]", "task": "pose", "stride": "32",
         "batch": "1", "imgsz": str([side, side])}
for key, value in facts.items():
    model.metadata_props.add(key=key, value=value)
onnx.save(model, file)
yolo = YOLO(file, task="pose")
answers = []
for path in sys.argv[5:]:
    seen = yolo.predict(cv2.imread(path), imgsz=side, conf=0.25, iou=0.7, verbose=False,
                        device="cpu")[0]
    answers.append([{"box": box[:4], "score": box[4], "joints": joints} for box, joints in
                    zip(seen.boxes.data.tolist(), seen.keypoints.data.tolist())])
print("ANSWERS" + json.dumps(answers))
"""


@pytest.mark.slow
def test_agrees_with_ultralytics_itself(pose, side, test_data, clips, tmp_path):
    if importlib.util.find_spec("ultralytics") is None:
        pytest.skip("the package ultralytics is absent (extra export)")
    pictures = [cv2.imread(str(path)) for path in sorted(clips.glob("*.[jp][pn]g"))]
    pictures += [pictures[0][:333, :501], pictures[0][:, 100:377], odd_frame(clips)]
    paths = [str(tmp_path / f"{number}.png") for number in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        cv2.imwrite(path, picture)
    file = test_data / "models" / f"yolov8n-pose_{side}.onnx"
    arguments = [str(test_data / "tools"), str(side), str(file), str(tmp_path), *paths]
    done = subprocess.run(
        [sys.executable, "-c", LIVE, *arguments],
        capture_output=True,
        text=True,
        timeout=600,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers = json.loads(done.stdout.split("ANSWERS")[1])
    assert sum(len(people) for people in answers) >= 12
    for picture, people in zip(pictures, answers, strict=True):
        assert largest_gap_px(pose.estimate(picture), people, picture) < 0.5


def odd_frame(clips: Path) -> np.ndarray:
    """Return a frame of a film, enlarged to an odd size."""
    film = cv2.VideoCapture(str(clips / "intel_walk.mkv"))
    _, frame = film.read()
    return cv2.resize(frame, (1279, 959))


@pytest.mark.parametrize("size", [(1, 1), (2, 400), (400, 2), (33, 17)])
def test_odd_pictures_hold_nobody(pose, size):
    assert pose.estimate(np.full((*size, 3), 60, np.uint8)) == []


def test_many_people_and_left_is_left(test_data, clips):
    pose = real_nets.yolo(test_data, 640)
    bodies = pose.estimate(cv2.imread(str(clips / "pyfeat_multi_face.jpg")), (), True)
    assert len(bodies) == 5
    for body in bodies:
        by_name = dict(zip(COCO17, body.keypoints, strict=True))
        assert by_name["left_shoulder"][0] > by_name["right_shoulder"][0]
        assert by_name["nose"][1] < by_name["left_shoulder"][1]
    limited = real_nets.yolo(test_data, 640, max_bodies=2)
    assert limited.estimate(cv2.imread(str(clips / "pyfeat_multi_face.jpg"))) == bodies[:2]


@pytest.mark.parametrize(
    ("name", "step", "least", "most"),
    [
        ("pyfeat_no_face.mp4", 2, 0, 0),
        ("intel_car-detection.mp4", 10, 0, 0),
        ("pyfeat_single_face.mp4", 12, 1, 1),
        ("intel_hungry.mkv", 10, 1, 1),
        ("intel_one-by-one-person-detection.mp4", 40, 0.65, 0.85),
    ],
)
def test_share_of_frames_with_somebody(test_data, clips, name, step, least, most):
    pose = real_nets.yolo(test_data, 320)
    film, found, number = cv2.VideoCapture(str(clips / name)), [], 0
    while film.grab():
        if number % step == 0:
            found.append(bool(pose.estimate(film.retrieve()[1])))
        number += 1
    assert least <= sum(found) / len(found) <= most
