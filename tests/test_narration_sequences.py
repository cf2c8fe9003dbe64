"""Forty sequences of windows made by hand, with what must and what must not be said.

A row: people over time as `number: (valence, arousal) ...`, one pair a window; `-` is absent, `?`
is there without a readable face, `~` has few readings. A window every five seconds, and a
narration after each third one.
"""

import re
from collections.abc import Iterator

import msgspec
import pytest
from test_facts import event, span, window

from affectstream.models.affect import quadrant
from affectstream.models.base import Task
from affectstream.models.check import faults
from affectstream.models.facts import Facts, gather
from affectstream.models.grounded_narrator import MAX_LINE, GroundedNarrator
from affectstream.models.story import Chronicle, plain
from affectstream.models.tongues import languages, tongue
from affectstream.stream.messages import Event, Window

STEP_S, PER_NARRATION = 5.0, 3
UP, DOWN = (0.5, 0.4), (-0.5, -0.4)
CALM, TENSE, PLAIN, KEEN = (0.4, -0.4), (-0.4, 0.5), (0.0, 0.0), (0.05, 0.6)
GONE, HIDDEN = "-", "?"
UNREAD = "cannot be read|no face to read"
LIFT, SINK = (
    r"brighter|less troubled|lifting|brightening",
    r"less cheerful|more troubled|sinking|fading",
)
GLAD = (
    r"cheerful|bright\b|upbeat|happy|content|pleas|at ease|relaxed|peaceful|good-humoured"
    r"|comfortable|calm"
)
DARK = (
    r"tense|upset|agitated|uneasy|worked up|downcast|\bsad\b|dejected|unhappy|displeased"
    r"|low in spirits|down\b|troubled|edge|strained"
)


def steps(start, end, n=6):
    return [
        tuple(a + (b - a) * i / (n - 1) for a, b in zip(start, end, strict=True)) for i in range(n)
    ]


# name: (people over time, said at the end, never said at the end)
SEQUENCES = {
    "rising": ({1: steps(DOWN, UP)}, [LIFT], [SINK]),
    "falling": ({1: steps(UP, DOWN)}, [SINK], [LIFT]),
    "steady and glad": ({1: [UP] * 6}, [GLAD], [DARK, LIFT, SINK]),
    "steady and down": ({1: [DOWN] * 6}, [DARK], [GLAD, LIFT]),
    "steady and tense": ({1: [TENSE] * 6}, [DARK], [GLAD]),
    "steady and calm": ({1: [CALM] * 6}, [GLAD], [DARK, "lively"]),
    "steady and plain": ({1: [PLAIN] * 6}, ["neutral|composed|even"], [DARK, "cheerful"]),
    "keen": ({1: [KEEN] * 6}, ["alert|attentive|awake|focused|keyed"], [DARK]),
    "livelier": ({1: steps(CALM, UP)}, ["livelier|building|to lively"], ["calmer|ebbing"]),
    "calmer": (
        {1: steps(UP, CALM)},
        ["calmer|ebbing|quietening|to calm"],
        ["livelier|building|to lively"],
    ),
    "from tense to calm": ({1: steps(TENSE, CALM)}, [LIFT], [SINK, "livelier"]),
    "from calm to tense": ({1: steps(CALM, TENSE)}, [SINK + "|livelier"], [LIFT]),
    "a late turn": ({1: [UP] * 4 + [DOWN] * 2}, ["from|less cheerful|more troubled"], [LIFT]),
    "there and back": ({1: [UP, UP, UP, DOWN, DOWN, UP]}, [GLAD, "to lively"], [SINK]),
    "crossing": (
        {1: steps(UP, DOWN), 2: steps(DOWN, UP)},
        ["person 1", "person 2"],
        ["both look", "share a mood"],
    ),
    "one leaves": ({1: [UP] * 6, 2: [UP] * 4 + [GONE] * 2}, ["Person 2 has"], ["Person 1 has"]),
    "one comes": ({1: [UP] * 6, 2: [GONE] * 4 + [UP] * 2}, ["Person 2 has"], ["Person 1 has"]),
    "one comes, one leaves": (
        {1: [UP] * 4 + [GONE] * 2, 2: [GONE] * 4 + [UP] * 2},
        ["Person 2 has", "erson 1 has"],
        ["Two people are in view"],
    ),
    "all leave": ({1: [UP] * 4 + [GONE] * 2, 2: [UP] * 3 + [GONE] * 3}, ["have"], [r"\blooks?\b"]),
    "nobody": ({}, ["[Nn]o ?(one|body|people)"], ["look(s|ing)? (?!of)", r"erson \d"]),
    "nobody, then one": ({1: [GONE] * 4 + [UP] * 2}, ["Person 1 has", GLAD], ["[Nn]obody"]),
    "one, then nobody": (
        {1: [UP] * 4 + [GONE] * 2},
        ["Person 1 has", "(Until then|Before that) person 1", "[Nn]o"],
        [r"\blooks\b", DARK],
    ),
    "hidden": ({1: [HIDDEN] * 6}, [UNREAD], [GLAD, DARK]),
    "hidden later": (
        {1: [UP] * 3 + [HIDDEN] * 3},
        ["cannot be read|no face to read"],
        [GLAD, DARK],
    ),
    "one of two hidden": ({1: [UP] * 6, 2: [HIDDEN] * 6}, ["2 is hard to read"], ["both look"]),
    "uncertain": (
        {1: [("~", *UP)] * 6},
        ["may|might|perhaps"],
        ["clearly", "seems? to be lifting"],
    ),
    "uncertain and sad": ({1: [("~", *DOWN)] * 6}, ["may|might|perhaps"], [GLAD]),
    "uncertain after certain": ({1: [UP] * 3 + [("~", *DOWN)] * 3}, ["may|might|perhaps"], [LIFT]),
    "one of two uncertain": ({1: [UP] * 6, 2: [("~", *DOWN)] * 6}, ["2 is hard"], ["both look"]),
    "two opposed": ({1: [UP] * 6, 2: [DOWN] * 6}, [GLAD, DARK], ["both look", "share a mood\\."]),
    "two alike": ({1: [UP] * 6, 2: [(0.45, 0.35)] * 6}, ["both"], ["differ", DARK]),
    "two sad": ({1: [DOWN] * 6, 2: [DOWN] * 6}, ["both", DARK], [GLAD]),
    "three alike": ({n: [UP] * 6 for n in (1, 2, 3)}, ["Three people", "all of them"], ["both"]),
    "two against one": (
        {1: [UP] * 6, 2: [UP] * 6, 3: [DOWN] * 6},
        ["person 3", "1 and 2"],
        ["all of them"],
    ),
    "six": (
        {n: [UP if n % 2 else DOWN] * 6 for n in range(1, 7)},
        ["brighter", "gloomier"],
        ["all of"],
    ),
    "one follows the other": (
        {1: steps(DOWN, UP), 2: [DOWN] * 3 + [UP] * 3},
        ["person [12]|both"],
        [SINK],
    ),
    "small changes": ({1: [(0.4 + i / 100, 0.3) for i in range(6)]}, [GLAD], [LIFT, SINK]),
    "a drift": ({1: [(0.1 + i * 0.08, 0.3) for i in range(6)]}, [LIFT], [SINK]),
    "somebody new in their place": (
        {1: [UP] * 3 + [GONE] * 3, 7: [GONE] * 3 + [DOWN] * 3},
        ["7", DARK],
        ["Person 7 has left"],
    ),
    "ten minutes of nothing": (
        {1: [PLAIN] * 120},
        ["5\\d\\d seconds|neutral|composed"],
        [LIFT, SINK],
    ),
    "ten minutes of nobody": ({2: [GONE] * 120}, [r"[Nn]o ?(one|body|people)"], ["looks"]),
}


def made(people: dict) -> Iterator[tuple[Window, list[Event]]]:
    """Yield the windows, each with the events since the one before."""
    length = max((len(row) for row in people.values()), default=6)
    before: dict[int, object] = {}
    for index in range(length):
        end_s = STEP_S * (index + 1)
        spans, events = [], []
        for number, row in sorted(people.items()):
            state, last = row[index], before.get(number, GONE)
            if state == GONE:
                if last != GONE:
                    events.append(event(end_s - 1, "departure", number))
                before[number] = GONE
                continue
            if last == GONE:
                events.append(event(end_s - STEP_S, "arrival", number))
            if state == HIDDEN:
                spans.append(span(number, None, None))
            else:
                point = state[-2:]
                few = {"n": 3} if len(state) == 3 else {}
                trend = 0.0 if last in (GONE, HIDDEN) else (point[0] - last[-2]) / STEP_S
                emotion = (
                    "happiness" if point[0] > 0.2 else "sadness" if point[0] < -0.2 else "neutral"
                )
                spans.append(span(number, *point, slope=trend, emotion=emotion, **few))
                if last not in (GONE, HIDDEN):
                    old, new = quadrant(*last[-2:]), quadrant(*point)
                    if old != new:
                        events.append(event(end_s, "quadrant_change", number, old, new))
            before[number] = state
        read = [one for one in spans if one.valence_mean is not None]
        group = msgspec.structs.replace(span(0, None, None), movement=0.2)
        if read:
            mean = [
                sum(getattr(one, key) for one in read) / len(read)
                for key in ("valence_mean", "arousal_mean")
            ]
            group = span(0, *mean, emotion=read[0].emotion or "neutral")
        yield msgspec.structs.replace(window(end_s), spans=(*spans, group)), events


def narrations(people: dict, language: str) -> tuple[list[dict], list[str], Chronicle]:
    narrator, chronicle = GroundedNarrator(language), Chronicle()
    facts: Facts | None = None
    told, texts = [], []
    windows, events = [], []
    for one, happened in made(people):
        windows.append(one)
        events += happened
        if len(windows) == PER_NARRATION:
            facts = gather(windows, events, facts)
            chronicle.add(facts, windows)
            told.append(msgspec.to_builtins(facts))
            texts.append(narrator.paragraph(told[-1]))
            windows, events = [], []
    return told, texts, chronicle


def test_there_are_forty():
    assert len(SEQUENCES) >= 40


@pytest.mark.parametrize("name", SEQUENCES)
def test_what_must_and_must_not_be_said(name):
    people, wanted, unwanted = SEQUENCES[name]
    last = narrations(people, "en")[1][-1]
    for pattern in wanted:
        assert re.search(pattern, last), f"{pattern!r} is missing in: {last}"
    for pattern in unwanted:
        assert not re.search(pattern, last), f"{pattern!r} is in: {last}"


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", SEQUENCES)
def test_texts_lines_and_stories_pass_the_check(name, language):
    told, texts, chronicle = narrations(SEQUENCES[name][0], language)
    words, narrator = tongue(language), GroundedNarrator(language)
    for facts, text in zip(told, texts, strict=True):
        assert faults(text, [facts], words) == []
        line = narrator.line(facts)
        assert len(line) <= MAX_LINE and faults(line, [facts], words) == []
    story = plain(chronicle.story(), with_views=True)
    text = narrator.tell(Task("story", story)).text
    assert faults(text, story["views"], words, kind="story") == [], text


@pytest.mark.parametrize("language", languages())
def test_ten_minutes_of_nothing_do_not_repeat_themselves(language):
    """Distinct-2 (Li et al. 2016): different pairs of words over all pairs, within two minutes."""
    texts = narrations(SEQUENCES["ten minutes of nothing"][0], language)[1]
    assert len(texts) == 40
    assert all(a != b for a, b in zip(texts, texts[1:], strict=False))
    pairs = []
    for start in range(0, 40, 8):
        said = re.findall(r"\w+", " ".join(texts[start : start + 8]).lower())
        found = list(zip(said, said[1:], strict=False))
        pairs.append(len(set(found)) / len(found))
    assert min(pairs) > 0.5, pairs


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    "course",
    [
        {1: [PLAIN] * 120},
        {1: [HIDDEN] * 120},
        {1: (steps(UP, DOWN, 20) + steps(DOWN, UP, 20)) * 3},
        {1: [UP] * 120, 2: [GONE] * 30 + steps(DOWN, CALM, 60) + [GONE] * 30},
    ],
    ids=["nothing", "hidden", "up and down", "two"],
)
def test_in_ten_minutes_no_sentence_comes_twice_within_half_a_minute(course, language):
    said = [re.split(r"(?<=\.) ", text) for text in narrations(course, language)[1]]
    assert len(said) == 40
    for number, told in enumerate(said):
        before = [one for text in said[max(0, number - 2) : number] for one in text]
        assert not set(told) & set(before), (number, told)


def test_the_story_has_a_beginning_turns_with_times_and_an_end():
    people = {1: [UP] * 6 + [DOWN] * 6, 2: [GONE] * 3 + [UP] * 6 + [GONE] * 3}
    chronicle = narrations(people, "en")[2]
    story = plain(chronicle.story(), with_views=False)
    text = GroundedNarrator("en").tell(Task("story", story)).text
    assert text.startswith("At first one person was in view")
    assert re.search(r"Person 2 was in view from 0:15 to 0:49\..*0:35.* person 1 ", text)
    assert text.endswith(".") and "At the end, at 1:00, one person was in view" in text


def test_a_long_story_is_bounded():
    chronicle = narrations({1: ([UP] * 6 + [DOWN] * 6) * 300}, "en")[2]
    story = chronicle.story()
    assert len(story.views) == 241 and len(story.turns) == 8 and story.more
    text = GroundedNarrator("en").tell(Task("story", plain(story, with_views=False))).text
    assert "There were smaller changes besides." in text and len(text) < 1200


def story_of(people: dict, language: str = "en") -> str:
    story = plain(narrations(people, language)[2].story(), with_views=True)
    text = GroundedNarrator(language).tell(Task("story", story)).text
    assert faults(text, story["views"], tongue(language), kind="story") == [], text
    return text


# person 1    up up up gone ...      the first narration falls when nobody is left
def test_a_story_begins_with_who_was_there_before_the_first_narration():
    text = story_of({1: [UP, UP, GONE, GONE, GONE, GONE]})
    assert text.startswith("At first one person was in view, looking ")
    assert re.search(r"At 0:1\d person 1 left\. At the end, at 0:30, nobody was in view\.$", text)


def test_a_story_tells_every_rise_and_fall_with_its_time():
    """Without passing into another quadrant, and there and back between two narrations."""
    high, low = (0.7, 0.3), (0.2, 0.3)
    text = story_of({1: [low] * 3 + [high] * 3 + [low] * 3 + [high] * 3 + [low] * 3})
    assert re.search(
        r"By 0:20 they looked much brighter .*less cheerful, and by 0:35 .*brighter, at 0:50 "
        r".*By 1:05 they looked much less cheerful",
        text,
    ), text


@pytest.mark.parametrize("language", languages())
def test_visits_are_told_together(language):
    visits = {n: [GONE] * (4 * n - 3) + [HIDDEN] * 2 + [GONE] * (30 - 4 * n) for n in range(1, 7)}
    text = story_of(visits, language)
    assert text.count(".") == 3 and all(str(n) in text for n in range(1, 7)), text


def test_nothing_but_one_mood_is_said_once():
    text = story_of({1: [UP] * 6})
    assert text.startswith("From the beginning to the end, at 0:30, one person was in view, ")
    assert text.endswith("No lasting change stood out.")


def test_more_visitors_than_a_story_holds_are_counted():
    visits = {n: [GONE] * (2 * n - 1) + [HIDDEN] + [GONE] * (50 - 2 * n) for n in range(1, 21)}
    assert "Eight more people were in view at some time." in story_of(visits)


def test_a_long_course_is_kept_in_bounded_memory():
    chronicle = narrations({1: [UP] * 3000}, "en")[2]
    assert len(chronicle._windows) <= 720
