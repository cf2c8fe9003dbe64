"""Who is who from one frame to the next: joins faces to bodies and follows people by geometry.

In the manner of ByteTrack (Zhang et al. 2022: doubtful boxes may continue a person but not begin
one) and OC-SORT (Cao et al. 2023: who is lost is also looked for where they were last seen), with
true times in place of a frame count. How somebody looks is never compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..stream.messages import Body, Face
from .assign import best_pairs
from .belonging import belonging
from .motion import iou
from .track import MIN_IOU, Sighting, Track

MAX_GAP_S = 3.0
"""Who was not measured for longer is forgotten: an occlusion of 2 s and a second to be found."""

STRONG = 0.7
"""The least score of a face or body that makes a person at first sight; others are seen twice."""

CONFIRM_S = 1.0
"""A newcomer who is not seen a second time within this is forgotten."""

LOST_S = 0.5
"""Who was not measured for longer is lost: hidden, or gone."""

RETURN = 2.5
"""Evidence against the return of somebody lost: they come back in one of a dozen looks."""

ONCE = 1.5
"""Evidence against somebody who was seen only once: one of five finds of that kind is nobody."""

SURE_FIT = 0.5
"""From a better fit on, a face and a body are one person though they seem to continue two."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """One person measured in this frame; at least one of `face` and `body` is set."""

    id: int
    face: Face | None
    body: Body | None


class Tracker:
    """Follows the people of one source.

    Ids count from `first_id` and are never used again. A person who was not measured for more than
    `max_gap_s` is forgotten; when time runs backwards everybody is. Somebody who is only
    predicted is not returned, nor is a doubtful box until it was seen twice.
    """

    def __init__(self, max_gap_s: float = MAX_GAP_S, first_id: int = 1) -> None:
        """Start with nobody."""
        self._max_gap_s = max_gap_s
        self._tracks: list[Track] = []
        self._last_s = float("-inf")
        self._weighed: dict[tuple[Track, Sighting], float] = {}
        self.next_id = first_id

    def update(
        self, pts_s: float, faces: Sequence[Face] | None, bodies: Sequence[Body] | None
    ) -> list[Tracked]:
        """Return the people measured in this frame, by id; None means the job was not run."""
        self._forget(pts_s)
        self._weighed.clear()
        sightings = self._join(pts_s, faces or (), bodies or ())
        matched = self._match(pts_s, sightings)
        absorbed = _absorb(pts_s, sightings, matched)
        result = []
        for j, sighting in enumerate(sightings):
            if j in absorbed:
                continue
            track = matched.get(j) or self._begin(pts_s)
            if not track.id and (track.sights or self._is_sure(sighting)):
                track.id, self.next_id = self.next_id, self.next_id + 1
            track.renew(pts_s, sighting)
            if track.id:
                result.append(Tracked(track.id, sighting.face, sighting.body))
        return sorted(result, key=lambda person: person.id)

    def _forget(self, pts_s: float) -> None:
        if pts_s < self._last_s:
            self._tracks = []
        self._last_s = pts_s
        self._tracks = [
            track
            for track in self._tracks
            if pts_s - track.seen_s <= (self._max_gap_s if track.sights > 1 else CONFIRM_S) + 1e-6
        ]

    def _begin(self, pts_s: float) -> Track:
        track = Track(pts_s)
        self._tracks.append(track)
        return track

    def _is_sure(self, sighting: Sighting) -> bool:
        """Whether this is a person at first sight: a good score, and nobody else in this place."""
        return sighting.score >= STRONG and not any(
            track.overlap(sighting) for track in self._tracks
        )

    def _join(self, pts_s: float, faces: Sequence[Face], bodies: Sequence[Body]) -> list[Sighting]:
        """Join the faces and bodies of one frame to people: by the faces, then the bodies.

        A face and a body that continue one and the same person go first; those that seem to
        continue two people must fit well.
        """
        lone_faces = [Sighting(face, None) for face in faces]
        lone_bodies = [Sighting(None, body) for body in bodies]
        if not faces or not bodies:
            return lone_faces + lone_bodies
        face_owners = [self._owner(pts_s, lone) for lone in lone_faces]
        body_owners = [self._owner(pts_s, lone) for lone in lone_bodies]

        def worth(i: int, j: int) -> float:
            fit = belonging(faces[i], bodies[j])
            face_owner, body_owner = face_owners[i], body_owners[j]
            if face_owner is body_owner:
                return fit + 1 if fit > 0 and face_owner is not None else fit
            has_other_body = face_owner is not None and face_owner.body is not None
            has_other_face = body_owner is not None and body_owner.face is not None
            return fit if fit > SURE_FIT or not (has_other_body or has_other_face) else 0.0

        pairs = _pair(len(faces), len(bodies), worth)
        body_of = dict(pairs)
        owned = set(body_of.values())
        people = [
            Sighting(lone.face, bodies[body_of[i]]) if i in body_of else lone
            for i, lone in enumerate(lone_faces)
        ]
        return people + [lone for j, lone in enumerate(lone_bodies) if j not in owned]

    def _owner(self, pts_s: float, sighting: Sighting) -> Track | None:
        """Return who a single part most likely continues."""
        worth, owner = 0.0, None
        for track in self._tracks:
            evidence = self._evidence(pts_s, track, sighting)
            if evidence > worth:
                worth, owner = evidence, track
        return owner

    def _evidence(self, pts_s: float, track: Track, sighting: Sighting) -> float:
        """Weigh each pair once per frame, however often it is asked for."""
        pair = track, sighting
        if pair not in self._weighed:
            self._weighed[pair] = track.evidence(pts_s, sighting)
        return self._weighed[pair]

    def _match(self, pts_s: float, sightings: Sequence[Sighting]) -> dict[int, Track]:
        """Return who continues whom.

        By likelihood first, with good boxes and then with doubtful ones, then by where people were
        last seen, those seen more than once before the others.
        """
        matched: dict[int, Track] = {}

        def likely(track: Track, sighting: Sighting) -> float:
            evidence = self._evidence(pts_s, track, sighting)
            evidence -= RETURN if pts_s - track.seen_s > LOST_S else 0.0
            return evidence if track.sights > 1 else evidence - ONCE

        stages = (
            (1, STRONG, likely),
            (1, 0.0, likely),
            (2, 0.0, Track.overlap),
            (1, 0.0, Track.overlap),
        )
        for least_sights, least_score, worth in stages:
            if len(matched) == len(sightings):
                break
            taken = {id(track) for track in matched.values()}
            tracks = [
                track
                for track in self._tracks
                if id(track) not in taken and track.sights >= least_sights
            ]
            left = {
                j: sighting
                for j, sighting in enumerate(sightings)
                if j not in matched and sighting.score >= least_score
            }
            matched.update(_continued(tracks, left, worth))
        return matched


def _continued(
    tracks: Sequence[Track],
    sightings: Mapping[int, Sighting],
    worth: Callable[[Track, Sighting], float],
) -> dict[int, Track]:
    """Return who continues whom at the greatest summed worth."""
    numbers = list(sightings)
    pairs = _pair(len(tracks), len(numbers), lambda i, k: worth(tracks[i], sightings[numbers[k]]))
    return {numbers[k]: tracks[i] for i, k in pairs}


def _pair(rows: int, columns: int, worth: Callable[[int, int], float]) -> list[tuple[int, int]]:
    if not rows or not columns:
        return []
    return best_pairs([[worth(i, j) for j in range(columns)] for i in range(rows)])


def _absorb(pts_s: float, sightings: list[Sighting], matched: dict[int, Track]) -> set[int]:
    """Give a lone part to the followed person it continues, if that person lacks it here.

    Without this a body whose head was misplaced for one frame would become a second person.
    """
    absorbed: set[int] = set()
    for j, lone in enumerate(sightings):
        if j in matched or (lone.face is not None and lone.body is not None):
            continue
        for k, track in matched.items():
            other = sightings[k]
            motion, part = (track.face, lone.face) if lone.face else (track.body, lone.body)
            taken = other.face if lone.face else other.body
            if taken is not None or motion is None or part is None:
                continue
            likely = (motion.evidence(pts_s, part.box_xyxy) or 0.0) > 0
            if likely or iou(motion.box_xyxy, part.box_xyxy) >= MIN_IOU:
                sightings[k] = Sighting(lone.face or other.face, lone.body or other.body)
                absorbed.add(j)
                break
    return absorbed
