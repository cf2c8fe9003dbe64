"""Who is who from one frame to the next: joins faces to bodies and follows people by overlap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot

from ..stream.messages import Body, Box, Face, Point
from .base import COCO17, COCO17_IN

MIN_IOU = 0.2
"""Least overlap that links a box to a track. Our choice: half of a face may leave its old box."""

MIN_VISIBILITY = 0.5
"""A keypoint below this is not used."""

HEAD_REACH = 0.6
"""A face belongs to a body when its centre is within this many face sizes of nose and eyes."""

_HEAD_JOINTS = [COCO17.index(name) for name in ("nose", "left_eye", "right_eye")]


@dataclass(frozen=True, slots=True)
class Tracked:
    """One person measured in this frame; at least one of `face` and `body` is set."""

    id: int
    face: Face | None
    body: Body | None


@dataclass(slots=True)
class _Track:
    id: int
    face: Face | None
    body: Body | None
    seen_s: float


@dataclass(slots=True)
class _Sighting:
    face: Face | None
    body: Body | None


def iou(a: Box, b: Box) -> float:
    """Return intersection over union in [0, 1]; 0 for boxes without area."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union > 0 else 0.0


def head_point(body: Body) -> Point | None:
    """Return the middle of the visible nose and eyes in px, or None when none is visible."""
    order = COCO17_IN[body.layout]
    points = [body.keypoints[order[joint]] for joint in _HEAD_JOINTS]
    seen = [point for point in points if point[3] >= MIN_VISIBILITY]
    if not seen:
        return None
    return sum(p[0] for p in seen) / len(seen), sum(p[1] for p in seen) / len(seen)


def belonging(face: Face, body: Body) -> float:
    """Return how well the face fits the head of the body, in [0, 1]; 0 means it does not.

    With a visible nose or eye the face's centre must lie within `HEAD_REACH` face sizes of it.
    Without one it must lie in the upper half of the body's box (a tenth of its height above the
    box is allowed), and the fit is at most 0.5, so that a visible head wins.
    """
    left, top, right, bottom = face.box_xyxy
    x_px, y_px = (left + right) / 2, (top + bottom) / 2
    head = head_point(body)
    if head is not None:
        size_px = max(right - left, bottom - top)
        away_px = hypot(x_px - head[0], y_px - head[1])
        return max(0.0, 1 - away_px / (HEAD_REACH * size_px)) if size_px > 0 else 0.0
    left, top, right, bottom = body.box_xyxy
    width_px, height_px = right - left, bottom - top
    if not (left < x_px < right and top - 0.1 * height_px <= y_px <= top + 0.5 * height_px):
        return 0.0
    return 0.5 - abs(x_px - (left + right) / 2) / width_px * 0.9


def best_pairs(
    rows: int, columns: int, score: Callable[[int, int], float]
) -> list[tuple[int, int]]:
    """Pair rows with columns, best score first, ties by index; a score of 0 never pairs."""
    ranked = sorted((-score(i, j), i, j) for i in range(rows) for j in range(columns))
    pairs: list[tuple[int, int]] = []
    used_rows: set[int] = set()
    used_columns: set[int] = set()
    for negative, i, j in ranked:
        if negative < 0 and i not in used_rows and j not in used_columns:
            pairs.append((i, j))
            used_rows.add(i)
            used_columns.add(j)
    return pairs


def join(faces: Sequence[Face], bodies: Sequence[Body]) -> list[_Sighting]:
    """Join faces and bodies of one frame to people: in the order of the faces, then the bodies."""
    pairs = best_pairs(len(faces), len(bodies), lambda i, j: belonging(faces[i], bodies[j]))
    body_of = dict(pairs)
    owned = set(body_of.values())
    people = [
        _Sighting(face, bodies[body_of[i]] if i in body_of else None)
        for i, face in enumerate(faces)
    ]
    return people + [_Sighting(None, body) for j, body in enumerate(bodies) if j not in owned]


def _affinity(track: _Track, sighting: _Sighting) -> float:
    """Return the summed overlap of the like parts, or the fit of unlike ones when none is alike."""
    overlap, alike = 0.0, False
    for old, new in ((track.face, sighting.face), (track.body, sighting.body)):
        if old is not None and new is not None:
            alike = True
            part = iou(old.box_xyxy, new.box_xyxy)
            overlap += part if part >= MIN_IOU else 0.0
    if alike:
        return overlap
    if track.body is not None and sighting.face is not None:
        return belonging(sighting.face, track.body)
    if track.face is not None and sighting.body is not None:
        return belonging(track.face, sighting.body)
    return 0.0


class Tracker:
    """Follows the people of one source.

    Ids count from 1 and are never used again. A person who was not measured for more than
    `max_gap_s` is forgotten; when time runs backwards everybody is.
    """

    def __init__(self, max_gap_s: float = 1.0) -> None:
        """Start with nobody."""
        self._max_gap_s = max_gap_s
        self._tracks: list[_Track] = []
        self._last_s = float("-inf")
        self._next_id = 1

    def update(
        self, pts_s: float, faces: Sequence[Face] | None, bodies: Sequence[Body] | None
    ) -> list[Tracked]:
        """Return the people measured in this frame, by id; None means the job was not run."""
        self._forget(pts_s)
        sightings = join(faces or (), bodies or ())
        pairs = best_pairs(
            len(self._tracks),
            len(sightings),
            lambda i, j: _affinity(self._tracks[i], sightings[j]),
        )
        matched = {j: self._tracks[i] for i, j in pairs}
        absorbed = _absorb(sightings, matched)
        result = []
        for j, sighting in enumerate(sightings):
            if j not in absorbed:
                track = matched.get(j) or self._begin(pts_s)
                _renew(track, sighting, pts_s, faces is not None, bodies is not None)
                result.append(Tracked(track.id, sighting.face, sighting.body))
        return sorted(result, key=lambda person: person.id)

    def _forget(self, pts_s: float) -> None:
        oldest_s = pts_s - self._max_gap_s - 1e-6
        if pts_s < self._last_s:
            oldest_s = float("inf")
        self._last_s = pts_s
        self._tracks = [track for track in self._tracks if track.seen_s >= oldest_s]

    def _begin(self, pts_s: float) -> _Track:
        track = _Track(self._next_id, None, None, pts_s)
        self._next_id += 1
        self._tracks.append(track)
        return track


def _absorb(sightings: list[_Sighting], matched: dict[int, _Track]) -> set[int]:
    """Give a lone part to the followed person it overlaps, if that person lacks it here.

    Without this a body whose head was misplaced for one frame would become a second person.
    """
    absorbed: set[int] = set()
    for j, lone in enumerate(sightings):
        if j in matched or (lone.face is not None and lone.body is not None):
            continue
        for k, track in matched.items():
            other = sightings[k]
            old, new = (track.face, lone.face) if lone.face else (track.body, lone.body)
            taken = other.face if lone.face else other.body
            if taken is None and old and new and iou(old.box_xyxy, new.box_xyxy) >= MIN_IOU:
                sightings[k] = _Sighting(lone.face or other.face, lone.body or other.body)
                absorbed.add(j)
                break
    return absorbed


def _renew(
    track: _Track, sighting: _Sighting, pts_s: float, faces_ran: bool, bodies_ran: bool
) -> None:
    """Store what was seen; a part that was looked for and not found no longer counts."""
    track.seen_s = pts_s
    track.face = sighting.face if faces_ran else track.face
    track.body = sighting.body if bodies_ran else track.body
