import math
import threading

import cv2
import numpy as np
import pytest

from affectstream.models import blazeface, face_mesh, zoo
from affectstream.models.crop import inverse, region_matrix
from affectstream.models.ssd import Found
from affectstream.stream.messages import MESH_MEASURES, Face


def turned(yaw_deg: float, pitch_deg: float, roll_deg: float) -> np.ndarray:
    """Return the head's axes turned by pitch, then yaw, then roll, in picture axes."""
    yaw, pitch, roll = (math.radians(value) for value in (-yaw_deg, -pitch_deg, roll_deg))
    around_x = [
        [1, 0, 0],
        [0, math.cos(pitch), -math.sin(pitch)],
        [0, math.sin(pitch), math.cos(pitch)],
    ]
    around_y = [[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]]
    around_z = [
        [math.cos(roll), -math.sin(roll), 0],
        [math.sin(roll), math.cos(roll), 0],
        [0, 0, 1],
    ]
    return np.array(around_z) @ np.array(around_y) @ np.array(around_x)


def frontal_mesh() -> np.ndarray:
    """Return a mesh that is random but mirrored where the pose looks, level and frontal."""
    random = np.random.default_rng(0)
    mesh = random.normal(size=(468, 3)) * 30
    for left, right in zip(face_mesh.LEFT_SIDE, face_mesh.RIGHT_SIDE, strict=True):
        mesh[left] = [-abs(mesh[left, 0]) - 10, *mesh[left, 1:]]
        mesh[right] = mesh[left] * [-1, 1, 1]
    mesh[face_mesh.FOREHEAD], mesh[face_mesh.CHIN] = [0, -90, 5], [0, 95, 5]
    return mesh


def head_pose(mesh: np.ndarray) -> tuple[float, float, float]:
    return face_mesh.head_pose(*face_mesh.head_axes(mesh))


def mesh_measures(mesh: np.ndarray) -> tuple[float, ...]:
    _, down = face_mesh.head_axes(mesh)
    return face_mesh.mesh_measures(mesh, down)


@pytest.mark.parametrize("yaw", [-50, -10, 0, 35])
@pytest.mark.parametrize("pitch", [-40, 0, 25])
@pytest.mark.parametrize("roll", [-120, 0, 20])
def test_head_pose_of_turned_meshes(yaw, pitch, roll):
    mesh = frontal_mesh() @ turned(yaw, pitch, roll).T * 1.7 + [300, 200, 5]
    assert head_pose(mesh) == pytest.approx((yaw, pitch, roll), abs=1e-6)


@pytest.mark.parametrize(
    ("pose", "axis", "sign"),
    [((30, 0, 0), 0, 1), ((-30, 0, 0), 0, -1), ((0, 30, 0), 1, -1), ((0, -30, 0), 1, 1)],
)
def test_signs_of_yaw_and_pitch(pose, axis, sign):
    nose_points = turned(*pose) @ [0, 0, -1]
    assert nose_points[axis] * sign > 0.4


def test_head_pose_of_a_collapsed_mesh_is_finite():
    assert np.isfinite(head_pose(np.zeros((468, 3)))).all()


def test_mesh_points_come_back_to_the_picture():
    region = (200.0, 150.0, 90.0, 0.3)
    matrix = region_matrix(region, 192)
    crop = np.array([[96.0, 96.0, 10.0], [0.0, 0.0, -5.0]])
    points = face_mesh.to_picture(crop, matrix)
    assert points[0] == pytest.approx([200, 150, 10 * 90 / 192])
    back = inverse(matrix)
    assert points[1] == pytest.approx([*back[:, 2], -5 * 90 / 192])


def test_face_region_levels_the_eyes():
    face = Face((10, 20, 50, 40), 0.9, ((20, 30), (30, 40), (0, 0), (0, 0), (0, 0)))
    assert face_mesh.face_region(face) == pytest.approx((30, 30, 60, math.pi / 4))
    assert face_mesh.face_region(Face((10, 20, 50, 40), 0.9)) == (30, 30, 60, 0)
    assert face_mesh.face_region(Face((10, 20, 10, 20), 0.9)) is None


def test_five_landmarks_of_a_mesh_are_means():
    mesh = np.random.default_rng(0).random((468, 3)) * 100
    face = face_mesh.with_mesh(Face((0, 0, 1, 1), 0.9), mesh, 0.99, (80, 60))
    naive = [
        tuple(sum(mesh[p, k] for p in group) / len(group) for k in (0, 1))
        for group in face_mesh.FIVE_POINTS
    ]
    assert np.array(face.landmarks) == pytest.approx(np.array(naive))
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    assert face.box_xyxy == pytest.approx((*low, min(high[0], 80), min(high[1], 60)))
    assert face.presence == 0.99


def made_mesh(**moved_px):
    """A level face, its eyes 60 px apart, in the crop's axes (x right, y down, z away)."""
    places = {33: (-45, 0), 133: (-15, 0), 362: (15, 0), 263: (45, 0), 159: (-30, -5)}
    places |= {145: (-30, 5), 386: (30, -5), 374: (30, 5), 61: (-24, 60), 291: (24, 60)}
    places |= {13: (0, 57), 14: (0, 63), 2: (0, 40), 0: (0, 50), 10: (0, -70), 152: (0, 100)}
    places |= {55: (-12, -20), 107: (-12, -24), 285: (12, -20), 336: (12, -24)}
    places |= {46: (-48, -14), 70: (-48, -18), 276: (48, -14), 300: (48, -18)}
    mesh = np.zeros((468, 3))
    for left, right in zip(face_mesh.LEFT_SIDE, face_mesh.RIGHT_SIDE, strict=True):
        mesh[left], mesh[right] = (-40, 30, 8), (40, 30, 8)
    for point, place in places.items():
        mesh[point] = (*place, 3 if abs(place[0]) > 20 else 0)
    mesh[[10, 152], 2] = 5
    for points, (x, y) in moved_px.items():
        for point in map(int, points.split("_")[1:]):
            mesh[point] += (x, y, 0)
    return mesh


def measures(mesh):
    return dict(zip(MESH_MEASURES, mesh_measures(mesh), strict=True))


def test_measures_are_in_distances_between_the_eyes():
    assert measures(made_mesh()) == pytest.approx(
        {
            **{"mouth_open": 6 / 60, "mouth_width": 48 / 60, "mouth_lift": 0, "lip_raise": 10 / 60},
            **{"eye_open": 10 / 60, "brow_inner": 22 / 60, "brow_outer": 16 / 60},
            "brow_gap": 24 / 60,
        },
        abs=1e-9,
    )


@pytest.mark.parametrize(
    ("moved", "name", "px"),
    [
        ({"jaw_14": (0, 12)}, "mouth_open", 12),
        ({"corner_61": (-5, 0), "corner_291": (5, 0)}, "mouth_width", 10),
        ({"corners_61_291": (0, -9)}, "mouth_lift", 9),
        ({"lip_0": (0, -4)}, "lip_raise", -4),
        ({"lids_159_386": (0, -3)}, "eye_open", 3),
        ({"brows_55_107_285_336": (0, -6)}, "brow_inner", 6),
        ({"brows_46_70_276_300": (0, -6)}, "brow_outer", 6),
        ({"frown_55_107": (3, 0), "frown_285_336": (-3, 0)}, "brow_gap", -6),
    ],
)
def test_each_measure_follows_its_own_movement(moved, name, px):
    before, after = measures(made_mesh()), measures(made_mesh(**moved))
    assert after[name] - before[name] == pytest.approx(px / 60, abs=1e-9)
    other = {"mouth_lift"} if name == "mouth_open" else set()
    same = [one for one in MESH_MEASURES if one != name and one not in other]
    assert [after[one] for one in same] == pytest.approx([before[one] for one in same], abs=1e-9)


def test_measures_leave_out_place_size_and_pose():
    mesh = made_mesh(corners_61_291=(0, -9))
    moved = 2.5 * mesh @ turned(25, -15, 40).T + (300, 200, -40)
    assert mesh_measures(moved) == pytest.approx(mesh_measures(mesh))


def test_a_mesh_of_no_size_has_finite_measures():
    assert np.isfinite(mesh_measures(np.zeros((468, 3)))).all()


def test_faces_from_maps_boxes_and_keypoints():
    boxes = np.array([[10, 20, 30, 40]], np.float32)
    points = np.array([[[12, 24], [20, 24], [16, 28], [16, 34], [0, 0], [0, 0]]], np.float32)
    matrix = np.array([[2.0, 0, 100], [0, 2.0, -10]])
    found = Found(boxes, points, np.array([0.75], np.float32))
    (face,) = blazeface.faces_from(found, matrix, 150, 1000)
    assert face.box_xyxy == (120, 30, 150, 70)
    half = blazeface.HALF_MOUTH * 16
    expected = [(124, 38), (140, 38), (132, 46), (132 - half, 58), (132 + half, 58)]
    assert np.array(face.landmarks) == pytest.approx(np.array(expected))
    assert face.score == 0.75


@pytest.fixture(scope="module")
def portrait(clips):
    return cv2.imread(str(clips / "skimage_astronaut.png"))


@pytest.fixture(scope="module")
def detector():
    return zoo.build(zoo.pick("face").entry, {})


@pytest.fixture(scope="module")
def mesh():
    return zoo.build(zoo.pick("mesh").entry, {})


def test_portrait_has_one_face(portrait, detector, mesh):
    (face,) = mesh.measure(portrait, detector.detect(portrait))
    assert face.presence > 0.99
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    x1, y1, x2, y2 = face.box_xyxy
    assert x1 < left_eye[0] < nose[0] < right_eye[0] < x2
    assert y1 < left_eye[1] < nose[1] < left_mouth[1] < y2
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert abs(left_eye[0] - 205) < 8 and abs(left_eye[1] - 104) < 8


def test_group_has_five_faces(clips, detector, mesh):
    image = cv2.imread(str(clips / "pyfeat_multi_face.jpg"))
    faces = mesh.measure(image, detector.detect(image))
    assert len(faces) == 5


@pytest.mark.parametrize("quarter_turn_deg", [-25, 25])
def test_roll_follows_the_picture(portrait, detector, mesh, quarter_turn_deg):
    (face,) = mesh.measure(portrait, detector.detect(portrait))
    height, width = portrait.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -quarter_turn_deg, 1)
    rotated = cv2.warpAffine(portrait, turn, (width, height))
    (tilted,) = mesh.measure(rotated, detector.detect(rotated))
    assert tilted.head_pose_deg[2] - face.head_pose_deg[2] == pytest.approx(quarter_turn_deg, abs=4)


def test_mirrored_picture_mirrors_yaw_and_roll(portrait, detector, mesh):
    (face,) = mesh.measure(portrait, detector.detect(portrait))
    mirrored = np.ascontiguousarray(portrait[:, ::-1])
    (other,) = mesh.measure(mirrored, detector.detect(mirrored))
    yaw, pitch, roll = face.head_pose_deg
    assert other.head_pose_deg == pytest.approx((-yaw, pitch, -roll), abs=4)


def test_turned_mirrored_and_small_pictures_give_much_the_same_measures(portrait, detector, mesh):
    (face,) = mesh.measure(portrait, detector.detect(portrait))
    height, width = portrait.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 25, 1)
    for other in (
        cv2.warpAffine(portrait, turn, (width, height)),
        np.ascontiguousarray(portrait[:, ::-1]),
        cv2.resize(portrait, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    ):
        (again,) = mesh.measure(other, detector.detect(other))
        assert again.mesh_measures == pytest.approx(face.mesh_measures, abs=0.05)


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 3), (17, 31)])
def test_odd_pictures_hold_nobody(detector, mesh, size):
    image = np.full((*size, 3), 90, np.uint8)
    assert mesh.measure(image, detector.detect(image)) == []


def test_a_box_outside_the_picture_is_no_face(mesh):
    image = np.zeros((100, 100, 3), np.uint8)
    assert mesh.measure(image, [Face((300, 300, 340, 340), 0.9)]) == []


def test_threads_share_a_detector(portrait, detector, mesh):
    expected = mesh.measure(portrait, detector.detect(portrait))
    results: list[object] = []

    def look() -> None:
        for _ in range(5):
            results.append(mesh.measure(portrait, detector.detect(portrait)))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 15
