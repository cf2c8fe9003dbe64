"""What a body does: how fast it moves, in torso lengths per second, and its posture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import atan2, degrees, hypot
from statistics import median

from ..stream.messages import Body, Keypoint, Point
from .base import COCO17, COCO17_IN

MIN_VISIBILITY = 0.5
"""A keypoint below this is not used."""

MIN_KEYPOINTS = 3
"""Fewer common keypoints than this measure nothing."""

MAX_GAP_S = 1.0
"""Two measurements further apart than this say nothing about speed."""

MIN_INTERVAL_S = 0.1
"""Least time between the two measurements compared. The network's jitter of about a pixel, divided
by one frame's time, would otherwise read as movement, and more so at a higher frame rate."""

TORSO_PER_SHOULDER_WIDTH = 1.11
"""Torso length over shoulder width: (0.818 - 0.530) / 0.259 of the body's height.

Source: Drillis and Contini 1966, Body segment parameters, as drawn in Winter, Biomechanics and
Motor Control of Human Movement (shoulder height, hip height, shoulder width).
"""

LEAN_DEG = 20.0
"""A trunk tilted more than this from the picture's vertical leans. Our choice."""

_JOINT = {name: index for index, name in enumerate(COCO17)}


@dataclass(frozen=True, slots=True)
class _Pose:
    pts_s: float
    joints: tuple[Keypoint, ...]
    torso_px: float | None


def _joints(body: Body) -> tuple[Keypoint, ...]:
    return tuple(body.keypoints[index] for index in COCO17_IN[body.layout])


def _middle(joints: tuple[Keypoint, ...], first: str, second: str) -> Point | None:
    a, b = joints[_JOINT[first]], joints[_JOINT[second]]
    if min(a[3], b[3]) < MIN_VISIBILITY:
        return None
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def torso_px(body: Body) -> float | None:
    """Return the torso length in px, or None when the shoulders are not both visible.

    The distance of mid-shoulder to mid-hip; with hidden hips the shoulder width times
    `TORSO_PER_SHOULDER_WIDTH`.
    """
    return _torso_px(_joints(body))


def _torso_px(joints: tuple[Keypoint, ...]) -> float | None:
    shoulders = _middle(joints, "left_shoulder", "right_shoulder")
    if shoulders is None:
        return None
    hips = _middle(joints, "left_hip", "right_hip")
    if hips is not None:
        length_px = hypot(shoulders[0] - hips[0], shoulders[1] - hips[1])
    else:
        left, right = joints[_JOINT["left_shoulder"]], joints[_JOINT["right_shoulder"]]
        length_px = TORSO_PER_SHOULDER_WIDTH * hypot(left[0] - right[0], left[1] - right[1])
    return length_px if length_px > 0 else None


def _speed(before: _Pose, after: _Pose) -> float | None:
    torsos_px = [torso for torso in (before.torso_px, after.torso_px) if torso is not None]
    steps_px = [
        hypot(b[0] - a[0], b[1] - a[1])
        for a, b in zip(before.joints, after.joints, strict=True)
        if min(a[3], b[3]) >= MIN_VISIBILITY
    ]
    if not torsos_px or len(steps_px) < MIN_KEYPOINTS:
        return None
    return median(steps_px) / max(torsos_px) / (after.pts_s - before.pts_s)


class MovementMeter:
    """Measures the movement of every person of one source."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._poses: dict[int, list[_Pose]] = {}
        self._speeds: dict[int, tuple[float, float]] = {}

    def update(self, pts_s: float, person_id: int, body: Body) -> float | None:
        """Return the movement in torso lengths per second, or None.

        The median step of the COCO joints visible both now and in the newest measurement that is
        at least `MIN_INTERVAL_S` old, over the true time between them and the longer of the two
        torso lengths. None until there is such a measurement, after a gap of more than
        `MAX_GAP_S`, and when too little is visible.
        """
        if person_id not in self._poses:
            self._forget_stale(pts_s)
        joints = _joints(body)
        pose = _Pose(pts_s, joints, _torso_px(joints))
        poses = self._poses.setdefault(person_id, [])
        if poses and not 0 < pts_s - poses[-1].pts_s <= MAX_GAP_S + 1e-6:
            self.forget([person_id])
            poses = self._poses[person_id] = []
        poses.append(pose)
        old_enough = [p for p in poses if p.pts_s <= pts_s - MIN_INTERVAL_S + 1e-6]
        if not old_enough:
            return None
        del poses[: len(old_enough) - 1]
        speed = _speed(old_enough[-1], pose)
        if speed is not None:
            self._speeds[person_id] = pts_s, speed
        return speed

    def latest(self, pts_s: float, person_id: int) -> float | None:
        """Return the last movement measured within `MAX_GAP_S`, or None.

        For the frames on which bodies are not looked for: what depends on movement must not jump
        to and fro with that stride.
        """
        measured_s, speed = self._speeds.get(person_id, (float("-inf"), 0.0))
        return speed if 0 <= pts_s - measured_s <= MAX_GAP_S + 1e-6 else None

    def forget(self, ids: Iterable[int]) -> None:
        """Drop what is known of people who are gone; unknown ids are ignored."""
        for person_id in ids:
            self._poses.pop(person_id, None)
            self._speeds.pop(person_id, None)

    def _forget_stale(self, pts_s: float) -> None:
        """Drop whoever can no longer be measured, so that memory is bounded by who is there."""
        self.forget(
            [
                person_id
                for person_id, poses in self._poses.items()
                if not 0 <= pts_s - poses[-1].pts_s <= MAX_GAP_S + 1e-6
            ]
        )


def posture(body: Body) -> str | None:
    """Return `arms raised`, `leaning`, `upright`, or None when not measurable.

    `arms raised`: a visible wrist is further up than the visible nose, along the trunk when it is
    visible and else in the picture. Otherwise, from the trunk (the line mid-hip to mid-shoulder):
    `leaning` when it is tilted by more than `LEAN_DEG` from the picture's vertical to either side,
    else `upright`; None when shoulders or hips are hidden.
    """
    joints = _joints(body)
    shoulders = _middle(joints, "left_shoulder", "right_shoulder")
    hips = _middle(joints, "left_hip", "right_hip")
    trunk: Point | None = None
    if shoulders is not None and hips is not None and shoulders != hips:
        trunk = shoulders[0] - hips[0], shoulders[1] - hips[1]
    if _arms_raised(joints, trunk or (0.0, -1.0)):
        return "arms raised"
    if trunk is None:
        return None
    tilt_deg = degrees(atan2(abs(trunk[0]), -trunk[1]))
    return "leaning" if tilt_deg > LEAN_DEG else "upright"


def _arms_raised(joints: tuple[Keypoint, ...], up: Point) -> bool:
    nose, *wrists = (joints[_JOINT[name]] for name in ("nose", "left_wrist", "right_wrist"))
    if nose[3] < MIN_VISIBILITY:
        return False
    return any(
        wrist[3] >= MIN_VISIBILITY
        and (wrist[0] - nose[0]) * up[0] + (wrist[1] - nose[1]) * up[1] > 0
        for wrist in wrists
    )
