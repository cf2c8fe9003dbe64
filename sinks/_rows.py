"""From a message to the rows of a store's tables: the same rows for every store."""

from __future__ import annotations

from itertools import chain
from typing import Any

import msgspec

from ..stream import tables
from ..stream.messages import Delivery, Event, Narration, Person, Reading, Window
from .base import RunInfo

COLUMNS = {
    "run": ("key", "value"),
    "sources": ("source", "origin", "width_px", "height_px", "rate_hz", "frames", "duration_s"),
    "readings": (*tables.READING_COLUMNS, "keypoints", "epoch", "t_wall_ns", "invalid"),
    "windows": (*tables.WINDOW_COLUMNS, "epoch", "is_final"),
    "events": (*tables.EVENT_COLUMNS, "epoch"),
    "narrations": (*tables.NARRATION_COLUMNS, "facts", "epoch"),
    "ledger": ("scope", "name", "reason", "count"),
    "deletions": ("t_wall_ns", "source", "from_s", "to_s", "table_name", "row_count"),
}
"""Of every table, in the order of its rows; `schema.sql` documents them."""

_PERSON = tables.READING_COLUMNS.index("person")


def json_text(value: Any) -> str:
    """Return a value as compact JSON."""
    return msgspec.json.encode(value).decode()


class KeypointJson:
    """Writes the keypoints of a body as JSON, with the decimals of the CSV."""

    def __init__(self, layout: str) -> None:
        """Prepare one format for the whole body."""
        self._layout = layout
        px, unit = tables.PX_DECIMALS, tables.UNIT_DECIMALS
        depth = f"%.{px}f" if tables.has_depth(layout) else "null%.0s"
        joint = f"[%.{px}f,%.{px}f,{depth},%.{unit}f]"
        self._format = "[" + ",".join([joint] * len(tables.joints(layout))) + "]"

    def of(self, person: Person) -> str | None:
        """Return the JSON text; None where no body was measured."""
        body = person.body
        if body is None or body.layout != self._layout:
            return None
        text = self._format % tuple(chain.from_iterable(body.keypoints))
        return text.replace("nan", "null").replace("-inf", "null").replace("inf", "null")


class Rows:
    """Makes the rows of one run."""

    def __init__(self, run: RunInfo) -> None:
        """Take what is known of the run before its first message."""
        self._run = run
        self._keypoints = KeypointJson(run.keypoint_layout)

    def head(self) -> list[tuple[str, list[tables.Row]]]:
        """Return the rows of the tables `run` and `sources`, by table."""
        sources: list[tables.Row] = [
            (source.source_id, *(getattr(source, name) for name in COLUMNS["sources"][1:]))
            for source in self._run.sources
        ]
        return [("run", self._run_rows()), ("sources", sources)]

    def of(self, message: Delivery) -> tuple[str, list[tables.Row]]:
        """Return the table a message belongs to, and its rows; none for an `End`."""
        if isinstance(message, Reading):
            return "readings", self._reading_rows(message)
        if isinstance(message, Window):
            tail = (message.epoch, int(message.final))
            return "windows", [(*row, *tail) for row in tables.window_rows(message)]
        if isinstance(message, Event):
            *head, before, after = tables.event_row(message)
            return "events", [(*head, before or "", after or "", message.epoch)]
        if isinstance(message, Narration):
            row = (*tables.narration_row(message), json_text(message.facts), message.epoch)
            return "narrations", [row]
        return "", []

    def _reading_rows(self, reading: Reading) -> list[tables.Row]:
        reason = None if reading.valid else reading.reason or "invalid"
        tail = (reading.epoch, reading.t_wall_ns, reason)
        rows = tables.reading_rows(reading)
        if not reading.people:
            row = rows[0]
            return [(*row[:_PERSON], 0, *row[_PERSON + 1 :], None, *tail)]
        return [
            (*row, self._keypoints.of(person), *tail)
            for row, person in zip(rows, reading.people, strict=True)
        ]

    def _run_rows(self) -> list[tables.Row]:
        run = self._run
        facts = {
            "schema_version": tables.SCHEMA_VERSION,
            "run_id": run.run_id,
            "keypoint_layout": run.keypoint_layout,
            "keypoint_names": list(tables.joints(run.keypoint_layout)),
            "window_s": run.window_s,
            "is_live": run.is_live,
            "config": run.config,
            "models": run.models,
        }
        return [(key, json_text(value)) for key, value in facts.items()]
