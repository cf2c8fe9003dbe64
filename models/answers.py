"""Answers to common questions about a run, from its windows and events alone. Pure.

A question is read by the same `LEXICON` as a narration: who, which mood or change, and by the
language's `QUESTIONS` what is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .facts import MIN_CHANGE, Notable, clock
from .phrases import Item, items, seconds_of
from .zones import CENTRES, STRONG, fits, sign

GAP_S = 2.5
"""Stretches of time nearer to each other than this are one."""
MAX_STRETCHES = 4
CHANGE_S = 5.0
"""A change is looked for between so long before a time and so long after it."""
GROUP = 0


class Row(NamedTuple):
    """One person, or the group (0), in the window that ends at `time_s`."""

    time_s: float
    valence: float | None
    arousal: float | None
    movement: float | None
    emotion: str | None


class Record(NamedTuple):
    """What is known of one source: rows by person in time, and events."""

    rows: Mapping[int, Sequence[Row]]
    events: Sequence[Notable]

    @property
    def people(self) -> list[int]:
        """Everybody who was there, by number."""
        return sorted(person for person in self.rows if person != GROUP)


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
            return _Target(item.text, lambda row: _is_in(zone, row))
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
            shown = [n for n in self._record.people if self._stretches(n, target)]
            told = [self._state(person, target) for person in shown]
            return " ".join(told) or self._say(f"nobody did{target.kind}", target.text)
        means = {
            n: mean
            for n in self._record.people
            if (mean := _mean(self._record.rows[n], target.dimension)) is not None
        }
        if not means:
            return self._say("nothing")
        best = max(means, key=lambda n: means[n] * (target.direction or 1))
        rows = self._record.rows[best]
        what = self._words.DIMENSIONS[target.dimension]
        span = clock(rows[0].time_s), clock(rows[-1].time_s)
        return self._say("who most", self._name(best), what, f"{means[best]:.2f}", *span)

    def _how_long(self) -> str:
        target = self._target
        if target is not None and target.holds is not None:
            told = []
            for person in self._subjects():
                stretches = self._stretches(person, target)
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
            rows = self._record.rows[person]
            start_s, end_s = rows[0].time_s, rows[-1].time_s
            span = f"{end_s - start_s:.0f}", clock(start_s), clock(end_s)
            told.append(self._say("how long in", self._name(person), *span))
        return " ".join(told)

    def _how_many(self) -> str:
        counts: dict[float, int] = {}
        for person in self._record.people:
            for row in self._record.rows[person]:
                counts[row.time_s] = counts.get(row.time_s, 0) + 1
        if not counts:
            return self._say("how many none")
        best_s = max(counts, key=lambda time_s: (counts[time_s], -time_s))
        most = counts[best_s]
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
            first, second = (_mean(self._record.rows[n], dimension) for n in people)
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
            times = [row.time_s for n in people for row in self._record.rows[n]]
            span = clock(min(times)), clock(max(times))
            told.append(
                self._say("compare", names[0], what, values[0], names[1], values[1], *span, verdict)
            )
        return " ".join(told) or self._say("nothing")

    def _how(self) -> str:
        if not any(item.kind in ("person", "look", "dimension", "plural") for item in self._items):
            return ""
        told = []
        for person in self._subjects():
            rows = self._record.rows.get(person, ())
            valence, arousal = _mean(rows, "valence"), _mean(rows, "arousal")
            if valence is None or arousal is None:
                continue
            mood = self._mood(Row(0.0, valence, arousal, None, None))
            span = clock(rows[0].time_s), clock(rows[-1].time_s)
            name = self._name(person, False)
            told.append(self._say("mood", *span, name, mood, f"{valence:.2f}", f"{arousal:.2f}"))
        return " ".join(told) or self._say("nothing")

    def _at(self, time_s: float) -> str:
        """Tell how everybody who is meant looked at one time, and who came or left about then."""
        told = []
        for person in self._named or self._record.people:
            rows = self._record.rows.get(person, ())
            near = min(rows, key=lambda row: abs(row.time_s - time_s), default=None)
            if near is None or abs(near.time_s - time_s) > GAP_S or near.valence is None:
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
            last_s = max(row.time_s for n in self._named for row in self._record.rows[n])
            return self._say("stayed", self._name(self._named[0]), clock(last_s))
        return " ".join(told[: 2 * MAX_STRETCHES]) or self._say("nothing")

    def _state(self, person: int, target: _Target) -> str:
        stretches = self._stretches(person, target)
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

    def _stretches(self, person: int, target: _Target) -> list[tuple[float, float]]:
        found: list[tuple[float, float]] = []
        for row in self._record.rows.get(person, ()):
            if target.holds is None or not target.holds(row):
                continue
            if found and row.time_s - found[-1][1] <= GAP_S:
                found[-1] = found[-1][0], row.time_s
            else:
                found.append((row.time_s, row.time_s))
        return found

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
        rows = self._record.rows.get(person, ())
        steps = [
            ((late - early) * target.direction, row.time_s, early, late)
            for row in rows
            if (early := _near(rows, row.time_s - CHANGE_S, target.dimension)) is not None
            and (late := _near(rows, row.time_s + CHANGE_S, target.dimension)) is not None
        ]
        name, what = self._name(person, False), self._words.DIMENSIONS[target.dimension]
        which = self._words.COMPARATIVES[target.dimension, target.direction]
        if not steps or max(steps)[0] < MIN_CHANGE:
            return self._say("never became", name, which)
        _, time_s, early, late = max(steps)
        return self._say(
            "when became", clock(time_s), name, which, what, f"{early:.2f}", f"{late:.2f}"
        )

    def _extreme_target(self) -> _Target | None:
        dimension = next((item.value for item in self._items if item.kind == "dimension"), "")
        direction = -1 if self._asks_for_least() else 1
        return _Target("", None, dimension, direction) if dimension else None

    def _asks_for_least(self) -> bool:
        return bool(re.search(self._words.LOWEST, self._question, re.IGNORECASE))

    def _peak(self, target: _Target) -> str:
        people = self._named or self._record.people
        values = [
            (float(value) * (target.direction or 1), -row.time_s, person, float(value))
            for person in people
            for row in self._record.rows[person]
            if (value := getattr(row, target.dimension)) is not None
        ]
        if not values:
            return self._say("nothing")
        _, minus_s, person, value = max(values)
        which = self._words.SUPERLATIVES[target.dimension, target.direction or 1]
        what = self._words.DIMENSIONS[target.dimension]
        told = self._name(person), which, clock(-minus_s), what, f"{value:.2f}"
        return self._say("when most", *told)

    def _say(self, key: str, *values: object) -> str:
        return str(self._words.ANSWERS[key].format(*values))


def _is_in(zone: str, row: Row) -> bool:
    return (
        row.valence is not None and row.arousal is not None and fits(zone, row.valence, row.arousal)
    )


def _mean(rows: Sequence[Row], dimension: str) -> float | None:
    values = [value for row in rows if (value := getattr(row, dimension)) is not None]
    return sum(values) / len(values) if values else None


def _near(rows: Sequence[Row], time_s: float, dimension: str) -> float | None:
    """Return the value at the nearest window within a second."""
    near = [row for row in rows if abs(row.time_s - time_s) <= 1.0]
    values = [value for row in near if (value := getattr(row, dimension)) is not None]
    return float(values[0]) if values else None
