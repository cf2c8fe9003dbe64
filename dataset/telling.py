"""From stretches of a video to words: facts by `models.facts`, sentences by a narrator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import msgspec
import pandas as pd

from ..models.affect import NEUTRAL_RADIUS
from ..models.base import Narrator, Task
from ..models.facts import Facts, gather
from ..stream.messages import GROUP, Event, EventKind, Reading, Window
from ..stream.spans import Samples, group_span, person_spans
from ..stream.tables import GROUP_NAME


class Told(NamedTuple):
    """What was said of a stretch, the window it was made from, and the facts."""

    text: str
    window: Window
    facts: Facts


def tell(
    narrator: Narrator,
    readings: Sequence[Reading],
    events: Sequence[Event],
    stretches: Sequence[tuple[float, float]],
) -> list[Told]:
    """Tell of each stretch (start, end, in s), each against what was told before.

    A reading belongs to the stretch that begins at or before it; the last one holds its end too.
    """
    told: list[Told] = []
    previous: Facts | None = None
    for number, (start_s, end_s) in enumerate(stretches):
        is_last = number + 1 == len(stretches)
        window = window_of(readings, start_s, end_s, is_last)
        own = [
            one
            for one in events
            if start_s <= one.pts_s < end_s or (is_last and one.pts_s == end_s)
        ]
        previous = gather([window], own, previous)
        task = Task("interval", msgspec.to_builtins(previous))
        told.append(Told(narrator.tell(task).text, window, previous))
    return told


def window_of(readings: Sequence[Reading], start_s: float, end_s: float, is_last: bool) -> Window:
    """Return the window over one stretch, exactly."""
    samples = Samples()
    seq, source_id = 0, ""
    for reading in readings:
        if start_s <= reading.pts_s < end_s or (is_last and reading.pts_s == end_s):
            samples.add(reading)
            seq, source_id = reading.seq, reading.source_id
    people = person_spans(samples, NEUTRAL_RADIUS) if len(samples.frames) else []
    return Window(
        source_id=source_id,
        seq=seq,
        pts_s=end_s,
        window_s=end_s - start_s,
        spans=(*people, group_span(samples, NEUTRAL_RADIUS)),
        final=is_last,
    )


def events_of(table: pd.DataFrame) -> list[Event]:
    """Return the events of a run from their table."""
    return [
        Event(
            source_id="",
            seq=int(row["frame"]),
            pts_s=float(row["timestamp"]),
            kind=cast(EventKind, row["kind"]),
            person=GROUP if str(row["person"]) == GROUP_NAME else int(row["person"]),
            before=str(row["before"]),
            after=str(row["after"]),
        )
        for row in cast("list[dict[str, Any]]", table.to_dict("records"))
    ]


def even_stretches(end_s: float, length_s: float) -> list[tuple[float, float]]:
    """Cut 0..end into stretches of a length; a rest of less than half of it joins the last."""
    count = max(1, int(end_s / length_s + 0.5))
    edges = [number * length_s for number in range(count)] + [end_s]
    return [(start, end) for start, end in zip(edges[:-1], edges[1:], strict=True)]
