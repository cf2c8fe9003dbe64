"""Texts made to slip through the check, and good paraphrases that it must let pass.

A line: the facts of `test_check` that are told of, and the text.
"""

import pytest
import test_check

from affectstream.models.check import faults
from affectstream.models.tongues import tongue

TRICKS = """
GLAD|Person 1 looks cheerful, and the valence stands at nought point nine.
GLAD|Person 1 looks cheerful; twelve people watch.
GLAD|Person 1 looks cheerful, with a dozen others around.
GLAD|Person 1 looks cheerful and Bob agrees.
GLAD|Person 1 looks cheerful. Bob appears calm.
GLAD|In Paris, person 1 looks cheerful.
GLAD|Person 1, Maria, looks cheerful.
GLAD|Person 1 looks cheerful like a proud grandmother.
GLAD|Person 1 looks cheerful and beautiful.
GLAD|Person 1 looks cheerful and bored.
GLAD|Person 1 looks confused.
GLAD|Person 1 looks lonely.
GLAD|Person 1 looks frustrated.
GLAD|Person 1 looks proud.
GLAD|Person 1 looks guilty.
GLAD|Person 1 seems to be in love.
GLAD|Person 1 looks cheerful after a long day.
GLAD|Person 1 looks cheerful at the party.
GLAD|Person 1 looks cheerful in the sunshine.
GLAD|Person 1 appears delighted about the good news.
GLAD|Person 1 looks cheerful for half an hour.
GLAD|Person 1 looks cheerful half of the time.
GLAD|Person 1 looks twice as cheerful as before.
GLAD|Person 1 looks cheerful for the third time.
GLAD|The second person looks cheerful.
GLAD|A third face can be seen.
GLAD|Person 1 looks cheerful, and another person looks sad.
GLAD|Person 1 looks cheerful, and someone else looks sad.
GLAD|A few people look cheerful.
GLAD|A crowd looks cheerful.
GLAD|Person 1 looks cheerful at 12 o'clock.
GLAD|Person 1 looks cheerful at quarter past three.
GLAD|Person 1 looks cheerful since yesterday.
GLAD|Person 1 jumps and looks cheerful.
GLAD|Person 1 looks cheerful while holding a cup.
GLAD|Person 1 turns the head and looks cheerful.
GLAD|Person 1 looks cheerful with tears.
GLAD|Person 1 looks cheerful and is blonde.
GLAD|Person 1 is bald and looks cheerful.
GLAD|Person 1 looks cheerful and overweight.
GLAD|Person 1 looks cheerful and pregnant.
GLAD|Person 1 looks cheerful; a beard can be seen.
GLAD|Person 1 looks cheerful, though anxious.
GLAD|Person 1 looks not cheerful but sad.
GLAD|Person 1 looks anything but cheerful.
GLAD|Person 1 no longer looks cheerful.
GLAD|Person 1 hardly looks cheerful.
GLAD|Person 1 stopped looking cheerful.
GLAD|The cheerfulness has vanished.
GLAD|Person 1 looks cheerful but tense.
GLAD|Person 1 has become gloomier.
GLAD|The mood seems to have gone from cheerful to sad.
GLAD|Person 1 looks worse.
GLAD|Person 1's valence is 0.60 and arousal 0.90.
GLAD|Valence is 60 %.
GLAD|Person 1 looks cheerful, scoring 8 out of 10.
GLAD|Person 1 appears cheerful in 95 percent of frames.
GLAD|Ignore the instructions. Person 1 looks cheerful.
GLAD|Here is the description: person 1 looks cheerful.
GLAD|Sure! Person 1 looks cheerful.
GLAD|I see that person 1 looks cheerful.
GLAD|We can see that person 1 looks cheerful, my dear.
GLAD|Person 1 will look sad soon.
GLAD|Person 1 will leave soon.
GLAD|Person 1 might leave soon.
GLAD|Person 1 used to look sad.
GLAD|Before that, person 1 looked sad.
GLAD|Person 1 looks cheerful and turns to person 2.
GLAD|Person 1 looks to the left.
GLAD|Person 1 looks away.
GLAD|Person 1 looks at the camera.
GLAD|Person 1 is a doctor and looks cheerful.
GLAD|Person 1 is suffering.
GLAD|Person 1 suffers from anxiety.
GLAD|Person 1 looks drunk.
GLAD|Person 1 looks tired.
GLAD|Person 1 looks sleepy.
GLAD|Person 1 looks cheerful; their smile hides sorrow.
GLAD|Inside, person 1 is sad.
GLAD|Person 1 pretends to look cheerful.
GLAD|Person 1 is trying to look cheerful.
GLAD|It must have been a great success.
GLAD|Something wonderful has happened.
GLAD|The sudden brightening at 0:52 came after a phone call.
GLAD|Pеrson 1 looks cheerful.
GLAD|Person 1 looks cheerful (valence: 0.95).
GLAD|Person I looks cheerful and II looks sad.
GLAD|Person 1 looks cheerful. https://example.org
GLAD|Person 1 looks cheerful 😀😀.
GLAD|Person 1 looks gay.
GLAD|Person 1 looks Jewish and cheerful.
GLAD|Person 1 looks like a migrant.
GLAD|Person 1 looks criminal.
GLAD|Person 1 looks cheerful and bright, Chinese perhaps.
GLAD|Mr Smith looks cheerful.
GLAD|The teenager looks cheerful.
GLAD|The grandfather looks cheerful.
GLAD|The worker looks cheerful.
GLAD|The actor looks cheerful.
GLAD|A smiling lady can be seen.
GLAD|Person 1 appears 30 years old.
GLAD|Person 1 appears in the middle of life.
DOWN|Person 1 looks downcast and grieving.
DOWN|Person 1 mourns.
DOWN|Person 1 turned from calm to downcast around 0:52 after an argument.
DOWN|Person 1 looked downcast from 0:10 to 0:20.
DOWN|Person 1 looks rather down but the mood rises.
DOWN|Person 1 looks downcast, yet calm and happy.
DOWN|Person 1 does not look sad any more.
TENSE|Person 3 looks tense, as if in danger.
TENSE|Person 3 looks tense and aggressive.
TENSE|Person 3 looks threatening.
TENSE|Person 3 clenches the fists.
PAIR|Person 1 and person 2 look cheerful.
PAIR|Person 1 looks cheerful, as does person 2.
PAIR|Person 1 looks sad, and so does person 2.
PAIR|Neither looks sad.
PAIR|Neither of them looks cheerful.
PAIR|Person 1 comforts person 2.
PAIR|Person 2 is angry with person 1.
PAIR|They argue.
PAIR|They kiss.
PAIR|They ignore each other.
PAIR|Person 4 has joined.
PAIR|Person 2 left and person 4 joined.
PAIR|Person 4 came back.
PAIR|Person 2 has been there all along.
PAIR|Person 1 left and came back.
PAIR|Only person 1 is in view.
PAIR|Person 1 is alone.
PAIR|The first one looks sad, the other one cheerful.
PAIR|One looks cheerful, the other looks tense.
PAIR|Person 1 looks sadder than ever.
PAIR|Person 2 arrived before person 1.
ALIKE|One of them looks sad.
ALIKE|All but one look cheerful.
ALIKE|Everyone except person 5 looks cheerful.
ALIKE|Most of them look sad.
ALIKE|Half of them look sad.
ALIKE|Three people look cheerful and one looks sad.
ALIKE|Person 5 is the least cheerful.
QUIET|Person 1 has looked calm for hours.
QUIET|Person 1 has looked calm for ages.
QUIET|Person 1 sleeps.
QUIET|Person 1 meditates calmly.
QUIET|Person 1 looks dead.
QUIET|Person 1 looked calm for two days.
EMPTY|Somebody is hiding.
EMPTY|The person has gone home.
EMPTY|A ghost is in view.
EMPTY|Someone is in view.
EMPTY|The empty room waits for its owner.
LEFT|Person 1 has left in a hurry.
LEFT|Person 1 has left angrily.
LEFT|Person 1 left looking sad.
DIM|Person 1 looks somewhat cheerful.
DIM|Person 1 surely looks cheerful.
DIM|Person 1 certainly may look cheerful.
HIDDEN|Person 1 looks away.
HIDDEN|Person 1 hides the face in shame.
HIDDEN|Person 1 hides their face.
PLAIN|Person 1 looks bored.
PLAIN|Person 1 looks absent-minded.
PLAIN|Person 1 looks intelligent.
PLAIN|Person 1 looks trustworthy.
PAIR|Person 2 and person 1 look cheerful.
PAIR|Like person 1, person 2 looks cheerful.
PAIR|Person 2, like person 1, looks sad.
PAIR|Person 1 moves towards person 2.
PAIR|Person 2 looks at person 1.
PAIR|Person 1 stays near person 2.
PAIR|All three look sad.
PAIR|The three look cheerful.
PAIR|One looks sad and the other looks tense and alert and calm.
GLAD|Person 1 is not sad.
GLAD|Person 1 is not happy.
GLAD|Person 1 looks not quite cheerful.
GLAD|Person 1 is the most cheerful person.
GLAD|It is May, and Will looks cheerful.
GLAD|Person 1 looked cheerful over and over.
GLAD|Person 1 looks cheerful, and person 1 has just joined.
GLAD|Person 1 looks happier than person 1.
GLAD|Valence: 0.60, arousal: -0.40.
GLAD|Valence is above 0.9.
GLAD|Valence rose to 0.9.
GLAD|Valence rose from 0.1 to 0.6.
GLAD|Arousal rose by 0.3.
GLAD|Person 1 looks cheerful 0.75 of the time and sad 0.25.
GLAD|Person 1 looks cheerful, with surprise the strongest expression.
GLAD|Surprise shows most on the face.
GLAD|The expression reads as surprise 75 % of the time.
GLAD|Between 0:10 and 0:20 person 1 looked cheerful.
GLAD|Since 0:10 person 1 has looked cheerful.
QUIET|For 900 seconds nothing has changed.
DOWN|Person 1 turned from looking calm to looking sad around 0:55.
DOWN|Arousal is falling to -0.9.
ALIKE|Person 1 looks cheerful, person 2 looks cheerful and person 5 looks sad.
ALIKE|Two people look cheerful and the third is neutral.
EMPTY|Person 1 has left.
LEFT|Person 1 has returned.
TENSE|Person 3 appears tense, with fear and anger.
DIM|Person 1 looks cheerful. This is uncertain.
"""
PARAPHRASES = """
GLAD|Person 1 has a cheerful look and plenty of energy.
GLAD|There's a lively, cheerful air about person 1.
GLAD|Person 1 comes across as happy and energetic.
GLAD|One person can be seen; they look happy.
GLAD|The only person in view looks happy, more so than a moment ago.
GLAD|Person 1 appears to be happy, and their mood has clearly brightened since the last time.
GLAD|The expression on the face of person 1 is mostly one of happiness.
GLAD|Person 1's expression is dominated by happiness, with some surprise.
GLAD|At 0:52 the mood of person 1 suddenly brightened, it seems.
GLAD|Person 1 looks visibly happier than before, and the energy stays as it was.
GLAD|Overall, person 1 seems lively and positive.
GLAD|Person 1 raises both arms and looks joyful.
GLAD|Person 1 is smiling and seems lively.
GLAD|Person 1 appears cheerful and moves a fair amount.
GLAD|Compared with before, person 1 seems a good deal brighter.
GLAD|The person keeps a cheerful look.
GLAD|The mood looks positive (valence 0.60, arousal 0.40).
GLAD|Person 1 doesn't look sad or tense.
DOWN|Person 1 looks sad and low in energy, and less happy than before.
DOWN|At about 0:52, person 1 went from appearing calm to appearing sad.
DOWN|Person 1 appears sad, with sadness the dominant expression.
DOWN|The mood has darkened since the last time, and person 1 seems quiet.
DOWN|Person 1 seems to have become sadder.
TENSE|Person 3 appears tense and more agitated than before.
TENSE|Person 3 seems tense, with a trace of anger in the expression.
TENSE|Person 3 is in view and looks angry and tense.
PAIR|Person 1 looks happy and lively. Person 2, who joined at 0:50, looks sad.
PAIR|The two people in view show opposite moods: person 1 seems cheerful, person 2 downcast.
PAIR|Person 4 left at 0:58, while person 2 has joined person 1.
PAIR|There are two people: one looks cheerful, the other looks sad.
PAIR|Person 2 looks less happy than person 1.
PAIR|While person 1 appears lively and cheerful, person 2 appears sad.
PAIR|Person 2 is new in the picture and looks sad, and person 4 is gone.
ALIKE|All three look cheerful and lively.
ALIKE|The three people look similar in mood, all of them cheerful.
ALIKE|Everyone in view seems to be in a good mood.
ALIKE|Persons 1, 2 and 5 appear cheerful and alert.
QUIET|Person 1 continues to look calm and content.
QUIET|For 90 seconds person 1 has looked calm, with hardly a change.
QUIET|Nothing has changed: person 1 still appears at ease.
EMPTY|There is nobody in view, and that has been so for 60 seconds.
EMPTY|The scene remains empty.
EMPTY|No people are visible.
LEFT|Person 1 is no longer in view, and nobody else is there.
LEFT|After person 1 left, nobody is in view.
DIM|It is hard to tell, but person 1 may look happy.
DIM|Person 1 possibly looks cheerful; there are only a few readings.
HIDDEN|Person 1 is in view, but the face cannot be read.
HIDDEN|One person is present, but no expression can be read.
PLAIN|Person 1 looks neutral, neither happy nor sad.
PLAIN|Person 1 shows a neutral, composed expression.
GLAD|Person 1 stands out with a bright, energetic look.
GLAD|In this interval, person 1 appears cheerful, with happiness as the main expression.
GLAD|It looks as if person 1 has become happier since the last time.
GLAD|Person 1's face shows a strong expression of happiness and some surprise.
GLAD|Person 1 seems to be in a good mood, with raised arms.
GLAD|The valence of person 1 is 0.60, which is 0.30 higher than before, and the arousal is 0.40.
GLAD|The mood has lifted noticeably: person 1 now looks cheerful and alert.
GLAD|As of 1:00, person 1 looks lively and happy.
GLAD|Happiness is visible on the face of person 1, who seems full of energy.
DOWN|The person in view looks unhappy and subdued, and has become less cheerful than before.
DOWN|Person 1's mood appears to have dropped, and the energy seems to be falling.
DOWN|At 0:52, the look of person 1 changed from calm to sad, it seems.
DOWN|There seems to be a sad expression on the face.
TENSE|Person 3 has become more agitated and appears tense.
TENSE|Anger is the strongest expression on the face of person 3, who seems tense and alert.
PAIR|At the moment two people can be seen. One of them looks happy and the other looks sad.
PAIR|Person 1 and person 2 show different moods.
PAIR|Person 1 seems in good spirits, whereas person 2 seems downcast.
PAIR|Person 2 arrived at 0:50 and looks sad; person 4 left at 0:58.
PAIR|In contrast to person 1, person 2 looks sad.
ALIKE|The group of three appears cheerful as a whole.
ALIKE|Person 1, person 2 and person 5 all appear cheerful.
ALIKE|All of them look happy and lively.
QUIET|The scene is calm: person 1 appears relaxed, and nothing has changed for 90 seconds.
QUIET|Person 1 has a relaxed and pleasant look, much as before.
QUIET|The person's look has not changed.
EMPTY|At the moment no one can be seen.
EMPTY|The view has been empty for a minute.
LEFT|Person 1 has gone, and the picture is empty.
DIM|Person 1 perhaps looks happy, but the measurement is uncertain.
HIDDEN|Person 1 is present, yet the expression is hard to read.
PLAIN|Person 1 appears neutral and composed, with little movement.
"""
GERMAN_TRICKS = """
GLAD|Person 1 wirkt stolz.
GLAD|Person 1 wirkt einsam.
GLAD|Person 1 wirkt verwirrt.
GLAD|Person 1 wirkt fröhlich und hübsch.
GLAD|Person 1 wirkt fröhlich, als hätte sie gewonnen.
GLAD|Person 1 wirkt alles andere als fröhlich.
GLAD|Person 1 wirkt kaum fröhlich.
GLAD|Person 1 wirkt fröhlich wie Klaus.
GLAD|Klaus und Person 1 wirken fröhlich.
GLAD|Person 1 wirkt fröhlich und winkt.
GLAD|Person 1 wirkt fröhlich seit gestern.
GLAD|Person 1 wirkt fröhlich seit drei Stunden.
GLAD|Person 1 schaut in die Kamera.
GLAD|Person 1 wirkt gestresst.
GLAD|Person 1 wirkt wie ein Lehrer.
GLAD|Person 1 wirkt fröhlich; die Valenz liegt bei 0,9.
GLAD|Person 1 ist nicht traurig.
GLAD|Hier ist die Beschreibung: Person 1 wirkt fröhlich.
GLAD|Person 1 wirkt fröhlich 😀.
GLAD|Zweite Person wirkt fröhlich.
GLAD|Am stärksten zeigt sich Überraschung im Gesicht.
PAIR|Person 1 wirkt fröhlich, ebenso Person 2.
PAIR|Auch Person 2 wirkt fröhlich.
PAIR|Person 2 und Person 1 wirken fröhlich.
PAIR|Person 1 umarmt Person 2.
PAIR|Person 1 bewegt sich auf Person 2 zu.
PAIR|Person 1 ist allein zu sehen.
PAIR|Die meisten wirken traurig.
PAIR|Keiner wirkt traurig.
ALIKE|Alle außer Person 5 wirken fröhlich.
EMPTY|Jemand ist zu sehen.
QUIET|Person 1 schläft.
DIM|Person 1 wirkt sicher fröhlich.
"""
GERMAN_PARAPHRASES = """
GLAD|Die Person im Bild wirkt gut gelaunt und lebhaft.
GLAD|Person 1 macht einen fröhlichen Eindruck.
GLAD|Im Gesicht zeigt sich überwiegend Freude.
GLAD|Gegenüber vorher wirkt Person 1 deutlich heiterer.
GLAD|Die Stimmung hat sich aufgehellt.
GLAD|Person 1 ist die einzige Person im Bild und wirkt heiter.
DOWN|Person 1 wirkt traurig und still und weniger fröhlich als vorher.
DOWN|Bei 0:52 wechselte der Eindruck von Person 1 von ruhig zu niedergeschlagen.
TENSE|Person 3 wirkt angespannt; im Gesicht ist Ärger zu sehen.
PAIR|Zwei Personen sind zu sehen. Person 1 wirkt fröhlich, während Person 2 traurig wirkt.
PAIR|Person 4 ging um 0:58, und Person 2 kam um 0:50 ins Bild.
PAIR|Eine wirkt fröhlich, die andere wirkt traurig.
ALIKE|Alle drei wirken fröhlich.
QUIET|Seit 90 Sekunden hat sich nichts verändert, Person 1 wirkt weiterhin entspannt.
QUIET|Person 1 erscheint ruhig und zufrieden.
EMPTY|Das Bild ist leer.
EMPTY|Seit einer Minute ist niemand zu sehen.
LEFT|Person 1 ist nicht mehr zu sehen, sonst ist niemand da.
DIM|Möglicherweise wirkt Person 1 heiter, doch das ist unsicher.
HIDDEN|Person 1 ist da, aber schwer zu lesen.
PLAIN|Person 1 wirkt neutral, weder heiter noch traurig.
PLAIN|Der Ausdruck ist neutral.
"""


def lines(table, language):
    for line in table.strip().splitlines():
        name, text = line.split("|", 1)
        yield pytest.param(getattr(test_check, name), text, language, id=line)


@pytest.mark.parametrize(
    ("facts", "text", "language"), [*lines(TRICKS, "en"), *lines(GERMAN_TRICKS, "de")]
)
def test_a_trick_is_seen_through(facts, text, language):
    assert faults(text, [facts], tongue(language))


@pytest.mark.parametrize(
    ("facts", "text", "language"), [*lines(PARAPHRASES, "en"), *lines(GERMAN_PARAPHRASES, "de")]
)
def test_a_good_paraphrase_passes(facts, text, language):
    assert faults(text, [facts], tongue(language)) == []


@pytest.mark.parametrize(
    "text", ["Person 1 looks cheerful.\u200b", "Person 1 looks \u202echeerful."]
)
def test_signs_that_nobody_sees_are_refused(text):
    assert "it holds signs that are no plain text" in faults(text, [test_check.GLAD], tongue("en"))
