"""The deterministic narrator: plain sentences made from the facts alone.

The same facts give the same text. Wording turns with the number of the narration, so that two in a
row differ. It speaks of looks, and of no one's identity, sex, age or inner life.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

from .base import Draft, Task
from .facts import FEW_READINGS, LOW_COVERAGE, MIN_CHANGE, OPPOSED
from .grounded_story import Story
from .tongues import tongue
from .zones import phrases, sign

MAX_LINE = 90
"""Characters of the line over the picture."""

STEADY_S = 20
"""From here on the time without a change is worth saying. Our choice."""

_Person = Mapping[str, Any]


class GroundedNarrator:
    """Tells the facts in two or three sentences."""

    name = "grounded"
    is_grounded = True
    expected_s = 0.0

    def __init__(self, language: str = "en") -> None:
        """Take the words of a language. Raises: ConfigError."""
        self._words = tongue(language)

    def tell(self, task: Task) -> Draft:
        """Return the text of a task: an interval, a story or an answer."""
        if task.kind == "story":
            return Draft(Story(task.facts, self._words).text())
        if task.kind == "answer":
            return Draft(task.facts["answer"])
        return Draft(self.paragraph(task.facts))

    def paragraph(self, facts: Mapping[str, Any]) -> str:
        """Return two or three sentences; `facts` is `models.facts.Facts` as builtins."""
        story = _Telling(facts, self._words)
        if not facts["people"]:
            sentences = story.empty_scene()
        elif len(facts["people"]) == 1:
            sentences = story.one_person(facts["people"][0])
        else:
            sentences = story.several_people(facts["people"])
        return " ".join(sentences[:3])

    def line(self, facts: Mapping[str, Any]) -> str:
        """Return the same in one line of at most `MAX_LINE` characters."""
        return _Telling(facts, self._words).line()


class _Telling:
    """One narration in the making."""

    def __init__(self, facts: Mapping[str, Any], words: Any) -> None:
        self._facts = facts
        self._words = words
        self._index = int(facts["index"])

    def pick(self, slot: str, options: Sequence[Any]) -> Any:
        """Return the option whose turn it is; each slot starts at another place."""
        return options[(self._index + crc32(slot.encode())) % len(options)]

    def empty_scene(self) -> list[str]:
        sentences = [*self.comings(), *self.parted(), self.pick("nobody", self._words.NOBODY)]
        if self._facts["steady_s"] >= STEADY_S:
            return [*sentences, self._for_seconds("empty", self._words.EMPTY_FOR)]
        if len(sentences) > 1:
            return sentences
        return [*sentences, self.pick("waiting", self._words.NOTHING_TO_READ)]

    def parted(self) -> list[str]:
        """Return how the first of those who left looked before."""
        for person in self._facts.get("parted", ())[:1]:
            who = self._words.named([person["person"]], False)
            return [self.pick("until", self._words.UNTIL_THEN).format(who, self.mood(person))]
        return []

    def line(self) -> str:
        words, people = self._words, self._facts["people"]
        count = words.count_word(len(people)).capitalize()
        if not people:
            return str(words.LINE_NOBODY)
        if len(people) == 1:
            (person,) = people
            name = words.named([person["person"]])
            if person["valence"] is None:
                return str(words.LINE_UNREAD.format(name))
            return f"{name} {self.look(person)}."
        readable = [p for p in people if p["valence"] is not None and not p["uncertain"]]
        if readable:
            told = words.listed([self._one(p) for p in _extremes(readable)])
            if self._facts["mood"] == "alike" and len(readable) == len(people):
                told = f"{words.every(len(people))} {self.look(self._facts['group'])}"
            line = f"{words.LINE_SEVERAL.format(count)}{told}."
            if len(line) <= MAX_LINE:
                return line
        return str(words.LINE_PEOPLE.format(count))

    def one_person(self, person: _Person) -> list[str]:
        subject = self.pick("subject", self._words.SUBJECTS).format(person["person"])
        comings = self.comings()
        if person["valence"] is None:
            if comings and person["person"] in self._newcomers():
                unread = self.pick("face", self._words.NO_FACE_YET)
                return [*comings, unread, *self.movement(person)]
            name = self._words.named([person["person"]])
            first = self.pick("face", self._words.NO_FACE).format(name)
            return [first, *comings, *self.movement(person), *self.steadiness([])]
        look = self.look(person)
        if person["uncertain"]:
            return [f"{subject} {look}.", *comings[:1], self.caution(person)]
        first = f"{subject} {look}{self.expression(person)}."
        news = [*comings, *self.news([person], alone=True)]
        return [first, *self.rest(person, news)]

    def several_people(self, people: Sequence[_Person]) -> list[str]:
        readable = [p for p in people if p["valence"] is not None and not p["uncertain"]]
        unclear = [p["person"] for p in people if p not in readable]
        first = self.who_looks_how(readable, len(people))
        news = [*self.comings(unclear), *self.news(people, alone=False)]
        if unclear and readable and not set(unclear) <= set(self._newcomers()):
            first.append(self._words.hard_to_read(unclear))
        return [*first, *self.rest(self._shared_trends(people), news)]

    def _shared_trends(self, people: Sequence[_Person]) -> _Person:
        """Return the group, with only those trends that some person in it has too.

        The pooled line also bends when somebody comes or goes.
        """
        group = dict(self._facts["group"])
        for name in ("valence_trend", "arousal_trend"):
            if all(person[name] != group[name] for person in people):
                group[name] = None
        return group

    def look(self, person: _Person) -> str:
        """Return "looks ..." for one person."""
        slot = f"verb{person['person']}"
        if person["uncertain"]:
            return f"{self.pick(slot, self._words.DOUBTFUL_VERBS)} {self.mood(person)}"
        verb = self.pick(slot, self._words.VERBS)[0]
        return str(self._words.looking(verb, self.mood(person), self._is_still()))

    def _is_still(self) -> bool:
        return bool(self._facts["steady_s"] >= STEADY_S)

    def mood(self, person: _Person) -> str:
        words = phrases(self._words.LOOKS, person)
        return str(self.pick(f"mood{person['person']}", words))

    def expression(self, person: _Person) -> str:
        """Return a clause about the strongest expression where it fits the mood."""
        fits = self._words.EMOTION_SIGNS.get(person["emotion"] or "", ())
        if person["quadrant"] == "neutral" or sign(person["valence"]) not in fits:
            return ""
        clause: str = self.pick("expression", ("", *self._words.EMOTION_CLAUSES))
        name = self._words.EMOTION_NAMES[person["emotion"]]
        return f", {clause.format(name)}" if clause else ""

    def who_looks_how(self, readable: Sequence[_Person], number: int) -> list[str]:
        """Return a sentence on how several people look."""
        words = self._words
        count = words.count_word(number).capitalize()
        if not readable:
            return [words.NO_FACES.format(count)]
        alike = len({p["quadrant"] for p in readable}) == 1 and self._facts["mood"] == "alike"
        if alike and len(readable) == number:
            verb = self.pick("verb", words.VERBS)[1]
            looks = words.looking(verb, self.mood(self._facts["group"]), self._is_still())
            return [words.ALIKE.format(count, words.every(number), looks)]
        opening = words.IN_VIEW.format(count)
        if self._facts["mood"] == "opposed":
            opening = self.pick("opposed", (opening, *words.OPPOSED_OPENINGS))
            return [f"{opening}{self._camps(readable)}."]
        shown = _extremes(readable)
        rest = words.BETWEEN if len(shown) < len(readable) else ""
        return [f"{opening}{words.listed([self._one(p) for p in shown])}{rest}."]

    def _camps(self, people: Sequence[_Person]) -> str:
        """Return the brighter side against the darker side, and who is in between."""
        bright = [p for p in people if p["valence"] > OPPOSED]
        dark = [p for p in people if p["valence"] < -OPPOSED]
        between = [p for p in people if p not in bright and p not in dark]
        words = self._words
        sides = words.WHILE.format(self._camp(bright, "brighter"), self._camp(dark, "darker"))
        if not between:
            return str(sides)
        return f"{sides}; {words.between([p['person'] for p in between])}"

    def _camp(self, people: Sequence[_Person], side: str) -> str:
        if len(people) == 1:
            return self._one(people[0])
        verb = self.pick(side, self._words.VERBS)[1]
        return str(self._words.camp([p["person"] for p in people], verb, side))

    def _one(self, person: _Person) -> str:
        return f"{self._words.named([person['person']], False)} {self.look(person)}"

    def _newcomers(self) -> Sequence[int]:
        """Return who came since the last narration; at the first one nobody is new."""
        return self._facts["arrived"] if self._index else ()

    def comings(self, unclear: Sequence[int] = ()) -> list[str]:
        """Return one sentence on who came and who went."""
        words = self._words
        came, left = self._newcomers(), self._facts["left"]
        parts = []
        if came:
            doubt = ""
            if unclear and set(unclear) <= set(came):
                doubt = words.DOUBT_ALL if list(unclear) == list(came) else ""
                doubt = doubt or words.DOUBT_SOME.format(words.named(unclear, False))
            parts.append(words.came_or_left(came, self.pick("came", words.CAME)) + doubt)
        if left:
            parts.append(words.came_or_left(left, self.pick("left", words.LEFT)))
        if len(parts) == 2:
            return [f"{words.AND_THEN.format(parts[0], words.within(parts[1]))}."]
        return [f"{part}." for part in parts]

    def news(self, people: Sequence[_Person], alone: bool) -> list[str]:
        """Return sentences on what changed, the weightiest first."""
        certain = {p["person"]: p for p in people if not p["uncertain"]}
        told = self._turns(certain, alone) or self._shifts(certain, alone)
        return [*told, *self._spikes(certain)]

    def _turns(self, people: Mapping[int, _Person], alone: bool) -> list[str]:
        for event in reversed(self._facts["notable"]):
            person = people.get(event["person"])
            if event["kind"] != "quadrant_change" or person is None:
                continue
            if person["quadrant"] == event["after"]:
                before, after = (self._words.QUADRANT_WORDS[event[k]] for k in ("before", "after"))
                who = (
                    self._words.THE_PERSON
                    if alone
                    else self._words.named([person["person"]], False)
                )
                template = self.pick("turned", self._words.TURNED)
                return [template.format(event["clock"], who, before, after)]
        return []

    def _shifts(self, people: Mapping[int, _Person], alone: bool) -> list[str]:
        ranked = sorted(people.values(), key=lambda p: (-_largest_change(p), p["person"]))
        if not ranked or _largest_change(ranked[0]) < MIN_CHANGE:
            return []
        person = ranked[0]
        template = self.pick("changed", self._words.CHANGED)
        return [self._words.changed(template, None if alone else person["person"], person)]

    def _spikes(self, people: Mapping[int, _Person]) -> list[str]:
        for event in reversed(self._facts["notable"]):
            if event["kind"] == "spike" and event["person"] in people:
                dimension, before = event["before"].split()
                upwards = float(event["after"].split()[1]) > float(before)
                words = self._words.SPIKES[dimension, upwards]
                if self._facts["people_count"] > 1:
                    words += self._words.IN_PERSON.format(event["person"])
                return [self.pick("sudden", self._words.SUDDEN).format(event["clock"], words)]
        return []

    def steadiness(self, news: list[str]) -> list[str]:
        """Return the news, or a sentence saying that there is none."""
        if news:
            return news
        if self._index == 0:
            return [self.pick("first", self._words.FIRST_LOOK)]
        if self._facts["steady_s"] >= STEADY_S:
            return [self._for_seconds("steady", self._words.UNCHANGED_FOR)]
        if self._facts["steady_s"] > 0:
            return [self.pick("unchanged", self._words.UNCHANGED)]
        return [self.pick("undecided", self._words.NO_LASTING_CHANGE)]

    def rest(self, person: _Person, news: list[str]) -> list[str]:
        """Return one or two sentences: news, a trend, the movement, or that nothing is new."""
        trend = self.trend(person)
        if len(news) > 1:
            return news[:2]
        if trend and not news and self._index:
            return [*trend, *self.movement(person)]
        lively = (person["movement"] or 0.0) >= self._words.MOVING[1][0]
        moving = self.movement(person) if lively or self._index % 2 == 0 else []
        return [*self.steadiness(news)[:1], *(trend or moving)]

    def trend(self, person: _Person) -> list[str]:
        """Return where valence, else arousal, is going, unless it changed the other way before."""
        for dimension in ("valence", "arousal"):
            trend = person[f"{dimension}_trend"]
            change = person[f"{dimension}_change"] or 0.0
            against = change < 0 if trend == "rising" else change > 0
            if trend in ("rising", "falling") and not against:
                return [self.pick("trend", self._words.TRENDS[dimension, trend])]
        return []

    def movement(self, person: _Person) -> list[str]:
        speed = person["movement"]
        if speed is None:
            return []
        options = next(words for limit, words in self._words.MOVING if speed < limit)
        return [self.pick("movement", options)]

    def caution(self, person: _Person) -> str:
        few = person["n"] < FEW_READINGS and person["coverage"] >= LOW_COVERAGE
        return str(
            self.pick("caution", self._words.FEW_READINGS if few else self._words.PART_OF_THE_TIME)
        )

    def _for_seconds(self, slot: str, options: Sequence[str]) -> str:
        return str(self.pick(slot, options)).format(self._facts["steady_s"])


def _extremes(people: Sequence[_Person]) -> list[_Person]:
    """Return everybody up to three people, else the highest and the lowest valence, by number."""
    if len(people) <= 3:
        return list(people)
    ranked = sorted(people, key=lambda p: (p["valence"], p["person"]))
    return sorted((ranked[0], ranked[-1]), key=lambda p: int(p["person"]))


def _largest_change(person: _Person) -> float:
    changes = (person["valence_change"], person["arousal_change"])
    return max(abs(float(change or 0.0)) for change in changes)
