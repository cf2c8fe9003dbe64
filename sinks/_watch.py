"""Follows a condition of `_rules` over windows and events, and tells when it becomes true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..stream.messages import GROUP, Event, Span, Window
from ._rules import COMPARE, EVENT, FIELDS, Held, Node, Test, Value, mentions, tests


@dataclass(frozen=True)
class Hit:
    """A condition that has become true: for whom (0: the group), and by which values."""

    person: int
    values: dict[str, Any]


@dataclass
class Watch:
    """Follows one condition over the messages of one source."""

    condition: Node
    _since_s: dict[tuple[int, int], float] = field(default_factory=dict)
    _was_true: set[int] = field(default_factory=set)
    _window: Window | None = None

    def take(self, message: Window | Event) -> list[Hit]:
        """Return for whom the condition has just become true."""
        if self._window is not None and self._window.epoch != message.epoch:
            self._since_s, self._was_true, self._window = {}, set(), None
        kind: str | None = None
        if isinstance(message, Window):
            self._window = message
        else:
            kind = message.kind
        spans = {} if self._window is None else {s.person: s for s in self._window.spans}
        hits = []
        for person in self._whom(spans, message):
            facts = _Facts(spans.get(GROUP), spans.get(person), kind)
            if self._truth(self.condition, facts, person, message.pts_s) is not True:
                self._was_true.discard(person)
            elif person not in self._was_true:
                self._was_true.add(person)
                hits.append(Hit(person, dict(_values(self.condition, facts))))
        if kind is not None:
            self._was_true -= {hit.person for hit in hits if mentions(self.condition, EVENT)}
        return hits

    def _whom(self, spans: dict[int, Span], message: Window | Event) -> list[int]:
        if not mentions(self.condition, "anyone"):
            return [GROUP]
        if isinstance(message, Event):
            return [message.person]
        gone = {person for person in self._was_true if person not in spans}
        self._was_true -= gone
        self._since_s = {key: s for key, s in self._since_s.items() if key[0] in spans}
        return [person for person in spans if person != GROUP]

    def _truth(self, node: Node, facts: _Facts, person: int, now_s: float) -> bool | None:
        if isinstance(node, Test):
            left, right = facts.of(node.left), facts.of(node.right)
            return None if left is None or right is None else COMPARE[node.sign](left, right)
        if isinstance(node, Held):
            key = (person, node.place)
            if self._truth(node.inner, facts, person, now_s) is not True:
                self._since_s.pop(key, None)
                return False
            return now_s - self._since_s.setdefault(key, now_s) >= node.duration_s
        found = [self._truth(part, facts, person, now_s) for part in node.parts]
        if node.word == "not":
            return None if found[0] is None else not found[0]
        decisive = node.word == "or"
        return decisive if decisive in found else None if None in found else not decisive


@dataclass(frozen=True)
class _Facts:
    group: Span | None
    person: Span | None
    event: str | None

    def of(self, value: Value) -> Any:
        if value.who == EVENT:
            return self.event
        if not value.who:
            return value.constant
        span = self.group if value.who == "group" else self.person
        return None if span is None else getattr(span, FIELDS[value.name])


def _values(node: Node, facts: _Facts) -> Iterator[tuple[str, Any]]:
    for test in tests(node):
        for value in (test.left, test.right):
            if value.who:
                yield f"{value.who}.{value.name}".rstrip("."), facts.of(value)
