"""The story of a whole source as the grounded narrator tells it: beginning, turns, end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .zones import phrases

JUST_S = 5.0
"""A change so soon before the end need not be told again. Our choice."""


class _Visit(NamedTuple):
    """Somebody came and left, and nothing else is told of them between."""

    came: Mapping[str, Any]
    left: Mapping[str, Any]


class Story:
    """One story in the making; `facts` is `models.story.StoryFacts` as builtins."""

    def __init__(self, facts: Mapping[str, Any], words: Any) -> None:
        """Take the facts and the words of a language."""
        self._facts = facts
        self._words = words
        self._told = 0
        people = {one["person"] for one in (*facts["turns"], *facts["shifts"])}
        for view in (facts["start"], facts["end"]):
            people |= {one["person"] for one in view["people"]}
        self._is_alone = len(people - {0}) == 1

    def text(self) -> str:
        """Return the whole as one paragraph."""
        facts, words = self._facts, self._words
        end = self._scene(facts["end"])
        middle = self._middle()
        if not middle and facts["start"]["people_count"] == facts["end"]["people_count"]:
            return str(words.STORY_WHOLE.format(facts["clock"], end))
        first = words.STORY_OPENING.format(self._scene(facts["start"]))
        ending = words.STORY_SO if self._is_just_told() else words.STORY_ENDING
        return " ".join([first, *middle, ending.format(facts["clock"], end)])

    def _is_just_told(self) -> bool:
        """Tell whether the end is as the last change left it, of the only person there is."""
        facts = self._facts
        if not (self._is_alone and facts["shifts"] and facts["end"]["people"]):
            return False
        last_s = facts["shifts"][-1]["time_s"]
        is_last = all(one["time_s"] <= last_s for one in facts["turns"])
        return bool(is_last and not facts["more"] and facts["to_s"] - last_s <= JUST_S)

    def _middle(self) -> list[str]:
        facts, words = self._facts, self._words
        told: list[str] = []
        visits: list[_Visit] = []
        for one in self._happened():
            if isinstance(one, _Visit):
                visits.append(one)
                continue
            told += self._visits(visits)
            visits = []
            told.append(self._turn(one) if "kind" in one else self._shift(one))
        told += self._visits(visits)
        if facts["passers"]:
            count = words.count_word(facts["passers"]).capitalize()
            told.append(words.STORY_PASSERS.format(count))
        return [*told, *([words.STORY_MORE] if facts["more"] else [])]

    def _happened(self) -> list[Any]:
        """Return turns, shifts and visits in time."""
        happened: list[Any] = sorted(
            [*self._facts["turns"], *self._facts["shifts"]], key=lambda one: float(one["time_s"])
        )
        found: list[Any] = []
        while happened:
            one = happened.pop(0)
            later = next((other for other in happened if other["person"] == one["person"]), None)
            kinds = one.get("kind"), later and later.get("kind")
            if later is not None and kinds == ("arrival", "departure"):
                happened.remove(later)
                one = _Visit(one, later)
            found.append(one)
        return found

    def _visits(self, visits: Sequence[_Visit]) -> list[str]:
        words = self._words
        if not visits:
            return []
        parts = [
            words.STORY_VISIT[number > 0].format(
                words.named([came["person"]], not number), came["clock"], left["clock"]
            )
            for number, (came, left) in enumerate(visits)
        ]
        return [f"{words.listed(parts)}."]

    def _pick(self, options: Sequence[str]) -> str:
        self._told += 1
        return options[(self._told - 1) % len(options)]

    def _turn(self, event: Mapping[str, Any]) -> str:
        words = self._words
        who = words.named([event["person"]], False) if event["person"] else words.STORY_GROUP
        if event["kind"] == "arrival":
            return str(words.STORY_CAME.format(event["clock"], who))
        if event["kind"] == "departure":
            return str(words.STORY_LEFT.format(event["clock"], who))
        before, after = (words.QUADRANT_WORDS[event[key]] for key in ("before", "after"))
        return self._pick(words.STORY_TURN).format(event["clock"], who, before, after)

    def _shift(self, shift: Mapping[str, Any]) -> str:
        words = self._words
        template = self._pick(words.STORY_SHIFT)
        number = None if self._is_alone else shift["person"]
        return str(words.shifted(template, shift["clock"], number, shift, self._look(shift)))

    def _scene(self, view: Mapping[str, Any]) -> str:
        """Return who was there and how the one person, or the group, looked."""
        words, people = self._words, view["people"]
        if not people:
            return str(words.STORY_SCENE["nobody"])
        shown = people[0] if len(people) == 1 else view["group"]
        is_read = shown["valence"] is not None and not any(one["uncertain"] for one in people)
        if view["mood"] == "opposed":
            return str(words.STORY_SCENE["several opposed"].format(words.count_word(len(people))))
        key = ("one" if len(people) == 1 else "several") + ("" if is_read else " unread")
        scene = words.STORY_SCENE[key]
        count = words.count_word(len(people))
        if not is_read:
            return str(scene.format(count))
        look = self._look(shown)
        return str(scene.format(look) if len(people) == 1 else scene.format(count, look))

    def _look(self, shown: Mapping[str, Any]) -> str:
        options = phrases(self._words.LOOKS, shown)
        return str(options[self._told % len(options)])
