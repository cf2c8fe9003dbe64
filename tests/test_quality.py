import math

import cv2
import numpy as np
import pydantic
import pytest

from affectstream.models import zoo
from affectstream.models.quality import Config, is_good, judge, ramp, sharpness, small_crop
from affectstream.stream.messages import Face

PICTURE = np.random.default_rng(3).integers(0, 256, (400, 400, 3), np.uint8)
LEVEL = (0.0, -8.0, 0.0)


def face(side_px: float = 100, pose=LEVEL, presence: float | None = 1.0) -> Face:
    return Face((50, 50, 50 + 0.8 * side_px, 50 + side_px), 0.9, (), presence, pose)


@pytest.mark.parametrize(
    ("value", "ends", "expected"),
    [
        (8, (8, 32), 0),
        (20, (8, 32), 0.5),
        (32, (8, 32), 1),
        (99, (8, 32), 1),
        (-5, (8, 32), 0),
        (30, (60, 30), 1),
        (45, (60, 30), 0.5),
        (70, (60, 30), 0),
        (0, (60, 30), 1),
    ],
)
def test_ramps_go_either_way(value, ends, expected):
    assert ramp(value, ends) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("one", "quality", "reason"),
    [
        (face(), 1, ""),
        (face(21), 13 / 24, ""),
        (face(19), 11 / 24, "small"),
        (face(4), 0, "small"),
        (face(pose=(44, -8, 0)), 16 / 30, ""),
        (face(pose=(-46, -8, 0)), 14 / 30, "turned"),
        (face(pose=(0, 36, 0)), 16 / 30, ""),
        (face(pose=(0, 38, 0)), 14 / 30, "turned"),
        (face(pose=(0, -54, 0)), 14 / 30, "turned"),
        (face(pose=(0, -8, 80)), 1, ""),
        (face(presence=0.6), 0.6, ""),
        (face(presence=0.4), 0.4, "doubtful"),
        (face(10, (80, 0, 0), 0.3), 0, "small"),
        (face(100, (50, -8, 0), 0.1), 0.1, "turned"),
        (face(pose=None, presence=None), 1, ""),
    ],
)
def test_quality_is_the_least_part_and_the_first_cause_names_it(one, quality, reason):
    (judged,) = judge(PICTURE, [one], Config())
    assert judged.quality == pytest.approx(quality)
    assert judged.quality_reason == reason
    assert is_good(judged) is (reason == "")


def test_the_gate_moves_with_its_level():
    (judged,) = judge(PICTURE, [face(19)], Config(min_quality=0.4))
    assert judged.quality == pytest.approx(11 / 24)
    assert is_good(judged)


def test_everything_else_of_a_face_is_kept():
    one = Face((50, 50, 150, 150), 0.7, (), 0.9, (1, 2, 3), (1.0, *[0.0] * 7), 0.5, -0.5)
    (judged,) = judge(PICTURE, [one], Config())
    assert (judged.emotions, judged.valence, judged.arousal) == (one.emotions, 0.5, -0.5)
    assert judge(PICTURE, [], Config()) == []


def texture(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 60, (48, 48)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 0.8) + 128


def test_sharpness_follows_its_formula():
    crop = texture()
    across = [
        crop[y, x - 1] - 2 * crop[y, x] + crop[y, x + 1] for y in range(48) for x in range(1, 47)
    ]
    down = [
        crop[y - 1, x] - 2 * crop[y, x] + crop[y + 1, x] for y in range(1, 47) for x in range(48)
    ]
    expected = min(np.var(across), np.var(down)) / np.var(crop)
    assert sharpness(crop) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_sharpness_falls_with_blur_of_any_kind(seed):
    crop = texture(seed)
    line = np.full((1, 7), 1 / 7, np.float32)
    levels = [sharpness(cv2.GaussianBlur(crop, (0, 0), sigma)) for sigma in (0.5, 1, 1.5, 2.5)]
    assert sharpness(crop) > levels[0] > levels[1] > levels[2] > levels[3] > 0
    across, down = (
        sharpness(cv2.filter2D(crop, -1, line)),
        sharpness(cv2.filter2D(crop, -1, line.T)),
    )
    assert max(across, down) < 0.2 * sharpness(crop)


@pytest.mark.parametrize(("gain", "offset"), [(0.25, 0), (1, 50), (0.5, -20)])
def test_sharpness_does_not_depend_on_light(gain, offset):
    crop = texture()
    assert sharpness(crop * gain + offset) == pytest.approx(sharpness(crop), rel=1e-3)


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ((100, 100, 148, 148), (48, 48)),
        ((100, 100, 148, 130), (48, 48)),
        ((100, 50, 124, 74), (48, 48)),
        ((20, 20, 350, 350), (48, 48)),
        ((-48, 100, 48, 196), (48, 24)),
        ((304, 350, 400, 446), (25, 48)),
        ((500, 500, 600, 600), (3, 3)),
    ],
)
def test_the_crop_keeps_to_the_picture(box, size):
    assert small_crop(PICTURE, Face(box, 0.9)).shape == size


def test_the_edge_of_the_picture_is_no_detail():
    soft = cv2.GaussianBlur(PICTURE[:, :, :1].repeat(3, axis=2), (0, 0), 12) // 2 + 100
    inside, across = (small_crop(soft, Face((x, 100, x + 96, 196), 0.9)) for x in (150, -40))
    assert sharpness(across) < 3 * sharpness(inside)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_flat_face_is_blurred(value):
    flat = np.full((400, 400, 3), value, np.uint8)
    (judged,) = judge(flat, [face()], Config())
    assert (judged.quality, judged.quality_reason) == (0, "blurred")


@pytest.mark.parametrize(
    "options",
    [
        {"side_px": (20, 20)},
        {"sharpness": (-1, 2)},
        {"turn_deg": (60,)},
        {"min_quality": 1.5},
        {"blur": 3},
    ],
)
def test_wrong_ranges_are_refused(options):
    with pytest.raises(pydantic.ValidationError):
        Config(**options)


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (390, 390, 500, 500), (-90, -90, -10, -10)])
def test_odd_boxes_have_a_quality(box):
    (judged,) = judge(PICTURE, [Face(box, 0.9)], Config())
    assert 0 <= judged.quality <= 1 and math.isfinite(judged.quality)


@pytest.fixture(scope="module")
def nets():
    jobs = ("face", "mesh")
    return [zoo.build(zoo.pick(job).entry, {}, "cpu") for job in jobs]


def seen(nets, image: np.ndarray) -> list[Face]:
    detector, mesh = nets
    return judge(image, mesh.measure(image, detector.detect(image)), Config())


def crop_of(image: np.ndarray, one: Face) -> np.ndarray:
    """Return the square of three sides around a face."""
    x1, y1, x2, y2 = one.box_xyxy
    x, y, reach = (x1 + x2) / 2, (y1 + y2) / 2, 1.5 * max(x2 - x1, y2 - y1)
    left, top = max(int(x - reach), 0), max(int(y - reach), 0)
    return np.ascontiguousarray(image[top : int(y + reach), left : int(x + reach)])


PICTURES = ["pyfeat_multi_face.jpg", "pyfeat_single_face.jpg", "skimage_astronaut.png"]


@pytest.mark.parametrize("name", PICTURES)
def test_portraits_are_good_until_they_are_degraded(nets, clips, name):
    image = cv2.imread(str(clips / name))
    faces = seen(nets, image)
    assert faces and all(one.quality > 0.9 and is_good(one) for one in faces)
    for one in faces:
        side_px = max(one.box_xyxy[2] - one.box_xyxy[0], one.box_xyxy[3] - one.box_xyxy[1])
        crop = crop_of(image, one)
        for small_px, good in ((26, True), (16, False)):
            scale = small_px / side_px
            shrunk = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            for tiny in seen(nets, shrunk)[:1]:
                assert is_good(tiny) is good
                assert tiny.quality_reason == ("" if good else "small")
        for blur_px, reason in ((0.75, ""), (2.5, "blurred")):
            soft = cv2.GaussianBlur(image, (0, 0), blur_px * side_px / 48)
            assert judge(soft, [one], Config())[0].quality_reason == reason
