"""The story of a whole source as the grounded narrator tells it: beginning, turns, end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .zones import sign


class Story:
    """One story in the making; `facts` is `models.story.StoryFacts` as builtins."""

    def __init__(self, facts: Mapping[str, Any], words: Any) -> None:
        """Take the facts and the words of a language."""
        self._facts = facts
        self._words = words

    def text(self) -> str:
        """Return the whole as one paragraph."""
        facts, words = self._facts, self._words
        first = words.STORY_OPENINGS[0].format(self._scene(facts["start"]))
        turns = [
            (event["time_s"], self._turn(number, event))
            for number, event in enumerate(facts["turns"])
        ]
        shifts = [
            (one["time_s"], words.shifted(one["clock"], one["person"], one))
            for one in facts["shifts"]
        ]
        told = [text for _, text in sorted([*turns, *shifts], key=lambda one: float(one[0]))]
        if facts["more"]:
            told.append(words.STORY_MORE)
        if not told:
            told = [words.STORY_CALM.format(facts["clock"])]
        last = words.STORY_ENDINGS[0].format(facts["clock"], self._scene(facts["end"]))
        return " ".join([first, *told, last])

    def _turn(self, number: int, event: Mapping[str, Any]) -> str:
        words = self._words
        who = words.named([event["person"]], False) if event["person"] else words.STORY_GROUP
        if event["kind"] == "arrival":
            return str(words.STORY_CAME.format(event["clock"], who))
        if event["kind"] == "departure":
            return str(words.STORY_LEFT.format(event["clock"], who))
        before, after = (words.QUADRANT_WORDS[event[key]] for key in ("before", "after"))
        template = words.STORY_TURN[number % len(words.STORY_TURN)]
        return str(template.format(event["clock"], who, before, after))

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
        filled = (self._look(shown),) if len(people) == 1 else (count, self._look(shown))
        return str(scene.format(*filled)) if is_read else str(scene.format(count))

    def _look(self, shown: Mapping[str, Any]) -> str:
        if shown["valence"] is None:
            return ""
        zone = sign(shown["valence"]), sign(shown["arousal"])
        if shown["quadrant"] == "neutral":
            zone = (0, 0)
        return str(self._words.LOOKS[zone][0][0])
