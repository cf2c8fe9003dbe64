"""The tables of a run: their columns, units and rows, the same in CSV, SQLite and DataFrames.

A row is a tuple in the order of its column list. Numbers are rounded to the column's decimals, so
that every format holds the same value; `None` means "not measured" (an empty CSV cell, NULL).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..models.affect import quadrant
from ..models.base import LAYOUTS
from .messages import EMOTIONS, GROUP, MESH_MEASURES, Event, Narration, Person, Reading, Window

STORE_NAME = "run.db"
"""The SQLite file of a run folder; `sinks/schema.sql` documents it."""

SCHEMA_VERSION = 3
"""Of the store; it is in `PRAGMA user_version` and in the table `run`."""

Cell = str | int | float | None
Row = tuple[Cell, ...]

READING_COLUMNS = (
    *("source", "frame", "timestamp", "person"),
    *("face_x1", "face_y1", "face_x2", "face_y2", "face_score"),
    *EMOTIONS,
    *("emotion", "valence", "arousal", "valence_01", "arousal_01", "quadrant", "affect_source"),
    *("movement", "posture", "body_score"),
    *("yaw_deg", "pitch_deg", "roll_deg", "quality", "quality_reason"),
    *("valence_sd", "arousal_sd", "emotion_steady", "valence_steady", "arousal_steady"),
    *(f"{emotion}_steady" for emotion in EMOTIONS),
    *("posture_confidence", "gesture_energy", "valence_rest", "arousal_rest"),
    *MESH_MEASURES,
)
"""A row per person per frame, keypoints apart; a frame without people has one row."""

WINDOW_COLUMNS = (
    *("source", "timestamp", "person", "n", "coverage"),
    *("valence_mean", "valence_sd", "valence_slope_per_s"),
    *("arousal_mean", "arousal_sd", "arousal_slope_per_s"),
    *("quadrant", "emotion", "movement"),
    *("people_mean", "share_positive", "near_share", "facing_share", "synchrony"),
)
EVENT_COLUMNS = ("source", "frame", "timestamp", "person", "kind", "before", "after")
NARRATION_COLUMNS = (
    *("source", "frame", "timestamp", "text", "engine", "grounded", "latency_s", "gap"),
    *("kind", "line", "tokens", "faults"),
)

TEXT_COLUMNS = frozenset(
    (
        "source emotion quadrant affect_source posture quality_reason emotion_steady "
        "kind before after text engine grounded gap line faults"
    ).split()
)
INTEGER_COLUMNS = frozenset("frame person n tokens".split())
PX_DECIMALS = 2
UNIT_DECIMALS = 4
TIME_DECIMALS = 6
GROUP_NAME = "group"

_DEPTHLESS_LAYOUTS = frozenset({"coco17"})
_NO_STEADY: Row = (None,) * (3 + len(EMOTIONS))
_NO_FACE: Row = (None,) * (5 + len(EMOTIONS) + 1)


def decimals_of(column: str) -> int:
    """Return how many decimals a numeric column has (px and degrees 2, timestamp 6, all else 4)."""
    if column == "timestamp":
        return TIME_DECIMALS
    is_coarse = column.startswith(("face_x", "face_y")) or column.endswith("_deg")
    return PX_DECIMALS if is_coarse else UNIT_DECIMALS


def joints(layout: str) -> Sequence[str]:
    """Return the keypoint names of a layout; of none when no bodies are looked for ("")."""
    return LAYOUTS[layout] if layout else ()


def has_depth(layout: str) -> bool:
    """Tell whether a layout's z is measured; where it is not, z cells stay empty."""
    return layout not in _DEPTHLESS_LAYOUTS


def keypoint_columns(layout: str) -> tuple[str, ...]:
    """Return `kp_<joint>_x, _y, _z` (px) and `_v` (visibility) for every joint of a layout."""
    return tuple(f"kp_{joint}_{axis}" for joint in joints(layout) for axis in "xyzv")


def rounded(value: float | None, digits: int) -> float | None:
    """Round a number; None where it is absent or not finite, and never a negative zero."""
    if value is None or not math.isfinite(value):
        return None
    return round(value, digits) + 0.0


def reading_rows(reading: Reading) -> list[Row]:
    """Return a row per person, or the one row of a frame in which nobody is."""
    frame = (reading.source_id, reading.seq, rounded(reading.pts_s, TIME_DECIMALS))
    if not reading.people:
        return [frame + (None,) * (len(READING_COLUMNS) - len(frame))]
    return [frame + _person_cells(person) for person in reading.people]


def window_rows(window: Window) -> list[Row]:
    """Return a row per person and the group's."""
    timestamp = rounded(window.pts_s, TIME_DECIMALS)
    return [
        (
            window.source_id,
            timestamp,
            span.person,
            span.n,
            rounded(span.coverage, UNIT_DECIMALS),
            rounded(span.valence_mean, UNIT_DECIMALS),
            rounded(span.valence_sd, UNIT_DECIMALS),
            rounded(span.valence_slope_per_s, UNIT_DECIMALS),
            rounded(span.arousal_mean, UNIT_DECIMALS),
            rounded(span.arousal_sd, UNIT_DECIMALS),
            rounded(span.arousal_slope_per_s, UNIT_DECIMALS),
            span.quadrant,
            span.emotion,
            rounded(span.movement, UNIT_DECIMALS),
            rounded(span.people_mean, UNIT_DECIMALS),
            rounded(span.share_positive, UNIT_DECIMALS),
            rounded(span.near_share, UNIT_DECIMALS),
            rounded(span.facing_share, UNIT_DECIMALS),
            rounded(span.synchrony, UNIT_DECIMALS),
        )
        for span in window.spans
    ]


def event_row(event: Event) -> Row:
    """Return the row of an event."""
    timestamp = rounded(event.pts_s, TIME_DECIMALS)
    who = (event.source_id, event.seq, timestamp, event.person)
    return (*who, event.kind, event.before or None, event.after or None)


def narration_row(narration: Narration) -> Row:
    """Return the row of a narration, its facts apart."""
    return (
        narration.source_id,
        narration.seq,
        rounded(narration.pts_s, TIME_DECIMALS),
        narration.text,
        narration.engine,
        str(narration.grounded).lower(),
        rounded(narration.latency_s, UNIT_DECIMALS),
        narration.gap or None,
        narration.kind,
        narration.line or None,
        narration.tokens,
        "\n".join(narration.faults) or None,
    )


def person_name(person: int) -> str:
    """Return how windows and events call a person in a file: a number, or `group`."""
    return GROUP_NAME if person == GROUP else str(person)


def strongest_emotion(emotions: Sequence[float]) -> str:
    """Return the most probable emotion; the earlier one of two equals."""
    return EMOTIONS[max(range(len(EMOTIONS)), key=emotions.__getitem__)]


def _person_cells(person: Person) -> Row:
    return (
        person.id,
        *_face_cells(person),
        *_affect_cells(person),
        rounded(person.movement, UNIT_DECIMALS),
        person.posture or None,
        rounded(person.body.score, UNIT_DECIMALS) if person.body else None,
        *_trust_cells(person),
        rounded(person.valence_sd, UNIT_DECIMALS),
        rounded(person.arousal_sd, UNIT_DECIMALS),
        *_steady_cells(person),
        rounded(person.posture_confidence, UNIT_DECIMALS),
        rounded(person.gesture_energy, UNIT_DECIMALS),
        *_rest_cells(person),
        *_mesh_cells(person),
    )


def _affect_cells(person: Person) -> Row:
    """Return valence, arousal, both again in 0..1, quadrant and source; each where it is known."""
    valence = rounded(person.valence, UNIT_DECIMALS)
    arousal = rounded(person.arousal, UNIT_DECIMALS)
    return (
        valence,
        arousal,
        None if valence is None else rounded((valence + 1) / 2, UNIT_DECIMALS),
        None if arousal is None else rounded((arousal + 1) / 2, UNIT_DECIMALS),
        None if valence is None or arousal is None else quadrant(valence, arousal),
        None if valence is None and arousal is None else person.affect_source or None,
    )


def _trust_cells(person: Person) -> Row:
    """Return head pose, quality and its reason."""
    face = person.face
    if face is None:
        return (None,) * 5
    pose = face.head_pose_deg or (None,) * 3
    turned = tuple(rounded(angle, PX_DECIMALS) for angle in pose)
    return (*turned, rounded(face.quality, UNIT_DECIMALS), face.quality_reason or None)


def _steady_cells(person: Person) -> Row:
    """Return the steady label, valence, arousal and probabilities."""
    steady = person.steady
    if steady is None:
        return _NO_STEADY
    shares = (rounded(share, UNIT_DECIMALS) for share in steady.emotions)
    valence = rounded(steady.valence, UNIT_DECIMALS)
    return (steady.emotion, valence, rounded(steady.arousal, UNIT_DECIMALS), *shares)


def _rest_cells(person: Person) -> Row:
    """Return valence and arousal of the resting face that the steady values leave out."""
    rest = person.steady.rest if person.steady else None
    return (None, None) if rest is None else tuple(rounded(v, UNIT_DECIMALS) for v in rest)


def _mesh_cells(person: Person) -> Row:
    measures = person.face.mesh_measures if person.face else None
    if measures is None:
        return (None,) * len(MESH_MEASURES)
    return tuple(rounded(value, UNIT_DECIMALS) for value in measures)


def _face_cells(person: Person) -> Row:
    face = person.face
    if face is None:
        return _NO_FACE
    box = tuple(rounded(edge, PX_DECIMALS) for edge in face.box_xyxy)
    score = rounded(face.score, UNIT_DECIMALS)
    if face.emotions is None or not math.isfinite(sum(face.emotions)):
        return (*box, score, *(None,) * (len(EMOTIONS) + 1))
    shares = (rounded(share, UNIT_DECIMALS) for share in face.emotions)
    return (*box, score, *shares, strongest_emotion(face.emotions))
