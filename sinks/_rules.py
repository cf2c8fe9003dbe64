"""Conditions over windows and events, such as `group.valence < -0.4 for 20s and coverage > 0.6`.

A small language of its own, read by a parser of its own; nothing of it is ever executed as Python.

    condition := all {"or" all}          all  := part {"and" part}
    part := "not" part | held            held := test ["for" DURATION]
    test := "(" condition ")" | value OPERATOR value
    OPERATOR: < <= > >= == !=            DURATION: 20s, 2m, 1h (media time)
    value: a number, a 'text', or a name: a field, group.FIELD, anyone.FIELD, or event

A field alone is the group's. What was not measured makes a test neither true nor false.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from ..stream.messages import EMOTIONS, QUADRANTS, EventKind

FIELDS = {
    "valence": "valence_mean",
    "valence_sd": "valence_sd",
    "valence_slope": "valence_slope_per_s",
    "arousal": "arousal_mean",
    "arousal_sd": "arousal_sd",
    "arousal_slope": "arousal_slope_per_s",
    "quadrant": "quadrant",
    "emotion": "emotion",
    "movement": "movement",
    "coverage": "coverage",
    "n": "n",
    "people": "people_mean",
    "share_positive": "share_positive",
    "near_share": "near_share",
    "facing_share": "facing_share",
    "synchrony": "synchrony",
}
"""What a rule may call a column of `windows.csv`."""

WHO = ("group", "anyone")
EVENT = "event"
MAX_LENGTH = 500
MAX_DEPTH = 20
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_TOKEN = re.compile(
    r"\s*(?:(?P<duration>\d+(?:\.\d+)?[smh]\b)|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))"
    r"|(?P<text>'[^']*'|\"[^\"]*\")|(?P<name>[a-z_]+(?:\.[a-z_]+)?)"
    r"|(?P<sign><=|>=|==|!=|<|>|\(|\)))"
)


@dataclass(frozen=True)
class Value:
    """A constant, or a name: `who` is `group`, `anyone` or `event`."""

    constant: float | str | None = None
    who: str = ""
    name: str = ""


@dataclass(frozen=True)
class Test:
    """Two values compared."""

    left: Value
    sign: str
    right: Value


@dataclass(frozen=True)
class Held:
    """A condition that must have been true all the time for so long; `place` tells two apart."""

    inner: Node
    duration_s: float
    place: int


@dataclass(frozen=True)
class Joined:
    """Conditions joined by `and`, `or`; `not` has one."""

    word: str
    parts: tuple[Node, ...]


Node = Test | Held | Joined


def parse(text: str) -> Node:
    """Read a condition. Raises: ValueError saying where it cannot be read."""
    return _Parser(text).condition_to_end()


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise ValueError(f"a condition has at most {MAX_LENGTH} characters")
        self._text = text
        self._tokens = list(self._split())
        self._at = 0
        self._depth = 0

    def condition_to_end(self) -> Node:
        node = self._joined("or", lambda: self._joined("and", self._part))
        if self._at < len(self._tokens):
            raise self._wrong("expected `and`, `or` or the end")
        return node

    def _split(self) -> Iterator[tuple[str, str, int]]:
        at = 0
        while self._text[at:].strip():
            found = _TOKEN.match(self._text, at)
            if found is None or found.lastgroup is None:
                rest = self._text[at:].lstrip()
                raise ValueError(f"cannot be read from `{rest[:20]}` on")
            yield found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)
            at = found.end()

    def _joined(self, word: str, inner: Callable[[], Node]) -> Node:
        parts = [inner()]
        while self._takes(word):
            parts.append(inner())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _part(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} parts or brackets in one another")
        try:
            if self._takes("not"):
                return Joined("not", (self._part(),))
            place = self._at
            node = self._bracket_or_test()
            if self._takes("for"):
                node = Held(node, self._duration_s(), place)
            return node
        finally:
            self._depth -= 1

    def _bracket_or_test(self) -> Node:
        if not self._takes("("):
            left = self._value()
            kind, sign, _ = self._next()
            if sign not in COMPARE:
                raise self._wrong(f"expected one of {' '.join(COMPARE)}", back=bool(kind))
            return self._checked(Test(left, sign, self._value()))
        node = self._joined("or", lambda: self._joined("and", self._part))
        if not self._takes(")"):
            raise self._wrong("expected `)`")
        return node

    def _checked(self, test: Test) -> Test:
        words = [v for v in (test.left, test.right) if v.who == EVENT or v.name in _WORDS]
        texts = [v for v in (test.left, test.right) if isinstance(v.constant, str)]
        if (words or texts) and test.sign not in ("==", "!="):
            raise ValueError("words are compared by == and !=")
        if not test.left.who and not test.right.who:
            raise ValueError("a test needs a name, such as group.valence")
        for word, text in ((test.left, test.right), (test.right, test.left)):
            known = _WORDS.get(word.name or word.who, ())
            if isinstance(text.constant, str) and known and text.constant not in known:
                hint = _hint(text.constant, known, known)
                raise ValueError(f"no {word.name or word.who} {text.constant!r}; {hint}")
        numbers = [v for v in (test.left, test.right) if v not in words and v not in texts]
        if (words or texts) and numbers:
            raise ValueError("a word cannot be compared to a number")
        return test

    def _value(self) -> Value:
        kind, text, _ = self._next()
        if kind == "number":
            return Value(float(text))
        if kind == "text":
            return Value(text[1:-1])
        if kind == "name":
            return self._name(text)
        raise self._wrong("expected a name, a number or a 'text'", back=bool(kind))

    def _name(self, text: str) -> Value:
        if text == EVENT:
            return Value(who=EVENT)
        who, _, name = text.rpartition(".")
        if (who or WHO[0]) in WHO and name in FIELDS:
            return Value(who=who or WHO[0], name=name)
        known = [*FIELDS, EVENT, *(f"{who}.{name}" for who in WHO for name in FIELDS)]
        raise ValueError(f"no name {text}; {_hint(text, known, (EVENT, *FIELDS))}")

    def _duration_s(self) -> float:
        kind, text, _ = self._next()
        if kind != "duration":
            raise self._wrong("expected a duration such as 20s or 2m", back=bool(kind))
        return float(text[:-1]) * _SECONDS[text[-1]]

    def _takes(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1] == word:
            self._at += 1
            return True
        return False

    def _next(self) -> tuple[str, str, int]:
        if self._at >= len(self._tokens):
            return "", "", len(self._text)
        self._at += 1
        return self._tokens[self._at - 1]

    def _wrong(self, what: str, *, back: bool = False) -> ValueError:
        at = self._at - back
        if at >= len(self._tokens):
            return ValueError(f"{what}, but it ends there")
        return ValueError(f"{what} at `{self._text[self._tokens[at][2] :][:20]}`")


_WORDS = {"quadrant": QUADRANTS, "emotion": EMOTIONS, EVENT: get_args(EventKind)}
"""What a word may be compared to."""


def _hint(text: str, known: Sequence[str], shown: Sequence[str]) -> str:
    near = difflib.get_close_matches(text, known, 1)
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(shown)}"


def tests(node: Node) -> Iterator[Test]:
    """Yield every comparison of a condition."""
    if isinstance(node, Test):
        yield node
    else:
        for part in node.parts if isinstance(node, Joined) else (node.inner,):
            yield from tests(part)


def mentions(node: Node, who: str) -> bool:
    """Tell whether a condition names `group`, `anyone` or `event`."""
    return any(who in (test.left.who, test.right.who) for test in tests(node))
