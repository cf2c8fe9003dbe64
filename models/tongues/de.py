"""Deutsch: wie ein Gesicht wirkt, je nach Valenz und Erregung, und wie Deutsch gelesen wird.

Every phrase of `LOOKS` completes "wirkt ..." for one person and for several, speaks of looks and
never of inner states as certain, and fits the whole of its zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..facts import MIN_CHANGE
from ..zones import sign

NAME = "German"
COUNTS = "null eine zwei drei vier fünf sechs sieben acht neun zehn".split()

LOOKS: Mapping[tuple[int, int], tuple[Sequence[str], Sequence[str]]] = {
    (1, 1): (
        ("leicht beschwingt", "munter und freundlich", "aufgeweckt und freundlich", "gut gelaunt"),
        (
            "heiter und lebhaft",
            "fröhlich und voller Energie",
            "beschwingt und hellwach",
            "sehr fröhlich",
        ),
    ),
    (1, 0): (
        ("zufrieden", "freundlich", "sanft heiter", "recht zufrieden"),
        ("fröhlich", "sichtlich erfreut", "heiter", "strahlend"),
    ),
    (1, -1): (
        ("ruhig und zufrieden", "gelöst", "entspannt", "gelassen und zufrieden"),
        ("tief entspannt", "friedlich", "sehr ruhig und zufrieden", "ganz gelöst"),
    ),
    (0, 1): (
        ("wach", "aufmerksam", "wach und aufmerksam", "konzentriert"),
        ("sehr wach", "hellwach", "aufgekratzt", "höchst aufmerksam"),
    ),
    (0, 0): (
        ("neutral", "gefasst", "ausgeglichen und sachlich", "fast neutral"),
        ("neutral", "gefasst", "ausgeglichen und sachlich", "fast neutral"),
    ),
    (0, -1): (
        ("still", "gemächlich", "wenig lebhaft", "verhalten"),
        ("sehr still", "kraftlos", "langsam und still", "sehr verhalten"),
    ),
    (-1, 1): (
        ("etwas angespannt", "leicht gereizt", "etwas unruhig", "ein wenig angestrengt"),
        ("angespannt und verstimmt", "aufgebracht", "sichtlich unruhig", "gereizt"),
    ),
    (-1, 0): (
        ("etwas bedrückt", "leicht verstimmt", "eher ernst", "nicht ganz froh"),
        ("unglücklich", "sichtlich verstimmt", "bedrückt", "missmutig"),
    ),
    (-1, -1): (
        (
            "eher gedrückt",
            "etwas niedergeschlagen",
            "verhalten und etwas traurig",
            "trübe gestimmt",
        ),
        ("niedergeschlagen", "traurig", "sehr gedrückt", "sehr niedergeschlagen"),
    ),
}
"""(sign of valence, sign of arousal) -> mild words, strong words."""

QUADRANT_WORDS: Mapping[str, str] = {
    "excited": "lebhaft",
    "calm": "ruhig",
    "angry": "angespannt",
    "sad": "niedergeschlagen",
    "neutral": "neutral",
}
EMOTION_SIGNS: Mapping[str, Sequence[int]] = {
    "happiness": (1,),
    "surprise": (-1, 0, 1),
    "sadness": (-1,),
    "anger": (-1,),
    "disgust": (-1,),
    "fear": (-1,),
    "contempt": (-1,),
}
"""Emotions worth a clause, with the signs of valence they go with."""
EMOTION_NAMES = {
    "neutral": "ein neutraler Ausdruck",
    "happiness": "Freude",
    "surprise": "Überraschung",
    "sadness": "Traurigkeit",
    "anger": "Ärger",
    "disgust": "Ekel",
    "fear": "Angst",
    "contempt": "Verachtung",
}
EMOTION_CLAUSES = (
    "mit {0} als stärkstem Ausdruck",
    "und im Gesicht zeigt sich vor allem {0}",
    "wobei {0} am deutlichsten zu sehen ist",
)
DOUBTFUL_VERBS = ("wirkt vielleicht", "wirkt womöglich", "erscheint möglicherweise")
VERBS = (("wirkt", "wirken"), ("erscheint", "erscheinen"), ("zeigt sich", "zeigen sich"))
OPPOSED_OPENINGS = (
    "Die Stimmungen gehen auseinander: ",
    "Eine gemeinsame Stimmung ist nicht zu sehen: ",
)
NOBODY = (
    "Niemand ist zu sehen.",
    "Es ist niemand im Bild.",
    "Das Bild zeigt keine Menschen.",
    "Im Bild ist niemand.",
)
NOTHING_TO_READ = (
    "Zurzeit gibt es keinen Ausdruck zu lesen.",
    "Bisher bleibt das Bild leer.",
    "Für den Moment ist kein Gesicht da, das man lesen könnte.",
)
EMPTY_FOR = (
    "So ist es seit {0} Sekunden.",
    "Das Bild ist seit mindestens {0} Sekunden leer.",
    "Seit {0} Sekunden regt sich nichts.",
)
FIRST_LOOK = (
    "Es ist zu früh, um eine Richtung zu nennen.",
    "Das ist ein erster Eindruck.",
    "Noch gibt es nichts Früheres zum Vergleich.",
)
UNCHANGED = (
    "Seit dem letzten Blick hat sich wenig verändert.",
    "Das ist fast wie zuvor.",
    "Eine echte Veränderung ist nicht zu sehen.",
    "Bisher bleibt es dabei.",
)
UNCHANGED_FOR = (
    "So ist es seit {0} Sekunden geblieben.",
    "Seit {0} Sekunden hat sich kaum etwas verändert.",
    "Nun gibt es seit {0} Sekunden kaum eine Veränderung.",
    "Damit sind es {0} Sekunden ohne echte Veränderung.",
)
NO_LASTING_CHANGE = (
    "Ansonsten ist nichts neu.",
    "Sonst fällt nichts auf.",
    "Eine dauerhafte Veränderung fällt nicht auf.",
)
CHANGED = (
    "Verglichen mit vorher {1} {0} {2}.",
    "Diesmal {1} {0} {2} als vorher.",
    "Gegenüber vorher {1} {0} {2}.",
    "Etwas hat sich verschoben, denn {0} {1} {2} als vorher.",
)
TURNED = (
    "Gegen {0} schien {1} von {2} zu {3} zu wechseln.",
    "Gegen {0} gab es eine Wende: {1} schien von {2} zu {3} überzugehen.",
    "Der Eindruck von {1} änderte sich gegen {0} von {2} zu {3}.",
)
SUDDEN = (
    "Gegen {0} war {1} zu sehen.",
    "Etwa bei {0} zeigte das Bild {1}.",
    "Ein Augenblick fällt auf, gegen {0}: {1}.",
)
SPIKES: Mapping[tuple[str, bool], str] = {
    ("valence", True): "ein plötzliches Aufhellen",
    ("valence", False): "ein plötzliches Eintrüben",
    ("arousal", True): "ein Schub an Energie",
    ("arousal", False): "ein plötzliches Nachlassen der Energie",
}
"""(dimension, upwards) -> words."""
TRENDS: Mapping[tuple[str, str], Sequence[str]] = {
    ("valence", "rising"): (
        "Die Stimmung scheint sich zu heben.",
        "Es scheint nach und nach heller zu werden.",
    ),
    ("valence", "falling"): (
        "Die Stimmung scheint zu sinken.",
        "Es scheint nach und nach trüber zu werden.",
    ),
    ("arousal", "rising"): ("Die Energie scheint zu steigen.", "Es scheint lebhafter zu werden."),
    ("arousal", "falling"): ("Die Energie scheint nachzulassen.", "Es scheint ruhiger zu werden."),
}
MOVING = (
    (
        0.1,
        (
            "Es bewegt sich kaum etwas.",
            "Bewegung gibt es fast keine.",
            "Im Bild regt sich fast nichts.",
        ),
    ),
    (
        0.4,
        (
            "Es gibt nur wenig Bewegung.",
            "Die Bewegungen sind klein.",
            "Zu sehen sind kleine Bewegungen.",
        ),
    ),
    (1.0, ("Es gibt einige Bewegung.", "Die Bewegung ist mäßig.", "Zu sehen ist mäßige Bewegung.")),
    (
        float("inf"),
        (
            "Es gibt viel Bewegung.",
            "Die Bewegungen sind groß und schnell.",
            "Zu sehen ist lebhafte Bewegung.",
        ),
    ),
)
"""Movement below this many torso lengths per second -> words. Our choice."""
PART_OF_THE_TIME = (
    "Das Gesicht war nur zeitweise zu lesen, also ist das eine Vermutung.",
    "Das Gesicht war lange verdeckt, daher ist das unsicher.",
    "Meist war kein Gesicht zu lesen, daher ist das nur vorläufig.",
)
FEW_READINGS = (
    "Bisher gibt es nur wenige Messungen, daher ist das vorläufig.",
    "Das stützt sich auf sehr wenige Messungen und kann gut falsch sein.",
    "Es ist eine Vermutung aus nur wenigen Messungen.",
)

SUBJECTS = ("Die Person im Bild", "Person {0}", "Die sichtbare Person")
NO_FACE = (
    "{0} ist im Bild, aber das Gesicht ist nicht zu lesen.",
    "{0} ist weiterhin da, und das Gesicht ist nicht zu lesen.",
    "{0} ist zu sehen, doch ein Gesicht ist nicht zu lesen.",
)
NO_FACE_YET = ("Das Gesicht ist nicht zu lesen.", "Noch ist kein Gesicht zu lesen.")
UNTIL_THEN = ("Bis dahin wirkte {0} {1}.", "Davor erschien {0} {1}.")
NO_FACES = "{0} Personen sind zu sehen, aber kein Gesicht ist gut zu lesen."
ALIKE = "{0} Personen sind zu sehen, und {1} {2}."
IN_VIEW = "{0} Personen sind zu sehen: "
BETWEEN = ", und die übrigen liegen irgendwo dazwischen"
WHILE = "{0}, während {1}"
SIDE = {"brighter": "heiteren", "darker": "trüben"}
CAME = ("ins Bild gekommen", "dazugekommen", "hereingekommen")
LEFT = ("gegangen", "aus dem Bild gegangen", "verschwunden")
AND_THEN = "{0}, und {1}"
DOUBT_ALL = ", noch schwer zu lesen"
DOUBT_SOME = " ({0} noch schwer zu lesen)"
THEY, THE_PERSON = "die Person", "die Person"
IN_PERSON = " bei Person {0}"
LINE_SEVERAL = "{0} Personen: "
LINE_NOBODY = "Niemand ist zu sehen."
LINE_UNREAD = "{0} ist im Bild, schwer zu lesen."
LINE_PEOPLE = "{0} Personen sind zu sehen."

STORY_OPENING = "Zu Beginn {0}."
STORY_SCENE = {
    "nobody": "war niemand zu sehen",
    "one": "war eine Person zu sehen, die {0} wirkte",
    "one unread": "war eine Person zu sehen, schwer zu lesen",
    "several": "waren {0} Personen zu sehen, die als Gruppe {1} wirkten",
    "several opposed": "waren {0} Personen zu sehen, deren Stimmungen auseinandergingen",
    "several unread": "waren {0} Personen zu sehen, schwer zu lesen",
}
STORY_TURN = (
    "Gegen {0} schien {1} von {2} zu {3} zu wechseln.",
    "Etwa bei {0} änderte sich der Eindruck von {1} von {2} zu {3}.",
    "Dann, gegen {0}, schien {1} von {2} zu {3} überzugehen.",
)
STORY_SHIFT = (
    "Bis {0} wirkte {1} {2} als vorher und erschien {3}.",
    "Dann wirkte {1} {2} und erschien um {0} {3}.",
    "Danach wirkte {1} {2}, um {0} {3}.",
)
STORY_CAME = "Um {0} kam {1} ins Bild."
STORY_LEFT = "Um {0} ging {1}."
STORY_VISIT = ("{0} war von {1} bis {2} zu sehen", "{0} von {1} bis {2}")
STORY_GROUP = "die Gruppe"
STORY_PASSERS = "{0} weitere Personen waren zeitweise zu sehen."
STORY_MORE = "Daneben gab es kleinere Veränderungen."
STORY_WHOLE = "Von Anfang bis Ende, um {0}, {1}. Eine dauerhafte Veränderung fiel nicht auf."
STORY_SO = "So endete es, um {0}."
STORY_ENDING = "Am Ende, um {0}, {1}."

ANSWERS = {
    "nothing": "Das sagt die Aufzeichnung nicht: nichts dergleichen wurde gemessen.",
    "not understood": (
        "Diese Frage gehört nicht zu denen, die ohne Sprachmodell zu beantworten sind: fragen Sie "
        "nach wann, wer, wie lange, wie viele, höchster, niedrigster, oder nach einem Vergleich."
    ),
    "no such person": "Die Aufzeichnung kennt keine Person {0}; es gibt: {1}.",
    "when turned": "Gegen {0} schien {1} von {2} zu {3} zu wechseln.",
    "how many one": "Nie war mehr als eine Person zugleich zu sehen, zuerst um {1}.",
    "how many none": "Zu keiner Zeit war jemand zu sehen.",
    "at time": "Um {0} wirkte {1} {2}: Valenz {3}, Erregung {4}.",
    "nobody did": "Niemand wirkte zu irgendeiner Zeit {0}.",
    "when became": "Gegen {0} wirkte {1} {2} als vorher: {3}, von {4} auf {5}.",
    "never became": "Zu keiner Zeit wirkte {0} deutlich {1} als vorher.",
    "when most": "{0} wirkte {1} gegen {2}, mit {3} von {4}.",
    "when state": "{0} wirkte {1} {2}.",
    "never": "Zu keiner Zeit wirkte {0} {1}.",
    "nobody did shown": "Niemand zeigte zu irgendeiner Zeit vor allem {0}.",
    "never shown": "Zu keiner Zeit zeigte {0} vor allem {1}.",
    "when state shown": "{0} zeigte vor allem {1} {2}.",
    "how long shown": "{0} zeigte insgesamt {2} Sekunden lang vor allem {1}, {3}.",
    "from to": "von {0} bis {1}",
    "at": "gegen {0}",
    "came": "{0} kam um {1} ins Bild.",
    "left": "{0} ging um {1}.",
    "stayed": "{0} ging nicht: zu sehen bis {1}.",
    "how long in": "{0} war {1} Sekunden lang zu sehen, von {2} bis {3}.",
    "how long": "{0} wirkte {1}, insgesamt {2} Sekunden lang, {3}.",
    "how many": "Höchstens {0} Personen waren zugleich zu sehen, um {1}.",
    "who most": "{0}, mit {1} von im Mittel {2} von {3} bis {4}.",
    "compare": "{0} lag bei {1} von im Mittel {2}, {3} bei {4}, von {5} bis {6}: {7}.",
    "higher": "{0} wirkte {1}",
    "equal": "beide wirkten ähnlich",
    "mood": "Von {0} bis {1} wirkte {2} im Mittel {3}: Valenz {4}, Erregung {5}.",
}
DIMENSIONS = {"valence": "einer Valenz", "arousal": "einer Erregung", "movement": "einer Bewegung"}
COMPARATIVES = {
    ("valence", 1): "heiterer",
    ("valence", -1): "trüber",
    ("arousal", 1): "lebhafter",
    ("arousal", -1): "ruhiger",
    ("movement", 1): "bewegter",
    ("movement", -1): "unbewegter",
}
SUPERLATIVES = {
    ("valence", 1): "am heitersten",
    ("valence", -1): "am trübsten",
    ("arousal", 1): "am lebhaftesten",
    ("arousal", -1): "am ruhigsten",
    ("movement", 1): "am bewegtesten",
    ("movement", -1): "am wenigsten bewegt",
}
GROUP_NAME = "Die Gruppe"
LOWEST = r"niedrig|tiefst|gering|wenigst|minim"
QUESTIONS = (
    ("how_long", r"\bwie lange?\b|\bwie viel zeit\b"),
    ("how_many", r"\bwie viele?\b"),
    ("compare", r"\bvergl\w+|\bunterschied\w*|\bals person\b"),
    ("when", r"\bwann\b|\bzu welcher zeit\b|\bum wie viel uhr\b"),
    ("who", r"\bwer\b|\b(?:irgend)?jemand\b|\bwen\b|\bwelche person\b|\bwessen\b"),
    ("extreme", r"\bhöchst\w*|\bniedrigst\w*|\bam meisten\b|\bam wenigsten\b|\bm(?:ax|in)im\w*"),
    ("how", r"\bwie\b|\bwas\b|\bbeschreib\w*"),
)


def count_word(number: int) -> str:
    """Return a number as a word up to ten."""
    return COUNTS[number] if number < len(COUNTS) else str(number)


def listed(parts: Sequence[str]) -> str:
    """Return `a, b und c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} und {parts[-1]}"


def named(people: Sequence[int], starts: bool = True) -> str:
    """Return `Person 1` or `Personen 1 und 2`, a noun wherever it stands."""
    word = "Person" if len(people) == 1 else "Personen"
    return f"{word} {listed([str(person) for person in people])}"


def every(number: int) -> str:
    """Return the words for all of several people."""
    return "beide" if number == 2 else "alle"


def looking(verb: str, mood: str, still: bool) -> str:
    """Return "wirkt weiterhin ruhig"."""
    return f"{verb} {'weiterhin ' if still else ''}{mood}"


def within(part: str) -> str:
    """Return a sentence as it stands within another."""
    return part


def came_or_left(people: Sequence[int], verb: str) -> str:
    """Return "Person 1 ist gegangen"."""
    return f"{named(people)} {'ist' if len(people) == 1 else 'sind'} {verb}"


def hard_to_read(people: Sequence[int]) -> str:
    """Return "Personen 1 und 2 sind schwer zu lesen."."""
    return f"{named(people)} {'ist' if len(people) == 1 else 'sind'} schwer zu lesen."


def between(people: Sequence[int]) -> str:
    """Return "Person 1 liegt irgendwo dazwischen"."""
    return f"{named(people)} {'liegt' if len(people) == 1 else 'liegen'} irgendwo dazwischen"


def camp(people: Sequence[int], verb: str, side: str) -> str:
    """Return "Personen 1 und 2 sind eher auf der heiteren Seite"."""
    return f"{named(people)} sind dem Eindruck nach eher auf der {SIDE[side]} Seite"


def changed(template: str, number: int | None, person: Mapping[str, Any]) -> str:
    """Fill one of `CHANGED`; at least one change must be large enough."""
    who = THE_PERSON if number is None else f"Person {number}"
    return template.format(who, "wirkt", _comparison(person))


def shifted(
    template: str, clock: str, number: int | None, person: Mapping[str, Any], mood: str
) -> str:
    """Fill one of `STORY_SHIFT`; at least one change must be large enough."""
    who = THE_PERSON if number is None else f"Person {number}"
    return template.format(clock, who, _comparison(person), mood)


def _comparison(person: Mapping[str, Any]) -> str:
    valence, up = person["valence"], person["valence_change"] or 0.0
    livelier = person["arousal_change"] or 0.0
    parts = []
    if abs(up) >= MIN_CHANGE:
        if up > 0:
            word = "heiterer" if sign(valence) >= 0 else "weniger bedrückt"
        else:
            word = "bedrückter" if sign(valence) < 0 else "weniger heiter"
        parts.append(f"{_degree(up)} {word}")
    if abs(livelier) >= MIN_CHANGE:
        word = "lebhafter" if livelier > 0 else ("ruhiger" if sign(valence) >= 0 else "stiller")
        parts.append(f"{_degree(livelier)} {word}")
    return " und ".join(parts)


def _degree(change: float) -> str:
    return "etwas" if abs(change) < 0.25 else "deutlich" if abs(change) < 0.5 else "viel"


PERSON = r"Person(?:en)?\s+(?:Nummer\s+|Nr\.?\s*)?"
AND = r"(?:\s*,\s*(?:und\s+)?|\s+und\s+)"
PEOPLE = r"(?:(?:weitere|andere|verschiedene|sichtbare)\s+)?(?:Person(?:en)?|Menschen?|Leuten?|Gesicht(?:er)?|von\s+ihnen|der\s+(?:Personen|Menschen))"
OF = r"(?:von|der)\b"
ALL_OF = r"(?:alle|die|Gruppe\s+(?:von|aus))\s+"
OWNER = r"\s+(?:bei|von|in)\s+"
SECONDS = r"-?\s*Sekunden?\b"
MINUTES = r"-?\s*Minuten?\b"
PERCENT = r"\s*(?:%|Prozent)"
PLAIN = frozenset(
    """
    der die das den dem des ein eine einer einem einen eines dies diese dieser dieses diesem
    diesen jene jener jenes es sie ihr ihre ihrer ihrem ihren ihres sich selbst hier dort da
    dabei dafür dagegen damit dann danach daneben daran darauf daraus darin darüber darum davon
    davor dazu dazwischen derselbe dieselbe dasselbe denselben derselben welche welcher welches
    was wie wo wobei womit worin wodurch wofür und oder aber doch jedoch sondern sowie denn dass
    ob obwohl während indem wenn als zwar in im an am auf aus bei beim bis durch für gegen
    gegenüber innerhalb mit nach seit über um unter von vom vor zu zum zur zwischen ab entlang
    je pro laut gemäß trotz außer jede jeder jedes jeden alles etwas nichts mehr weniger viel
    viele wenig wenige einige einiger mehrere manche genug ganz ganze ganzen gesamt gesamte
    gesamten teils teilweise teil teile rest nur noch schon auch so sehr recht eher ziemlich
    etwa ungefähr rund fast nahezu beinahe gerade eben nun jetzt zurzeit gegenwärtig momentan
    derzeit weiterhin weiter wieder erst zuerst zunächst zuvor vorher zuletzt anfangs
    schließlich endlich später früher bisher bislang inzwischen zwischendurch währenddessen
    daher dennoch trotzdem insgesamt zusammen gemeinsam gleichzeitig zugleich jeweils
    überwiegend hauptsächlich meist meistens größtenteils vorwiegend durchgehend gleichmäßig
    allmählich langsam schnell rasch plötzlich kurz lang lange länger kürzer deutlich deutlicher
    sichtlich sichtbar sichtbare sichtbaren merklich spürbar klar erkennbar leicht
    vergleichsweise verglichen vergleich anscheinend offenbar scheinbar wohl eigentlich
    überhaupt nochmals erneut neu neue neuen neuer neues letzte letzten letzter letztes vorige
    vorigen vorherige vorherigen frühere früheren früheres ist sind war waren sei sein gewesen
    hat haben hatte hatten wird werden wurde wurden geworden kann können könnte könnten konnte
    konnten mag mögen dürfte dürften soll sollte muss lässt lassen wirkt wirken wirkte wirkten
    erscheint erscheinen erschien erschienen scheint scheinen schien schienen zeigt zeigen
    zeigte zeigten gezeigt sieht aussehen sehen gesehen aussieht macht machen machte gemacht
    gibt geben gab gegeben bleibt bleiben blieb blieben geblieben hält halten hielt gehalten
    wechselt wechseln wechselte gewechselt ändert ändern änderte geändert verändert verändern
    veränderte verschiebt verschoben liegt liegen lag lagen reicht reichte endet enden endete
    beginnt beginnen begann begonnen dauert dauerte überwiegt überwiegen überwog dominiert
    dominieren dominierte prägt prägte vorherrscht herrscht herrschte deutet hindeutet hinweist
    weist spiegelt drückt ausgedrückt ausdrückt misst gemessen lesen gelesen abzulesen verbunden
    verbindet verlief verläuft verlaufen erreicht erreichte zählt folgten folgen person personen
    mensch menschen leute gesicht gesichter gesichtern ausdruck ausdrucks ausdrücke
    gesichtsausdruck miene mienen eindruck eindrucks stimmung stimmungen energie valenz erregung
    haltung körperhaltung arme armen körper bewegung bewegungen gruppe bild bildes bilder
    aufnahme aufzeichnung video szene blick zeit zeiten zeitpunkt zeitraum zeitlang weile
    augenblick augenblicks augenblicken moment moments momenten abschnitt anfang beginn ende
    mitte verlauf dauer anteil sekunde sekunden minute minuten messung messungen wert werte
    werten mittel durchschnitt grad maß stärke höhe niveau richtung seite unterschied
    unterschiede unterschieden gegensatz veränderung veränderungen änderung änderungen wechsel
    wende wandel anzeichen spur spuren hauch zeichen weise art form lage zustand punkt wirkung
    hoch hohe hohen höher niedrig niedrige niedrigen niedriger groß große großen größer klein
    kleine kleinen kleiner stark starke starken starker starkes stärker schwach schwache
    schwacher schwächer mild milde gut gute guten guter gutes besser schlecht ähnlich ähnliche
    ähnlichen gleich gleiche gleichen gleicher unterschiedlich unterschiedliche
    unterschiedlichen verschieden verschiedene verschiedenen anders deutliche deutlichen
    deutliches klare klaren klarer klares leichte leichten leichter leichtes vorhanden anwesend
    tief höchst sanft völlig durchaus besonders insbesondere allem allen aller los hin her heran
    herum bleibend gar nirgends voller voll zeitweise irgendwo irgendeiner irgendwann keit
    hindurch herrührt stützt sonst nämlich man sowohl
    dauerhafte dauerhaft stärkste stärksten stärkstem stärkster stärkstes deutlichste deutlichsten
    sachlich mindestens überzugehen also irgendeine höchstens deren dahin ansonsten diesmal davor
    """.split()
)
"""Words beside the claims; see `en.PLAIN`."""

CAPITALS: frozenset[str] = frozenset()
FROM_TO = r"von\s+({0})\s+zu\s+({0})"

_LEXICON: Sequence[tuple[str, Any, str]] = (
    (
        "posture",
        "arms raised",
        r"(?:erhobene\w*|gehobene\w*)\s+Armen?|Arme\s+(?:\w+\s+)?(?:erhoben|gehoben|oben)",
    ),
    ("posture", "hands to face", r"(?:Hand|Hände)\s+(?:\w+\s+)?(?:am|zum|ans|vor\s+dem)\s+Gesicht"),
    ("posture", "arms crossed", r"verschränkte\w*\s+Armen?|Arme\s+(?:\w+\s+)?verschränkt"),
    ("posture", "slumped", r"zusammengesunken|zusammengesackt"),
    ("posture", "leaning left", r"nach\s+links\s+(?:geneigt|gelehnt)"),
    ("posture", "leaning right", r"nach\s+rechts\s+(?:geneigt|gelehnt)"),
    ("posture", "leaning forward", r"(?:vorgebeugt|nach\s+vorne?\s+(?:geneigt|gelehnt|gebeugt))"),
    ("posture", "leaning back", r"zurückgelehnt|nach\s+hinten\s+(?:geneigt|gelehnt)"),
    ("posture", "closed", r"geschlossene\w*\s+Haltung"),
    ("posture", "open", r"offene\w*\s+Haltung"),
    ("posture", "upright", r"aufrecht\w*"),
    (
        "invented",
        "a share",
        r"die\s+(?:meisten|Hälfte|Mehrheit)(?:\s+(?:von\s+ihnen|der\s+(?:Personen|Menschen|Leute)|Personen|Menschen))?|(?:alle|jede[rs]?)\s+(?:bis\s+auf|außer)|außer\s+Person|immer\s+wieder",
    ),
    (
        "invented",
        "an act or an order",
        r"(?:beweg|geht|ging|komm|kam|bleib|blieb|dreh|wend|blick|sieht|schau)\w*\s+(?:\w+\s+)?(?:zu|auf|an|bei|neben|mit|von|nach)\s+Person|(?:vor|nach)\s+Person",
    ),
    (
        "minutes",
        1.5,
        r"(?:einer|eine)\s+Minute\s+und\s+(?:einer\s+halben|eine\s+halbe)|anderthalb\s+Minuten|eineinhalb\s+Minuten",
    ),
    ("minutes", 0.5, r"einer?\s+halben?\s+Minute"),
    ("minutes", 1.0, r"(?:seit|für)\s+einer?\s+Minute(?!\s+und)"),
    ("alone", "", r"allein|einzige[rn]?\s+(?:Person|Mensch|Gesicht)|nur\s+(?:noch\s+)?Person"),
    (
        "no_other",
        "",
        r"(?:niemand|keiner)\s+(?:sonst|anderes)|sonst\s+niemand|keine\s+(?:andere|weitere)\s+Person",
    ),
    ("present", "", r"jemand(?:em|en)?"),
    (
        "echo",
        "",
        r"ebenso(?:\s+wie)?(?=\s+Person)|(?:genau\s+)?wie(?:\s+auch)?(?=\s+Person)|auch(?=\s+Person)|sowie(?=\s+Person)",
    ),
    ("vague", "", r"irgendwo\s+dazwischen"),
    (
        "vague",
        "",
        r"fällt\s+nicht\s+auf|fällt\s+(?:\w+\s+)?nichts\s+auf|fällt\s+auf|fiel\s+nicht\s+auf|[Kk]leinere\s+Veränderungen|auf\s+der\s+(?:heiteren|trüben)\s+Seite|hat\s+sich\s+verschoben|war\s+es\s+anders|eine\s+klare\s+Richtung|die\s+übrigen|nicht\s+ganz\s+sicher",
    ),
    (
        "invented",
        "where somebody is",
        r"(?:links|rechts)|im\s+(?:Hinter|Vorder)grund|hinter|in\s+der\s+Ecke",
    ),
    (
        "unread",
        "",
        r"nicht\s+(?:gut\s+)?(?:zu\s+lesen|lesbar)|kein\w*\s+(?:Gesicht|Ausdruck)(?:\s+(?:ist\s+)?(?:gut\s+)?(?:zu\s+lesen|da))?|schwer\s+zu\s+lesen|verdeckt",
    ),
    ("first", "", r"erster\s+Eindruck|zu\s+früh|nichts\s+Früheres"),
    (
        "mood_of_all",
        "opposed",
        r"Stimmungen\s+(?:gehen\s+)?auseinander\w*|gemeinsame\s+Stimmung\s+ist\s+nicht|gegensätzlich\w*|im\s+Gegensatz",
    ),
    ("mood_of_all", "alike", r"gemeinsame\s+Stimmung|gleiche\s+Stimmung|ähnlich\w*"),
    ("pair", "near_share", r"nah\w*\s+beieinander|dicht\s+beieinander"),
    ("pair", "facing_share", r"(?:einander|sich)\s+(?:zugewandt|gegenüber)"),
    ("pair", "synchrony", r"im\s+(?:Gleichtakt|Gleichklang)|synchron\w*"),
    (
        "moves",
        (0.0, 0.15),
        r"bewegt\s+sich\s+kaum(?:\s+etwas)?|fast\s+keine\s+Bewegung|Bewegung\s+gibt\s+es\s+fast\s+keine|regungslos|reglos|regt\s+sich\s+(?:fast\s+)?nichts|ohne\s+Bewegung",
    ),
    (
        "moves",
        (0.05, 0.5),
        r"(?:nur\s+)?wenig\s+Bewegung|Bewegungen\s+sind\s+klein|kleine\s+Bewegungen|bewegt\s+sich\s+(?:nur\s+)?wenig",
    ),
    ("moves", (0.3, 1.1), r"einige\s+Bewegung|Bewegung\s+ist\s+mäßig|mäßige\s+Bewegung"),
    (
        "moves",
        (0.9, 99.0),
        r"viel\s+Bewegung|groß\s+und\s+schnell|bewegt\s+sich\s+(?:viel|stark)|lebhafte\s+Bewegung",
    ),
    ("moves", (9.0, 0.0), r"(?:mehr|weniger)\s+Bewegung"),
    ("spike", ("valence", 1), r"plötzliches\s+Aufhellen"),
    ("spike", ("valence", -1), r"plötzliches\s+Eintrüben"),
    ("spike", ("arousal", 1), r"Schub\s+an\s+Energie"),
    ("spike", ("arousal", -1), r"plötzliches\s+Nachlassen(?:\s+der\s+Energie)?"),
    (
        "most",
        ("valence", 1),
        r"am\s+(?:heiter|fröhlich|glücklich|zufrieden|freundlich)sten|höchste\w*\s+Valenz",
    ),
    (
        "most",
        ("valence", -1),
        r"am\s+(?:trüb|traurig|unglücklich|bedrückte?|niedergeschlagen)sten|niedrigste\w*\s+Valenz",
    ),
    ("most", ("arousal", 1), r"am\s+(?:lebhafte|munter|wach|aufmerksam)sten|höchste\w*\s+Erregung"),
    ("most", ("arousal", -1), r"am\s+(?:ruhig|still|entspannte)sten|niedrigste\w*\s+Erregung"),
    (
        "most",
        ("movement", 1),
        r"bewegt\w*\s+sich\s+am\s+meisten|am\s+meisten\s+bewegt|meiste\w*\s+Bewegung",
    ),
    (
        "shift",
        ("valence", 1),
        r"heiterer|fröhlicher|glücklicher|heller|freundlicher|zufriedener|weniger\s+(?:bedrückt|traurig|angespannt|verstimmt|trübe|niedergeschlagen)|aufgehellt|hellt\w*\s+(?:\w+\s+)?auf|hebt\s+sich|sich\s+(?:zu\s+)?heben|gehoben|bess(?:er|ert)\w*|aufheitern\w*",
    ),
    (
        "shift",
        ("valence", -1),
        r"trüber|trauriger|bedrückter|unglücklicher|ernster|weniger\s+(?:heiter|fröhlich|glücklich|zufrieden|freundlich)|sink(?:t|en)|sank(?:en)?|gesunken|verschlechter\w*|schlechter|trübt\w*\s+sich|eingetrübt|verdüster\w*",
    ),
    (
        "shift",
        ("arousal", 1),
        r"lebhafter|munterer|wacher|aufgeregter|unruhiger|energischer|Energie\s+(?:scheint\s+)?(?:zu\s+)?(?:steigt|steigen|zunimmt)|belebt\s+sich",
    ),
    (
        "shift",
        ("arousal", -1),
        r"ruhiger|stiller|gelassener|entspannter|weniger\s+(?:lebhaft|munter|wach|aufgeregt)|nachzulassen|beruhigt\s+sich|(?:sich\s+)?(?:zu\s+)?beruhigen|beruhigte?",
    ),
    (
        "same",
        "",
        r"unverändert|kaum\s+eine\s+(?:echte\s+)?Veränderung|gleich\s?bleibend|stabil|konstant|bleib(?:t|en)|blieb(?:en)?|geblieben|wie\s+(?:zuvor|vorher)|(?:wenig|kaum\s+etwas|nichts)\s+(?:hat\s+sich\s+)?verändert|hat\s+sich\s+(?:wenig|kaum\s+etwas|nichts)\s+verändert|(?:keine|kaum\s+eine|ohne)\s+(?:echte\s+)?Veränderung|echte\s+Veränderung\s+ist\s+nicht|so\s+ist\s+es\s+seit",
    ),
    ("move", 1, r"steigt|steigen|stieg(?:en)?|gestiegen|nimmt\s+zu|zugenommen|wächst|höher"),
    (
        "move",
        -1,
        r"fällt|fiel(?:en)?|gefallen|nimmt\s+ab|abgenommen|nachgelassen|lässt\s+nach|niedriger|gesenkt",
    ),
    (
        "come",
        "",
        r"ins\s+Bild(?:\s+gekommen)?|dazugekommen|hereingekommen|hinzugekommen|zurückgekommen|zurückgekehrt|kehrt\w*\s+zurück|(?:kam|kommt|kamen)\s+(?:\w+\s+)?(?:hinzu|dazu|herein)|erschienen|aufgetaucht|eingetreten|(?:kam|kommt|kamen|kommen)",
    ),
    (
        "go",
        "",
        r"(?:aus\s+dem\s+Bild\s+)?gegangen|verschwunden|verlassen|ging(?:en)?|geht|verschwand(?:en)?|verlässt|verließ|fort|weg",
    ),
    ("dimension", "valence", r"Valenz|Stimmung"),
    ("dimension", "arousal", r"Erregung|Energie|Aktivierung"),
    ("emotion", "happiness", r"Freude|Lächeln|lächelt\w*|gelächelt"),
    ("emotion", "surprise", r"Überraschung|überrascht\w*|erstaunt"),
    ("emotion", "sadness", r"Traurigkeit|Trauer"),
    ("emotion", "anger", r"Ärger|Wut"),
    ("emotion", "disgust", r"Ekel|angeekelt"),
    ("emotion", "fear", r"Angst|ängstlich|Furcht|verängstigt"),
    ("emotion", "contempt", r"Verachtung|verächtlich"),
    (
        "mood",
        "-*",
        r"nicht\s+ganz\s+froh|unglücklich|bedrückt|verstimmt|missmutig|unruhig|angestrengt|gedrückt|niedergeschlagen|traurig|trübe(?:\s+gestimmt)?|unzufrieden",
    ),
    ("mood", "-+", r"angespannt|gereizt|aufgebracht|wütend|verärgert|zornig|nervös"),
    ("mood", "n*", r"(?:eher\s+)?ernst"),
    ("mood", "++", r"begeistert|ausgelassen"),
    (
        "mood",
        "+*",
        r"fröhlich|heiter|glücklich|zufrieden|freundlich|erfreut|strahlend|gut\s+gelaunt|vergnügt|froh|positiv",
    ),
    ("mood", "p+", r"beschwingt"),
    ("mood", "pn", r"gelöst|entspannt|friedlich|gelassen|ruhig"),
    (
        "mood",
        "*+",
        r"lebhaft|hellwach|wach|aufmerksam|konzentriert|aufgekratzt|munter|aufgeweckt|voller\s+Energie|aufgeregt|energisch",
    ),
    ("mood", "*-", r"still|gemächlich|wenig\s+lebhaft|kraftlos|verhalten"),
    ("mood", "00", r"neutral\w*|gefasst|ausgeglichen|ausdruckslos"),
    (
        "forbidden",
        "sex",
        r"er|ihm|ihn|seine[rmns]?|Mann|Männer|Frau(?:en)?|Junge[n]?|Mädchen|männlich\w*|weiblich\w*|Herr|Dame",
    ),
    (
        "forbidden",
        "age",
        r"jung\w*|alt(?:e[rns]?)?|älter\w*|Kind(?:er)?|Jugendliche\w*|Erwachsene\w*|Baby",
    ),
    (
        "forbidden",
        "origin",
        r"weiße\w*|schwarze\w*|asiatisch\w*|afrikanisch\w*|europäisch\w*|Haut\w*|Herkunft|Rasse",
    ),
    (
        "forbidden",
        "health",
        r"depressi\w*|krank\w*|Krankheit\w*|Störung|psychisch\w*|gesund\w*|müde|erschöpft|betrunken|gestresst|Schmerz\w*",
    ),
    (
        "forbidden",
        "identity",
        r"namens|heißt|Ehe(?:frau|mann|paar|leute)|Mutter|Vater|Freund(?:e|in|innen)?|Paar|Familie|Kolleg\w+|Chef\w*|Lehrer\w*|Schüler\w*|Patient\w*|Arzt|Ärztin|Kund\w+",
    ),
    (
        "inner",
        "",
        r"fühl\w*|empfind\w*|denkt|denken|glaubt|weiß|will|wollen|möchte|hofft|liebt|hasst|genießt|erinnert",
    ),
    ("invented", "a cause", r"weil|wegen|aufgrund|deshalb|Grund"),
    (
        "invented",
        "speech",
        r"sagt\w*|spricht|sprechen|redet|reden|Gespräch\w*|diskutier\w*|streit\w*|lacht|lachen|weint|weinen|singt|ruft|Witz\w*",
    ),
    (
        "invented",
        "a thing or an act",
        r"Telefon\w*|Handy|Tisch\w*|Stuhl|Zimmer|Büro|Küche|Straße|Haus|Auto|Hund|Katze|Musik|Wetter|Sonne|Regen|Kleid\w*|trägt|Hemd|Hut|Brille|Haare?|Augen|Mund|Hände?|Kopf|Besprechung|Arbeit\w*|Spiel\w*|Buch|Bildschirm|Film|isst|trinkt|tanzt|läuft|sitzt|steht|nickt|winkt|Essen|Kaffee|Fenster|Tür",
    ),
    (
        "leak",
        "",
        r"<\||\|>|</?s>|\[/?INST\]|###|```|assistant|Sprachmodell|Anweisung\w*|prompt|json|Fakten?\s*:|\w+_\w+|https?:|\{|\}",
    ),
    (
        "doubt",
        "",
        r"vielleicht|womöglich|möglicherweise|unsicher|vorläufig|Vermutung|vermutlich|falsch|könnte|wenige[n]?\s+Messungen|unklar",
    ),
    (
        "look",
        "",
        r"wirk(?:t|en|te|ten)|erschein\w*|erschien\w*|schein(?:t|en)|schien(?:en)?|zeig(?:t|en|te|ten)(?:\s+sich)?|Eindruck|Ausdruck|Miene|Gesicht|sehen|sieht|sichtbar",
    ),
    (
        "zero",
        "",
        r"weder(?=\s+(?:Person|die\s+eine|der\s+eine))|niemand|keine?\s+(?:Person(?:en)?|Menschen?|Leute)|keiner|leer",
    ),
    (
        "not",
        "",
        r"nicht|nie(?:mals)?|ohne|kaum|alles\s+andere\s+als|weder(?!\s+(?:Person|die\s+eine|der\s+eine))|noch\s+nie|kein\w*|zu\s+keiner\s+Zeit",
    ),
    (
        "plural",
        "",
        r"mehrere\s+(?:Personen|Menschen)|viele\s+(?:Personen|Menschen)|einige\s+(?:Personen|Menschen)|Personen\s+sind|Gruppe|einander",
    ),
    (
        "one_of",
        "",
        r"(?:eine|die\s+andere)(?=\s+(?:wirkt|wirkte|erscheint|erschien|scheint|schien|zeigt|zeigte)\b)",
    ),
    ("all", "", r"beide[n]?|alle|jede[r]?"),
    ("someone", "", r"die\s+(?:sichtbare\s+)?Person(?!en)|sie"),
    (
        "leading",
        "",
        r"(?:am\s+)?(?:stärkste|deutlichste)\w*|vor\s+allem|hauptsächlich|überwiegend|meist|vorwiegend|dominier\w*",
    ),
    ("than", "", r"als"),
    ("break", "", r"[,;:]|\bwährend\b|\baber\b|\bdoch\b"),
)
LEXICON = tuple(
    (kind, value, rf"(?:{pattern})(?:e[nmrs]?)?" if kind == "mood" else pattern)
    for kind, value, pattern in _LEXICON
)
"""(kind, value, pattern): what words claim, adjectives with their endings; see `en.LEXICON`."""
