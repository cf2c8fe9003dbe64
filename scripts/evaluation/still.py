"""How often the label of a face that does not change flips."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from affectstream.stream.messages import EMOTIONS, Person, Reading

from .clips import still_face
from .parts import Measured, SkippedError, clip
from .watch import Film, watch

SECONDS, RATE_HZ = 60.0, 25.0


def flips(data: Path) -> Measured:
    """Return the flips a minute of the raw and of the steady label, and the share of frames seen.

    The clip is one photograph filmed by a held camera: `clips.still_face`.
    """
    picture_bgr = np.asarray(cv2.imread(str(clip(data, "pyfeat_single_face.jpg"))), np.uint8)
    film = Film(still_face(picture_bgr, SECONDS, RATE_HZ))
    readings = watch(film, models={"pose": "none"})
    people = list(_first(readings))
    steady = [person.steady.emotion for person in people if person.steady is not None]
    return {
        "still_flips_raw": changes(map(_raw, people)) * 60 / SECONDS,
        "still_flips_steady": changes(steady) * 60 / SECONDS
        if steady
        else SkippedError("readings hold no steady label"),
        "still_seen": 100 * len(people) / len(readings),
    }


def changes(labels: Iterable[str]) -> int:
    """Return how often a label differs from the one before it."""
    listed = list(labels)
    return sum(one != other for one, other in zip(listed, listed[1:], strict=False))


def _first(readings: Iterable[Reading]) -> Iterable[Person]:
    """Yield the person of every reading with a face that was read."""
    for reading in readings:
        yield from [p for p in reading.people if p.face is not None and p.face.emotions][:1]


def _raw(person: Person) -> str:
    assert person.face is not None and person.face.emotions is not None
    return EMOTIONS[int(np.argmax(person.face.emotions))]
