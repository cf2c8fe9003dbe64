"""Keeps faces and bodies on the picture through frames on which they were not looked for.

Only what is drawn is held; what is written never is.
"""

from __future__ import annotations

import msgspec

from ...stream.messages import Body, Face, Person, Reading

HOLD_S = 0.3
"""Longer than the usual strides at 10 frames a second, shorter than an eye needs to miss a face
that has gone."""


class Hold:
    """The newest face and body of each person, with the media time at which they were seen."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._people: dict[int, tuple[float, Person]] = {}
        self._faces: dict[int, tuple[float, Face]] = {}
        self._bodies: dict[int, tuple[float, Body]] = {}

    def fill(self, reading: Reading) -> Reading:
        """Return the reading with what was seen within `HOLD_S` put in where it is missing."""
        now_s = reading.pts_s
        for person in reading.people:
            self._people[person.id] = (now_s, person)
            if person.face is not None:
                self._faces[person.id] = (now_s, person.face)
            if person.body is not None:
                self._bodies[person.id] = (now_s, person.body)
        for seen in (self._people, self._faces, self._bodies):
            for number in [k for k, (at_s, _) in seen.items() if not 0 <= now_s - at_s <= HOLD_S]:
                del seen[number]
        people = tuple(self._filled(person) for _, (_, person) in sorted(self._people.items()))
        return msgspec.structs.replace(reading, people=people)

    def _filled(self, person: Person) -> Person:
        face, body = self._faces.get(person.id), self._bodies.get(person.id)
        return msgspec.structs.replace(
            person, face=None if face is None else face[1], body=None if body is None else body[1]
        )
