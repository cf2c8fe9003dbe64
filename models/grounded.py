"""The deterministic narrator: plain sentences made from the facts alone.

The same facts give the same text. Wording turns with the number of the narration, so that two in a
row differ. It speaks of looks, and of no one's identity, sex, age or inner life.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

from pydantic import BaseModel, ConfigDict

from . import phrases
from .facts import FEW_READINGS, LOW_COVERAGE, MIN_CHANGE, OPPOSED
from .wording import agree, comparison, count_word, listed, named, sign

STEADY_S = 20
"""From here on the time without a change is worth saying. Our choice."""

_Person = Mapping[str, Any]


class Config(BaseModel):
    """The grounded narrator has no options."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def build(config: Config) -> GroundedNarrator:
    """Return the narrator."""
    return GroundedNarrator()


class GroundedNarrator:
    """Tells the facts in two or three sentences."""

    name = "grounded"

    def tell(self, facts: Mapping[str, Any]) -> str:
        """Return the text; `facts` is `models.facts.Facts` as builtins."""
        story = _Story(facts)
        if not facts["people"]:
            sentences = story.empty_scene()
        elif len(facts["people"]) == 1:
            sentences = story.one_person(facts["people"][0])
        else:
            sentences = story.several_people(facts["people"])
        return " ".join(sentences[:3])


class _Story:
    """One narration in the making."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._facts = facts
        self._index = int(facts["index"])

    def pick(self, slot: str, options: Sequence[Any]) -> Any:
        """Return the option whose turn it is; each slot starts at another place."""
        return options[(self._index + crc32(slot.encode())) % len(options)]

    def empty_scene(self) -> list[str]:
        sentences = [*self.comings(), self.pick("nobody", phrases.NOBODY)]
        if self._facts["steady_s"] >= STEADY_S:
            return [*sentences, self._for_seconds("empty", phrases.EMPTY_FOR)]
        return [*sentences, self.pick("waiting", phrases.NOTHING_TO_READ)]

    def one_person(self, person: _Person) -> list[str]:
        options = ["The person in view", f"Person {person['person']}", "The person on camera"]
        subject = self.pick("subject", options)
        comings = self.comings()
        if person["valence"] is None:
            first = f"{subject} is there, but the face cannot be read."
            return [first, *comings, *self.movement(person), *self.steadiness([])]
        look = self.look(person)
        if person["uncertain"]:
            return [f"{subject} {look}.", *comings[:1], self.caution(person)]
        first = f"{subject} {look}{self.expression(person)}."
        news = [*comings, *self.news([person], "they")]
        return [first, *self.steadiness(news)[:1], *self.extra(person, news)]

    def several_people(self, people: Sequence[_Person]) -> list[str]:
        readable = [p for p in people if p["valence"] is not None and not p["uncertain"]]
        unclear = [p["person"] for p in people if p not in readable]
        first = self.who_looks_how(readable, len(people))
        news = [*self.comings(unclear), *self.news(people, "")]
        if unclear and readable and not set(unclear) <= set(self._newcomers()):
            first.append(f"{named(unclear)} {agree(unclear, 'is', 'are')} hard to read.")
        return [*first, *self.steadiness(news)[:1], *self.extra(self._shared_trends(people), news)]

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
            return f"{self.pick(slot, phrases.DOUBTFUL_VERBS)} {self.mood(person)}"
        return f"{self.still()}{self.pick(slot, phrases.VERBS)[0]} {self.mood(person)}"

    def still(self) -> str:
        return "still " if self._facts["steady_s"] >= STEADY_S else ""

    def mood(self, person: _Person) -> str:
        valence, arousal = person["valence"], person["arousal"]
        zone = (sign(valence), sign(arousal))
        if person["quadrant"] == "neutral":
            zone = (0, 0)
        mild, strong = phrases.LOOKS[zone]
        words = strong if valence**2 + arousal**2 >= phrases.STRONG**2 else mild
        return str(self.pick(f"mood{person['person']}", words))

    def expression(self, person: _Person) -> str:
        """Return a clause about the strongest expression where it fits the mood."""
        fits = phrases.EMOTION_SIGNS.get(person["emotion"] or "", ())
        if person["quadrant"] == "neutral" or sign(person["valence"]) not in fits:
            return ""
        clause: str = self.pick("expression", ("", *phrases.EMOTION_CLAUSES))
        return f", {clause.format(person['emotion'])}" if clause else ""

    def who_looks_how(self, readable: Sequence[_Person], number: int) -> list[str]:
        """Return a sentence on how several people look."""
        count = count_word(number).capitalize()
        if not readable:
            return [f"{count} people are in view, but no face can be read well."]
        alike = len({p["quadrant"] for p in readable}) == 1 and self._facts["mood"] == "alike"
        if alike and len(readable) == number:
            every = "both" if number == 2 else "all of them"
            verb = self.pick("verb", phrases.VERBS)[1]
            mood = self.mood(self._facts["group"])
            return [f"{count} people are in view, and {every} {self.still()}{verb} {mood}."]
        opening = f"{count} people are in view: "
        if self._facts["mood"] == "opposed":
            opening = self.pick("opposed", (opening, *phrases.OPPOSED_OPENINGS))
            return [f"{opening}{self._camps(readable)}."]
        shown = _extremes(readable)
        rest = ", and the others lie somewhere in between" if len(shown) < len(readable) else ""
        return [f"{opening}{listed([self._one(p) for p in shown])}{rest}."]

    def _camps(self, people: Sequence[_Person]) -> str:
        """Return the brighter side against the darker side, and who is in between."""
        bright = [p for p in people if p["valence"] > OPPOSED]
        dark = [p for p in people if p["valence"] < -OPPOSED]
        between = [p for p in people if p not in bright and p not in dark]
        sides = f"{self._camp(bright, 'brighter')}, while {self._camp(dark, 'darker')}"
        if not between:
            return sides
        names = named([p["person"] for p in between])
        return f"{sides}; {names.lower()} {agree(between, 'is', 'are')} somewhere in between"

    def _camp(self, people: Sequence[_Person], side: str) -> str:
        if len(people) == 1:
            return self._one(people[0])
        verb = self.pick(side, phrases.VERBS)[1]
        names = named([p["person"] for p in people]).lower()
        return f"{names} {verb} to be on the {side} side"

    def _one(self, person: _Person) -> str:
        return f"person {person['person']} {self.look(person)}"

    def _newcomers(self) -> Sequence[int]:
        """Return who came since the last narration; at the first one nobody is new."""
        return self._facts["arrived"] if self._index else ()

    def comings(self, unclear: Sequence[int] = ()) -> list[str]:
        """Return one sentence on who came and who went."""
        came, left = self._newcomers(), self._facts["left"]
        parts = []
        if came:
            verb = self.pick("came", ("come into view", "come in", "joined"))
            doubt = ""
            if unclear and set(unclear) <= set(came):
                doubt = ", still hard to read" if list(unclear) == list(came) else ""
                doubt = doubt or f" ({named(unclear).lower()} still hard to read)"
            parts.append(f"{named(came)} {agree(came)} {verb}{doubt}")
        if left:
            verb = self.pick("left", ("left the scene", "gone out of view", "left"))
            parts.append(f"{named(left)} {agree(left)} {verb}")
        if len(parts) == 2:
            return [f"{parts[0]}, and {parts[1][0].lower()}{parts[1][1:]}."]
        return [f"{part}." for part in parts]

    def news(self, people: Sequence[_Person], pronoun: str) -> list[str]:
        """Return sentences on what changed, the weightiest first."""
        certain = {p["person"]: p for p in people if not p["uncertain"]}
        told = self._turns(certain, pronoun) or self._shifts(certain, pronoun)
        return [*told, *self._spikes(certain)]

    def _turns(self, people: Mapping[int, _Person], pronoun: str) -> list[str]:
        for event in reversed(self._facts["notable"]):
            person = people.get(event["person"])
            if event["kind"] != "quadrant_change" or person is None:
                continue
            if person["quadrant"] == event["after"]:
                before, after = (phrases.QUADRANT_WORDS[event[k]] for k in ("before", "after"))
                who = "the person" if pronoun else f"person {event['person']}"
                template = self.pick("turned", phrases.TURNED)
                return [template.format(event["clock"], who, before, after)]
        return []

    def _shifts(self, people: Mapping[int, _Person], pronoun: str) -> list[str]:
        ranked = sorted(people.values(), key=lambda p: (-_largest_change(p), p["person"]))
        if not ranked or _largest_change(ranked[0]) < MIN_CHANGE:
            return []
        person = ranked[0]
        who, verb = ("they", "look") if pronoun else (f"person {person['person']}", "looks")
        return [self.pick("changed", phrases.CHANGED).format(who, verb, comparison(person))]

    def _spikes(self, people: Mapping[int, _Person]) -> list[str]:
        for event in reversed(self._facts["notable"]):
            if event["kind"] == "spike" and event["person"] in people:
                dimension, before = event["before"].split()
                upwards = float(event["after"].split()[1]) > float(before)
                words = phrases.SPIKES[dimension, upwards]
                if self._facts["people_count"] > 1:
                    words += f" in person {event['person']}"
                return [self.pick("sudden", phrases.SUDDEN).format(event["clock"], words)]
        return []

    def steadiness(self, news: list[str]) -> list[str]:
        """Return the news, or a sentence saying that there is none."""
        if news:
            return news
        if self._index == 0:
            return [self.pick("first", phrases.FIRST_LOOK)]
        if self._facts["steady_s"] >= STEADY_S:
            return [self._for_seconds("steady", phrases.UNCHANGED_FOR)]
        if self._facts["steady_s"] > 0:
            return [self.pick("unchanged", phrases.UNCHANGED)]
        return [self.pick("undecided", phrases.NO_LASTING_CHANGE)]

    def extra(self, person: _Person, news: list[str]) -> list[str]:
        """Return a third sentence: more news, else a trend, else now and then the movement."""
        if len(news) > 1:
            return news[1:2]
        for dimension in ("valence", "arousal"):
            trend = person[f"{dimension}_trend"]
            change = person[f"{dimension}_change"] or 0.0
            against = change < 0 if trend == "rising" else change > 0
            if trend in ("rising", "falling") and not against:
                return [self.pick("trend", phrases.TRENDS[dimension, trend])]
        lively = (person["movement"] or 0.0) >= phrases.MOVING[1][0]
        return self.movement(person) if lively or self._index % 2 == 0 else []

    def movement(self, person: _Person) -> list[str]:
        speed = person["movement"]
        if speed is None:
            return []
        options = next(words for limit, words in phrases.MOVING if speed < limit)
        return [self.pick("movement", options)]

    def caution(self, person: _Person) -> str:
        few = person["n"] < FEW_READINGS and person["coverage"] >= LOW_COVERAGE
        return str(self.pick("caution", phrases.FEW_READINGS if few else phrases.PART_OF_THE_TIME))

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
