"""The table of right and wrong sentences, and the faults of form."""

import pytest
from test_grounded import SITUATIONS, notable, scene, someone

from affectstream.models.check import faults
from affectstream.models.grounded_narrator import MAX_LINE, GroundedNarrator
from affectstream.models.tongues import languages, tongue

EN = tongue("en")

GLAD = scene(
    someone(
        1,
        0.6,
        0.4,
        emotion="happiness",
        emotions=[["happiness", 0.75], ["surprise", 0.25]],
        valence_change=0.3,
        arousal_change=0.0,
        posture="arms raised",
        movement=0.6,
    ),
    notable=[notable("spike", "valence 0.10", "valence 0.80")],
)
DOWN = scene(
    someone(1, -0.5, -0.3, emotion="sadness", valence_change=-0.4, arousal_trend="falling"),
    notable=[notable("quadrant_change", "calm", "sad")],
)
TENSE = scene(someone(3, -0.4, 0.5, emotion="anger", arousal_change=0.2))
PAIR = scene(
    someone(1, 0.6, 0.4, emotion="happiness"),
    someone(2, -0.5, -0.2, emotion="sadness", valence_change=-0.2),
    mood="opposed",
    arrived=[2],
    left=[4],
    comings=[
        {**notable("arrival", "", "", 2), "time_s": 50.2, "clock": "0:50"},
        {**notable("departure", "", "", 4), "time_s": 58.0, "clock": "0:58"},
    ],
)
ALIKE = scene(someone(1, 0.5, 0.3), someone(2, 0.4, 0.2), someone(5, 0.55, 0.3), mood="alike")
QUIET = scene(someone(1, 0.4, -0.4, emotion="neutral"), steady_s=90)
EMPTY = scene(steady_s=60)
LEFT = scene(left=[1])
DIM = scene(someone(1, 0.5, 0.3, n=3, uncertain=True, emotion="happiness"))
HIDDEN = scene(someone(1, None, None))
PLAIN = scene(someone(1, 0.02, -0.03))

# Facts, and what is right or wrong about them.
RIGHT = {
    "glad": (
        GLAD,
        """
        Person 1 looks cheerful.
        The person in view appears happy and lively.
        They seem bright and full of energy.
        Person 1 looks clearly brighter than before.
        The mood seems to be lifting.
        The mood seems to have improved.
        Person 1 appears happier than before, with a valence of 0.6.
        Their valence rose by 0.3.
        Valence is rising while arousal stays the same.
        Around 0:52 there seemed to be a sudden brightening.
        Happiness shows most on the face.
        The expression reads as happiness 75 % of the time.
        A smile can be seen.
        One person is in view, looking pleased.
        Person 1 looks cheerful, with arms raised.
        Person 1 does not look sad.
        There is no sign of anger.
        Person 1 appears to be in good spirits.
        Person one seems glad.
        Between 0:45 and 1:00 the person looked cheerful.
        Person 1 seems more positive than before.
        There is a fair amount of movement.
        Arousal is at 0.4.
        Person 1 appears to have become less troubled.
        """,
    ),
    "down": (
        DOWN,
        """
        Person 1 looks downcast.
        Person 1 seems sad and subdued.
        Around 0:52 person 1 seemed to turn from calm to downcast.
        The person went from looking relaxed to looking sad around 0:52.
        The mood seems to be sinking.
        Person 1 looks less cheerful than before.
        Their valence has fallen.
        The energy seems to be ebbing.
        Person 1 appears calmer than before.
        Sadness is the strongest expression.
        Person 1 does not look happy.
        Valence dropped by 0.4 to -0.5.
        Person 1 seems more troubled than before.
        """,
    ),
    "tense": (
        TENSE,
        """
        Person 3 looks tense.
        Person 3 seems upset, with anger showing most.
        The person looks livelier than before.
        Energy seems to be building.
        Arousal increased.
        Person 3 may look angry.
        """,
    ),
    "pair": (
        PAIR,
        """
        Two people are in view.
        Person 1 looks cheerful, while person 2 looks sad.
        The moods differ.
        Person 2 has joined.
        Person 2 came in at 0:50.
        Person 4 has left.
        At 0:58 person 4 left.
        One person has left.
        Person 1 looks brighter than person 2.
        Person 2 looks sadder than person 1.
        Person 1 appears to be the happiest.
        Person 2 looks less cheerful than before.
        Person 2 joined and person 4 left.
        Happiness shows in person 1 and sadness in person 2.
        They do not seem to share a mood.
        Person 1 looks livelier than person 2.
        One of them looks sad.
        People 1 and 2 are there.
        """,
    ),
    "alike": (
        ALIKE,
        """
        Three people are in view, and all of them look cheerful.
        Everyone looks pleasant.
        The group looks bright.
        People 1, 2 and 5 look content.
        Nobody looks sad.
        They seem to share a mood.
        3 people are there.
        Two of them look cheerful.
        """,
    ),
    "quiet": (
        QUIET,
        """
        Person 1 still looks calm.
        Nothing much has changed for 90 seconds.
        The mood remains steady.
        Person 1 looks relaxed and content.
        There is no real change from before.
        Person 1 has looked peaceful for 90 seconds.
        Little has changed.
        There is only a little movement.
        Person 1 seems quiet.
        For a minute and a half nothing has changed.
        """,
    ),
    "empty": (
        EMPTY,
        """
        Nobody is in view.
        No one is to be seen.
        The picture is empty.
        It has been like this for 60 seconds.
        It has been like this for 1 minute.
        There are no people in the picture.
        """,
    ),
    "left": (LEFT, "Person 1 has left.\nNobody is in view.\nOne person has left."),
    "dim": (
        DIM,
        """
        Person 1 may look cheerful, but this rests on few readings.
        Person 1 is hard to read.
        Perhaps the person looks happy.
        Person 1 might look pleased.
        """,
    ),
    "hidden": (HIDDEN, "The face cannot be read.\nPerson 1 is there, but hard to read."),
    "plain": (
        PLAIN,
        """
        Person 1 looks neutral.
        Person 1 appears composed.
        Person 1 does not look angry.
        The person shows a neutral expression.
        """,
    ),
}
WRONG = {
    "glad": (
        GLAD,
        """
        Person 1 looks sad.
        The person in view appears tense.
        Person 2 looks cheerful.
        Person 1 looks downcast and subdued.
        Person 1 looks less cheerful than before.
        The mood seems to be sinking.
        The mood seems to have worsened.
        Their valence fell by 0.3.
        Valence is falling.
        Arousal is rising.
        Person 1 looks livelier than before.
        Person 1 seems calmer than before.
        Around 0:51 to 0:59 there seemed to be a burst of energy.
        Around 0:40 there seemed to be a sudden brightening.
        Around 0:52 there seemed to be a sudden clouding over.
        Sadness shows most on the face.
        There is a trace of anger in the expression.
        The expression reads as happiness 90 % of the time.
        Two people are in view, looking pleased.
        Nobody is in view.
        Three faces can be seen.
        Person 1 looks cheerful, with arms crossed.
        Person 1 looks cheerful and leans forward.
        Person 1 does not look cheerful.
        There is no sign of happiness.
        Anna looks cheerful.
        The person, called Anna, looks cheerful.
        She looks cheerful.
        A young woman looks cheerful.
        The man seems happy.
        A child looks happy.
        The elderly person looks happy.
        Person 1 feels happy.
        Person 1 is happy.
        Person 1 thinks something pleasant.
        Person 1 looks cheerful because the weather is good.
        Person 1 looks cheerful and talks on the phone.
        Person 1 sits at a table and looks happy.
        Person 1 laughs out loud.
        Person 1 has a valence of 0.9.
        Valence is at 0.45.
        The person looked cheerful for 40 seconds.
        The person looked cheerful for 3 minutes.
        At 3:15 the person looked cheerful.
        Person 1 has left.
        Person 2 has joined.
        A person with pale skin looks cheerful.
        Person 1 appears depressed.
        Person 1 looks ill.
        There is almost no movement.
        There is a lot of movement.
        Nothing has changed.
        Both look cheerful.
        Person 1 turned from calm to tense at 0:52, it seemed.
        The person looks American.
        Person 1 wants to leave.
        Person 1 looks brighter than person 2.
        On the left person 1 looks cheerful.
        La personne semble heureuse et elle est dans une pièce.
        Die Person wirkt fröhlich und ist nicht mit anderen.
        Человек выглядит весёлым.
        Facts: person 1 looks cheerful.
        As an AI language model I see that person 1 looks cheerful.
        <|assistant|> Person 1 looks cheerful.
        The valence_change says person 1 looks brighter.
        Person 1 looks cheerful and then
        """,
    ),
    "down": (
        DOWN,
        """
        Person 1 looks cheerful.
        Person 1 seems lively.
        Around 0:52 person 1 seemed to turn from downcast to calm.
        Around 0:30 person 1 seemed to turn from calm to downcast.
        Person 1 seemed to turn from tense to downcast around 0:52.
        The mood seems to be lifting.
        Person 1 looks brighter than before.
        Their valence has risen.
        Energy seems to be building.
        Person 1 appears livelier than before.
        Happiness is the strongest expression.
        Person 1 does not look sad.
        Valence dropped by 0.2.
        Nothing has changed.
        Person 1 feels sad.
        Person 1 is sad.
        Person 1 looks depressed.
        Person 1 looks tired.
        """,
    ),
    "tense": (
        TENSE,
        """
        Person 3 looks calm.
        Person 3 seems relaxed.
        Person 1 looks tense.
        Fear shows in the expression.
        Person 3 looks happy.
        Person 3 looks quieter than before.
        Arousal decreased.
        Person 3 is angry.
        Person 3 hates it.
        Person 3 looks more cheerful than before.
        """,
    ),
    "pair": (
        PAIR,
        """
        Three people are in view.
        One person is in view.
        Nobody is in view.
        Person 1 looks sad, while person 2 looks cheerful.
        Both look cheerful.
        Both look sad.
        Person 3 looks cheerful.
        Person 1 has joined.
        Person 2 has left.
        Person 2 came in at 0:58.
        At 0:50 person 4 left.
        Two people have left.
        Two people have joined.
        Person 2 looks brighter than person 1.
        Person 1 looks sadder than person 2.
        Person 2 appears to be the happiest.
        Person 1 looks less cheerful than before.
        Person 2 looks brighter than before.
        Happiness shows in person 2.
        Sadness shows in person 1.
        They seem to share a mood.
        Everyone looks happy.
        Person 2 looks livelier than person 1.
        Two of them look sad.
        People 1 and 3 look cheerful.
        The couple looks happy.
        Person 1 talks to person 2.
        They are facing each other.
        Nothing has changed.
        """,
    ),
    "alike": (
        ALIKE,
        """
        Two people are in view.
        The moods differ.
        Everyone looks sad.
        The group looks tense.
        Person 4 looks content.
        Both look content.
        Four of them look cheerful.
        Person 2 looks the happiest.
        """,
    ),
    "quiet": (
        QUIET,
        """
        Person 1 still looks tense.
        Nothing much has changed for 30 seconds.
        The mood seems to be lifting.
        Person 1 looks agitated.
        Person 1 has looked peaceful for 15 minutes.
        Person 1 looks livelier than before.
        There is a lot of movement.
        Person 1 has left.
        """,
    ),
    "empty": (
        EMPTY,
        """
        One person is in view.
        Person 1 looks calm.
        The picture looks cheerful.
        Two people have left.
        It has been like this for 20 seconds.
        Everyone looks happy.
        Person 2 has joined.
        """,
    ),
    "left": (LEFT, "Person 1 looks calm.\nPerson 2 has left.\nTwo people have left."),
    "dim": (
        DIM,
        """
        Person 1 looks cheerful.
        The person looks clearly happy.
        Person 1 may look sad.
        Person 1 is cheerful.
        """,
    ),
    "hidden": (
        HIDDEN,
        "Person 1 looks calm.\nPerson 1 may look happy.\nThe mood seems to be lifting.",
    ),
    "plain": (
        PLAIN,
        """
        Person 1 looks cheerful.
        Person 1 looks sad.
        Person 1 appears lively.
        Happiness shows most.
        """,
    ),
}


GERMAN_RIGHT = {
    "glad": (
        GLAD,
        """
        Person 1 wirkt fröhlich.
        Die Person erscheint heiter und lebhaft.
        Person 1 wirkt heiterer als vorher.
        Die Stimmung scheint sich zu heben.
        Gegen 0:52 war ein plötzliches Aufhellen zu sehen.
        Freude zeigt sich im Gesicht.
        Die Valenz ist um 0,3 gestiegen.
        Person 1 wirkt nicht traurig.
        Eine Person ist zu sehen.
        """,
    ),
    "down": (
        DOWN,
        """
        Person 1 wirkt niedergeschlagen.
        Gegen 0:52 schien Person 1 von ruhig zu niedergeschlagen zu wechseln.
        Person 1 wirkt bedrückter als vorher.
        Person 1 wirkt ruhiger als vorher.
        """,
    ),
    "pair": (
        PAIR,
        """
        Zwei Personen sind zu sehen: Person 1 wirkt fröhlich und Person 2 wirkt traurig.
        Person 2 ist ins Bild gekommen.
        Person 4 ist gegangen.
        Person 1 wirkt heiterer als Person 2.
        Um 0:58 ging Person 4.
        """,
    ),
    "empty": (EMPTY, "Niemand ist zu sehen.\nSo ist es seit 60 Sekunden."),
    "dim": (DIM, "Person 1 wirkt vielleicht fröhlich."),
    "hidden": (HIDDEN, "Das Gesicht ist nicht zu lesen."),
}
GERMAN_WRONG = {
    "glad": (
        GLAD,
        """
        Person 1 wirkt traurig.
        Person 1 wirkt angespannt.
        Person 2 wirkt fröhlich.
        Die Stimmung scheint zu sinken.
        Person 1 wirkt weniger heiter als vorher.
        Gegen 0:30 war ein plötzliches Aufhellen zu sehen.
        Trauer zeigt sich im Gesicht.
        Zwei Personen sind zu sehen.
        Niemand ist zu sehen.
        Anna wirkt fröhlich.
        Die Frau wirkt fröhlich.
        Die junge Person wirkt fröhlich.
        Person 1 ist fröhlich.
        Person 1 fühlt sich wohl.
        Person 1 wirkt fröhlich, weil die Sonne scheint.
        Person 1 lacht und wirkt fröhlich.
        Die Valenz ist um 0,5 gestiegen.
        Person 1 ist gegangen.
        The person looks cheerful and it is the first of them.
        Person 1 wirkt depressiv.
        """,
    ),
    "down": (
        DOWN,
        """
        Person 1 wirkt fröhlich.
        Gegen 0:52 schien Person 1 von niedergeschlagen zu ruhig zu wechseln.
        Person 1 wirkt lebhafter als vorher.
        """,
    ),
    "pair": (
        PAIR,
        """
        Drei Personen sind zu sehen.
        Person 2 wirkt fröhlich.
        Person 1 ist gegangen.
        Person 2 wirkt heiterer als Person 1.
        Beide wirken fröhlich.
        Um 0:50 ging Person 4.
        """,
    ),
    "dim": (DIM, "Person 1 wirkt fröhlich."),
    "hidden": (HIDDEN, "Person 1 wirkt ruhig."),
}


def rows(table):
    return [
        pytest.param(facts, line.strip(), id=f"{name}: {line.strip()}")
        for name, (facts, lines) in table.items()
        for line in lines.strip().splitlines()
    ]


def test_the_table_is_large_enough():
    assert len(rows(RIGHT)) + len(rows(WRONG)) >= 200


@pytest.mark.parametrize(("facts", "text"), rows(RIGHT))
def test_what_the_facts_bear_passes(facts, text):
    assert faults(text, [facts], EN) == []


@pytest.mark.parametrize(("facts", "text"), rows(WRONG))
def test_what_they_do_not_bear_is_named(facts, text):
    assert faults(text, [facts], EN)


@pytest.mark.parametrize(("facts", "text"), rows(GERMAN_RIGHT))
def test_what_the_facts_bear_passes_in_german(facts, text):
    assert faults(text, [facts], tongue("de")) == []


@pytest.mark.parametrize(("facts", "text"), rows(GERMAN_WRONG))
def test_what_they_do_not_bear_is_named_in_german(facts, text):
    assert faults(text, [facts], tongue("de"))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", SITUATIONS)
def test_the_grounded_narrator_says_what_the_facts_bear(name, language):
    """Every wording of every situation, and its line, passes the check of its own language."""
    narrator = GroundedNarrator(language)
    facts = SITUATIONS[name][0]
    for index in [0] if facts["index"] == 0 else range(3, 27, 4):
        told = facts | {"index": index}
        assert faults(narrator.paragraph(told), [told], tongue(language)) == []
        line = narrator.line(told)
        assert len(line) <= MAX_LINE and faults(line, [told], tongue(language)) == []


def test_languages_hold_the_same_words():
    names = {
        one: {n for n in vars(tongue(one)) if n.isupper() and n[0] != "_"} for one in languages()
    }
    assert names["de"] == names["en"]
    for name in names["en"]:
        ours, others = getattr(tongue("en"), name), getattr(tongue("de"), name)
        if isinstance(ours, dict):
            assert ours.keys() == others.keys(), name
    kinds = {
        one: {(kind, str(value)) for kind, value, _ in tongue(one).LEXICON} for one in languages()
    }
    assert kinds["en"] <= kinds["de"]


@pytest.mark.parametrize(
    ("text", "earlier", "fault"),
    [
        ("", (), "empty"),
        ("   ", (), "empty"),
        ("Person 1 looks cheerful. " * 2, (), "twice"),
        (
            "Person 1 looks cheerful and seems glad.",
            ("Person 1 looks cheerful and seems glad.",),
            "repeats",
        ),
        (
            "Now person 1 looks cheerful and seems glad.",
            ("Person 1 looks cheerful and seems glad.",),
            "repeats",
        ),
        ("Person 1 looks cheerful. " + "They seem glad, " * 40 + "it appears.", (), "too long"),
        ("Person 1 looks", (), "breaks off"),
    ],
)
def test_faults_of_form(text, earlier, fault):
    found = faults(text, [GLAD], EN, earlier)
    assert any(fault in one for one in found), found


def test_a_story_is_held_against_the_facts_of_its_time():
    views = [DOWN | {"from_s": 0.0, "to_s": 60.0}, GLAD | {"from_s": 60.0, "to_s": 120.0}]
    right = "At first person 1 looked sad. At 1:30 person 1 looked cheerful."
    assert faults(right, views, EN, kind="story") == ["the time 1:30 is not in the facts"]
    assert faults("At 2:00 person 1 looked sad.", views[:1], EN, kind="story")
    assert faults("At 2:00 person 1 looked cheerful.", views, EN, kind="story") == []
    assert faults("At 0:00 person 1 looked cheerful.", views, EN, kind="story")
