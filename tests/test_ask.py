"""Questions to a run: the kinds the grounded narrator answers by itself, with their times."""

import re

import pytest
from click.testing import CliRunner
from helpers import config, synthetic

from affectstream.models.answers import answer
from affectstream.models.facts import Notable, clock
from affectstream.models.recalled import Record, Row
from affectstream.models.scripted import ScriptedVision
from affectstream.models.tongues import tongue
from affectstream.stream.ask import ask
from affectstream.stream.cli import main
from affectstream.stream.pipeline import Pipeline


def happened(time_s: float, kind: str, person: int, before: str = "", after: str = "") -> Notable:
    return Notable(time_s, clock(time_s), kind, person, before, after)


def rows(start: int, end: int, points) -> list[Row]:
    made = []
    for second in range(start, end + 1):
        valence, arousal = points(second)
        emotion = "happiness" if valence > 0.2 else "sadness" if valence < -0.2 else "neutral"
        made.append(Row(float(second), valence, arousal, 0.1 + second / 100, emotion))
    return made


# Person 1 is lively until 0:30, then calm. Person 2 comes at 0:20, is tense, sad from 0:40, and
# leaves at 0:50.
RECORD = Record(
    {
        1: rows(1, 60, lambda s: (0.5, 0.4 if s < 30 else -0.4)),
        2: rows(20, 50, lambda s: (-0.4, 0.4 if s < 40 else -0.3)),
        0: rows(1, 60, lambda s: (0.1, 0.1)),
    },
    [
        happened(0.0, "arrival", 1),
        happened(20.0, "arrival", 2),
        happened(30.0, "quadrant_change", 1, "excited", "calm"),
        happened(40.0, "quadrant_change", 2, "angry", "sad"),
        happened(50.0, "departure", 2),
    ],
)
QUESTIONS = [
    ("When did person 2 calm down?", ["0:40", "tense to downcast"]),
    ("when did person 1 calm down", ["0:30", "lively to calm"]),
    ("When did person 1 cheer up?", ["no time", "brighter"]),
    ("When did person 2 arrive?", ["0:20"]),
    ("When did person 2 leave?", ["0:50"]),
    ("When did person 1 leave?", ["never left", "1:00"]),
    ("When did person 2 look sad?", ["0:20", "0:50"]),
    ("When did person 1 look calm?", ["0:30", "1:00"]),
    ("When did person 1 look sad?", ["no time"]),
    ("When was person 1 liveliest?", ["0:01", "0.40"]),
    ("Who left?", ["Person 2", "0:50"]),
    ("Who came in?", ["Person 1", "Person 2"]),
    ("Who looked tense?", ["Person 2", "0:20", "0:39"]),
    ("Who was the happiest?", ["Person 1", "0.50"]),
    ("Who looked disgusted?", ["Nobody showed disgust"]),
    ("How long was person 2 there?", ["30 seconds", "0:20", "0:50"]),
    ("How long did person 1 look calm?", ["31 seconds", "0:30"]),
    ("How many people were there?", ["two", "0:20"]),
    ("What was the highest arousal?", ["0.40"]),
    ("What was the lowest valence of person 2?", ["Person 2", "-0.40", "0:20"]),
    ("Compare person 1 and person 2.", ["0.50", "-0.40", "brighter"]),
    ("Was person 2 calmer than person 1? Compare them.", ["arousal", "livelier"]),
    ("How did person 1 look?", ["0:01", "1:00", "valence 0.50"]),
    ("When did person 7 smile?", ["no person 7", "1, 2"]),
    ("What is the weather?", ["not among those"]),
    ("When did person 1 smile?", ["showed happiness most from 0:01 to 1:00"]),
    (
        "What happened at 0:20?",
        ["At 0:20 person 1 looked", "person 2 looked", "Person 2 came.*0:20"],
    ),
    (
        "How did person 2 look at 0:45?",
        ["At 0:45 person 2 looked downcast|At 0:45 person 2 looked"],
    ),
    ("Did person 1 smile?", ["showed happiness most from 0:01 to 1:00"]),
    ("Was anyone sad?", ["Person 2 looked sad from 0:20"]),
    ("Did person 2 leave?", ["Person 2 left at 0:50"]),
    ("When did the arousal of person 1 fall?", ["0:30"]),
    ("Who moved most?", ["Person 2, with a movement of 0.45"]),
    ("Who moved least?", ["Person 1, with a movement of 0.4[01]"]),
    ("Sing a song", ["cannot be answered|not among those"]),
]
GERMAN = [
    ("Wann wurde Person 1 ruhiger?", ["0:30", "von lebhaft zu ruhig"]),
    ("Wer ist gegangen?", ["Person 2", "0:50"]),
    ("Wie lange war Person 2 da?", ["30 Sekunden"]),
    ("Wann wirkte Person 2 angespannt?", ["0:20"]),
    ("Vergleiche Person 1 und Person 2.", ["heiterer"]),
    ("Wie viele Personen waren da?", ["zwei"]),
    ("Wie wirkte Person 1?", ["Valenz 0.50"]),
]


@pytest.mark.parametrize(("question", "wanted"), QUESTIONS)
def test_answers_cite_their_times(question, wanted):
    text = answer(question, RECORD, tongue("en"))
    for pattern in wanted:
        assert re.search(pattern, text), f"{pattern!r} is missing in: {text}"


@pytest.mark.parametrize(("question", "wanted"), GERMAN)
def test_answers_in_german(question, wanted):
    text = answer(question, RECORD, tongue("de"))
    for pattern in wanted:
        assert re.search(pattern, text), f"{pattern!r} is missing in: {text}"


def test_one_person_is_not_people():
    alone = Record({1: RECORD.rows[1]}, RECORD.events[:1])
    assert "one person was in view" in answer("How many people were there?", alone, tongue("en"))
    none = Record({0: RECORD.rows[0]}, [])
    assert answer("How many people were there?", none, tongue("en")).startswith("Nobody was")


def test_nothing_was_measured():
    assert "does not say" in answer("Who left?", Record({}, []), tongue("en"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of a minute: happy for the first half, sad for the second."""
    happy = (0.05, 0.9, 0.0, 0.05, 0.0, 0.0, 0.0, 0.0)
    sad = (0.05, 0.05, 0.0, 0.9, 0.0, 0.0, 0.0, 0.0)
    out = tmp_path_factory.mktemp("runs") / "run"
    vision = ScriptedVision(emotions=lambda pts_s: happy if pts_s < 30 else sad)
    made = config(out=out, models={"narrator": "grounded"})
    Pipeline(made, vision=vision, sources=[synthetic(frames=25 * 60)]).start().join()
    return out


def test_a_run_is_asked_by_the_command_line(folder):
    done = CliRunner().invoke(main, ["ask", str(folder), "Who looked sad?"])
    assert done.exit_code == 0, done.output
    assert re.search(r"Person \d looked sad from 0:\d\d to 0:\d\d", done.output)


@pytest.mark.parametrize(
    ("texts", "grounded"),
    [
        (["Person 9 looked sad."], "fallback"),
        (["At 0:31 person 1 danced."], "fallback"),
        (["Person 1 looked sad at 3:20."], "fallback"),
    ],
)
def test_a_models_answer_is_held_against_the_run(folder, texts, grounded):
    told = ask(folder, "Who looked sad?", "scripted", options={"texts": texts})
    assert told.grounded == grounded and re.search(r"0:\d\d", told.text)


def test_a_models_right_answer_is_taken(folder):
    found = ask(folder, "Who looked sad?").text
    told = ask(folder, "Who looked sad?", "scripted", options={"texts": [found]})
    assert (told.grounded, told.text) == (True, found)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ask", "nowhere", "Who left?"], "no run"),
        (["ask", "RUN", "  "], "empty"),
        (["ask", "RUN", "Who left?", "--source", "x"], "no source 'x'"),
        (["ask", "RUN", "Who left?", "--language", "xx"], "no language 'xx'"),
        (["ask", "RUN", "Who left?", "--narrator", "poet"], "no narrator 'poet'"),
    ],
)
def test_what_makes_no_sense_is_a_line(folder, arguments, words):
    given = [str(folder) if word == "RUN" else word for word in arguments]
    done = CliRunner().invoke(main, given)
    assert done.exit_code == 2 and words in done.output + done.stderr
