"""How fast a body moves, in torso lengths per second.

Two figures, because a camera that pans moves everything in the picture. `MovementMeter` measures
the whole body against the scene: it needs to be told what the camera did (`camera_motion`), and
without that a moving camera reads as movement. From the keypoints alone the two cannot be told
apart: one person who walks and a camera that pans give the same keypoints, and so do several who
walk together. `gesture.GestureMeter` measures the arms against the trunk, so shift, zoom and roll
of the camera, and walking, drop out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from ..stream.messages import Body
from .similarity import STILL, Similarity
from .skeleton import MIN_VISIBILITY, Joints, joints_of, torso_px

MIN_KEYPOINTS = 3
"""Fewer common keypoints than this measure no movement."""

MAX_GAP_S = 1.0
"""Two measurements further apart than this say nothing about speed."""

MIN_INTERVAL_S = 0.1
"""Least time between the two measurements compared. The network's jitter of about a pixel, divided
by one frame's time, would otherwise read as movement, and more so at a higher frame rate."""


@dataclass(frozen=True, slots=True)
class Pose:
    """A body at a time; `camera` maps the picture at some fixed start to this one."""

    pts_s: float
    joints: Joints
    torso_px: float | None
    camera: Similarity


class Meter(ABC):
    """Measures a speed of every person of one source, in torso lengths per second."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._poses: dict[int, list[Pose]] = {}
        self._speeds: dict[int, tuple[float, float]] = {}

    @abstractmethod
    def _speed(self, before: Pose, after: Pose) -> float | None:
        """Return the speed between two poses, `before` the earlier one."""

    def update(
        self, pts_s: float, person_id: int, body: Body, camera: Similarity = STILL
    ) -> float | None:
        """Return the speed in torso lengths per second, or None.

        Compared are this body and the newest one that is at least `MIN_INTERVAL_S` old, over the
        true time between them. `camera` maps any fixed earlier picture to this one, the same for
        all calls (`CameraMeter.update` gives it). None until there is a pose to compare with,
        after a gap of more than `MAX_GAP_S`, and when too little is visible.
        """
        if person_id not in self._poses:
            self._forget_stale(pts_s)
        joints = joints_of(body)
        pose = Pose(pts_s, joints, torso_px(joints), camera)
        poses = self._poses.setdefault(person_id, [])
        if poses and not 0 < pts_s - poses[-1].pts_s <= MAX_GAP_S + 1e-6:
            self.forget([person_id])
            poses = self._poses[person_id] = []
        poses.append(pose)
        old_enough = [p for p in poses if p.pts_s <= pts_s - MIN_INTERVAL_S + 1e-6]
        if not old_enough:
            return None
        del poses[: len(old_enough) - 1]
        speed = self._speed(old_enough[-1], pose)
        if speed is not None:
            self._speeds[person_id] = pts_s, speed
        return speed

    def latest(self, pts_s: float, person_id: int) -> float | None:
        """Return the last speed measured within `MAX_GAP_S`, or None.

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


class MovementMeter(Meter):
    """Measures the movement of the whole body against the scene, walking included.

    The median step of the COCO joints visible both times, less what the camera did, over the
    longer of the two torso lengths: a foreshortened torso must not inflate it.
    """

    def _speed(self, before: Pose, after: Pose) -> float | None:
        camera = after.camera.after(before.camera.inverse())
        steps_px = [
            abs(complex(b[0], b[1]) - camera(a[0], a[1]))
            for a, b in zip(before.joints, after.joints, strict=True)
            if min(a[3], b[3]) >= MIN_VISIBILITY
        ]
        zoomed_px = before.torso_px and before.torso_px * abs(camera.turn)
        torsos_px = [torso for torso in (zoomed_px, after.torso_px) if torso]
        if not torsos_px or len(steps_px) < MIN_KEYPOINTS:
            return None
        return median(steps_px) / max(torsos_px) / (after.pts_s - before.pts_s)
