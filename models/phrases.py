"""The words and phrases of a text that mean something, in the order they stand in. Pure.

A sentence is read once from left to right by the `LEXICON` of its language.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any, NamedTuple


class Item(NamedTuple):
    """A word or phrase that means something: its kind, its value, and where it stands."""

    kind: str
    value: Any
    start: int
    text: str


def sentences(text: str) -> list[str]:
    """Split a text at the ends of its sentences."""
    return [part for part in re.split(r"(?<=[.!?])\s+", text.strip()) if part]


def words(text: str) -> list[str]:
    """Return the words of a text in small letters."""
    return re.findall(r"\w+", text.lower())


def seconds_of(clock: str) -> int:
    """Return the seconds of `m:ss` or `h:mm:ss`."""
    return functools.reduce(lambda total, part: total * 60 + int(part), clock.split(":"), 0)


def items(sentence: str, tongue: Any) -> list[Item]:
    """Return the meaningful words and phrases of a sentence, in order."""
    pattern, rows = _scanner(tongue)
    return [_item(match, rows, tongue) for match in pattern.finditer(sentence)]


@functools.cache
def _scanner(tongue: Any) -> tuple[re.Pattern[str], Sequence[tuple[str, Any]]]:
    number = _number(tongue)
    moods = "|".join(pattern for kind, _, pattern in tongue.LEXICON if kind == "mood")
    turn = tongue.FROM_TO.format(f"(?:{moods})")
    first, second = turn.split(f"((?:{moods}))")[:2]
    turn = f"{first}(?P<turn_a>{moods}){second}(?P<turn_b>{moods})"
    one = rf"(?:{tongue.PERSON})?(?:{number})"
    rest = rf"(?:\s*,\s*{one})*(?!\s*,\s*{one}){tongue.AND}{one}"
    people = rf"(?:{number})(?:{rest})?\b"
    parts = [
        r"(?P<clock>\d{1,2}(?::\d\d){1,2})",
        rf"(?P<turn>{turn})",
        rf"(?P<person>{tongue.PERSON}(?P<people>{people}))",
        rf"(?P<span>(?P<span_n>{number}|\d+\.\d+)\s*{tongue.SECONDS})",
        rf"(?P<minutes>(?P<minutes_n>{number}|\d+\.\d+)\s*{tongue.MINUTES})",
        rf"(?P<percent>(?P<percent_n>\d+(?:[.,]\d+)?){tongue.PERCENT})",
        rf"(?P<every>{tongue.ALL_OF}(?P<every_n>{number}))\b",
        rf"(?P<count>(?P<count_n>{number})\s+(?P<count_of>{tongue.PEOPLE}))\b",
    ]
    rows = [(kind, value) for kind, value, _ in tongue.LEXICON]
    parts += [
        rf"(?P<w{n}>{_bounded(kind, pattern)})"
        for n, (kind, _, pattern) in enumerate(tongue.LEXICON)
    ]
    parts.append(r"(?P<number>[-−+]?\d+(?:[.,]\d+)?)")
    return re.compile("|".join(parts), re.IGNORECASE), rows


def _bounded(kind: str, pattern: str) -> str:
    return pattern if kind in ("break", "leak") else rf"\b(?:{pattern})\b"


def _number(tongue: Any) -> str:
    return rf"\b(?:\d+|{'|'.join(tongue.COUNTS)})(?![\d.]*\d)"


def _value(text: str, tongue: Any) -> float:
    counts = {word: float(number) for number, word in enumerate(tongue.COUNTS)}
    text = text.strip().lower()
    return counts[text] if text in counts else float(text.replace(",", ".").replace("−", "-"))


def _item(match: re.Match[str], rows: Sequence[tuple[str, Any]], tongue: Any) -> Item:
    kind = next(
        name
        for name in (
            "clock",
            "turn",
            "person",
            "span",
            "minutes",
            "percent",
            "every",
            "count",
            "number",
            "",
        )
        if not name or match[name] is not None
    )
    value: Any = match[0]
    if kind == "turn":
        value = _zone(match["turn_a"], tongue), _zone(match["turn_b"], tongue)
    elif kind == "person":
        found = re.findall(_number(tongue), match["people"], re.IGNORECASE)
        value = tuple(int(_value(one, tongue)) for one in found)
    elif kind in ("span", "minutes", "percent", "every", "count"):
        value = _value(match[f"{kind}_n"], tongue)
        kind = "count" if kind == "every" else kind
        if match["count_of"] and re.match(tongue.OF, match["count_of"], re.IGNORECASE):
            kind = "part"
    elif not kind:
        index = next(n for n in range(len(rows)) if match[f"w{n}"] is not None)
        kind, value = rows[index]
    return Item(kind, value, match.start(), match[0])


def _zone(word: str, tongue: Any) -> str:
    return next(
        str(value)
        for kind, value, pattern in tongue.LEXICON
        if kind == "mood" and re.fullmatch(pattern, word, re.IGNORECASE)
    )
