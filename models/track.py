"""One person followed: a face and a body in motion, and how well a sighting fits to them."""

from __future__ import annotations

from dataclasses import dataclass

from ..stream.messages import Body, Face, Point
from .belonging import head_point
from .motion import Law, Motion, centre, iou

FACE_LAW = Law(
    jitter=0.05,
    height_jitter=0.06,
    speed=4.0,
    keeps_s=4.0,
    reach=3.0,
    astray_by=0.2,
    strangers=0.0002,
)
BODY_LAW = Law(
    jitter=0.05,
    height_jitter=0.08,
    speed=1.2,
    keeps_s=8.0,
    reach=2.0,
    astray_by=0.4,
    strangers=0.002,
)
"""Our choice. A walk of 1.4 m/s is 7 face sizes (0.2 m) or 1.4 body sizes (1 m) a second; a head
turns back sooner than a walker. A box of real detections jumps by up to 0.02 of its size as a
rule, by 0.2 where an arm enters or leaves it. A stranger comes up in one of twenty frames of a
picture that has room for 250 faces or 25 bodies side by side."""

HELD_S = 1.0
"""A face or body not seen for longer than this, while the other part of the person was, no longer
counts."""

MIN_IOU = 0.2
"""Least overlap that finds somebody where they were last seen. Our choice."""

OUTLIER = -2.0
"""One part that fits badly costs no more than this, so that the other part can outvote it."""

HEAD_DOUBT, BOX_DOUBT = 0.25, 0.8
"""How far, in face sizes, a face may be from a head that was seen, or from the middle of the upper
part of a body whose head was not: standard deviations. Our choice."""

HEAD_PART = 0.3
"""The upper part of a body's box in which a face is looked for, of its height."""

CONTRARY = -3.0
"""A part that does not fit to the other part of the person costs no more than this."""


@dataclass(slots=True, eq=False)
class Sighting:
    """A face, a body, or both of one person in one frame; equal to nothing but itself."""

    face: Face | None
    body: Body | None

    @property
    def score(self) -> float:
        """The better of the scores."""
        return max(part.score for part in (self.face, self.body) if part is not None)


@dataclass(slots=True, eq=False)
class Track:
    """A person; the id is 0 until they are believed in, `sights` counts frames."""

    seen_s: float
    id: int = 0
    sights: int = 0
    face: Motion | None = None
    body: Motion | None = None
    head: Point | None = None

    def evidence(self, pts_s: float, sighting: Sighting) -> float:
        """Return the evidence in nats that this person was sighted; not above 0 means no.

        The summed evidence of the like parts. A lone part whose like was seen less lately than the
        other part of the person must fit to the latter too; that it does is no further evidence.
        """
        total = 0.0
        for motion, part in self._alike(sighting):
            found = motion.evidence(pts_s, part.box_xyxy)
            total += OUTLIER if found is None else max(found, OUTLIER)
        other = self._by_the_other_part(pts_s, sighting)
        if other is None:
            return total
        return total + min(other, 0.0) if total > 0 else other

    def _by_the_other_part(self, pts_s: float, sighting: Sighting) -> float | None:
        """Return the evidence of a lone part by where the other part leads, None if not newer."""
        face, body = sighting.face, sighting.body
        if face is not None and body is None and self.body is not None:
            motion, other = self.body, self.face
            x, y = centre(face.box_xyxy)
            head, box, face_xyxy = self._head_at(pts_s, motion), motion.box_at(pts_s), face.box_xyxy
        elif body is not None and face is None and self.face is not None:
            motion, other = self.face, self.body
            x, y = motion.centre_at(pts_s)
            head, box, face_xyxy = head_point(body), body.box_xyxy, motion.box_xyxy
        else:
            return None
        if not _is_newer(motion, other):
            return None
        doubt = HEAD_DOUBT
        if head is None:
            lowest = box[1] + HEAD_PART * (box[3] - box[1])
            head, doubt = ((box[0] + box[2]) / 2, min(max(y, box[1]), lowest)), BOX_DOUBT
        doubt_px = doubt * (face_xyxy[3] - face_xyxy[1])
        found = motion.evidence_of(pts_s, (x - head[0], y - head[1]), doubt_px)
        return CONTRARY if found is None else max(found, CONTRARY)

    def overlap(self, sighting: Sighting) -> float:
        """Return the summed overlap with the boxes last seen."""
        overlaps = [iou(old.box_xyxy, part.box_xyxy) for old, part in self._alike(sighting)]
        return sum(overlap for overlap in overlaps if overlap >= MIN_IOU)

    def renew(self, pts_s: float, sighting: Sighting) -> None:
        """Take a sighting; a part that was not sighted for `HELD_S` no longer counts."""
        self.seen_s = pts_s
        self.sights += 1
        self.face = _followed(self.face, FACE_LAW, pts_s, sighting.face)
        self.body = _followed(self.body, BODY_LAW, pts_s, sighting.body)
        if sighting.body is not None:
            self.head = head_point(sighting.body)

    def _alike(self, sighting: Sighting) -> list[tuple[Motion, Face | Body]]:
        both = ((self.face, sighting.face), (self.body, sighting.body))
        return [(motion, part) for motion, part in both if motion is not None and part is not None]

    def _head_at(self, pts_s: float, body: Motion) -> Point | None:
        """Return where the head is expected, if it was seen."""
        if self.head is None:
            return None
        x, y = body.centre_at(pts_s)
        seen_x, seen_y = centre(body.box_xyxy)
        return self.head[0] + x - seen_x, self.head[1] + y - seen_y


def _is_newer(one: Motion, other: Motion | None) -> bool:
    return other is None or one.seen_s > other.seen_s


def _followed(
    motion: Motion | None, law: Law, pts_s: float, part: Face | Body | None
) -> Motion | None:
    if part is None:
        return motion if motion and pts_s - motion.seen_s <= HELD_S else None
    if motion is None:
        return Motion(law, pts_s, part.box_xyxy)
    motion.update(pts_s, part.box_xyxy)
    return motion
