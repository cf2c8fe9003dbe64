"""One person followed: a face and a body in motion, and how well a sighting fits to them."""

from __future__ import annotations

from dataclasses import dataclass

from ..stream.messages import Body, Face, Point
from .belonging import fit, head_point
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

FIT = 6.0
"""Evidence of a perfect fit of a face to a body, beside that of `Motion.evidence`: that of a box
half way to the limit. Our choice."""


@dataclass(slots=True)
class Sighting:
    """A face, a body, or both of one person in one frame."""

    face: Face | None
    body: Body | None

    @property
    def score(self) -> float:
        """The better of the scores."""
        return max(part.score for part in (self.face, self.body) if part is not None)


@dataclass(slots=True)
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

        The summed evidence of the like parts. Where that says no, a lone part may still fit to the
        other part of the person, if that was seen more lately.
        """
        total = 0.0
        for motion, part in self._alike(sighting):
            found = motion.evidence(pts_s, part.box_xyxy)
            total += OUTLIER if found is None else max(found, OUTLIER)
        if total > 0:
            return total
        face, body = sighting.face, sighting.body
        if face is not None and self.body is not None and _is_newer(self.body, self.face):
            return FIT * fit(
                face.box_xyxy, self._head_at(pts_s, self.body), self.body.box_at(pts_s)
            )
        if body is not None and self.face is not None and _is_newer(self.face, self.body):
            return FIT * fit(self.face.box_at(pts_s), head_point(body), body.box_xyxy)
        return 0.0

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
