"""How lively the arms are: their speed against the trunk."""

from __future__ import annotations

from .body import Meter, Pose
from .similarity import fit
from .skeleton import JOINT, MIN_VISIBILITY

_TRUNK = [JOINT[name] for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip")]
_ARMS = [JOINT[name] for name in ("left_wrist", "right_wrist", "left_elbow", "right_elbow")]


class GestureMeter(Meter):
    """Measures gesture energy: how fast wrists and elbows move against the trunk.

    The shift, zoom and roll that best carry shoulders and hips from one time to the other are
    taken out of the arms' movement; what is left, over the longer torso length, is averaged with
    the visibilities as weights. So walking, leaning, and any shift, zoom or roll of the camera are
    no gesture, and neither is a nod. None without two trunk joints and an arm joint visible both
    times. It is a speed, in torso lengths per second; `energy` is what the field calls it.
    """

    def _speed(self, before: Pose, after: Pose) -> float | None:
        pairs = list(zip(before.joints, after.joints, strict=True))
        trunk = [pairs[i] for i in _TRUNK if min(k[3] for k in pairs[i]) >= MIN_VISIBILITY]
        carry = fit([complex(*a[:2]) for a, _ in trunk], [complex(*b[:2]) for _, b in trunk])
        if carry is None or before.torso_px is None or after.torso_px is None:
            return None
        torso_px = max(before.torso_px * abs(carry.turn), after.torso_px)
        weights, steps_px = 0.0, 0.0
        for a, b in (pairs[i] for i in _ARMS):
            weight = min(a[3], b[3])
            if weight >= MIN_VISIBILITY:
                weights += weight
                steps_px += weight * abs(complex(*b[:2]) - carry(*a[:2]))
        if weights == 0:
            return None
        return steps_px / weights / torso_px / (after.pts_s - before.pts_s)
