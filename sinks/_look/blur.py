"""Makes people unrecognisable before a picture leaves the process; in doubt, the whole picture.

What nobody has looked at is covered as a whole: a frame without a reading, one whose detection
failed, every frame of a run that looks for no faces.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import cv2
import numpy as np

from ...models.base import COCO17, COCO17_IN
from ...stream.messages import Body, Box, Image, Person, Reading

Privacy = Literal["none", "blur", "pixelate", "silhouette"]

KEEP_S = 1.0
"""How long a head stays covered after it was last seen."""
MARGIN = 0.4
"""Of a face box, on each side: detectors leave hair, chin and ears out."""
MARGIN_PER_S = 1.0
"""More of it for every second since the head was seen: heads move."""
CELLS = 4
"""Colours across a covered head; eyes and mouth share one."""
WHOLE_CELLS = 16
"""Colours across the shorter side of a picture that is covered as a whole."""
SHOULDERS = 0.6
"""A head's width in shoulder widths. Source: ANSUR II, head breadth 15 cm against biacromial
breadth 42 cm, with hair and slack."""
BODY_HEAD = 0.3
"""Share of a body's height that is covered from the top where no joint of its head is seen."""
VISIBLE = 0.3
BACKGROUND_BGR = (40, 40, 40)
FIGURE_BGR = (200, 200, 200)

_HEAD = tuple(COCO17.index(name) for name in "nose left_eye right_eye left_ear right_ear".split())
_SHOULDERS = tuple(COCO17.index(f"{side}_shoulder") for side in ("left", "right"))
_LIMBS = tuple(
    (COCO17.index(a), COCO17.index(b))
    for a, b in (
        pair.split()
        for pair in (
            "left_shoulder right_shoulder, left_hip right_hip, left_shoulder left_hip, "
            "right_shoulder right_hip, left_shoulder left_elbow, left_elbow left_wrist, "
            "right_shoulder right_elbow, right_elbow right_wrist, left_hip left_knee, "
            "left_knee left_ankle, right_hip right_knee, right_knee right_ankle"
        ).split(", ")
    )
)


class Blur:
    """Hides the people of one source."""

    def __init__(self, privacy: Privacy, *, finds_faces: bool) -> None:
        """Start with nobody; without a network that finds faces every picture is covered."""
        self._privacy = privacy
        self._finds_faces = finds_faces
        self._heads: dict[int, tuple[float, Box]] = {}

    def hide(self, image_bgr: Image, reading: Reading | None, age_s: float = 0.0) -> Image:
        """Return a read-only copy in which nobody can be recognised.

        `age_s` is how much older the reading is than the picture.
        """
        if self._privacy == "none":
            return image_bgr
        if self._privacy == "silhouette":
            hidden = _silhouettes(image_bgr, reading)
        elif reading is None or not reading.valid or not self._finds_faces:
            hidden = cover_all(image_bgr, self._privacy)
        else:
            self.note(reading)
            hidden = self.cover(image_bgr, reading.pts_s + age_s)
        hidden.flags.writeable = False
        return hidden

    def note(self, reading: Reading) -> None:
        """Remember where heads are; one thread notes, another may cover."""
        found = ((person.id, head_box(person)) for person in reading.people)
        seen = {number: (reading.pts_s, head) for number, head in found if head is not None}
        self._heads = {
            number: (at_s, head)
            for number, (at_s, head) in {**self._heads, **seen}.items()
            if 0 <= reading.pts_s - at_s <= KEEP_S
        }

    def cover(self, image_bgr: Image, pts_s: float) -> Image:
        """Return a copy of the picture of that time with the remembered heads covered."""
        if not self._finds_faces:
            return cover_all(image_bgr, self._privacy)
        covered = image_bgr.copy()
        for at_s, box in self._heads.values():
            margin = MARGIN + MARGIN_PER_S * max(0.0, pts_s - at_s)
            _cover(covered, _grown(box, margin), self._privacy)
        return covered


def finds_faces(models: Mapping[str, Any]) -> bool:
    """Tell whether a run with these networks, by job, looks for faces."""
    return "face" in models


def veil_of(config: Mapping[str, Any], models: Mapping[str, Any]) -> Blur:
    """Return what hides people in a window, film or page of a run: its privacy, else squares."""
    way = config.get("privacy", "none")
    return Blur("pixelate" if way == "none" else way, finds_faces=finds_faces(models))


def cover_all(image_bgr: Image, privacy: Privacy = "pixelate") -> Image:
    """Return a copy that is covered as a whole: nobody has looked for faces in it."""
    return _covered(image_bgr, WHOLE_CELLS, privacy)


def head_box(person: Person) -> Box | None:
    """Return where a head is, by face and body together; None without either."""
    boxes = [person.face.box_xyxy] if person.face is not None else []
    if person.body is not None:
        boxes.append(_head_of(person.body))
    if not boxes:
        return None
    low, high = zip(*((box[:2], box[2:]) for box in boxes), strict=True)
    (x1, y1), (x2, y2) = np.min(low, axis=0), np.max(high, axis=0)
    return float(x1), float(y1), float(x2), float(y2)


def _head_of(body: Body) -> Box:
    where = COCO17_IN[body.layout]
    points = [body.keypoints[where[joint]] for joint in _HEAD]
    seen = [point for point in points if point[3] >= VISIBLE]
    x1, y1, x2, y2 = body.box_xyxy
    if not seen:
        return x1, y1, x2, y1 + BODY_HEAD * (y2 - y1)
    left, right = (body.keypoints[where[joint]] for joint in _SHOULDERS)
    wide = max(point[0] for point in seen) - min(point[0] for point in seen)
    half = max(abs(left[0] - right[0]) * SHOULDERS, wide, 0.12 * (y2 - y1)) / 2
    x = sum(point[0] for point in seen) / len(seen)
    y = sum(point[1] for point in seen) / len(seen)
    return x - half, y - 1.3 * half, x + half, y + 1.3 * half


def _grown(box: Box, margin: float) -> Box:
    dx, dy = margin * (box[2] - box[0]), margin * (box[3] - box[1])
    return box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy


def _cover(image_bgr: Image, box: Box, privacy: Privacy) -> None:
    height, width = image_bgr.shape[:2]
    x1, y1 = max(0, int(box[0])), max(0, int(box[1]))
    x2, y2 = min(width, int(box[2]) + 1), min(height, int(box[3]) + 1)
    if x1 < x2 and y1 < y2:
        image_bgr[y1:y2, x1:x2] = _covered(image_bgr[y1:y2, x1:x2], CELLS, privacy)


def _covered(part: Image, cells: int, privacy: Privacy) -> Image:
    """Keep `cells` colours across the shorter side and nothing else."""
    height, width = part.shape[:2]
    side = max(1, -(-min(height, width) // cells))
    small = cv2.resize(
        part, (max(1, width // side), max(1, height // side)), interpolation=cv2.INTER_AREA
    )
    way = cv2.INTER_NEAREST if privacy == "pixelate" else cv2.INTER_CUBIC
    covered: Image = cv2.resize(small, (width, height), interpolation=way)
    return covered


def _silhouettes(image_bgr: Image, reading: Reading | None) -> Image:
    """Draw the people as figures on an empty ground: no pixel of the picture is left."""
    canvas = np.full_like(image_bgr, BACKGROUND_BGR)
    for person in reading.people if reading is not None else ():
        head = head_box(person)
        if head is not None:
            centre = (int((head[0] + head[2]) / 2), int((head[1] + head[3]) / 2))
            axes = (max(1, int((head[2] - head[0]) / 2)), max(1, int((head[3] - head[1]) / 2)))
            cv2.ellipse(canvas, centre, axes, 0, 0, 360, FIGURE_BGR, -1, cv2.LINE_AA)
        if person.body is not None:
            _limbs(canvas, person.body)
    return canvas


def _limbs(canvas: Image, body: Body) -> None:
    where = COCO17_IN[body.layout]
    stroke = max(2, int(0.06 * (body.box_xyxy[3] - body.box_xyxy[1])))
    for a, b in _LIMBS:
        first, second = body.keypoints[where[a]], body.keypoints[where[b]]
        if min(first[3], second[3]) >= VISIBLE:
            start, end = ((int(point[0]), int(point[1])) for point in (first, second))
            cv2.line(canvas, start, end, FIGURE_BGR, stroke, cv2.LINE_AA)
