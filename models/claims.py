"""What a text claims: who, how many, when, which mood, which change. Pure, one language at a time.

A sentence is read once from left to right by the `LEXICON` of its language. A claim is about the
people named last before it in its sentence; where none are, about those named after it; else about
the scene.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

Subject = tuple[int, ...] | str | None
"""Person numbers, `all`, `someone`, `N of them`, or None for the scene."""

WITHOUT_SUBJECT = (
    "person",
    "alone",
    "no_other",
    "present",
    "count",
    "count_come",
    "count_go",
    "several",
    "clock",
)
MOVES = ("come", "go")
IMPRESSION = r"(?i)(?:look|appear|seem)ing"
DATED = ("come", "go", "count_come", "count_go", "turn", "spike", "mood", "shift", "emotion")
TELLING = ("mood", "emotion", "shift", "posture")


class Item(NamedTuple):
    """A word or phrase that means something: its kind, its value, and where it stands."""

    kind: str
    value: Any
    start: int
    text: str


@dataclass(frozen=True)
class Claim:
    """One statement. `other` is whom the subject is compared with; `clocks` are of its sentence.

    `looks`: it is worded as an impression; `doubted`: as uncertain; `leads`: an emotion as the
    strongest. `emotion` is the one that a share is said to be of.
    """

    kind: str
    value: Any
    subject: Subject
    text: str
    sentence: str
    negated: bool = False
    looks: bool = False
    doubted: bool = False
    clocks: tuple[str, ...] = ()
    dimension: str = ""
    other: Subject = None
    leads: bool = False
    emotion: str = ""


def sentences(text: str) -> list[str]:
    """Split a text at the ends of its sentences."""
    return [part for part in re.split(r"(?<=[.!?])\s+", text.strip()) if part]


def words(text: str) -> list[str]:
    """Return the words of a text in small letters."""
    return re.findall(r"\w+", text.lower())


def seconds_of(clock: str) -> int:
    """Return the seconds of `m:ss` or `h:mm:ss`."""
    return functools.reduce(lambda total, part: total * 60 + int(part), clock.split(":"), 0)


def claims(text: str, tongue: Any) -> list[Claim]:
    """Return everything a text says that facts can confirm or refute."""
    found: list[Claim] = []
    for sentence in sentences(text):
        found += _Reader(sentence, items(sentence, tongue), re.compile(tongue.OWNER)).claims()
    return found


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


@dataclass
class _Reader:
    """Turns the items of one sentence into claims."""

    sentence: str
    items: Sequence[Item]
    owner: re.Pattern[str]
    subject: Subject = None
    negated: bool = False
    dimension: str = ""
    clause: int = 0
    clauses: list[int] = field(default_factory=list)
    leading: set[int] = field(default_factory=set)
    echoes: list[tuple[int, ...]] = field(default_factory=list)
    found: list[Claim] = field(default_factory=list)

    def claims(self) -> list[Claim]:
        kinds = {item.kind for item in self.items}
        named = {item.value for item in self.items if item.kind == "person"}
        later = named.pop() if len(named) == 1 else None
        for index, item in enumerate(self.items):
            self._take(index, item)
        told = [
            claim
            if claim.kind in WITHOUT_SUBJECT
            else replace(
                claim,
                subject=later if claim.subject is None else claim.subject,
                looks=claim.looks or "look" in kinds or "doubt" in kinds,
                doubted=bool(kinds & {"doubt", "unread"}),
                clocks=self._clocks_of(clause),
                leads=clause in self.leading,
                emotion=self._emotion_of(clause),
            )
            for claim, clause in zip(self.found, self.clauses, strict=True)
        ]
        echoed = [
            replace(claim, subject=people)
            for people in self.echoes
            for claim in told
            if claim.kind in TELLING
        ]
        return [*told, *echoed]

    def _clocks_of(self, clause: int) -> tuple[str, ...]:
        """Return the times of a clause; where it names none, those that no other clause claims."""
        timed = [
            (claim.value, own)
            for claim, own in zip(self.found, self.clauses, strict=True)
            if claim.kind == "clock"
        ]
        owners = {
            own for claim, own in zip(self.found, self.clauses, strict=True) if claim.kind in DATED
        }
        mine = tuple(value for value, own in timed if own == clause)
        return mine or tuple(value for value, own in timed if own not in owners)

    def _emotion_of(self, clause: int) -> str:
        shown = {
            str(claim.value)
            for claim, own in zip(self.found, self.clauses, strict=True)
            if claim.kind == "emotion" and own == clause
        }
        return shown.pop() if len(shown) == 1 else ""

    def _take(self, index: int, item: Item) -> None:
        kind, value = item.kind, item.value
        if kind == "person":
            self._add("person", value, item)
            if self._follows(index, "echo"):
                self.echoes.append(value)
            elif not self._follows(index, "than"):
                self.subject = value
        elif kind == "leading":
            self.leading.add(self.clause)
        elif kind in ("all", "plural"):
            self.subject = "all"
            self._add("several", value, item)
        elif kind == "one_of":
            self.subject = "1 of them"
        elif kind == "someone":
            self.subject = self.subject or "someone"
        elif kind == "not":
            self.negated = True
        elif kind == "break":
            self.negated, self.dimension = False, ""
            self.clause += 1
        elif kind in ("count", "part", "zero"):
            self._take_count(index, item)
        elif kind in ("most", "shift") and (other := self._compared_with(index)) is not None:
            self._add("compare", value, item, other)
        elif kind == "dimension":
            self.dimension = value
        elif kind not in ("look", "doubt", "than", "echo", "vague"):
            self._add(kind, value, item, owner=self._owner(index))

    def _take_count(self, index: int, item: Item) -> None:
        """Tell "two people have left" from "two people are in view"."""
        following = list(self._until_break(index + 1))
        if item.kind == "zero" and any(one.kind in TELLING for one in following):
            self.subject, self.negated = "nobody", True
            return
        moved = next((one.kind for one in following if one.kind in MOVES), None)
        if item.kind == "part":
            self.subject = f"{int(item.value)} of them"
        elif moved:
            self._add(f"count_{moved}", 0 if item.kind == "zero" else int(item.value), item)
            self.subject = "counted"
        else:
            self._add("count", 0 if item.kind == "zero" else int(item.value), item)
            self.subject = "all"

    def _until_break(self, index: int) -> Iterator[Item]:
        for item in self.items[index:]:
            if item.kind in ("break", "person", "count"):
                return
            yield item

    def _compared_with(self, index: int) -> Subject:
        """Return whom "brighter than person 2" compares with."""
        following = self.items[index + 1 : index + 3]
        if len(following) == 2 and following[0].kind == "than" and following[1].kind == "person":
            return tuple(following[1].value)
        return None

    def _follows(self, index: int, kind: str) -> bool:
        return index > 0 and self.items[index - 1].kind == kind

    def _owner(self, index: int) -> Subject:
        """Return whose it is in "sadness in person 2"; else the subject."""
        item = self.items[index]
        if index + 1 < len(self.items) and self.items[index + 1].kind == "person":
            person = self.items[index + 1]
            if self.owner.fullmatch(self.sentence[item.start + len(item.text) : person.start]):
                return tuple(person.value)
        return self.subject

    def _dimension_after(self, item: Item) -> str:
        for one in self.items:
            if one.start > item.start:
                if one.kind == "break":
                    return ""
                if one.kind == "dimension":
                    return str(one.value)
        return ""

    def _add(
        self, kind: str, value: Any, item: Item, other: Subject = None, owner: Subject = None
    ) -> None:
        self.clauses.append(self.clause)
        self.found.append(
            Claim(
                kind,
                value,
                self.subject if owner is None else owner,
                item.text,
                self.sentence,
                negated=self.negated,
                looks=bool(re.search(IMPRESSION, item.text)),
                dimension=self.dimension or self._dimension_after(item),
                other=other,
            )
        )
