import math

import cv2
import msgspec
import numpy as np
import pytest

from affectstream.models import blazepose_decode as numbers
from affectstream.models import zoo
from affectstream.models.base import LAYOUTS
from affectstream.models.blazepose import BlazePose
from affectstream.models.crop import inverse, region_matrix


@pytest.mark.parametrize(
    ("centre", "size_point", "region"),
    [
        ((50, 60), (50, 20), (50, 60, 100, 0)),
        ((50, 60), (90, 60), (50, 60, 100, math.pi / 2)),
        ((50, 60), (10, 60), (50, 60, 100, -math.pi / 2)),
        ((0, 0), (3, -4), (0, 0, 12.5, math.atan2(3, 4))),
    ],
)
def test_regions_point_their_size_point_up(centre, size_point, region):
    found = numbers.region_from(centre, size_point)
    assert found == pytest.approx(region)
    above = region_matrix(found, 256) @ [*size_point, 1]
    assert above == pytest.approx([128, 128 - 128 / numbers.REGION_SCALE])


@pytest.mark.parametrize(
    ("one", "other", "iou"),
    [
        ((0, 0, 10, 0), (0, 0, 10, 1), 1),
        ((0, 0, 10, 0), (5, 0, 10, 0), 1 / 3),
        ((0, 0, 10, 0), (0, 0, 5, 0), 0.25),
        ((0, 0, 10, 0), (10, 0, 10, 0), 0),
        ((0, 0, 10, 0), (100, 3, 10, 0), 0),
        ((0, 0, 10, 0), (0, 7.5, 5, 0), 0),
        ((0, 0, 10, 0), (0, 5, 5, 0), 12.5 / 112.5),
    ],
)
def test_region_iou(one, other, iou):
    assert numbers.region_iou(one, other) == pytest.approx(iou)
    assert numbers.region_iou(other, one) == pytest.approx(iou)


@pytest.mark.parametrize(
    ("region", "usable"),
    [
        ((50, 50, 40, 0), True),
        ((50, 115, 40, 0), True),
        ((50, 121, 40, 0), False),
        ((-19, 50, 40, 0), True),
        ((-21, 50, 40, 0), False),
        ((50, 50, 3, 0), False),
    ],
)
def test_usable_regions_touch_the_picture(region, usable):
    assert numbers.is_usable(region, 100, 100) is usable


def naive_refine(points, heatmap, side):
    """MediaPipe's refine_landmarks_from_heatmap, cell by cell."""
    size = heatmap.shape[0]
    refined = points.astype(float)
    for index, (x, y) in enumerate(points):
        column, row = math.floor(x / side * size), math.floor(y / side * size)
        if not (0 <= column < size and 0 <= row < size):
            continue
        total = best = moment_x = moment_y = 0.0
        for r in range(max(0, row - 3), min(size, row + 4)):
            for c in range(max(0, column - 3), min(size, column + 4)):
                heat = 1 / (1 + math.exp(-heatmap[r, c, index]))
                total, best = total + heat, max(best, heat)
                moment_x, moment_y = moment_x + c * heat, moment_y + r * heat
        if best >= 0.5:
            refined[index] = moment_x / total * side / size, moment_y / total * side / size
    return refined


@pytest.mark.parametrize("mean_logit", [-6, -3, 0])
def test_refinement_follows_a_naive_loop(mean_logit):
    random = np.random.default_rng(0)
    heatmap = random.normal(mean_logit, 2, (64, 64, 39)).astype(np.float32)
    points = random.uniform(-30, 290, (39, 2)).astype(np.float32)
    points[0], points[1], points[2] = [0, 0], [255.9, 255.9], [-0.1, 100]
    refined = numbers.refine(points, heatmap, 256)
    naive = naive_refine(points, heatmap, 256)
    assert refined == pytest.approx(naive, abs=1e-3)
    moved = (np.abs(refined - points) > 1e-3).any(axis=1)
    assert moved.any() and not moved.all()


def raw_landmarks(seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).uniform(40, 210, (39, 5)).astype(np.float32)
    values[:, 3:] = np.linspace(-4, 4, 39)[:, None]
    return values


COLD = np.full((64, 64, 39), -20, np.float32)


def test_body_is_put_back_into_the_picture():
    matrix = region_matrix((300.0, 200.0, 512.0, 0.7), 256)
    values = raw_landmarks()
    body = numbers.body_from(values.ravel(), COLD, 0.99, matrix, (640, 480))
    assert len(body.keypoints) == len(LAYOUTS[body.layout]) == 33
    back = inverse(matrix)
    for keypoint, (x, y, z, logit, _) in zip(body.keypoints, values, strict=False):
        place = back @ [x, y, 1]
        inside = 0 <= place[0] <= 640 and 0 <= place[1] <= 480
        visibility = 1 / (1 + math.exp(-logit)) if inside else 0
        assert keypoint == pytest.approx((*place, z * 2, visibility), abs=1e-3)
    seen = [k for k in body.keypoints if k[3] >= 0.5]
    expected = (
        min(k[0] for k in seen),
        min(k[1] for k in seen),
        max(k[0] for k in seen),
        max(k[1] for k in seen),
    )
    assert body.box_xyxy == pytest.approx(expected)
    hips, size = (back @ [*values[k, :2], 1] for k in (33, 34))
    assert body.next_region == pytest.approx(numbers.region_from(hips, size))


def test_a_body_outside_the_picture_has_a_box_inside_it():
    matrix = region_matrix((-900.0, -900.0, 256.0, 0.0), 256)
    body = numbers.body_from(raw_landmarks().ravel(), COLD, 0.9, matrix, (640, 480))
    assert all(keypoint[3] == 0 for keypoint in body.keypoints)
    assert body.box_xyxy == (0, 0, 0, 0)


ENTRY = zoo.pick("pose").entry


@pytest.fixture(scope="module")
def pose() -> BlazePose:
    adapter: BlazePose = zoo.build(ENTRY, {})
    return adapter


@pytest.fixture(scope="module")
def portrait(clips):
    return cv2.imread(str(clips / "skimage_astronaut.png"))


def joint(body, name):
    return body.keypoints[LAYOUTS[body.layout].index(name)]


def test_portrait_has_one_body(pose, portrait):
    (body,) = pose.estimate(portrait, ())
    assert abs(joint(body, "nose")[0] - 228) < 12
    assert abs(joint(body, "nose")[1] - 122) < 15
    assert joint(body, "left_shoulder")[0] > joint(body, "right_shoulder")[0] + 100


def test_following_agrees_with_searching(pose, portrait):
    (found,) = pose.estimate(portrait, ())
    (followed,) = pose.estimate(portrait, [found])
    for name in ("nose", "left_shoulder", "right_shoulder"):
        one, other = joint(found, name), joint(followed, name)
        assert math.dist(one[:2], other[:2]) < 15


def test_the_same_body_twice_is_one(pose, portrait):
    bodies = pose.estimate(portrait, ())
    assert len(pose.estimate(portrait, bodies * 3)) == 1


def test_a_lost_body_is_searched_for(pose, portrait):
    (body,) = pose.estimate(portrait, ())
    assert pose.estimate(np.zeros_like(portrait), [body]) == []
    strayed = msgspec.structs.replace(body, next_region=(2.0, 2.0, 20.0, 2.0))
    assert pose.estimate(portrait, [strayed]) == [body]


def test_who_lies_down_must_be_believed_more(pose, portrait):
    lying = np.ascontiguousarray(np.rot90(portrait))
    assert len(pose.estimate(lying, ())) == 1
    for score in ("min_tilted_detector_score", "min_tilted_pose_score"):
        strict = zoo.build(ENTRY, {score: 1})
        assert strict.estimate(lying, ()) == []
        assert len(strict.estimate(portrait, ())) == 1


def test_two_people_side_by_side(pose, portrait):
    image = np.hstack([portrait, portrait[:, ::-1]])
    bodies = pose.estimate(np.ascontiguousarray(image), ())
    again = pose.estimate(np.ascontiguousarray(image), bodies[:1], search=True)
    assert len(again) == len(bodies), "newcomers join the one who is followed"
    assert len(bodies) == 2
    limited: BlazePose = zoo.build(ENTRY, {"max_bodies": 1})
    assert len(limited.estimate(np.ascontiguousarray(image), ())) == 1
    assert len(limited.estimate(np.ascontiguousarray(image), bodies)) == 1


@pytest.mark.parametrize("size", [(1, 1), (2, 400), (400, 2), (33, 17)])
def test_odd_pictures_hold_nobody(pose, size):
    assert pose.estimate(np.full((*size, 3), 60, np.uint8), ()) == []
