"""Stick figures: a standing person with a torso of 100 px, in either layout."""

from __future__ import annotations

import math

from affectstream.models.base import COCO17, COCO17_IN, LAYOUTS
from affectstream.stream.messages import Body, Keypoint

Joints = dict[str, tuple[float, float]]

STANDING: Joints = {
    "nose": (100, 60),
    "left_eye": (104, 56),
    "right_eye": (96, 56),
    "left_ear": (112, 60),
    "right_ear": (88, 60),
    "left_shoulder": (135, 100),
    "right_shoulder": (65, 100),
    "left_elbow": (140, 150),
    "right_elbow": (60, 150),
    "left_wrist": (140, 195),
    "right_wrist": (60, 195),
    "left_hip": (115, 200),
    "right_hip": (85, 200),
}
"""Facing the camera, so the person's left is at larger x. Joints not named are not visible."""

PROFILE: Joints = {
    **STANDING,
    "nose": (122, 60),
    "left_eye": (116, 56),
    "right_eye": (117, 56),
    "left_ear": (104, 60),
    "right_ear": (106, 60),
    "left_shoulder": (104, 100),
    "right_shoulder": (96, 100),
    "left_hip": (103, 200),
    "right_hip": (97, 200),
    "left_elbow": (100, 150),
    "right_elbow": (98, 150),
    "left_wrist": (108, 195),
    "right_wrist": (106, 195),
}
"""The same, looking to the right of the picture."""


def body(
    joints: Joints, layout: str = "coco17", dx: float = 0, dy: float = 0, visibility: float = 0.9
) -> Body:
    """Return a body of these joints, shifted by `dx`, `dy` px."""
    points: list[Keypoint] = [(0.0, 0.0, 0.0, 0.0)] * len(LAYOUTS[layout])
    for name, (x, y) in joints.items():
        points[COCO17_IN[layout][COCO17.index(name)]] = (x + dx, y + dy, 0.0, visibility)
    return Body((0 + dx, 0 + dy, 200 + dx, 400 + dy), 0.9, layout, tuple(points))


def changed(joints: Joints, **moved: tuple[float, float]) -> Joints:
    return {**joints, **moved}


def without(joints: Joints, *names: str) -> Joints:
    return {name: at for name, at in joints.items() if name not in names}


def turned(
    joints: Joints,
    angle_deg: float,
    about: tuple[float, float] = (100, 200),
    zoom: float = 1.0,
) -> Joints:
    """Turn (clockwise in the picture) and zoom about a point, by default the mid-hip."""
    c, s = zoom * math.cos(math.radians(angle_deg)), zoom * math.sin(math.radians(angle_deg))
    x0, y0 = about
    return {
        name: (x0 + c * (x - x0) - s * (y - y0), y0 + s * (x - x0) + c * (y - y0))
        for name, (x, y) in joints.items()
    }


def mirrored(joints: Joints) -> Joints:
    """Swap the sides of the picture, and left with right, so that the person faces as before."""
    other = {"left": "right", "right": "left"}
    return {
        (other[name.split("_")[0]] + name[len(name.split("_")[0]) :] if "_" in name else name): (
            200 - x,
            y,
        )
        for name, (x, y) in joints.items()
    }


def from_behind(joints: Joints) -> Joints:
    """Turn the person by 180 degrees: left and right swap places in the picture."""
    return {name: (200 - x, y) for name, (x, y) in joints.items()}
