"""Postures from keypoints: one rule each, and how sure it is.

Every rule measures one length, angle or ratio of a body and puts it on a ramp: 0 at its first
figure, 1 at its second, and the rule holds from the middle on. Lengths are in torso lengths L;
`up` runs from mid-hip to mid-shoulder, `across` from the right shoulder to the left one. Depth is
not used: on a person standing still the network's shoulder depth wandered between -0.2 and -1.2 L.
The figures of the ramps are our choice; where proportions of the body stand behind them, these are
of Drillis and Contini 1966 (see `skeleton`): ears and eyes 0.4 L above the shoulders, arm 1.15 L,
hand 0.37 L.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import atan2, degrees, hypot

from ..stream.messages import Body, Point
from .base import COCO17
from .skeleton import MIN_VISIBILITY, Joints, joints_of, middle, point, torso_px

POSTURES = (
    "arms raised",
    "hands to face",
    "arms crossed",
    "slumped",
    "leaning left",
    "leaning right",
    "leaning forward",
    "leaning back",
    "closed",
    "open",
    "upright",
)
"""All names, the telling ones first: of several that hold, the first is returned. Left and right
are the person's own."""

HAND_PER_FOREARM = 0.37
"""From the wrist to the middle of the hand over the forearm: (0.108 / 2) / 0.146 of the height.
Source: Drillis and Contini 1966."""

PROFILE = 0.3
"""Shoulders nearer than this in L show a body from the side: `across` means nothing there."""

_SHOULDERS = ("left_shoulder", "right_shoulder")
_HIPS = ("left_hip", "right_hip")
_WRISTS = ("left_wrist", "right_wrist")


@dataclass(frozen=True, slots=True)
class Posture:
    """A name of `POSTURES` and a confidence in [0, 1]: least visibility times ramp."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class _Figure:
    """A body with axes of its own; `up` is the picture's vertical where the hips are hidden.

    `at` places joints in L from mid-shoulder: towards the person's left, and upwards. `across` is
    the shoulder width in L, negative where the back is turned to the camera.
    """

    at: dict[str, Point]
    visible: dict[str, float]
    up: Point
    across: float

    def sees(self, *names: str) -> bool:
        """Tell whether all these joints are visible."""
        return self.least(*names) >= MIN_VISIBILITY

    def least(self, *names: str) -> float:
        """Return the least visibility of these joints."""
        return min([self.visible[name] for name in names])


Mark = tuple[float, float]
"""How far up its ramp a rule is, in [0, 1], and the least visibility of what it looked at."""

_NO: Mark = (0.0, 0.0)


def posture(body: Body) -> Posture | None:
    """Return the first posture of `POSTURES` whose rule holds, or None when none is measurable.

    All need both shoulders. The trunk's (`slumped`, `leaning …`, `upright`) need both hips too.
    """
    figure = _figure(joints_of(body))
    if figure is None:
        return None
    strongest = 0.0
    for name, rule in _RULES.items():
        ramp, least = rule(figure)
        if ramp >= 0.5:
            return Posture(name, ramp * least)
        strongest = max(strongest, ramp)
    if not figure.sees(*_HIPS):
        return None
    return Posture("upright", (1 - strongest) * figure.least(*_SHOULDERS, *_HIPS))


def _figure(joints: Joints) -> _Figure | None:
    length_px = torso_px(joints)
    shoulders = middle(joints, *_SHOULDERS)
    if length_px is None or shoulders is None:
        return None
    hips = middle(joints, *_HIPS)
    up_x, up_y = 0.0, -1.0
    if hips is not None:
        up_x, up_y = (shoulders[0] - hips[0]) / length_px, (shoulders[1] - hips[1]) / length_px
    left, right = (point(joints, name) for name in _SHOULDERS)
    across = (left[0] - right[0]) / length_px
    side = 1 if across >= 0 else -1
    at = {}
    for name, joint in zip(COCO17, joints, strict=True):
        x, y = (joint[0] - shoulders[0]) / length_px, (joint[1] - shoulders[1]) / length_px
        at[name] = side * (y * up_x - x * up_y), x * up_x + y * up_y
    visible = {name: max(joint[3], 0.0) for name, joint in zip(COCO17, joints, strict=True)}
    return _Figure(at, visible, (up_x, up_y), across)


def _ramp(value: float, zero: float, one: float) -> float:
    return min(1.0, max(0.0, (value - zero) / (one - zero)))


def _arms_raised(figure: _Figure) -> Mark:
    """A wrist is above the nose: -0.2 to 0.2 L."""
    marks = [_NO]
    for wrist in _WRISTS:
        if figure.sees("nose", wrist):
            above = figure.at[wrist][1] - figure.at["nose"][1]
            marks.append((_ramp(above, -0.2, 0.2), figure.least("nose", wrist)))
    return max(marks)


def _hands_to_face(figure: _Figure) -> Mark:
    """The middle of a hand is near the nose: 0.5 to 0.2 L. It lies on from elbow to wrist."""
    marks = [_NO]
    for side in ("left", "right"):
        used = ("nose", f"{side}_wrist", f"{side}_elbow")
        if figure.sees(*used):
            nose, wrist, elbow = (figure.at[name] for name in used)
            hand_x = wrist[0] + HAND_PER_FOREARM * (wrist[0] - elbow[0])
            hand_y = wrist[1] + HAND_PER_FOREARM * (wrist[1] - elbow[1])
            away = hypot(hand_x - nose[0], hand_y - nose[1])
            marks.append((_ramp(away, 0.5, 0.2), figure.least(*used)))
    return max(marks)


def _arms_crossed(figure: _Figure) -> Mark:
    """Each wrist is beyond the middle on the other side (-0.1 to 0.2 L), before the chest."""
    if not figure.sees(*_WRISTS, *_HIPS) or abs(figure.across) < PROFILE:
        return _NO
    left, right = (figure.at[name] for name in _WRISTS)
    beyond = _ramp(min(-left[0], right[0]), -0.1, 0.2)
    chest = min(_before(left[1], -0.9), _before(right[1], -0.9))
    return min(beyond, chest), figure.least(*_WRISTS, *_SHOULDERS)


def _slumped(figure: _Figure) -> Mark:
    """The head has sunk: the ears are less above the shoulders than 0.4 L (0.3 to 0.1 L)."""
    ears = [name for name in ("left_ear", "right_ear") if figure.sees(name)]
    if not ears or not figure.sees(*_HIPS):
        return _NO
    height = sum(figure.at[name][1] for name in ears) / len(ears)
    return _ramp(height, 0.3, 0.1), figure.least(*ears, *_SHOULDERS, *_HIPS)


def _leaning(figure: _Figure, sideways: bool, sign: int) -> Mark:
    """The trunk is tilted from the picture's vertical: 15 to 25 degrees.

    Sideways when the shoulders show the body from the front or back; else to where the nose is
    (forward) or away from it.
    """
    if (abs(figure.across) >= PROFILE) != sideways or not figure.sees(*_HIPS):
        return _NO
    used: tuple[str, ...] = (*_SHOULDERS, *_HIPS)
    heading = figure.across
    if not sideways:
        used = (*used, "nose")
        if not figure.sees("nose"):
            return _NO
        heading = figure.at["nose"][0] * (1 if figure.across >= 0 else -1)
    if heading * figure.up[0] * sign <= 0:
        return _NO
    tilt_deg = degrees(atan2(abs(figure.up[0]), -figure.up[1]))
    return _ramp(tilt_deg, 15.0, 25.0), figure.least(*used)


def _closed(figure: _Figure) -> Mark:
    """The wrists are together (0.5 to 0.2 L) before the trunk, near its middle (0.4 to 0.2 L)."""
    if not figure.sees(*_WRISTS, *_HIPS) or abs(figure.across) < PROFILE:
        return _NO
    left, right = (figure.at[name] for name in _WRISTS)
    together = _ramp(hypot(left[0] - right[0], left[1] - right[1]), 0.5, 0.2)
    inside = _ramp(max(abs(left[0]), abs(right[0])), 0.4, 0.2)
    before = min(_before(left[1], -1.1), _before(right[1], -1.1))
    return min(together, inside, before), figure.least(*_WRISTS, *_SHOULDERS)


def _open(figure: _Figure) -> Mark:
    """Both wrists are outside their own shoulders: 0.3 to 0.7 L (an arm at 26 degrees: 0.5 L)."""
    if not figure.sees(*_WRISTS) or abs(figure.across) < PROFILE:
        return _NO
    left, right, left_shoulder, right_shoulder = (
        figure.at[name][0] for name in (*_WRISTS, *_SHOULDERS)
    )
    outside = min(left - left_shoulder, right_shoulder - right)
    return _ramp(outside, 0.3, 0.7), figure.least(*_WRISTS, *_SHOULDERS)


def _before(height: float, lowest: float) -> float:
    """Return how surely a height in L is before the trunk, from `lowest` to the shoulders."""
    return min(_ramp(height, lowest - 0.2, lowest), _ramp(height, 0.2, 0.0))


_RULES: dict[str, Callable[[_Figure], Mark]] = {
    "arms raised": _arms_raised,
    "hands to face": _hands_to_face,
    "arms crossed": _arms_crossed,
    "slumped": _slumped,
    "leaning left": lambda figure: _leaning(figure, True, 1),
    "leaning right": lambda figure: _leaning(figure, True, -1),
    "leaning forward": lambda figure: _leaning(figure, False, 1),
    "leaning back": lambda figure: _leaning(figure, False, -1),
    "closed": _closed,
    "open": _open,
}
