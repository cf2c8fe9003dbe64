import pytest
from made_bodies import (
    PROFILE,
    STANDING,
    Joints,
    body,
    changed,
    from_behind,
    mirrored,
    turned,
    without,
)

from affectstream.models.base import LAYOUTS
from affectstream.models.posture import POSTURES, posture

CROSSED = changed(
    STANDING,
    left_elbow=(145, 150),
    right_elbow=(55, 150),
    left_wrist=(75, 140),
    right_wrist=(125, 140),
)
CLASPED = changed(STANDING, left_wrist=(106, 175), right_wrist=(94, 175))
SPREAD = changed(
    STANDING,
    left_elbow=(180, 120),
    right_elbow=(20, 120),
    left_wrist=(220, 140),
    right_wrist=(-20, 140),
)
CHIN_IN_HAND = changed(STANDING, left_elbow=(125, 140), left_wrist=(108, 95))
SUNK = changed(STANDING, nose=(100, 95), left_ear=(112, 88), right_ear=(88, 88))
AKIMBO = changed(
    STANDING,
    left_elbow=(185, 150),
    right_elbow=(15, 150),
    left_wrist=(122, 190),
    right_wrist=(78, 190),
)


CASES: list[tuple[Joints, str | None]] = [
    (STANDING, "upright"),
    (PROFILE, "upright"),
    (from_behind(STANDING), "upright"),
    (AKIMBO, "upright"),
    (turned(STANDING, 15), "upright"),
    (turned(STANDING, 25), "leaning left"),
    (turned(STANDING, -25), "leaning right"),
    (turned(from_behind(STANDING), 25), "leaning right"),
    (turned(PROFILE, 25), "leaning forward"),
    (turned(PROFILE, -25), "leaning back"),
    (turned(mirrored(PROFILE), -25), "leaning forward"),
    (without(turned(PROFILE, 25), "nose"), "upright"),  # which way is not known
    (SUNK, "slumped"),
    (from_behind(SUNK), "slumped"),
    (without(SUNK, "right_ear"), "slumped"),
    (changed(STANDING, left_wrist=(130, 30)), "arms raised"),
    (changed(STANDING, left_wrist=(150, 10), right_wrist=(50, 10)), "arms raised"),
    (without(changed(STANDING, left_wrist=(130, 30)), "left_hip"), "arms raised"),
    (turned(changed(STANDING, left_wrist=(150, 10)), 40), "arms raised"),  # along the trunk
    (CHIN_IN_HAND, "hands to face"),
    (mirrored(CHIN_IN_HAND), "hands to face"),
    (without(CHIN_IN_HAND, "left_hip", "right_hip"), "hands to face"),
    # before the chest, not at the face
    (changed(STANDING, left_elbow=(150, 150), left_wrist=(110, 130)), "upright"),
    (CROSSED, "arms crossed"),
    (mirrored(CROSSED), "arms crossed"),
    (from_behind(CROSSED), "arms crossed"),
    (turned(CROSSED, 10), "arms crossed"),
    (changed(CROSSED, right_wrist=(60, 195)), "upright"),  # one arm only
    (changed(CROSSED, left_wrist=(75, 230), right_wrist=(125, 230)), "upright"),  # too low
    (changed(CROSSED, left_wrist=(75, 230)), "upright"),  # one hand too low
    (CLASPED, "closed"),
    (changed(STANDING, left_wrist=(46, 175), right_wrist=(34, 175)), "upright"),  # beside it
    (from_behind(CLASPED), "closed"),
    (SPREAD, "open"),
    (mirrored(SPREAD), "open"),
    (without(SPREAD, "left_hip"), "open"),
    (changed(SPREAD, right_wrist=(60, 195)), "upright"),  # one arm only
    (without(STANDING, "left_hip"), None),
    (without(STANDING, "right_shoulder"), None),
    ({}, None),
]


@pytest.mark.parametrize("layout", list(LAYOUTS))
@pytest.mark.parametrize(("joints", "expected"), CASES)
def test_every_posture_has_its_rule(layout: str, joints: Joints, expected: str | None) -> None:
    found = posture(body(joints, layout))
    assert (found.name if found else None) == expected


def test_every_name_is_reached_by_the_table() -> None:
    assert {name for _, name in CASES if name} == set(POSTURES)


@pytest.mark.parametrize("zoom", [0.1, 3.0])
def test_size_and_place_do_not_matter(zoom: float) -> None:
    for joints in (STANDING, CROSSED, CLASPED, SPREAD, CHIN_IN_HAND, SUNK):
        near = posture(body(joints))
        far = posture(body(turned(joints, 0, zoom=zoom), dx=500, dy=-20))
        assert near is not None and far is not None
        assert (far.name, far.confidence) == (near.name, pytest.approx(near.confidence))


@pytest.mark.parametrize(
    ("joints", "visibility", "expected"),
    [
        (STANDING, 1.0, 1.0),
        (STANDING, 0.6, 0.6),
        (turned(STANDING, 20), 1.0, 0.5),
        (turned(STANDING, 18), 1.0, 0.7),  # upright, 0.3 up the ramp of leaning
        (turned(STANDING, 23), 1.0, 0.8),
        (turned(STANDING, 40), 0.7, 0.7),
    ],
)
def test_confidence_is_visibility_times_margin(
    joints: Joints, visibility: float, expected: float
) -> None:
    found = posture(body(joints, visibility=visibility))
    assert found is not None
    assert found.confidence == pytest.approx(expected)


def test_the_least_visible_joint_counts() -> None:
    whole = body(CROSSED)
    hidden = [(x, y, z, 0.55 if (x, y) == (75, 140) else v) for x, y, z, v in whole.keypoints]
    found = posture(type(whole)(whole.box_xyxy, 0.9, whole.layout, tuple(hidden)))
    assert found is not None and found.name == "arms crossed"
    assert found.confidence == pytest.approx(0.55)


@pytest.mark.parametrize("angle_deg", range(-180, 181, 5))
def test_any_turn_gives_a_confidence_in_range(angle_deg: float) -> None:
    for joints in (STANDING, PROFILE, CROSSED, SPREAD):
        found = posture(body(turned(joints, angle_deg)))
        assert found is not None and found.name in POSTURES
        assert 0 <= found.confidence <= 1
