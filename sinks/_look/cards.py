"""The label of each person: the valence/arousal mark, the emotion, the number."""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from ...stream import tables
from ...stream.messages import Image, Person, Reading
from .figures import anchor_rect, draw_mark, face_rect, quadrant_of
from .palette import FAINT_TEXT_BGR, GROUND_BGR, SHADOW_BGR, Colour, colour_of
from .places import Rect, place
from .sprites import Sprite, Type, blend, from_alpha, rounded_panel, small_size_px

CROWD = 4
"""From so many people on, labels have one line."""

OPACITY = 0.78


class Cards:
    """Makes the labels and finds a place for each; remembers on which side of a face they were."""

    def __init__(self, type_: Type, text_px: int) -> None:
        """Fix the size by the size of the text."""
        self._type = type_
        self._text_px = text_px
        self._small_px = small_size_px(text_px)
        self._gap = max(3, text_px // 3)
        self._sides: dict[int, int | None] = {}
        self._panels: dict[tuple[int, int], Sprite] = {}

    def draw(
        self, canvas: Image, reading: Reading, area: Rect, taken: Sequence[Rect]
    ) -> list[Rect]:
        """Draw a label per person inside `area` and outside `taken`; return where they lie.

        A person for whose label there is no room gets none.
        """
        placed: list[Rect] = []
        compact = len(reading.people) >= CROWD
        faces = [face for face in map(face_rect, reading.people) if face is not None]
        sides: dict[int, int | None] = {}
        for person in sorted(reading.people, key=lambda someone: someone.id):
            anchor = anchor_rect(person)
            if anchor is None:
                continue
            lines = self._lines(person, compact)
            size = self._size(lines)
            familiar = self._sides.get(person.id)
            kept_free = [*taken, *(label.grown(self._gap // 2) for label in placed)]
            found = place(anchor, size, area, kept_free, faces, familiar, self._gap)
            if found is None:
                continue
            rect, sides[person.id] = found
            placed.append(rect)
            self._draw_card(canvas, rect, person, lines)
            if sides[person.id] is None:
                self._draw_leader(canvas, rect, anchor, colour_of(quadrant_of(person)))
        self._sides = sides
        return placed

    def _lines(self, person: Person, compact: bool) -> list[Sprite]:
        colour = colour_of(quadrant_of(person))
        emotions = person.face.emotions if person.face else None
        word = tables.strongest_emotion(emotions) if emotions else ""
        if compact and word:
            return [self._type.line(f"{person.id} {word}", self._text_px, colour)]
        name = self._type.line(f"person {person.id}", self._small_px, FAINT_TEXT_BGR)
        return [self._type.line(word, self._text_px, colour), name] if word else [name]

    def _size(self, lines: list[Sprite]) -> tuple[int, int]:
        pad = self._text_px // 2
        height = sum(line.height_px for line in lines) + pad
        height = max(height, round(self._text_px * 1.9))
        return height + max(line.width_px for line in lines) + pad, height

    def _draw_card(self, canvas: Image, rect: Rect, person: Person, lines: list[Sprite]) -> None:
        width, height = rect.x2 - rect.x1, rect.y2 - rect.y1
        blend(canvas, self._panel(width, height), rect.x1, rect.y1)
        radius = height // 2 - max(2, self._text_px // 5)
        centre = (rect.x1 + height // 2, rect.y1 + height // 2)
        draw_mark(canvas, centre, radius, person, colour_of(quadrant_of(person)))
        y = rect.y1 + (height - sum(line.height_px for line in lines)) // 2
        for line in lines:
            blend(canvas, line, rect.x1 + height, y)
            y += line.height_px

    def _draw_leader(self, canvas: Image, rect: Rect, anchor: Rect, colour: Colour) -> None:
        start = ((rect.x1 + rect.x2) // 2, rect.y2 if rect.y2 <= anchor.y1 else rect.y1)
        end = ((anchor.x1 + anchor.x2) // 2, anchor.y1 if rect.y2 <= anchor.y1 else anchor.y2)
        for tone, thick in ((SHADOW_BGR, 3), (colour, 1)):
            cv2.line(canvas, start, end, tone, thick, cv2.LINE_AA)

    def _panel(self, width: int, height: int) -> Sprite:
        size = (width, height)
        if size not in self._panels:
            alpha = rounded_panel(width, height, height // 2, OPACITY)
            self._panels[size] = from_alpha(alpha, GROUND_BGR)
        return self._panels[size]
