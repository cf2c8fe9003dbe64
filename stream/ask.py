"""Questions to a finished run, or to one that goes on: answered from its store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from ..models.answers import answer
from ..models.base import Manner, Task
from ..models.facts import Facts, Notable, clock, gather
from ..models.narrators import choose
from ..models.phrases import items, seconds_of
from ..models.recalled import Record, Row
from ..models.telling import Checked, Teller
from ..models.tongues import tongue
from .errors import ConfigError, UsageError
from .kinds import configure
from .messages import EMOTIONS, GROUP, Event, Span, Window
from .narrator_process import load_engine, module_of
from .runs import Run
from .tables import GROUP_NAME

STRETCH_S = 15.0
"""The facts that a model's answer is held against are gathered over so long each."""


def ask(folder: Path, question: str, engine: str = "auto", **how: Any) -> Checked:
    """Return the answer, checked; `how` are `language`, `source` and the engine's `options`.

    Raises: NotARunError, UsageError, ConfigError, MissingExtraError, ModelError.
    """
    language = how.get("language", "en")
    words = tongue(language)
    if not question.strip():
        raise UsageError("the question is empty")
    windows, events = _messages(Run(folder), how.get("source"))
    found = answer(question, record_of(windows, events), words)
    choice = choose(engine, how.get("options", {}))
    configure(module_of(choice.name), choice.options)
    if choice.name == "grounded":
        return Checked(found, "", True, 0, ())
    manner = Manner(language=language)
    narrator = load_engine(choice.name, choice.options, manner)
    task = Task("answer", _facts(found, windows, events, words), question=question)
    return Teller(narrator, language).tell(task)


def record_of(windows: list[Window], events: list[Event]) -> Record:
    """Return the windows and events of one source as answers need them."""
    rows: dict[int, list[Row]] = {}
    for window in windows:
        for span in window.spans:
            row = Row(
                window.pts_s, span.valence_mean, span.arousal_mean, span.movement, span.emotion
            )
            rows.setdefault(span.person, []).append(row)
    happened = [
        Notable(one.pts_s, clock(one.pts_s), one.kind, one.person, one.before, one.after)
        for one in events
    ]
    return Record(rows, happened)


def _facts(found: str, windows: list[Window], events: list[Event], words: Any) -> dict[str, Any]:
    """Return the finding, and all facts of the run with its figures, to hold a text against."""
    views: list[dict[str, Any]] = []
    previous: Facts | None = None
    told = items(found, words)
    own = {
        "times_s": [float(seconds_of(one.value)) for one in told if one.kind == "clock"],
        "durations_s": [one.value for one in told if one.kind == "span"],
        "numbers": [float(one.value) for one in told if one.kind == "number"],
    }
    first = 0
    for index, window in enumerate(windows):
        if window.pts_s - windows[first].pts_s < STRETCH_S and index + 1 < len(windows):
            continue
        part = windows[first : index + 1]
        since_s = previous.to_s if previous else float("-inf")
        happened = [one for one in events if since_s < one.pts_s <= window.pts_s]
        previous = gather(part, happened, previous)
        views.append(msgspec.to_builtins(previous) | own)
        first = index + 1
    return {"answer": found, "views": views}


def _messages(run: Run, source: str | None) -> tuple[list[Window], list[Event]]:
    names = list(run.sources()["source"])
    if source is None and len(names) > 1:
        raise UsageError(f"the run has several sources: choose one by --source: {', '.join(names)}")
    if source is not None and source not in names:
        raise ConfigError(f"no source {source!r} in the run; there are: {', '.join(names)}")
    window_s = float(run.meta["window_s"])
    windows = [
        Window(
            source_id=str(names[0] if source is None else source),
            seq=0,
            pts_s=float(str(time_s)),
            window_s=window_s,
            spans=tuple(_span(row) for row in rows.to_dict("records")),
        )
        for time_s, rows in run.windows(source).groupby("timestamp", sort=True)
    ]
    events = [
        Event(
            source_id=str(row["source"]),
            seq=int(row["frame"]),
            pts_s=float(row["timestamp"]),
            kind=row["kind"],
            person=_number(row["person"]),
            before=row["before"] or "",
            after=row["after"] or "",
        )
        for row in run.events(source).to_dict("records")
    ]
    return windows, events


def _span(row: Mapping[Any, Any]) -> Span:
    known = {
        key: None if pd.isna(row[key]) else row[key]
        for key in Span.__struct_fields__
        if key in row and key not in ("person", "n", "coverage")
    }
    emotion = known.get("emotion")
    if emotion not in EMOTIONS:
        known["emotion"] = None
    return Span(_number(row["person"]), int(row["n"]), float(row["coverage"] or 0.0), **known)


def _number(person: str) -> int:
    return GROUP if person == GROUP_NAME else int(person)
