"""From the table of a video back to the readings it was made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from ..models.base import LAYOUTS
from ..stream import tables
from ..stream.errors import UsageError
from ..stream.messages import EMOTIONS, MESH_MEASURES, Body, Box, Face, Person, Reading, Steady

_Row = dict[str, Any]


def readings_of(table: pd.DataFrame, source_id: str = "") -> Iterator[Reading]:
    """Yield a reading for each frame, in order: what the columns hold, and no more.

    A body's box is that of its visible keypoints; landmarks of faces are not in the table, and
    neither is the group. Raises: UsageError for a table of an earlier version.
    """
    if absent := [name for name in tables.READING_COLUMNS if name not in table]:
        raise UsageError(
            f"the features of {source_id or 'a video'} have no column {absent[0]}, an earlier "
            "version made them; run: affectstream dataset extract"
        )
    layout = layout_of(table)
    names = tables.keypoint_columns(layout)
    cells: dict[str, list[Any]] = {
        name: table[name].astype(object).where(table[name].notna(), None).tolist()
        for name in (*tables.READING_COLUMNS, *names)
    }
    people: list[Person] = []
    frames = cells["frame"]
    for row in range(len(table)):
        one = {name: values[row] for name, values in cells.items()}
        if one["person"] is not None:
            people.append(_person(one, layout, names))
        if row + 1 == len(table) or frames[row + 1] != frames[row]:
            yield Reading(
                source_id=source_id,
                seq=int(one["frame"]),
                pts_s=float(one["timestamp"]),
                width_px=0,
                height_px=0,
                people=tuple(people),
            )
            people = []


def layout_of(table: pd.DataFrame) -> str:
    """Return the layout of the keypoints in a table; "" where it holds none."""
    there = set(table.columns)
    held = [one for one in LAYOUTS if there.issuperset(tables.keypoint_columns(one))]
    return max(held, key=lambda one: len(LAYOUTS[one]), default="")


def _person(row: _Row, layout: str, names: tuple[str, ...]) -> Person:
    return Person(
        id=int(float(row["person"])),
        face=_face(row),
        body=_body(row, layout, names),
        movement=row["movement"],
        posture=row["posture"],
        valence=row["valence"],
        arousal=row["arousal"],
        affect_source=row["affect_source"] or "",
        valence_sd=row["valence_sd"],
        arousal_sd=row["arousal_sd"],
        steady=_steady(row),
        posture_confidence=row["posture_confidence"],
        gesture_energy=row["gesture_energy"],
    )


def _face(row: _Row) -> Face | None:
    if row["face_x1"] is None:
        return None
    box: Box = (row["face_x1"], row["face_y1"], row["face_x2"], row["face_y2"])
    shares = tuple(row[name] for name in EMOTIONS)
    pose = (row["yaw_deg"], row["pitch_deg"], row["roll_deg"])
    measures = tuple(row[name] for name in MESH_MEASURES)
    return Face(
        box,
        row["face_score"],
        head_pose_deg=None if None in pose else pose,
        emotions=None if None in shares else shares,
        quality=row["quality"],
        quality_reason=row["quality_reason"] or "",
        mesh_measures=None if None in measures else measures,
    )


def _body(row: _Row, layout: str, names: tuple[str, ...]) -> Body | None:
    if row["body_score"] is None or not names:
        return None
    values = [row[name] for name in names]
    points = tuple(
        (values[k] or 0.0, values[k + 1] or 0.0, values[k + 2] or 0.0, values[k + 3] or 0.0)
        for k in range(0, len(values), 4)
    )
    seen = [point for point in points if point[3] >= 0.5] or list(points)
    xs, ys = [point[0] for point in seen], [point[1] for point in seen]
    return Body((min(xs), min(ys), max(xs), max(ys)), row["body_score"], layout, points)


def _steady(row: _Row) -> Steady | None:
    if row["emotion_steady"] is None:
        return None
    shares = tuple(row[f"{name}_steady"] for name in EMOTIONS)
    return Steady(shares, row["emotion_steady"], row["valence_steady"], row["arousal_steady"])
