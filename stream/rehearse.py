"""When a rule would have fired on a stored run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from ..sinks._rows import COLUMNS
from ..sinks.alerts import Config, RuleConfig, RuleState, wording
from .config import RunConfig
from .errors import ConfigError
from .export import chunks
from .kinds import configure, load_kind
from .messages import Event, Span, Window
from .runs import Run

_SPAN = Span.__struct_fields__


def rule_of(text: str, config: RunConfig | None) -> RuleConfig:
    """Return the rule of that name in a configuration, or a rule of that condition.

    Raises: ConfigError.
    """
    entries = config.sinks if config is not None else ()
    rules: list[RuleConfig] = []
    for entry in entries:
        if entry.kind == "alerts":
            checked = configure(load_kind("sinks", "alerts"), entry.options)
            assert isinstance(checked, Config)
            rules += checked.rules
    named = next((rule for rule in rules if rule.name == text), None)
    if named is not None:
        return named
    if config is not None:
        there = ", ".join(rule.name for rule in rules) or "none"
        raise ConfigError(f"no rule {text!r} in the configuration; there are: {there}")
    made = configure(load_kind("sinks", "alerts"), {"rules": [{"name": "rule", "when": text}]})
    assert isinstance(made, Config)
    return made.rules[0]


def rehearse(rule: RuleConfig, run: Run) -> Iterator[tuple[str, bool]]:
    """Yield every alert in words, and whether its limit on how often would have held it back.

    Quiet hours are left out: windows keep media time alone.
    """
    state = RuleState(rule)
    for message in sorted(_messages(run), key=lambda m: (m.source_id, m.epoch, m.pts_s)):
        for hit in state.take(message):
            limited = state.is_limited(message.source_id, hit.person, message.pts_s)
            yield wording(rule.name, message.source_id, hit, message.pts_s), limited


def _messages(run: Run) -> Iterator[Window | Event]:
    window_s = float(run.meta["window_s"])
    for rows in chunks(run, "events"):
        for row in rows:
            cells: dict[str, Any] = dict(zip(COLUMNS["events"], row, strict=True))
            yield Event(
                source_id=cells["source"],
                seq=cells["frame"],
                epoch=cells["epoch"],
                pts_s=cells["timestamp"],
                kind=cells["kind"],
                person=cells["person"],
            )
    windows = (
        dict(zip(COLUMNS["windows"], row, strict=True))
        for rows in chunks(run, "windows")
        for row in rows
    )
    place = ("source", "epoch", "timestamp", "is_final")
    for key, same in groupby(windows, key=lambda cells: [cells[name] for name in place]):
        spans = tuple(_span(cells) for cells in same)
        source, epoch, timestamp, final = key
        yield Window(
            source_id=str(source),
            seq=0,
            epoch=int(epoch or 0),
            pts_s=float(timestamp or 0.0),
            window_s=window_s,
            spans=spans,
            final=bool(final),
        )


def _span(cells: dict[str, Any]) -> Span:
    return Span(**{name: cells[name] for name in _SPAN if name in cells})
