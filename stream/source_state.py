"""What is remembered of one source: who is there, how they move, and the window. Pure."""

from __future__ import annotations

import msgspec

from ..models import affect
from ..models.body import MAX_GAP_S, MovementMeter
from ..models.camera_motion import CameraMeter, people_boxes
from ..models.fitted import FittedHead
from ..models.gesture import GestureMeter
from ..models.group import GroupMeter
from ..models.posture import Posture, posture
from ..models.similarity import STILL
from ..models.steady import Config as SteadyConfig
from ..models.steady import Steadiness
from ..models.tracking import Tracked, Tracker
from .messages import Event, Observation, Person, Reading, Steady, Window, stamp_of
from .window import SlidingWindow


class SourceState:
    """Turns the observations of one source, in order, into readings, windows and events."""

    def __init__(
        self,
        window_s: float,
        steady: SteadyConfig,
        head: FittedHead | None = None,
        first_person: int = 1,
    ) -> None:
        """Start with nobody; people are numbered from `first_person` on.

        A `head` reads affect where it can, else it is derived.
        """
        self._head = None if head is None else head.start()
        self._tracker = Tracker(first_id=first_person)
        self._camera = CameraMeter()
        self._moved = STILL
        self._movement = MovementMeter()
        self._gesture = GestureMeter()
        self._postures: dict[int, tuple[float, Posture | None]] = {}
        self._steadiness = Steadiness(steady)
        self._group = GroupMeter()
        self._window = SlidingWindow(window_s)

    @property
    def next_person(self) -> int:
        """The number of the next newcomer."""
        return self._tracker.next_id

    def take(self, seen: Observation) -> tuple[Reading, list[Window | Event]]:
        """Turn an observation into a reading, and return what falls due with it."""
        people: tuple[Person, ...] = ()
        if seen.valid:
            if seen.thumb is not None:
                people_xyxy = people_boxes(seen.faces or (), seen.bodies or ())
                self._moved = self._camera.update(seen.thumb, people_xyxy, seen.width_px)
            tracked = self._tracker.update(seen.pts_s, seen.faces, seen.bodies)
            people = tuple(self._person(seen.pts_s, one) for one in tracked)
        reading = Reading(
            **stamp_of(seen),
            width_px=seen.width_px,
            height_px=seen.height_px,
            people=people,
            group=self._group.update(seen.pts_s, people),
            timings_ms=seen.timings_ms,
            valid=seen.valid,
            reason=seen.reason,
        )
        return reading, self._window.add(reading)

    def restart_baseline(self) -> None:
        """Learn the resting faces anew."""
        self._steadiness.restart_baseline()

    def finish(self) -> list[Window | Event]:
        """Return the last window."""
        return self._window.finish()

    def _person(self, pts_s: float, tracked: Tracked) -> Person:
        """Measure a person; what a stride left out stays None, but its last value still counts."""
        face, body, person_id = tracked.face, tracked.body, tracked.id
        movement, gesture = None, None
        if body is not None:
            movement = self._movement.update(pts_s, person_id, body, self._moved)
            gesture = self._gesture.update(pts_s, person_id, body)
            self._postures[person_id] = pts_s, posture(body)
        stance = self._stance(pts_s, person_id)
        shown = stance if body is not None else None
        person = Person(
            id=person_id,
            face=face,
            body=body,
            movement=movement,
            posture=None if shown is None else shown.name,
            posture_confidence=None if shown is None else shown.confidence,
            gesture_energy=gesture,
        )
        felt = None if self._head is None else self._head.measure(pts_s, person)
        if felt is None:
            felt = affect.measure(
                face,
                self._movement.latest(pts_s, person_id),
                stance,
                self._gesture.latest(pts_s, person_id),
            )
        return msgspec.structs.replace(
            person,
            valence=None if felt is None else felt.valence,
            arousal=None if felt is None else felt.arousal,
            valence_sd=None if felt is None else felt.valence_sd,
            arousal_sd=None if felt is None else felt.arousal_sd,
            affect_source="" if felt is None else felt.source,
            steady=self._steady(pts_s, tracked, felt),
        )

    def _steady(self, pts_s: float, tracked: Tracked, felt: affect.Affect | None) -> Steady | None:
        """Return the smoothed reading of a face that can be trusted, else None."""
        face = tracked.face
        if face is None or face.emotions is None or face.quality_reason or felt is None:
            return None
        if felt.valence is None or felt.arousal is None:
            return None
        return self._steadiness.update(pts_s, tracked.id, face.emotions, felt.valence, felt.arousal)

    def _stance(self, pts_s: float, person_id: int) -> Posture | None:
        """Return the last posture seen within `MAX_GAP_S`, and let go of older ones."""
        self._postures = {
            known: (at_s, stance)
            for known, (at_s, stance) in self._postures.items()
            if 0 <= pts_s - at_s <= MAX_GAP_S
        }
        return self._postures.get(person_id, (pts_s, None))[1]
