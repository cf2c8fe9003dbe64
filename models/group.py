"""What can be said of the people of one picture together."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import combinations
from math import atan2, degrees, hypot, sqrt
from statistics import fmean
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..stream.messages import Body, Face, Group, Person, Point
from .skeleton import Joints, joints_of, point, seen, torso_px

NEAR_M = 1.2
"""Up to here reaches the personal distance, at which friends talk.
Source: Hall 1966, The Hidden Dimension: personal distance, far phase, up to 4 feet."""

TORSO_M = 0.46
"""Torso length: 0.288 of the body's height (see `skeleton`) of 1.60 m, the height that Aghaei et
al. 2021, Single image human proxemics estimation for visual social distancing, take for all."""

FACE_PER_TORSO = 0.31
"""Height of a face's box over the torso length. Measured: 0.27 to 0.38 in two clips, one detector;
brows to chin are 0.31 by Drillis and Contini's proportions."""

MAX_SIZE_RATIO = 1.4
"""Two people of whom one looks larger than the other by more than this stand at different depths,
and how far from each other is unknown. Our choice: 1.2 m apart at 3 m from the camera."""

FACING_DEG = 60.0
"""A head is turned to somebody whose direction is within this of its own. Our choice; the heads of
two who look at each other at the same depth are at 90 degrees to the camera."""

EARS_PER_NOSE = 1.2
"""Distance of the ears over how far the nose is before them. Our choice: 14.5 and 12 cm."""

SYNCHRONY_S = 5.0
"""Time over which movements are compared. Source: windowed cross-correlation, Boker et al. 2002,
Psychological Methods 7, 338-355; 5 s (125 frames) as in Schoenherr et al. 2019, PLOS ONE 14,
e0211494, who show how much the result depends on such settings."""

STEP_S = 0.2
"""Time between the values compared. Our choice: speeds are measured over 0.1 s or more."""

MAX_GAP_S = 1.0
"""Speeds are not guessed between two measurements further apart than this."""

MIN_SD = 0.01
"""A speed that varies by less than this (torso lengths per second) is noise. Our choice."""

Pair = tuple[int, int]
Array = npt.NDArray[np.float64]

_BACK_S = MAX_GAP_S / 2 + np.arange(0.0, SYNCHRONY_S - MAX_GAP_S / 2, STEP_S)


class _Place(NamedTuple):
    """Where a head is in px, how long the torso is in px, and where the head looks.

    `heading_deg` is 0 towards the camera, 90 to the right of the picture, 180 away; None unknown.
    """

    head: Point
    torso_px: float
    heading_deg: float | None


class GroupMeter:
    """Measures the group of one source. It remembers the speeds of the last `SYNCHRONY_S`."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._gestures = _Speeds()
        self._movements = _Speeds()
        self._synchrony: tuple[float, float | None] = float("-inf"), None

    def update(self, pts_s: float, people: Sequence[Person]) -> Group | None:
        """Return what the people of this frame are together, or None when there is nobody.

        Feed it every frame, in order; where time runs backwards it starts anew. Spreads are sample
        standard deviations and need two people. Near and facing pairs are those of people whose
        apparent size is alike: near within `NEAR_M`, facing when both heads are turned to the
        other. Synchrony is the mean correlation (lag 0) of all pairs' gesture energy, or of their
        movement where fewer than two people have it, among the people who were measured throughout
        the last `SYNCHRONY_S`; None when there are fewer than two. It is made anew every `STEP_S`
        and held in between. Over so short a time two people who have nothing to do with each other
        easily reach 0.5.
        """
        self._gestures.add(pts_s, {p.id: p.gesture_energy for p in people})
        self._movements.add(pts_s, {p.id: p.movement for p in people})
        if not people:
            return None
        ids = [person.id for person in people]
        valences = [p.valence for p in people if p.valence is not None]
        arousals = [p.arousal for p in people if p.arousal is not None]
        near, facing = _pairs(people)
        return Group(
            people=len(people),
            valence_mean=fmean(valences) if valences else None,
            valence_sd=_deviation(valences),
            arousal_mean=fmean(arousals) if arousals else None,
            arousal_sd=_deviation(arousals),
            share_positive=fmean(v > 0 for v in valences) if valences else None,
            near=near,
            facing=facing,
            synchrony=self._synchronous(pts_s, ids),
        )

    def _synchronous(self, pts_s: float, ids: Sequence[int]) -> float | None:
        if len(ids) < 2:
            return None
        made_s, synchrony = self._synchrony
        if 0 <= pts_s - made_s < STEP_S - 1e-6:
            return synchrony
        synchrony = self._gestures.synchrony(pts_s, ids)
        if synchrony is None:
            synchrony = self._movements.synchrony(pts_s, ids)
        self._synchrony = pts_s, synchrony
        return synchrony


class _Speeds:
    """One speed of everybody over the last `SYNCHRONY_S`, at the times it was measured."""

    def __init__(self) -> None:
        self._series: dict[int, deque[tuple[float, float]]] = {}
        self._last_s = float("-inf")

    def add(self, pts_s: float, speeds: dict[int, float | None]) -> None:
        if pts_s < self._last_s:
            self._series.clear()
        self._last_s = pts_s
        for person, speed in speeds.items():
            if speed is not None:
                self._series.setdefault(person, deque()).append((pts_s, speed))
        oldest_s = pts_s - SYNCHRONY_S - MAX_GAP_S
        for person, series in list(self._series.items()):
            while series and series[0][0] < oldest_s:
                series.popleft()
            if not series:
                del self._series[person]

    def synchrony(self, pts_s: float, ids: Sequence[int]) -> float | None:
        rows = [self._row(pts_s, person) for person in ids if person in self._series]
        lively = [row for row in rows if row is not None and row.std() >= MIN_SD]
        if len(lively) < 2:
            return None
        matrix = np.asarray(np.corrcoef(lively), np.float64)
        return float(np.clip(matrix[np.triu_indices(len(lively), 1)].mean(), -1.0, 1.0))

    def _row(self, pts_s: float, person: int) -> Array | None:
        """Return the speeds at even times up to the last measurement, or None with a hole."""
        series = self._series[person]
        grid_s = pts_s - _BACK_S
        if series[0][0] > grid_s[-1] or series[-1][0] < grid_s[0]:
            return None
        times_s, speeds = np.array(series).T
        if np.diff(times_s).max() > MAX_GAP_S:
            return None
        return np.asarray(np.interp(grid_s, times_s, speeds), np.float64)


def _pairs(people: Sequence[Person]) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """Return who is near whom and who faces whom, smaller number first."""
    if len(people) < 2:
        return (), ()
    places = [(person.id, _place(person)) for person in sorted(people, key=lambda p: p.id)]
    known = [(person, place) for person, place in places if place is not None]
    near: list[Pair] = []
    facing: list[Pair] = []
    for (first, a), (second, b) in combinations(known, 2):
        small, large = sorted((a.torso_px, b.torso_px))
        if large > MAX_SIZE_RATIO * small:
            continue
        away_px = hypot(a.head[0] - b.head[0], a.head[1] - b.head[1])
        if away_px * TORSO_M / ((small + large) / 2) <= NEAR_M:
            near.append((first, second))
        if _turned_to(a, b) and _turned_to(b, a):
            facing.append((first, second))
    return tuple(near), tuple(facing)


def _turned_to(one: _Place, other: _Place) -> bool:
    if one.heading_deg is None:
        return False
    side = 90.0 if other.head[0] > one.head[0] else -90.0
    return abs((one.heading_deg - side + 180) % 360 - 180) <= FACING_DEG


def _place(person: Person) -> _Place | None:
    joints = None if person.body is None else joints_of(person.body)
    length_px = None if joints is None else torso_px(joints)
    heading_deg = None if joints is None else _heading_deg(joints)
    face = person.face
    if face is None:
        if person.body is None or joints is None or length_px is None:
            return None
        return _Place(_head(person.body, joints), length_px, heading_deg)
    left, top, right, bottom = face.box_xyxy
    middle = (left + right) / 2, (top + bottom) / 2
    length_px = length_px or (bottom - top) / FACE_PER_TORSO
    return _Place(middle, length_px, _yaw_deg(face, heading_deg)) if length_px > 0 else None


def _yaw_deg(face: Face, otherwise: float | None) -> float | None:
    return otherwise if face.head_pose_deg is None else face.head_pose_deg[0]


def _head(body: Body, joints: Joints) -> Point:
    """Return the nose, or the middle of the upper edge of the body's box."""
    left, top, right, _ = body.box_xyxy
    return point(joints, "nose") if seen(joints, "nose") else ((left + right) / 2, top)


def _heading_deg(joints: Joints) -> float | None:
    """Return where the head looks, from how far the nose is beside the ears' middle.

    Seen from behind the ears have changed sides.
    """
    if not seen(joints, "nose", "left_ear", "right_ear"):
        return None
    nose, left, right = (point(joints, name)[0] for name in ("nose", "left_ear", "right_ear"))
    beside_px = (nose - (left + right) / 2) * EARS_PER_NOSE
    return degrees(atan2(beside_px, left - right)) if beside_px or left != right else None


def _deviation(values: Sequence[float]) -> float | None:
    """Return the standard deviation of a sample, 20 times faster than `statistics.stdev`."""
    if len(values) < 2:
        return None
    mean = fmean(values)
    return sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
