"""Answers to common questions about a run, from its windows and events alone. Pure.

A question is read by the same `LEXICON` as a narration: who, which mood or change, and by the
language's `QUESTIONS` what is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .facts import MIN_CHANGE, clock
from .phrases import Item, items, seconds_of
from .recalled import CHANGE_S, GROUP, Record, Row
from .zones import CENTRES, STRONG, sign

MAX_STRETCHES = 4


class _Target(NamedTuple):
    """What is asked about: a state (`holds`), or a change along a dimension."""

    text: str
    holds: Callable[[Row], bool] | None = None
    dimension: str = ""
    direction: int = 0
    kind: str = ""


def answer(question: str, record: Record, tongue: Any) -> str:
    """Return one or two sentences with their times; else why there is no answer."""
    return _Answer(question, record, tongue).text()


class _Answer:
    """One question on its way to its answer."""

    def __init__(self, question: str, record: Record, tongue: Any) -> None:
        self._question = question
        self._record = record
        self._words = tongue
        self._items = items(question, tongue)
        kinds = [kind for kind, pattern in tongue.QUESTIONS if re.search(pattern, question, re.I)]
        self._asked = kinds[0] if kinds else ""
        self._named = [n for item in self._items if item.kind == "person" for n in item.value]
        self._clocks = [item.value for item in self._items if item.kind == "clock"]
        self._target = self._find_target()

    def text(self) -> str:
        unknown = [n for n in self._named if n not in self._record.people]
        if unknown:
            there = ", ".join(map(str, self._record.people)) or "-"
            return self._say("no such person", unknown[0], there)
        if not any(self._record.rows.values()):
            return self._say("nothing")
        ways = {
            "how_long": self._how_long,
            "how_many": self._how_many,
            "when": self._when,
            "who": self._who,
            "compare": self._compare,
            "extreme": self._extreme,
            "how": self._how,
        }
        if self._clocks and self._asked in ("", "how", "who"):
            return self._at(float(seconds_of(self._clocks[0])))
        asked = self._asked or ("when" if self._target or self._movement() else "")
        return (asked and ways[asked]()) or self._say("not understood")

    # What is asked about.

    def _find_target(self) -> _Target | None:
        for item in self._items:
            target = self._target_of(item)
            if target is not None:
                return target
        return None

    def _target_of(self, item: Item) -> _Target | None:
        if item.kind == "mood":
            zone = item.value
            return _Target(item.text, lambda row: row.is_in(zone))
        if item.kind == "emotion":
            name = self._words.EMOTION_NAMES[item.value]
            return _Target(name, lambda row: row.emotion == item.value, kind=" shown")
        if item.kind in ("shift", "most"):
            dimension, direction = item.value
            return _Target(item.text, None, dimension, direction)
        if item.kind == "move":
            named = (one.value for one in self._items if one.kind == "dimension")
            return _Target(item.text, None, next(named, "valence"), item.value)
        if item.kind == "moves":
            is_least = item.value[0] < item.value[1] < 1.0 or self._asks_for_least()
            return _Target(item.text, None, "movement", -1 if is_least else 1)
        return None

    def _movement(self) -> str:
        """Return which of coming and going is asked about."""
        return next((item.kind for item in self._items if item.kind in ("come", "go")), "")

    def _subjects(self) -> list[int]:
        if self._named:
            return self._named
        return self._record.people if len(self._record.people) == 1 else [GROUP]

    def _name(self, person: int, starts: bool = True) -> str:
        if person == GROUP:
            return str(self._words.GROUP_NAME if starts else self._words.STORY_GROUP)
        return str(self._words.named([person], starts))

    # The kinds of questions.

    def _when(self) -> str:
        if self._movement():
            return self._comings(self._named or self._record.people)
        target = self._target
        if target is None:
            return ""
        if target.holds is not None:
            return " ".join(self._state(person, target) for person in self._subjects())
        if any(item.kind == "most" for item in self._items):
            return self._peak(target)
        return " ".join(self._change(person, target) for person in self._subjects())

    def _who(self) -> str:
        if self._movement():
            return self._comings(self._record.people)
        target = self._target or self._extreme_target()
        if target is None:
            return ""
        if target.holds is not None:
            holds = target.holds
            shown = [n for n in self._record.people if self._record.stretches(n, holds)]
            told = [self._state(person, target) for person in shown]
            return " ".join(told) or self._say(f"nobody did{target.kind}", target.text)
        means = {
            n: mean
            for n in self._record.people
            if (mean := self._record.mean(n, target.dimension)) is not None
        }
        if not means:
            return self._say("nothing")
        best = max(means, key=lambda n: means[n] * (target.direction or 1))
        what = self._words.DIMENSIONS[target.dimension]
        span = map(clock, self._record.span_s([best]))
        return self._say("who most", self._name(best), what, f"{means[best]:.2f}", *span)

    def _how_long(self) -> str:
        target = self._target
        if target is not None and target.holds is not None:
            told = []
            for person in self._subjects():
                stretches = self._record.stretches(person, target.holds)
                if not stretches:
                    told.append(self._state(person, target))
                    continue
                total_s = sum(end_s - start_s + 1.0 for start_s, end_s in stretches)
                spans = self._spans(stretches)
                told.append(
                    self._say(
                        f"how long{target.kind}",
                        self._name(person),
                        target.text,
                        f"{total_s:.0f}",
                        spans,
                    )
                )
            return " ".join(told)
        told = []
        for person in self._named or self._record.people:
            start_s, end_s = self._record.span_s([person])
            span = f"{end_s - start_s:.0f}", clock(start_s), clock(end_s)
            told.append(self._say("how long in", self._name(person), *span))
        return " ".join(told)

    def _how_many(self) -> str:
        found = self._record.most_at_once()
        if found is None:
            return self._say("how many none")
        most, best_s = found
        key = "how many one" if most == 1 else "how many"
        return self._say(key, self._words.count_word(most), clock(best_s))

    def _extreme(self) -> str:
        target = self._target or self._extreme_target()
        return "" if target is None else self._peak(target)

    def _compare(self) -> str:
        people = (self._named or self._record.people)[:2]
        if len(people) < 2:
            return self._say("nothing")
        target = self._target
        wanted = [target.dimension] if target and target.dimension else ["valence", "arousal"]
        told = []
        for dimension in wanted:
            first, second = (self._record.mean(n, dimension) for n in people)
            if first is None or second is None:
                continue
            difference = round(first, 2) - round(second, 2)
            which = self._words.COMPARATIVES[dimension, 1 if difference > 0 else -1]
            verdict = self._say("higher", self._name(people[0], False), which)
            if abs(difference) < MIN_CHANGE:
                verdict = self._say("equal")
            names = self._name(people[0]), self._name(people[1], False)
            what = self._words.DIMENSIONS[dimension]
            values = f"{first:.2f}", f"{second:.2f}"
            span = map(clock, self._record.span_s(people))
            told.append(
                self._say("compare", names[0], what, values[0], names[1], values[1], *span, verdict)
            )
        return " ".join(told) or self._say("nothing")

    def _how(self) -> str:
        if not any(item.kind in ("person", "look", "dimension", "plural") for item in self._items):
            return ""
        told = []
        for person in self._subjects():
            valence, arousal = (self._record.mean(person, d) for d in ("valence", "arousal"))
            if valence is None or arousal is None:
                continue
            mood = self._mood(Row(0.0, valence, arousal, None, None))
            span = map(clock, self._record.span_s([person]))
            name = self._name(person, False)
            told.append(self._say("mood", *span, name, mood, f"{valence:.2f}", f"{arousal:.2f}"))
        return " ".join(told) or self._say("nothing")

    def _at(self, time_s: float) -> str:
        """Tell how everybody who is meant looked at one time, and who came or left about then."""
        told = []
        for person in self._named or self._record.people:
            near = self._record.near(person, time_s)
            if near is None or near.valence is None:
                continue
            values = f"{near.valence:.2f}", f"{near.arousal or 0.0:.2f}"
            name = self._name(person, False)
            told.append(self._say("at time", clock(near.time_s), name, self._mood(near), *values))
        for event in self._record.events:
            if abs(event.time_s - time_s) <= CHANGE_S and event.kind in ("arrival", "departure"):
                key = "came" if event.kind == "arrival" else "left"
                told.append(self._say(key, self._name(event.person), event.clock))
        return " ".join(told) or self._say("nothing")

    def _mood(self, row: Row) -> str:
        valence, arousal = row.valence or 0.0, row.arousal or 0.0
        strong = valence**2 + arousal**2 >= STRONG**2
        return str(self._words.LOOKS[sign(valence), sign(arousal)][strong][0])

    # Parts of answers.

    def _comings(self, people: Sequence[int]) -> str:
        kind = "arrival" if self._movement() == "come" else "departure"
        told = [
            self._say(
                "came" if kind == "arrival" else "left", self._name(event.person), event.clock
            )
            for event in self._record.events
            if event.kind == kind and event.person in people
        ]
        if not told and kind == "departure" and self._named:
            _, last_s = self._record.span_s(self._named)
            return self._say("stayed", self._name(self._named[0]), clock(last_s))
        return " ".join(told[: 2 * MAX_STRETCHES]) or self._say("nothing")

    def _state(self, person: int, target: _Target) -> str:
        stretches = self._record.stretches(person, target.holds) if target.holds else []
        if not stretches:
            return self._say(f"never{target.kind}", self._name(person, False), target.text)
        return self._say(
            f"when state{target.kind}", self._name(person), target.text, self._spans(stretches)
        )

    def _spans(self, stretches: Sequence[tuple[float, float]]) -> str:
        """Name the longest stretches, in time."""
        ranked = sorted(stretches, key=lambda one: one[0] - one[1])[:MAX_STRETCHES]
        told = []
        for start_s, end_s in sorted(ranked):
            key = "from to" if end_s - start_s >= 1.0 else "at"
            told.append(self._say(key, clock(start_s), clock(end_s)))
        return str(self._words.listed(told))

    def _change(self, person: int, target: _Target) -> str:
        told = []
        for event in self._record.events:
            if event.person == person and event.kind == "quadrant_change":
                axis = ("valence", "arousal").index(target.dimension)
                step = CENTRES[event.after][axis] - CENTRES[event.before][axis]
                if step * target.direction > 0:
                    words = self._words.QUADRANT_WORDS
                    name = self._name(person, False)
                    before, after = words[event.before], words[event.after]
                    told.append(self._say("when turned", event.clock, name, before, after))
        if told:
            return " ".join(told[:MAX_STRETCHES])
        found = self._record.steepest(person, target.dimension, target.direction)
        name, what = self._name(person, False), self._words.DIMENSIONS[target.dimension]
        which = self._words.COMPARATIVES[target.dimension, target.direction]
        if found is None or found.size < MIN_CHANGE:
            return self._say("never became", name, which)
        values = f"{found.before:.2f}", f"{found.after:.2f}"
        return self._say("when became", clock(found.time_s), name, which, what, *values)

    def _extreme_target(self) -> _Target | None:
        dimension = next((item.value for item in self._items if item.kind == "dimension"), "")
        direction = -1 if self._asks_for_least() else 1
        return _Target("", None, dimension, direction) if dimension else None

    def _asks_for_least(self) -> bool:
        return bool(re.search(self._words.LOWEST, self._question, re.IGNORECASE))

    def _peak(self, target: _Target) -> str:
        direction = target.direction or 1
        people = self._named or self._record.people
        peak = self._record.peak(people, target.dimension, direction)
        if peak is None:
            return self._say("nothing")
        which = self._words.SUPERLATIVES[target.dimension, direction]
        what = self._words.DIMENSIONS[target.dimension]
        told = self._name(peak.person), which, clock(peak.time_s), what, f"{peak.value:.2f}"
        return self._say("when most", *told)

    def _say(self, key: str, *values: object) -> str:
        return str(self._words.ANSWERS[key].format(*values))
