"""How a run, its people and its pictures are written for the page (JSON). Pure.

Tables travel as rows in the order of their column lists, the same from a run that goes on and from
its store, so that the page shows one number wherever it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...models.affect import NEUTRAL_RADIUS
from ...models.base import COCO17_IN
from ...stream import tables
from ...stream.messages import EMOTIONS, Person, Reading, SourceInfo
from .._look.figures import BONES, VISIBLE
from .._look.palette import PERSON_HEX, QUADRANT_HEX

PEOPLE_COLUMNS = tables.READING_COLUMNS[3:]


def look(layout: str) -> dict[str, Any]:
    """Return what drawing needs: the palette, and the bones as pairs of joints of the layout."""
    where = COCO17_IN.get(layout, ())
    return {
        "quadrants": dict(QUADRANT_HEX),
        "people": list(PERSON_HEX),
        "bones": [[where[a], where[b]] for a, b in BONES] if where else [],
        "visible": VISIBLE,
        "neutral_radius": NEUTRAL_RADIUS,
        "emotions": list(EMOTIONS),
        "columns": {
            "people": list(PEOPLE_COLUMNS),
            "windows": list(tables.WINDOW_COLUMNS),
            "events": list(tables.EVENT_COLUMNS),
            "narrations": list(tables.NARRATION_COLUMNS),
        },
    }


def source_shape(source: SourceInfo | Mapping[str, Any], title: str) -> dict[str, Any]:
    """Return what the page knows of a source; never where it comes from."""
    of = source.get if isinstance(source, Mapping) else lambda name: getattr(source, name)
    return {
        "id": of("source_id"),
        "title": title,
        "width": of("width_px"),
        "height": of("height_px"),
        "rate_hz": of("rate_hz"),
        "duration_s": of("duration_s"),
    }


def reading_shape(reading: Reading, *, with_mesh: bool = False) -> dict[str, Any]:
    """Return a reading with its people, sizes in px of the original frame."""
    rows = tables.reading_rows(reading) if reading.people else []
    return {
        "seq": reading.seq,
        "epoch": reading.epoch,
        "t": tables.rounded(reading.pts_s, tables.TIME_DECIMALS),
        "wall_ms": reading.t_wall_ns / 1e6,
        "width": reading.width_px,
        "height": reading.height_px,
        "reason": "" if reading.valid else reading.reason or "invalid",
        "people": [
            {"row": row[3:], "joints": _joints(person), "marks": _marks(person)}
            | ({"mesh": person.face.mesh} if with_mesh and person.face is not None else {})
            for row, person in zip(rows, reading.people, strict=True)
        ],
        "near": reading.group.near if reading.group else (),
    }


def _joints(person: Person) -> list[list[float | None]] | None:
    if person.body is None:
        return None
    return [
        [tables.rounded(x, 1), tables.rounded(y, 1), tables.rounded(v, 2)]
        for x, y, _, v in person.body.keypoints
    ]


def _marks(person: Person) -> list[list[float | None]]:
    points: Iterable[tuple[float, float]] = person.face.landmarks if person.face else ()
    return [[tables.rounded(x, 1), tables.rounded(y, 1)] for x, y in points]
