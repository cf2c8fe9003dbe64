"""What a text claims: who, how many, when, which mood, which change. Pure, one language at a time.

A claim is about the people named last before it in its sentence; where none are, about those named
after it; else about the scene.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .phrases import Item, items, sentences

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


def claims(text: str, tongue: Any) -> list[Claim]:
    """Return everything a text says that facts can confirm or refute."""
    found: list[Claim] = []
    for sentence in sentences(text):
        found += _Reader(sentence, items(sentence, tongue), re.compile(tongue.OWNER)).claims()
    return found


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
