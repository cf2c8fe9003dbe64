import re
from typing import Any

import msgspec
import pytest

from affectstream.models.affect import quadrant
from affectstream.models.facts import Facts
from affectstream.models.grounded import Config
from affectstream.models.grounded_narrator import GroundedNarrator

NARRATOR = GroundedNarrator()
NUMBERS = "zero one two three four five six seven eight nine ten".split()
NEVER = (
    r"\b(he|she|his|her|him|man|woman|men|women|boy|girl|male|female|old|young|child|adult|age"
    r"|feels?|feeling|knows?|thinks?|wants?|depressed|guilty|None|nan|null)\b"
)
BRIGHT = r"cheerful|bright\b|upbeat|happy|content|pleased|at ease|relaxed|peaceful|good-humoured"
DARK = (
    r"tense|upset|agitated|uneasy|worked up|down\b|downcast|sad|dejected|unhappy|displeased"
    r"|low in spirits"
)
LOOKS = r"\b(looks?|appears?|seems?)\b"
DOUBT = r"tentative|uncertain|guess|wrong"


def someone(
    number: int = 1, valence: float | None = 0.0, arousal: float | None = 0.0, **more: Any
) -> dict[str, Any]:
    read = valence is not None and arousal is not None
    person: dict[str, Any] = {
        "person": number,
        "n": 250 if read else 0,
        "coverage": 1.0 if read else 0.0,
        "uncertain": not read,
        "valence": valence,
        "arousal": arousal,
        "valence_change": 0.0,
        "arousal_change": 0.0,
        "valence_told": valence,
        "arousal_told": arousal,
        "valence_trend": "steady",
        "arousal_trend": "steady",
        "quadrant": quadrant(valence, arousal) if read else None,
        "emotion": "neutral" if read else None,
        "movement": 0.2,
    }
    return person | more


def scene(*people: dict[str, Any], **more: Any) -> dict[str, Any]:
    group = someone(0, None, None)
    read = [p for p in people if p["valence"] is not None]
    if read:
        valence = sum(p["valence"] for p in read) / len(read)
        group = someone(0, valence, sum(p["arousal"] for p in read) / len(read))
    facts: dict[str, Any] = {
        "index": 3,
        "from_s": 45.0,
        "to_s": 60.0,
        "clock": "1:00",
        "window_s": 10.0,
        "final": False,
        "people_count": len(people),
        "arrived": [],
        "left": [],
        "gone": [],
        "people": list(people),
        "group": group,
        "mood": "",
        "steady_s": 0,
        "notable": [],
    }
    return facts | more


def notable(kind: str, before: str, after: str, person: int = 1) -> dict[str, Any]:
    return {
        "time_s": 52.3,
        "clock": "0:52",
        "kind": kind,
        "person": person,
        "before": before,
        "after": after,
    }


HAPPY, SAD = someone(1, 0.6, 0.4, emotion="happiness"), someone(2, -0.5, -0.2, emotion="sadness")
JUMPED = {"valence_change": 0.3, "arousal_change": 0.0}

# name: (facts, what must be said, what must not)
SITUATIONS: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "nobody": (scene(), [r"[Nn]o ?(one|body|people)"], [LOOKS, "erson \\d"]),
    "nobody for long": (scene(steady_s=90), ["90 seconds"], [LOOKS]),
    "nobody at first": (scene(index=0), [r"[Nn]o ?(one|body|people)"], ["seconds"]),
    "the last one left": (scene(left=[1]), ["Person 1 has (left|gone)"], [LOOKS]),
    "how the last one looked": (
        scene(left=[1], parted=[HAPPY]),
        [
            r"Person 1 has (left|gone)",
            r"(Until then|Before that) person 1 (looked|appeared)",
            BRIGHT,
        ],
        [DARK, r"person 1 (looks|appears|seems)"],
    ),
    "two left": (scene(left=[1, 4]), ["People 1 and 4 have (left|gone)"], [LOOKS]),
    "happy": (scene(HAPPY), [LOOKS, BRIGHT], [DARK, DOUBT]),
    "calm": (scene(someone(1, 0.4, -0.4)), [LOOKS, BRIGHT], [DARK, "lively|tense"]),
    "tense": (scene(someone(1, -0.5, 0.5, emotion="anger")), [LOOKS, DARK], [BRIGHT, "happiness"]),
    "down": (scene(SAD), [LOOKS, DARK], [BRIGHT, "anger"]),
    "neutral": (
        scene(someone(1, 0.02, -0.03)),
        ["neutral|composed|even and matter-of-fact"],
        [BRIGHT, DARK],
    ),
    "neutral within the circle": (
        scene(someone(1, 0.13, 0.05, emotion="happiness")),
        ["neutral|composed|even and matter-of-fact"],
        [BRIGHT, DARK, "happiness"],
    ),
    "awake, neither glad nor sad": (
        scene(someone(1, 0.05, 0.6, emotion="surprise")),
        ["alert|awake|attentive|keyed up"],
        [BRIGHT, DARK],
    ),
    "the emotion does not fit the mood": (
        scene(someone(1, 0.4, 0.2, emotion="sadness")),
        [BRIGHT],
        ["sad"],
    ),
    "first look": (
        scene(someone(1, 0.6, 0.4, valence_change=None, arousal_change=None), index=0, arrived=[1]),
        ["early|first impression|nothing earlier"],
        ["seconds", "Compared", "come in|joined|into view"],
    ),
    "brighter": (scene(HAPPY | JUMPED), ["clearly brighter"], ["less", "darker", "livelier"]),
    "less cheerful": (
        scene(someone(1, 0.3, 0.3, valence_change=-0.2)),
        ["a little less cheerful"],
        ["brighter", "more troubled"],
    ),
    "more troubled": (
        scene(someone(1, -0.5, -0.2, valence_change=-0.7)),
        ["much more troubled"],
        ["brighter"],
    ),
    "less troubled": (
        scene(someone(1, -0.3, 0.3, valence_change=0.2)),
        ["a little less troubled"],
        ["brighter"],
    ),
    "livelier": (
        scene(someone(1, 0.3, 0.5, arousal_change=0.3)),
        ["clearly livelier"],
        ["calmer|brighter"],
    ),
    "calmer": (scene(someone(1, 0.5, 0.1, arousal_change=-0.3)), ["clearly calmer"], ["livelier"]),
    "too small a change": (
        scene(someone(1, 0.3, 0.3, valence_change=0.09)),
        [],
        ["brighter", "livelier"],
    ),
    "nothing changed for long": (scene(HAPPY, steady_s=120), ["120 seconds"], ["brighter|turn"]),
    "nothing changed": (scene(HAPPY, steady_s=15), ["before|last look|stays"], ["15", "turn"]),
    "rising": (
        scene(someone(1, 0.3, 0.3, valence_trend="rising")),
        ["lifting|brightening"],
        ["sinking|fading"],
    ),
    "falling": (
        scene(someone(1, 0.3, 0.3, valence_trend="falling")),
        ["sinking|fading"],
        ["lifting|brightening"],
    ),
    "energy falls": (
        scene(someone(1, 0.3, 0.3, arousal_trend="falling")),
        ["ebbing|quietening"],
        ["building|livelier"],
    ),
    "brighter, but falling again": (
        scene(HAPPY | JUMPED | {"valence_trend": "falling"}),
        ["clearly brighter"],
        ["lifting", "sinking|fading"],
    ),
    "turned": (
        scene(SAD, notable=[notable("quadrant_change", "calm", "sad", 2)]),
        ["from (looking )?calm to (looking )?downcast", "0:52"],
        [BRIGHT],
    ),
    "turned and turned back": (
        scene(HAPPY, notable=[notable("quadrant_change", "excited", "sad")]),
        [BRIGHT],
        ["0:52", DARK],
    ),
    "a sudden smile": (
        scene(HAPPY, notable=[notable("spike", "valence 0.10", "valence 0.80")]),
        ["sudden brightening", "0:52"],
        ["0.8", "clouding"],
    ),
    "a sudden lull": (
        scene(HAPPY, notable=[notable("spike", "arousal 0.80", "arousal -0.10")]),
        ["sudden lull"],
        ["burst"],
    ),
    "few readings": (
        scene(HAPPY | {"n": 3, "uncertain": True}),
        [DOUBT, r"\b(may|might|perhaps)\b"],
        ["clearly", r"\bstill\b"],
    ),
    "low coverage": (
        scene(HAPPY | JUMPED | {"n": 60, "coverage": 0.2, "uncertain": True}),
        [DOUBT, "part of the time|much of the time|Much of the time"],
        ["brighter than", "clearly"],
    ),
    "no face": (scene(someone(1, None, None)), ["cannot be read|no face to read"], [BRIGHT, DARK]),
    "a lot of movement": (
        scene(HAPPY | {"movement": 2.0}),
        ["a lot|large|vigorous"],
        ["small|almost"],
    ),
    "hardly any movement": (
        scene(HAPPY | {"movement": 0.01}, index=4),
        ["almost no movement|Hardly anything|motionless"],
        ["a lot|large"],
    ),
    "no body": (scene(HAPPY | {"movement": None}, index=4), [BRIGHT], ["move"]),
    "one joined, one left": (
        scene(HAPPY, SAD, mood="opposed", arrived=[2], left=[3]),
        ["Person 2 has (come|joined)", "person 3 has (left|gone)"],
        ["before"],
    ),
    "two alike": (
        scene(HAPPY, HAPPY | {"person": 2}, mood="alike"),
        ["Two people", r"\bboth\b", BRIGHT],
        [DARK, "while"],
    ),
    "three alike": (
        scene(*(HAPPY | {"person": k} for k in (1, 2, 5)), mood="alike"),
        ["Three people", "all of them"],
        ["while"],
    ),
    "alike by numbers, not by quadrant": (
        scene(someone(1, 0.1, 0.12), someone(2, -0.1, 0.12), mood="alike"),
        ["person 1", "person 2"],
        [r"\bboth\b"],
    ),
    "two opposed": (
        scene(HAPPY, SAD, mood="opposed"),
        ["person 1", "while person 2", BRIGHT, DARK],
        [r"\bboth\b", "share a mood, "],
    ),
    "camps": (
        scene(
            HAPPY,
            SAD,
            someone(3, 0.5, 0.3),
            someone(4, 0.0, 0.3),
            mood="opposed",
        ),
        ["people 1 and 3", "brighter side", "person 2", "person 4 is somewhere in between"],
        [r"\bboth\b"],
    ),
    "six mixed": (
        scene(*(someone(k, 0.1 + k / 10, 0.3) for k in range(1, 7)), mood="mixed"),
        ["Six people", "person 1", "person 6", "in between"],
        ["person 3", DARK],
    ),
    "two, one hard to read": (
        scene(HAPPY, someone(2, None, None)),
        ["person 1", "Person 2 is hard to read"],
        [r"\bboth\b"],
    ),
    "nobody can be read": (
        scene(someone(1, None, None), someone(2, None, None)),
        ["Two people", "no face"],
        [BRIGHT, DARK, "hard to read"],
    ),
    "one of two changed": (
        scene(HAPPY, SAD | {"valence_change": -0.4}, mood="opposed"),
        ["person 2 looks clearly more troubled"],
        ["person 1 looks clearly"],
    ),
    "a group trend that nobody shares": (
        scene(HAPPY, SAD, mood="opposed")
        | {"group": someone(0, 0.05, 0.1, valence_trend="falling")},
        [],
        ["sinking|fading"],
    ),
    "twelve people": (
        scene(*(someone(k, 0.2 + k / 50, 0.3) for k in range(1, 13)), mood="alike"),
        ["12 people"],
        [DARK],
    ),
}


def numbers_in(facts: Any) -> set[str]:
    """Return every number of the facts as it may stand in a text."""
    if isinstance(facts, dict):
        return set().union(*(numbers_in(value) for value in facts.values()))
    if isinstance(facts, (list, tuple)):
        return set().union(*(numbers_in(value) for value in facts), set())
    return {str(facts)}


def all_turns(facts: dict[str, Any]) -> list[str]:
    """Return the text in twelve wordings; the first look stays the first."""
    turns = [0] if facts["index"] == 0 else range(facts["index"], facts["index"] + 24, 2)
    return [NARRATOR.paragraph(facts | {"index": index}) for index in turns]


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_must_and_must_not_be_said(name: str) -> None:
    facts, wanted, unwanted = SITUATIONS[name]
    for text in all_turns(facts):
        for pattern in wanted:
            assert re.search(pattern, text), f"{pattern!r} is missing in: {text}"
        for pattern in [*unwanted, NEVER]:
            assert not re.search(pattern, text), f"{pattern!r} is in: {text}"


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_number_is_in_the_facts(name: str) -> None:
    facts = SITUATIONS[name][0]
    known = numbers_in(facts)
    for text in all_turns(facts):
        for number in re.findall(r"\d+(?:[:.]\d+)*", text):
            assert number in known, f"{number} of: {text}"
        for word in re.findall(r"[a-z]+(?= people)", text.lower()):
            assert word not in NUMBERS or NUMBERS.index(word) == facts["people_count"], text


@pytest.mark.parametrize("name", SITUATIONS)
def test_two_or_three_well_formed_sentences(name: str) -> None:
    for text in all_turns(SITUATIONS[name][0]):
        assert text.endswith(".")
        sentences = text[:-1].split(". ")
        assert 2 <= len(sentences) <= 3, text
        assert all(sentence[0].isupper() or sentence[0].isdigit() for sentence in sentences), text
        assert not re.search(r"  |\.\.|[{}]| ,|,,", text), text
        assert len(text) < 330, text


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_same_facts_give_the_same_text_and_the_next_telling_differs(name: str) -> None:
    facts = SITUATIONS[name][0]
    assert NARRATOR.paragraph(facts) == NARRATOR.paragraph(dict(facts))
    following = [NARRATOR.paragraph(facts | {"index": index}) for index in range(1, 12)]
    assert all(a != b for a, b in zip(following, following[1:], strict=False))


def test_situations_hold_what_facts_hold() -> None:
    for facts, _, _ in SITUATIONS.values():
        plain = msgspec.json.decode(msgspec.json.encode(msgspec.convert(facts, Facts)))
        for key, value in facts.items():
            several = key in ("people", "parted")
            for ours, full in zip(value, plain[key], strict=True) if several else []:
                assert ours == {name: full[name] for name in ours}
            if key == "group":
                assert value == {name: plain[key][name] for name in value}
            elif not several:
                assert value == plain[key]


def test_the_narrator_has_its_name_and_no_options() -> None:
    assert NARRATOR.name == "grounded"
    with pytest.raises(ValueError, match="temperature"):
        Config.model_validate({"temperature": 1})
