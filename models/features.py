"""What a fitted head is given: a person's last seconds as a row of numbers.

The same class makes the rows to fit on, from the tables of a run, and the rows a live head reads,
so the two cannot differ. Everything is frozen: no network is trained further.
"""

from __future__ import annotations

from collections import deque
from math import hypot
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..stream.messages import EMOTIONS, MESH_MEASURES, Person

Array = npt.NDArray[np.float32]

VERSION = 2
"""Of the meaning of the columns; a head that was fitted to another one is refused."""

WINDOW_S = 4.0
"""How far back a row looks. Our choice: about as long as an expression and its onset last."""

NEAR_S = 1.0
"""How far back its nearer half looks. Our choice."""

STEP_S = 0.1
"""Least time between two places of a head that its speed is measured from; see `body`."""

POSTURES = ("arms raised", "hands to face", "arms crossed", "slumped", "closed", "open")
"""Of `posture.POSTURES`, those that say something of a mood."""

SIGNALS = (
    *EMOTIONS,
    *("yaw_deg", "pitch_deg", "roll_deg", "head_speed"),
    *MESH_MEASURES,
    *("movement", "gesture_energy"),
)
"""Each becomes three columns: its mean over `NEAR_S`, its mean and spread over `WINDOW_S`."""

COLUMNS = (
    *(f"{name}_near" for name in SIGNALS),
    *(f"{name}_mean" for name in SIGNALS),
    *(f"{name}_sd" for name in SIGNALS),
    *(f"posture {name}" for name in POSTURES),
    *("face_share", "body_share"),
)
"""`head_speed` is in face heights per second, postures are the mean confidence, shares are those
of the looked-at frames with a face that can be trusted, and of those with a body. NaN: nothing of
the kind was measured in the window."""

_FIRST_BODY = SIGNALS.index("movement")
_ABSENT = (float("nan"),) * len(SIGNALS)
Part = Literal["face", "body"]


class Features:
    """The last seconds of every person of one source. Pure; time is what it is told."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._people: dict[int, _Past] = {}

    def add(self, pts_s: float, person: Person) -> Array:
        """Take a person in a frame and return their row, as `COLUMNS`.

        A person who is not seen for `WINDOW_S`, or a clock that runs backwards, starts anew.
        """
        past = self._people.get(person.id)
        if past is None or not 0 <= pts_s - past.newest_s <= WINDOW_S:
            self._people = {
                known: other
                for known, other in self._people.items()
                if 0 <= pts_s - other.newest_s <= WINDOW_S
            }
            past = self._people[person.id] = _Past()
        past.add(pts_s, person)
        return past.row()


class _Past:
    """One person's samples of the last `WINDOW_S`."""

    def __init__(self) -> None:
        self.newest_s = 0.0
        self._samples: deque[tuple[float, ...]] = deque()
        self._heads: deque[tuple[float, float, float, float]] = deque()

    def add(self, pts_s: float, person: Person) -> None:
        self.newest_s = pts_s
        signals = (*self._face(pts_s, person), *_body(person))
        stands = person.posture is not None or person.movement is not None
        held = [
            (person.posture_confidence or 0.0) if person.posture == name else 0.0
            for name in POSTURES
        ]
        postures = held if stands else [float("nan")] * len(POSTURES)
        self._samples.append((pts_s, *signals, *postures))
        while pts_s - self._samples[0][0] >= WINDOW_S:
            self._samples.popleft()

    def _face(self, pts_s: float, person: Person) -> tuple[float, ...]:
        face = person.face
        if face is None or face.emotions is None or face.quality_reason:
            return _ABSENT[:_FIRST_BODY]
        x1, y1, x2, y2 = face.box_xyxy
        head = (pts_s, (x1 + x2) / 2, (y1 + y2) / 2, max(y2 - y1, 1.0))
        pose = face.head_pose_deg or _ABSENT[:3]
        measures = face.mesh_measures or _ABSENT[: len(MESH_MEASURES)]
        return (*face.emotions, *pose, self._head_speed(head), *measures)

    def _head_speed(self, head: tuple[float, float, float, float]) -> float:
        """Return the speed against the newest place that is at least `STEP_S` old."""
        heads = self._heads
        heads.append(head)
        while len(heads) > 1 and head[0] - heads[1][0] >= STEP_S - 1e-6:
            heads.popleft()
        then = heads[0]
        passed_s = head[0] - then[0]
        if not STEP_S - 1e-6 <= passed_s <= NEAR_S:
            return float("nan")
        return hypot(head[1] - then[1], head[2] - then[2]) / max(head[3], then[3]) / passed_s

    def row(self) -> Array:
        table = np.array(self._samples)
        width = len(SIGNALS)
        near = table[:, 0] > self.newest_s - NEAR_S
        signals, known = table[:, 1:], np.isfinite(table[:, 1:])
        mean, count = _mean(signals, known)
        near_mean, _ = _mean(signals[near], known[near])
        apart = np.where(known, signals - mean, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = np.sqrt((apart**2).sum(axis=0) / count)
        shares = known[:, [0, width]].mean(axis=0)
        return np.concatenate(
            [near_mean[:width], mean[:width], spread[:width], mean[width:], shares]
        ).astype(np.float32)


def _mean(
    values: npt.NDArray[np.float64], known: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return the mean and the number of the known values in each column; NaN where none is."""
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, values, 0.0).sum(axis=0) / count, count


def _body(person: Person) -> tuple[float, ...]:
    measured = (person.movement, person.gesture_energy)
    return tuple(float("nan") if value is None else value for value in measured)
