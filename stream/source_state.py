"""What is remembered of one source: who is there, how they move, and the window. Pure."""

from __future__ import annotations

import msgspec
import numpy as np

from ..models import affect
from ..models.body import MAX_GAP_S, MovementMeter
from ..models.camera_motion import CameraMeter, Grey
from ..models.fitted import FittedHead
from ..models.gesture import GestureMeter
from ..models.group import GroupMeter
from ..models.posture import Posture, posture
from ..models.similarity import STILL
from ..models.steady import Config as SteadyConfig
from ..models.steady import Steadiness
from ..models.tracking import Tracked, Tracker
from .messages import Box, Event, Observation, Person, Reading, Steady, Thumb, Window
from .window import SlidingWindow


class SourceState:
    """Turns the observations of one source, in order, into readings, windows and events."""

    def __init__(
        self, window_s: float, steady: SteadyConfig, head: FittedHead | None = None
    ) -> None:
        """Start with nobody; a `head` reads affect where it can, else it is derived."""
        self._head = None if head is None else head.start()
        self._tracker = Tracker()
        self._camera = CameraMeter()
        self._moved = STILL
        self._movement = MovementMeter()
        self._gesture = GestureMeter()
        self._postures: dict[int, tuple[float, Posture | None]] = {}
        self._steadiness = Steadiness(steady)
        self._group = GroupMeter()
        self._window = SlidingWindow(window_s)

    def take(self, seen: Observation) -> tuple[Reading, list[Window | Event]]:
        """Turn an observation into a reading, and return what falls due with it."""
        people: tuple[Person, ...] = ()
        if seen.valid:
            if seen.thumb is not None:
                self._moved = self._camera.update(_picture(seen.thumb), _boxes(seen), seen.width_px)
            tracked = self._tracker.update(seen.pts_s, seen.faces, seen.bodies)
            people = tuple(self._person(seen.pts_s, one) for one in tracked)
        reading = Reading(
            source_id=seen.source_id,
            seq=seen.seq,
            epoch=seen.epoch,
            pts_s=seen.pts_s,
            t_wall_ns=seen.t_wall_ns,
            t_mono_ns=seen.t_mono_ns,
            width_px=seen.width_px,
            height_px=seen.height_px,
            people=people,
            group=self._group.update(seen.pts_s, people),
            timings_ms=seen.timings_ms,
            valid=seen.valid,
            reason=seen.reason,
        )
        return reading, self._window.add(reading)

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


def _boxes(seen: Observation) -> list[Box]:
    """Return where people are, so that their own motion is not taken for the camera's."""
    bodies = [body.box_xyxy for body in seen.bodies or ()]
    return bodies + [face.box_xyxy for face in seen.faces or ()]


def _picture(thumb: Thumb) -> Grey:
    flat = np.frombuffer(thumb.grey, np.uint8)
    return flat.reshape(thumb.height_px, thumb.width_px)
