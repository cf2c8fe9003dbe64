"""The line over the picture: what the newest window shows, in at most 90 characters. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from ..models.facts import Facts, gather
from ..models.grounded_narrator import GroundedNarrator
from .messages import Event, Narration, Window


@dataclass(slots=True)
class _State:
    facts: Facts | None = None
    events: list[Event] = field(default_factory=list)
    line: str = ""


class Rolling:
    """Makes a line of every window that says something new; by rule, whatever the engine is."""

    def __init__(self, language: str, every_s: float) -> None:
        """Take the language; the wording of one thing turns every `every_s` of media time."""
        self._narrator = GroundedNarrator(language)
        self._every_s = every_s
        self._states: dict[str, _State] = {}

    def add(self, message: Window | Event) -> Narration | None:
        """Take a message; return the line when it has become another."""
        state = self._states.setdefault(message.source_id, _State())
        if isinstance(message, Event):
            state.events.append(message)
            return None
        state.facts = gather([message], state.events, state.facts)
        state.events = []
        turn = int(message.pts_s / self._every_s)
        told = msgspec.to_builtins(state.facts) | {"index": turn}
        line = self._narrator.line(told)
        if line == state.line:
            return None
        state.line = line
        return Narration(
            source_id=message.source_id,
            seq=message.seq,
            epoch=message.epoch,
            pts_s=message.pts_s,
            t_wall_ns=message.t_wall_ns,
            t_mono_ns=message.t_mono_ns,
            text=line,
            engine=self._narrator.name,
            grounded=True,
            latency_s=0.0,
            kind="line",
            line=line,
        )
