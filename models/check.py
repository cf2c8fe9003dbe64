"""Holds a text against the facts: what it claims must be in them, and how it speaks must be right.

`faults` returns what is wrong in words that can be put before the one who wrote it. A text about a
longer time is held against several facts, one after the other in time: a claim is right when one of
them bears it, and where its sentence names a time, one of that time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from .claimed_change import CHANGES
from .claimed_state import NEAR_S, STATES, Facts
from .claims import Claim, claims
from .phrases import items, seconds_of, sentences, words

MAX_CHARACTERS = {"interval": 450, "answer": 450, "story": 3000}
MAX_SENTENCES = {"interval": 4, "answer": 4, "story": 40}
ALIKE = 0.6
"""Share of three-word runs in common from which on a text repeats an earlier one. Our choice."""
FOREIGN = re.compile(r"[^\W\d_a-zA-ZÀ-ɏ]")
SIGNS = re.compile(r"[^\w\s.,;:!?'’\"“”„()%&/+−–—…-]")
OTHER_LANGUAGES = {
    "en": "the is are and of with has have looks they that".split(),
    "de": "der die das und ist sind war zu um nicht mit wirkt hat haben eine sich".split(),
    "fr": "le la les et est sont avec une pas elle dans plus qui".split(),
    "es": "el la los y es son con una está más que las".split(),
}
PLAIN_FAULTS = {
    "forbidden": "it speaks of {value} ({text}), which nobody measured",
    "inner": "it claims to know what goes on inside ({text}); say how somebody looks",
    "invented": "it invents {value} ({text})",
    "leak": "it repeats the instructions ({text})",
}


def faults(
    text: str,
    views: Sequence[Facts],
    tongue: Any,
    earlier: Sequence[str] = (),
    kind: str = "interval",
) -> list[str]:
    """Return what is wrong with a text, worst first; empty when nothing is.

    `views` are facts as builtins, oldest first; `earlier` are texts it must not repeat.
    """
    found = [*_form(text, kind), *_language(text, tongue), *_vocabulary(text, tongue)]
    found += _repetition(text, earlier)
    known = _Known(views)
    for claim in claims(text, tongue):
        fault = known.fault(claim)
        if fault:
            found.append(fault)
    return list(dict.fromkeys(found))


def _form(text: str, kind: str) -> Iterable[str]:
    if not words(text):
        yield "it is empty"
    if len(text) > MAX_CHARACTERS[kind] or len(sentences(text)) > MAX_SENTENCES[kind]:
        yield f"it is too long: at most {MAX_SENTENCES[kind]} sentences"
    elif words(text) and text.strip()[-1] not in '.!?"':
        yield "it breaks off in the middle of a sentence"


def _language(text: str, tongue: Any) -> Iterable[str]:
    spoken = words(text)
    own = tongue.__name__.rsplit(".", 1)[-1]
    hits = {
        code: sum(word in common for word in spoken) for code, common in OTHER_LANGUAGES.items()
    }
    best = max(hits, key=lambda code: hits[code])
    if FOREIGN.search(text) or (best != own and hits[best] > hits.get(own, 0) + 1):
        yield f"it is not in {tongue.NAME}"


def _vocabulary(text: str, tongue: Any) -> Iterable[str]:
    """Find words that are neither claims nor plain: nothing in the facts can bear them out.

    Of words that nobody thought of, none passes; a name is one of them.
    """
    if SIGNS.search(text):
        yield "it holds signs that are no plain text"
    for sentence in sentences(text):
        rest = list(sentence)
        for item in items(sentence, tongue):
            rest[item.start : item.start + len(item.text)] = "," * len(item.text)
        for match in re.finditer(r"[^\W\d_]+", "".join(rest)):
            if match[0].lower() not in tongue.PLAIN:
                yield f"{match[0]} is not among what the facts hold"
        for match in re.finditer(r"(?<=[^.!?:\s]\s)[A-ZÄÖÜ]\w+", sentence):
            if tongue.CAPITALS and match[0] not in tongue.CAPITALS:
                yield f"{match[0]} is no name that the facts hold"


def _repetition(text: str, earlier: Sequence[str]) -> Iterable[str]:
    said = [tuple(words(sentence)) for sentence in sentences(text)]
    if len(set(said)) < len(said):
        yield "it says the same sentence twice"
    if any(_likeness(text, one) >= ALIKE for one in earlier):
        yield "it repeats an earlier text"


def _likeness(one: str, other: str) -> float:
    runs = [
        {tuple(said[n : n + 3]) for n in range(len(said) - 2)} for said in map(words, (one, other))
    ]
    both = runs[0] | runs[1]
    return len(runs[0] & runs[1]) / len(both) if both else float(words(one) == words(other))


class _Known:
    """The facts, asked claim by claim."""

    def __init__(self, views: Sequence[Facts]) -> None:
        self._views = views
        self._people = {number for view in views for number in _numbers_of_people(view)}
        self._clocks_s = {second for view in views for second in _times(view)}

    def fault(self, claim: Claim) -> str:
        """Return what is wrong with a claim, or nothing."""
        if claim.kind in PLAIN_FAULTS:
            return PLAIN_FAULTS[claim.kind].format(value=claim.value, text=claim.text)
        if claim.kind == "person":
            unknown = [str(number) for number in claim.value if number not in self._people]
            return f"there is no person {' or '.join(unknown)} in the facts" if unknown else ""
        if claim.kind == "clock":
            near = any(abs(seconds_of(claim.value) - s) <= NEAR_S for s in self._clocks_s)
            return "" if near else f"the time {claim.value} is not in the facts"
        judge = STATES.get(claim.kind) or CHANGES.get(claim.kind)
        if judge is None:
            return ""
        if claim.kind in ("mood", "emotion", "turn") and not claim.looks:
            return f"it states as certain what is only seen ({claim.text}); say looks or seems"
        views = self._of_time(claim)
        if any(judge(claim, view) for view in views):
            return ""
        return f"{claim.text!r} in {claim.sentence!r} is not what the facts say"

    def _of_time(self, claim: Claim) -> Sequence[Facts]:
        at_s = [seconds_of(clock) for clock in claim.clocks]
        fitting = [
            view
            for view in self._views
            if any(view["from_s"] - NEAR_S <= s <= view["to_s"] + NEAR_S for s in at_s)
        ]
        return fitting or self._views


def _numbers_of_people(view: Facts) -> set[int]:
    happened = (*view["notable"], *view.get("comings", ()))
    return {
        *(person["person"] for person in view["people"]),
        *view["arrived"],
        *view["left"],
        *view["gone"],
        *(event["person"] for event in happened),
    } - {0}


def _times(view: Facts) -> set[float]:
    happened = (*view["notable"], *view.get("comings", ()))
    more = view.get("times_s", ())
    return {view["from_s"], view["to_s"], *(event["time_s"] for event in happened), *more}
