import math
import pickle

import cv2
import numpy as np
import pytest
from made_bodies import STANDING, Joints, body, changed, turned
from made_bodies import without as without_from

from affectstream.models.base import LAYOUTS
from affectstream.models.body import MAX_GAP_S, Meter, MovementMeter
from affectstream.models.camera_motion import CameraMeter, camera_motion, shrink, thumb
from affectstream.models.gesture import GestureMeter
from affectstream.models.similarity import STILL, Similarity, fit
from affectstream.models.skeleton import TORSO_PER_SHOULDER_WIDTH, joints_of, torso_px

SHOULDERS = ("left_shoulder", "right_shoulder")
HIPS = ("left_hip", "right_hip")
ARMS = ("left_wrist", "right_wrist", "left_elbow", "right_elbow")
PAN = Similarity(1.05 * complex(math.cos(0.1), math.sin(0.1)), 30 - 12j)


def without(*names: str) -> Joints:
    return without_from(STANDING, *names)


def seen_through(camera: Similarity, joints: Joints) -> Joints:
    ends = {name: camera(x, y) for name, (x, y) in joints.items()}
    return {name: (z.real, z.imag) for name, z in ends.items()}


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_torso(layout: str) -> None:
    assert torso_px(joints_of(body(STANDING, layout))) == pytest.approx(100)
    hipless = joints_of(body(without("left_hip"), layout))
    assert torso_px(hipless) == pytest.approx(70 * TORSO_PER_SHOULDER_WIDTH)
    assert torso_px(joints_of(body(without("left_shoulder"), layout))) is None


@pytest.mark.parametrize("layout", list(LAYOUTS))
@pytest.mark.parametrize("rate_hz", [5.0, 12.5, 25.0, 30.0, 60.0, 240.0])
def test_movement_is_torso_lengths_per_second_at_any_rate(layout: str, rate_hz: float) -> None:
    meter, found = MovementMeter(), []
    for i in range(int(rate_hz * 2)):
        pts_s = i / rate_hz
        found.append(meter.update(pts_s, 1, body(STANDING, layout, dx=30 * pts_s, dy=40 * pts_s)))
    assert found[0] is None
    measured = [value for value in found if value is not None]
    assert len(measured) >= len(found) - math.ceil(0.1 * rate_hz) - 1
    assert measured == pytest.approx([0.5] * len(measured))


def test_movement_follows_the_true_timestamps() -> None:
    meter, found = MovementMeter(), []
    for pts_s in (0.0, 0.11, 0.6, 0.72, 1.7):
        found.append(meter.update(pts_s, 1, body(STANDING, dx=50 * pts_s)))
    assert found[1:] == pytest.approx([0.5] * 4)


def test_one_wild_keypoint_does_not_count() -> None:
    meter = MovementMeter()
    meter.update(0.0, 1, body(STANDING))
    wild = body(changed(STANDING, left_wrist=(900, 900)))
    assert meter.update(0.2, 1, wild) == pytest.approx(0.0)


def test_only_keypoints_visible_in_both_count() -> None:
    meter = MovementMeter()
    meter.update(0.0, 1, body(without("nose")))
    hidden = body(without("left_wrist", "right_wrist"), dx=20)
    assert meter.update(0.2, 1, hidden) == pytest.approx(1.0)


def test_a_foreshortened_torso_does_not_inflate_movement() -> None:
    meter = MovementMeter()
    meter.update(0.0, 1, body(STANDING))
    bent = {name: (x + 10, y + 50 * (name in SHOULDERS)) for name, (x, y) in STANDING.items()}
    assert meter.update(0.2, 1, body(bent)) == pytest.approx(10 / 100 / 0.2)


@pytest.mark.parametrize("kind", [MovementMeter, GestureMeter])
@pytest.mark.parametrize(
    ("second_s", "joints"),
    [
        (MAX_GAP_S + 0.01, STANDING),  # a gap
        (0.0, STANDING),  # no time has passed
        (-1.0, STANDING),  # time runs backwards
        (0.05, STANDING),  # too close to tell from jitter
        (0.2, {"nose": (100, 60), "left_hip": (1, 1)}),  # too little visible
    ],
)
def test_nothing_is_measured_where_nothing_can_be(
    kind: type[Meter], second_s: float, joints: Joints
) -> None:
    meter = kind()
    meter.update(0.0, 1, body(STANDING))
    assert meter.update(second_s, 1, body(joints)) is None


def test_people_are_kept_apart_and_forgotten() -> None:
    meter = MovementMeter()
    meter.update(0.0, 1, body(STANDING))
    assert meter.update(0.2, 2, body(STANDING, dx=50)) is None
    assert meter.update(0.2, 1, body(STANDING)) == 0.0
    meter.forget([1, 99])
    assert meter.update(0.4, 1, body(STANDING)) is None
    assert meter.update(0.4, 2, body(STANDING, dx=50)) == 0.0


# seconds   0    .2   .6   .8   1.6  1.7
# body      #         #
# latest    -    -    v    v    v    -        v is held for a second
def test_the_latest_movement_is_held_for_a_second() -> None:
    meter = MovementMeter()
    meter.update(0.0, 1, body(STANDING))
    assert meter.latest(0.2, 1) is None
    assert meter.update(0.6, 1, body(STANDING, dx=60)) == pytest.approx(1.0)
    held = [meter.latest(pts_s, 1) for pts_s in (0.6, 0.8, 1.6, 1.7, 0.5)]
    assert held == [pytest.approx(1.0)] * 3 + [None, None]
    assert meter.latest(0.8, 2) is None
    meter.forget([1])
    assert meter.latest(0.8, 1) is None


@pytest.mark.parametrize("kind", [MovementMeter, GestureMeter])
def test_memory_is_bounded_by_who_is_there(kind: type[Meter]) -> None:
    def size(people: int) -> int:
        meter = kind()
        for i in range(people):
            meter.update(i / 10, i, body(STANDING))
        return len(pickle.dumps(vars(meter)))

    assert size(300) < 1.2 * size(30)


def test_what_the_camera_did_is_taken_out_of_movement() -> None:
    walked = changed({name: (x + 20, y) for name, (x, y) in STANDING.items()})
    blind, told = MovementMeter(), MovementMeter()
    blind.update(0.0, 1, body(STANDING))
    told.update(0.0, 1, body(STANDING))
    panned = body(seen_through(PAN, walked))
    assert told.update(0.2, 1, panned, PAN) == pytest.approx(20 / 100 / 0.2)
    assert (blind.update(0.2, 1, panned) or 0) > 1.5  # the rule: untold, a pan is movement


def test_the_camera_is_taken_out_from_any_start() -> None:
    meter = MovementMeter()
    meter.update(0.0, 1, body(seen_through(PAN, STANDING)), PAN)
    later = PAN.after(PAN)
    found = meter.update(0.2, 1, body(seen_through(later, STANDING)), later)
    assert found == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("layout", list(LAYOUTS))
@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (STANDING, 0.0),
        (changed(STANDING, left_wrist=(180, 195)), 0.5),  # 0.4 L in 0.2 s, by one of four joints
        (changed(STANDING, nose=(140, 80)), 0.0),  # a nod
        ({name: (x + 80, y - 10) for name, (x, y) in STANDING.items()}, 0.0),  # a walk or a pan
        (turned(STANDING, 30), 0.0),  # a lean, or the camera rolls
        (turned(STANDING, -10, zoom=1.3), 0.0),
        (turned(changed(STANDING, left_wrist=(180, 195)), 15, zoom=1.2), 0.5),
        (seen_through(PAN, changed(STANDING, left_wrist=(180, 195))), 0.5),
        (without(*ARMS), None),
        (without(*HIPS), 0.0),
        (without(*HIPS, "left_shoulder"), None),
    ],
)
def test_gesture_energy_is_the_arms_speed_against_the_trunk(
    layout: str, after: Joints, expected: float | None
) -> None:
    meter = GestureMeter()
    meter.update(0.0, 1, body(STANDING, layout))
    found = meter.update(0.2, 1, body(after, layout))
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-9))


def test_gesture_energy_weighs_by_visibility() -> None:
    meter = GestureMeter()
    sure = body(without("left_elbow", "right_elbow"))
    meter.update(0.0, 1, sure)
    moved = body(changed(without("left_elbow", "right_elbow"), left_wrist=(180, 195)))
    dim = [(x, y, z, 0.6 if (x, y) == (180, 195) else v) for x, y, z, v in moved.keypoints]
    found = meter.update(0.2, 1, type(moved)(moved.box_xyxy, 0.9, moved.layout, tuple(dim)))
    assert found == pytest.approx(2.0 * 0.6 / (0.6 + 0.9))


def test_a_fit_finds_the_map_and_its_inverse() -> None:
    points = [complex(x, y) for x, y in STANDING.values()]
    found = fit(points, [PAN(z.real, z.imag) for z in points])
    assert found is not None
    assert abs(found.turn - PAN.turn) + abs(found.shift - PAN.shift) < 1e-9
    back = PAN.inverse().after(PAN)
    assert abs(back.turn - 1) + abs(back.shift) < 1e-9
    assert fit([1j], [2j]) is None
    assert fit([1j, 1j], [2j, 3j]) is None


def scene(seed: int = 7) -> np.ndarray:
    """A textured picture, 640 x 360."""
    noise = np.random.default_rng(seed).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 6) * 1.0).clip(0, 255).astype(np.uint8)


def filmed(camera: Similarity, picture: np.ndarray) -> np.ndarray:
    turn, shift = camera.turn, camera.shift
    matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
    return cv2.warpAffine(picture, matrix, (640, 360), borderMode=cv2.BORDER_REFLECT)


MOVES = [
    Similarity(1 + 0j, 12 - 5j),
    Similarity(1.03 + 0j, -10 - 5j),
    Similarity(complex(math.cos(0.03), math.sin(0.03)), 4 - 8j),
]


@pytest.mark.parametrize("camera", MOVES)
def test_the_camera_is_found_from_two_pictures(camera: Similarity) -> None:
    found = camera_motion(thumb(scene(), []), thumb(filmed(camera, scene()), []), [], 640)
    assert found is not None
    for x, y in ((0, 0), (640, 0), (320, 180), (640, 360)):
        assert abs(found(x, y) - camera(x, y)) < 1.0


def test_a_person_who_moves_is_not_taken_for_the_camera() -> None:
    before = scene()
    after = before.copy()
    after[60:320, 60:560] = filmed(Similarity(1 + 0j, 14 + 0j), before)[60:320, 60:560]
    person = [(80, 60, 540, 320)]
    assert camera_motion(thumb(before, person), thumb(after, person), person, 640) == STILL
    assert camera_motion(thumb(before, []), thumb(after, []), person, 640) == STILL
    assert camera_motion(thumb(before, []), thumb(after, []), [], 640) != STILL


FLAT = np.full((360, 640, 3), 90, np.uint8)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (FLAT, FLAT),  # nothing to hold on to
        (FLAT, scene()),
        (scene(), scene(8)),  # a cut
        (scene(), scene()[:300]),  # another size
    ],
)
def test_a_camera_that_cannot_be_known_is_none(before: np.ndarray, after: np.ndarray) -> None:
    assert camera_motion(thumb(before, []), thumb(after, []), [], 640) is None


def test_the_camera_is_followed_over_pictures_and_rests_where_it_is_unknown() -> None:
    meter = CameraMeter()
    assert meter.update(thumb(scene(), []), [], 640) == STILL
    for i in (1, 2, 3):
        camera = Similarity(1 + 0j, complex(8 * i, -4 * i))
        found = meter.update(thumb(filmed(camera, scene()), []), [], 640)
        assert abs(found(320, 180) - camera(320, 180)) < 1.5
    assert meter.update(thumb(scene(8), []), [], 640) == found


def test_small_pictures_are_grey_and_never_enlarged() -> None:
    assert shrink(scene()).shape == (90, 160)
    assert shrink(scene()[:50, :80]).shape == (50, 80)
    assert shrink(scene()).dtype == np.uint8
