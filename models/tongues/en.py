"""English: how a face looks, by where its valence and arousal lie, and how English is read.

Every phrase of `LOOKS` completes "looks ..." for one person and for several, speaks of looks and
never of inner states as certain, and fits the whole of its zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..facts import MIN_CHANGE
from ..zones import sign

NAME = "English"
COUNTS = "zero one two three four five six seven eight nine ten".split()

LOOKS: Mapping[tuple[int, int], tuple[Sequence[str], Sequence[str]]] = {
    (1, 1): (
        ("lightly upbeat", "good-humoured and alert", "pleasant and attentive", "in a bright mood"),
        (
            "bright and lively",
            "cheerful and full of energy",
            "upbeat and wide awake",
            "openly cheerful",
        ),
    ),
    (1, 0): (
        ("content", "pleasant", "gently good-humoured", "comfortable"),
        ("cheerful", "clearly pleased", "happy", "bright"),
    ),
    (1, -1): (
        ("calm and content", "at ease", "relaxed", "settled and comfortable"),
        ("deeply relaxed", "peaceful", "very calm and content", "thoroughly at ease"),
    ),
    (0, 1): (
        ("alert", "attentive", "awake and watchful", "focused"),
        ("keyed up", "very alert", "wide awake", "highly attentive"),
    ),
    (0, 0): (
        ("neutral", "composed", "even and matter-of-fact", "close to neutral"),
        ("neutral", "composed", "even and matter-of-fact", "close to neutral"),
    ),
    (0, -1): (
        ("quiet", "unhurried", "low in energy", "subdued"),
        ("very quiet", "drained of energy", "slow and still", "very subdued"),
    ),
    (-1, 1): (
        ("a little tense", "slightly on edge", "somewhat uneasy", "a bit strained"),
        ("tense and upset", "agitated", "clearly uneasy", "worked up"),
    ),
    (-1, 0): (
        ("a little troubled", "somewhat displeased", "rather serious", "not quite happy"),
        ("unhappy", "clearly displeased", "troubled", "upset"),
    ),
    (-1, -1): (
        ("rather down", "a little downcast", "subdued and somewhat sad", "low in spirits"),
        ("downcast", "sad", "dejected", "very low in spirits"),
    ),
}
"""(sign of valence, sign of arousal) -> mild words, strong words."""

QUADRANT_WORDS: Mapping[str, str] = {
    "excited": "lively",
    "calm": "calm",
    "angry": "tense",
    "sad": "downcast",
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
    "neutral": "a neutral look",
    "happiness": "happiness",
    "surprise": "surprise",
    "sadness": "sadness",
    "anger": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "contempt": "contempt",
}

EMOTION_CLAUSES = (
    "with {0} the strongest expression",
    "and the face reads mostly as {0}",
    "with {0} showing most",
)

DOUBTFUL_VERBS = ("may look", "might look", "perhaps looks")

VERBS = (("looks", "look"), ("appears", "appear"), ("seems", "seem"))

OPPOSED_OPENINGS = ("The moods differ: ", "They do not seem to share a mood: ")

NOBODY = (
    "Nobody is in view.",
    "There is no one in the picture.",
    "The picture holds no people.",
    "No one is to be seen.",
)

NOTHING_TO_READ = (
    "There are no expressions to read for the moment.",
    "So far the picture stays empty.",
    "For the time being there is no face to read.",
)

EMPTY_FOR = (
    "It has been like this for {0} seconds.",
    "The scene has been empty for at least {0} seconds.",
    "Nothing has stirred for {0} seconds.",
)

FIRST_LOOK = (
    "It is too early to tell where this is going.",
    "This is a first impression.",
    "There is nothing earlier to compare it with yet.",
)

UNCHANGED = (
    "Little has changed since the last look.",
    "That is much as it was before.",
    "There is no real change from before.",
    "So far it stays that way.",
)

UNCHANGED_FOR = (
    "It has stayed this way for {0} seconds.",
    "Nothing much has changed for {0} seconds.",
    "For {0} seconds now there has been little change.",
    "That makes {0} seconds without any real change.",
)

NO_LASTING_CHANGE = (
    "Otherwise there is nothing new.",
    "Nothing else stands out.",
    "No lasting change stands out.",
)

CHANGED = (
    "Compared with before, {0} {1} {2}.",
    "By now {0} {1} {2} than before.",
    "This time {0} {1} {2} than before.",
    "Something has shifted, as {0} {1} {2} than before.",
)

TURNED = (
    "Around {0}, {1} seemed to turn from {2} to {3}.",
    "At about {0} there was a turn: {1} went from looking {2} to looking {3}.",
    "The look of {1} appeared to change from {2} to {3} around {0}.",
)

SUDDEN = (
    "Around {0} there seemed to be {1}.",
    "At about {0} the picture showed {1}.",
    "A moment stands out around {0}: {1}.",
)

SPIKES: Mapping[tuple[str, bool], str] = {
    ("valence", True): "a sudden brightening",
    ("valence", False): "a sudden clouding over",
    ("arousal", True): "a burst of energy",
    ("arousal", False): "a sudden lull",
}
"""(dimension, upwards) -> words."""

TRENDS: Mapping[tuple[str, str], Sequence[str]] = {
    ("valence", "rising"): (
        "The mood seems to be lifting.",
        "Things appear to be brightening bit by bit.",
    ),
    ("valence", "falling"): (
        "The mood seems to be sinking.",
        "Some of the brightness appears to be fading.",
    ),
    ("arousal", "rising"): ("Energy seems to be building.", "It appears to be getting livelier."),
    ("arousal", "falling"): ("The energy seems to be ebbing.", "It appears to be quietening down."),
}

MOVING = (
    (
        0.1,
        (
            "Hardly anything moves.",
            "There is almost no movement.",
            "The scene is almost motionless.",
        ),
    ),
    (
        0.4,
        (
            "There is only a little movement.",
            "Movements are small.",
            "Slight movements can be seen.",
        ),
    ),
    (
        1.0,
        (
            "There is a fair amount of movement.",
            "There is steady movement.",
            "There is moderate movement.",
        ),
    ),
    (
        float("inf"),
        (
            "There is a lot of movement.",
            "The movement is large and quick.",
            "Movements look vigorous.",
        ),
    ),
)
"""Movement below this many torso lengths per second -> words. Our choice."""

PART_OF_THE_TIME = (
    "The face could be read only part of the time, so take this as a guess.",
    "With the face hidden for much of the time, this is uncertain.",
    "Much of the time there was no face to read, so this is tentative.",
)

FEW_READINGS = (
    "There are only a few readings so far, so this is tentative.",
    "This rests on very few readings and may well be wrong.",
    "It is a guess from only a handful of readings.",
)

SUBJECTS = ("The person in view", "Person {0}", "The person on camera")
NO_FACE = (
    "{0} is in view, but the face cannot be read.",
    "{0} is still there, and the face cannot be read.",
    "{0} can be seen, but there is no face to read.",
)
NO_FACE_YET = ("The face cannot be read.", "So far there is no face to read.")
UNTIL_THEN = ("Until then {0} looked {1}.", "Before that {0} appeared {1}.")
NO_FACES = "{0} people are in view, but no face can be read well."
ALIKE = "{0} people are in view, and {1} {2}."
IN_VIEW = "{0} people are in view: "
BETWEEN = ", and the others lie somewhere in between"
WHILE = "{0}, while {1}"
SIDE = {"brighter": "the brighter side", "darker": "the gloomier side"}
CAME = ("come into view", "come in", "joined")
AND_THEN = "{0}, and {1}"
LEFT = ("left the scene", "gone out of view", "left")
DOUBT_ALL = ", still hard to read"
DOUBT_SOME = " ({0} still hard to read)"
THEY, THE_PERSON = "they", "the person"
IN_PERSON = " in person {0}"
LINE_SEVERAL = "{0} people are in view: "
LINE_NOBODY = "Nobody is in view."
LINE_UNREAD = "{0} is in view, hard to read."
LINE_PEOPLE = "{0} people are in view."

STORY_OPENING = "At first {0}."
STORY_SCENE = {
    "nobody": "nobody was in view",
    "one": "one person was in view, looking {0}",
    "one unread": "one person was in view, hard to read",
    "several": "{0} people were in view, looking {1} as a group",
    "several opposed": "{0} people were in view, and their moods seemed to differ",
    "several unread": "{0} people were in view, hard to read",
}
STORY_TURN = (
    "Around {0} {1} appeared to turn from {2} to {3}.",
    "At about {0} {1} seemed to change from {2} to {3}.",
    "Then, around {0}, {1} seemed to go from looking {2} to looking {3}.",
)
STORY_SHIFT = (
    "By {0} {1} looked {2} than before, and appeared {3}.",
    "Then {1} looked {2}, and by {0} appeared {3}.",
    "After that {1} came to look {2}, at {0} {3}.",
)
STORY_CAME = "At {0} {1} came into view."
STORY_LEFT = "At {0} {1} left."
STORY_VISIT = ("{0} was in view from {1} to {2}", "{0} from {1} to {2}")
STORY_GROUP = "the group"
STORY_PASSERS = "{0} more people were in view at some time."
STORY_MORE = "There were smaller changes besides."
STORY_WHOLE = "From the beginning to the end, at {0}, {1}. No lasting change stood out."
STORY_SO = "So it ended, at {0}."
STORY_ENDING = "At the end, at {0}, {1}."

ANSWERS = {
    "nothing": "The record does not say: nothing of that kind was measured.",
    "not understood": (
        "This question is not among those that can be answered without a language model: ask when, "
        "who, how long, how many, highest, lowest, or compare two people."
    ),
    "no such person": "The record holds no person {0}; there are: {1}.",
    "when turned": "Around {0}, {1} appeared to turn from {2} to {3}.",
    "when most": "{0} looked {1} around {2}, with {3} of {4}.",
    "when state": "{0} looked {1} {2}.",
    "never": "At no time did {0} look {1}.",
    "nobody did shown": "Nobody showed {0} most at any time.",
    "never shown": "At no time did {0} show {1} most.",
    "when state shown": "{0} showed {1} most {2}.",
    "how long shown": "{0} showed {1} most for {2} seconds in all, {3}.",
    "from to": "from {0} to {1}",
    "at": "around {0}",
    "came": "{0} came into view at {1}.",
    "left": "{0} left at {1}.",
    "stayed": "{0} never left: in view until {1}.",
    "how long in": "{0} was in view for {1} seconds, from {2} to {3}.",
    "how long": "{0} looked {1} for {2} seconds in all, {3}.",
    "how many": "At most {0} people were in view at once, at {1}.",
    "how many one": "Never more than one person was in view at once, the first time at {1}.",
    "how many none": "Nobody was in view at any time.",
    "at time": "At {0} {1} looked {2}: valence {3}, arousal {4}.",
    "nobody did": "Nobody looked {0} at any time.",
    "when became": "Around {0} {1} looked {2} than before: {3} that went from {4} to {5}.",
    "never became": "At no time did {0} look clearly {1} than before.",
    "who most": "{0}, with {1} of {2} on average from {3} to {4}.",
    "compare": "{0} had {1} of {2} on average and {3} of {4}, from {5} to {6}: {7}.",
    "higher": "{0} looked {1}",
    "equal": "they looked alike",
    "mood": "From {0} to {1}, {2} looked {3} on average: valence {4}, arousal {5}.",
}
DIMENSIONS = {"valence": "a valence", "arousal": "an arousal", "movement": "a movement"}
COMPARATIVES = {
    ("valence", 1): "brighter",
    ("valence", -1): "gloomier",
    ("arousal", 1): "livelier",
    ("arousal", -1): "calmer",
    ("movement", 1): "to move more",
    ("movement", -1): "to move less",
}
SUPERLATIVES = {
    ("valence", 1): "brightest",
    ("valence", -1): "gloomiest",
    ("arousal", 1): "liveliest",
    ("arousal", -1): "calmest",
    ("movement", 1): "to move most",
    ("movement", -1): "to move least",
}
GROUP_NAME = "The group"
LOWEST = r"lowest|least|lower|minimum"
QUESTIONS = (
    ("how_long", r"\bhow long\b|\bfor how\b|\bhow much time\b"),
    ("how_many", r"\bhow many\b"),
    ("compare", r"\bcompar\w+|\bdifference\b|\bversus\b|\bvs\b|\bthan person\b"),
    ("when", r"\bwhen\b|\bwhat time\b|\bat which (?:time|moment)\b"),
    ("who", r"\bwho\b|\b(?:any|some)(?:one|body)\b|\bwhich (?:person|people|of them)\b|\bwhose\b"),
    ("extreme", r"\b(?:high|low)est\b|\bmost\b|\bleast\b|\bm(?:ax|in)imum\b|\bpeak\b"),
    ("how", r"\bhow\b|\bwhat\b|\bdescribe\b"),
)
"""What a question asks for; the first that matches counts."""


def count_word(number: int) -> str:
    """Return a number as a word up to ten."""
    return COUNTS[number] if number < len(COUNTS) else str(number)


def listed(parts: Sequence[str]) -> str:
    """Return `a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def named(people: Sequence[int], starts: bool = True) -> str:
    """Return `Person 1` or `People 1 and 2`; in small letters within a sentence."""
    word = "Person" if len(people) == 1 else "People"
    return f"{word if starts else word.lower()} {listed([str(person) for person in people])}"


def every(number: int) -> str:
    """Return the words for all of several people."""
    return "both" if number == 2 else "all of them"


def looking(verb: str, mood: str, still: bool) -> str:
    """Return "still looks calm"."""
    return f"{'still ' if still else ''}{verb} {mood}"


def within(part: str) -> str:
    """Return a sentence as it stands within another."""
    return f"{part[0].lower()}{part[1:]}"


def came_or_left(people: Sequence[int], verb: str) -> str:
    """Return "Person 1 has left"."""
    return f"{named(people)} {'has' if len(people) == 1 else 'have'} {verb}"


def hard_to_read(people: Sequence[int]) -> str:
    """Return "People 1 and 2 are hard to read."."""
    return f"{named(people)} {'is' if len(people) == 1 else 'are'} hard to read."


def between(people: Sequence[int]) -> str:
    """Return "person 1 is somewhere in between"."""
    return f"{named(people, False)} {'is' if len(people) == 1 else 'are'} somewhere in between"


def camp(people: Sequence[int], verb: str, side: str) -> str:
    """Return "people 1 and 2 look to be on the brighter side"."""
    return f"{named(people, False)} {verb} to be on {SIDE[side]}"


def changed(template: str, number: int | None, person: Mapping[str, Any]) -> str:
    """Fill one of `CHANGED`; at least one change must be large enough."""
    who, verb = (THEY, "look") if number is None else (f"person {number}", "looks")
    return template.format(who, verb, _comparison(person))


def shifted(
    template: str, clock: str, number: int | None, person: Mapping[str, Any], mood: str
) -> str:
    """Fill one of `STORY_SHIFT`; at least one change must be large enough."""
    who = THEY if number is None else f"person {number}"
    return template.format(clock, who, _comparison(person), mood)


def _comparison(person: Mapping[str, Any]) -> str:
    valence, up = person["valence"], person["valence_change"] or 0.0
    livelier = person["arousal_change"] or 0.0
    parts = []
    if abs(up) >= MIN_CHANGE:
        if up > 0:
            word = "brighter" if sign(valence) >= 0 else "less troubled"
        else:
            word = "more troubled" if sign(valence) < 0 else "less cheerful"
        parts.append(f"{_degree(up)} {word}")
    if abs(livelier) >= MIN_CHANGE:
        word = "livelier" if livelier > 0 else ("calmer" if sign(valence) >= 0 else "quieter")
        parts.append(f"{_degree(livelier)} {word}")
    return " and ".join(parts)


def _degree(change: float) -> str:
    return "a little" if abs(change) < 0.25 else "clearly" if abs(change) < 0.5 else "much"


PERSON = r"(?:person|people|persons)\s+(?:number\s+|no\.?\s*|#)?"
AND = r"(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*)"
PEOPLE = r"(?:(?:more|other|of\s+the|of\s+these|different|visible)\s+)?(?:people|persons?|faces?|of\s+them|individuals?)"
OF = r"of\b"
ALL_OF = r"(?:all|the|group\s+of)\s+"
OWNER = r"\s+(?:in|of|on|for|with)\s+"
SECONDS = r"(?:-?\s*seconds?\b|-?\s*secs?\b|s\b)"
MINUTES = r"-?\s*minutes?\b"
PERCENT = r"\s*(?:%|per\s?cent)"
PLAIN = frozenset(
    """
    a an the this that these those it its they them their themselves there here one ones own
    same such which who whom whose what how something anything else and or nor but yet so as if
    though although while whereas however than then of in on at to into onto from by with within
    for about around over under between among across through throughout during since until till
    before after near towards toward against upon off out up down per via compared next despite
    instead like unlike every any some many several few more most much less least enough little
    bit lot great deal number amount part parts only just even still again also too already ever
    now later earlier meanwhile afterwards afterward recently lately currently presently
    previously formerly beforehand last latest final finally eventually initially beginning
    start started begin begins began end ends ended ending middle course time times moment
    moments whole period stretch minute minutes seconds is are was were be been being am has
    have had having do does did can could may might would should must look looks looked looking
    appear appears appeared appearing seem seems seemed seeming show shows showed shown showing
    display displays displayed displaying present presents presented express expresses expressed
    expressing reveal reveals revealed suggest suggests suggested indicate indicates indicated
    reflect reflects reflected convey conveys conveyed carried keep keeps kept keeping hold
    holds held continue continues continued continuing remain remains remained stay stays stayed
    staying become becomes became becoming get gets got getting turn turns turned turning go
    goes going gone went come comes came coming make makes made give gives gave given take takes
    took taken seen measured found noted note change changes changed changing shift shifts
    shifted shifting vary varies varied differ differs differed move moves moved moving lasts
    lasted lasting followed reach reaches reached set sets fill fills filled mark marks marked
    add adds added share shares shared mix mixes mixed dominate dominates dominated dominant
    dominating prevail prevails prevailed describes count counts counted spend spent range
    ranges ranged combine combines combined matches compare compares person people persons
    individual individuals face faces facial expression expressions mood moods energy manner air
    tone level levels degree degrees sign signs trace traces hint hints touch side sides
    direction difference differences contrast impression impressions picture scene view frame
    frames video group pair reading readings measurement measurements value values figure
    figures valence arousal posture arms body bodies movement movements motion state point
    points way ways kind sort form fact overall average mean interval window trend development
    balance strength intensity very quite rather somewhat slightly fairly highly clearly visibly
    noticeably markedly distinctly mostly mainly largely generally partly gradually slowly
    steadily quickly suddenly briefly shortly together apart jointly respectively similarly
    equally otherwise therefore thus hence nearly almost roughly approximately exactly perhaps
    maybe possibly apparently seemingly probably easily well strong stronger strongest weak
    weaker mild milder slight slighter small smaller large larger big bigger high higher low
    lower new newly previous visible full similar different sudden gradual steady brief short
    long longer general main real plain good noticeable distinct gentle gently soft particular
    further additional hard easy possible able re ve s things openly deeply thoroughly lightly
    clear plenty
    """.split()
)
"""Words that may stand in a text beside what it claims: they say nothing that could be wrong, or
only together with a phrase of the `LEXICON`. Any other word counts as invented."""

CAPITALS = frozenset({"Person", "People", "Persons"})
"""What may have a capital letter within a sentence; empty where every noun has one."""
FROM_TO = r"from\s+(?:(?:look|be|appear|seem)ing\s+|a\s+)?({0})(?:\s+\w+)?\s+to\s+(?:(?:look|be|appear|seem)ing\s+|a\s+)?({0})"

LEXICON: Sequence[tuple[str, Any, str]] = (
    (
        "posture",
        "arms raised",
        r"(?:raised|lifted)\s+arms|arms?\s+(?:\w+\s+)?(?:raised|up|lifted)|rais(?:es|ing|ed)\s+\w+\s+arms?",
    ),
    ("posture", "hands to face", r"hands?\s+(?:\w+\s+)?(?:to|at|on|near)\s+(?:the|their)\s+face"),
    ("posture", "arms crossed", r"(?:crossed|folded)\s+arms|arms?\s+(?:\w+\s+)?(?:crossed|folded)"),
    ("posture", "slumped", r"slump(?:ed|s|ing)|slouch\w*"),
    ("posture", "leaning left", r"lean\w*\s+(?:to\s+the\s+)?left"),
    ("posture", "leaning right", r"lean\w*\s+(?:to\s+the\s+)?right"),
    ("posture", "leaning forward", r"lean\w*\s+forwards?"),
    ("posture", "leaning back", r"lean\w*\s+back(?:wards?)?"),
    ("posture", "closed", r"closed\s+posture|posture\s+(?:\w+\s+)?closed"),
    ("posture", "open", r"open\s+posture|posture\s+(?:\w+\s+)?open"),
    ("posture", "upright", r"upright"),
    (
        "invented",
        "a share",
        r"(?:most|half|a\s+(?:third|quarter)|the\s+majority)\s+of\s+(?:them|the\s+(?:people|group))|(?:most|half\s+the)\s+people|(?:all|everyone|everybody)\s+(?:but|except)|except\s+for|over\s+and\s+over",
    ),
    (
        "invented",
        "an act or an order",
        r"(?:mov\w+|com(?:es?|ing)|came|go(?:es|ing)|went|gets?|got|stay\w*|turn\w*|look(?:s|ed|ing)?)\s+(?:\w+\s+)?(?:to|towards?|at|near|beside|with|from|up\s+to|around|past|over|on|against|for)\s+person|(?:before|earlier\s+than|later\s+than)\s+person",
    ),
    ("minutes", 1.5, r"(?:a|one)\s+minute\s+and\s+a\s+half"),
    ("minutes", 0.5, r"half\s+a\s+minute"),
    ("minutes", 1.0, r"(?:for|since)\s+a\s+minute(?!\s+and)"),
    (
        "alone",
        "",
        r"alone|by\s+themsel\w+|(?:the\s+)?(?:only|single|sole)\s+(?:visible\s+)?(?:person|face)(?!\s+(?:\w+\s+)?(?:reading|two))|only\s+person",
    ),
    ("no_other", "", r"(?:nobody|no\s?-?one)\s+else|no\s+other\s+(?:person|people|faces?)"),
    ("present", "", r"some(?:one|body)"),
    (
        "echo",
        "",
        r"(?:as|so)\s+(?:does|do|did)(?=\s+person)|(?:just\s+|much\s+)?(?<!un)like(?=\s+person)|as\s+well\s+as(?=\s+person)",
    ),
    (
        "vague",
        "",
        r"at\s+first|at\s+(?:once|most)|otherwise\s+there\s+is\s+nothing\s+new|so\s+far|(?:a\s+)?(?:moment|while)\s+ago|can\s+be\s+read|could\s+be\s+read|(?:lie\s+)?somewhere\s+in\s+between|rests\s+on|the\s+first\s+(?:look|moments?)",
    ),
    (
        "vague",
        "",
        r"no\s+lasting\s+change\s+st\w+\s+out|no\s+clear\s+direction|st(?:ands|ood)\s+out|nothing\s+else\s+stands\s+out|smaller\s+changes",
    ),
    (
        "vague",
        "",
        r"on\s+the\s+(?:brighter|gloomier)\s+side|something\s+has\s+shifted|it\s+was\s+different",
    ),
    (
        "invented",
        "where somebody is",
        r"(?:on|to)\s+the\s+(?:left|right)|in\s+the\s+(?:background|foreground|corner)|behind|next\s+to\s+(?:person|the|each)",
    ),
    (
        "unread",
        "",
        r"(?:can\s?not|can't|could\s+not)\s+be\s+(?:well\s+)?read|no\s+(?:face|expressions?)\s+(?:is\s+there\s+)?(?:to\s+read|can\s+be\s+read)|hard\s+to\s+read|face\s+(?:is\s+|was\s+)?hidden|no\s+face",
    ),
    ("first", "", r"first\s+impression|too\s+early|nothing\s+earlier|for\s+the\s+first\s+time"),
    (
        "mood_of_all",
        "opposed",
        r"moods?\s+(?:(?:seem|appear)\w*\s+to\s+)?differ\w*|not\s+(?:seem\s+to\s+)?share\s+(?:a|the\s+same)\s+mood|opposite\s+moods?|opposed|in\s+contrast|contrast\w*",
    ),
    (
        "mood_of_all",
        "alike",
        r"shar(?:e|ing)\s+(?:a|the\s+same|this)\s+mood|alike|the\s+same\s+mood|similar(?:ly)?",
    ),
    ("pair", "near_share", r"(?:near|close\s+to)\s+each\s+other|close\s+together"),
    ("pair", "facing_share", r"(?:fac(?:e|ing)|turned\s+to(?:wards)?)\s+each\s+other"),
    ("pair", "synchrony", r"in\s+(?:step|sync|unison)|synchron\w+"),
    (
        "moves",
        (0.0, 0.15),
        r"(?:hardly|barely|scarcely)\s+(?:\w+\s+)?mov\w+|(?:almost\s+)?no\s+movement|motionless|nothing\s+moves|without\s+moving|nothing\s+has\s+stirred",
    ),
    (
        "moves",
        (0.05, 0.5),
        r"(?:only\s+)?(?:a\s+)?little\s+movement|movements\s+are\s+small|small\s+movements?|mov(?:es?|ing)\s+(?:only\s+)?(?:a\s+)?little|slight\s+movements?",
    ),
    (
        "moves",
        (0.3, 1.1),
        r"(?:a\s+)?fair\s+amount\s+of\s+movement|steady\s+movement|moderate\s+movement|mov(?:es|ing)\s+a\s+fair\s+amount|mov(?:es|ing)\s+steadily",
    ),
    (
        "moves",
        (0.9, 99.0),
        r"a\s+lot\s+of\s+movement|large\s+and\s+quick|mov(?:es?|ing)\s+a\s+lot|much\s+movement|vigorous\w*|moving\s+quickly",
    ),
    (
        "moves",
        (9.0, 0.0),
        r"(?:more|less)\s+movement|mov(?:es?|ed|ing)\s+(?:the\s+)?(?:more|less|most|least)",
    ),
    ("spike", ("valence", 1), r"sudden\s+brightening"),
    ("spike", ("valence", -1), r"sudden\s+clouding\s+over"),
    ("spike", ("arousal", 1), r"(?:sudden\s+)?burst\s+of\s+energy"),
    ("spike", ("arousal", -1), r"sudden\s+lull"),
    (
        "most",
        ("valence", 1),
        r"(?:happi|bright|cheeri)est|most\s+(?:cheerful|positive|content|pleasant|happy)|highest\s+valence",
    ),
    (
        "most",
        ("valence", -1),
        r"(?:sad|unhappi|gloomi)d?est|(?:most\s+(?:troubled|negative|upset|unhappy|downcast)|least\s+(?:cheerful|happy|positive))|lowest\s+valence",
    ),
    (
        "most",
        ("arousal", 1),
        r"liveliest|most\s+(?:lively|energetic|active|alert|agitated)|highest\s+arousal",
    ),
    (
        "most",
        ("arousal", -1),
        r"(?:calm|quiet)est|most\s+(?:calm|relaxed|subdued)|least\s+(?:lively|energetic)|lowest\s+arousal",
    ),
    (
        "shift",
        ("valence", 1),
        r"(?:bright|happi|cheeri|gladd?)er|more\s+(?:cheerful|positive|pleasant|content|upbeat|happy)|brighten\w*|lift(?:s|ed|ing)?|improv\w+|cheer(?:s|ed|ing)?\s+up|less\s+(?:troubled|tense|sad|upset|unhappy|negative|downcast)|better|warm(?:s|ed|ing)\s+up",
    ),
    (
        "shift",
        ("valence", -1),
        r"(?:sadder|gloomier|unhappier)|less\s+(?:cheerful|happy|bright|positive|pleased|content|pleasant)|more\s+(?:troubled|sad|upset|negative|unhappy|downcast)|sink\w*|sank|worsen\w*|worse|cloud(?:s|ed|ing)\s+over|darken\w*|fad(?:es?|ed|ing)|sour\w*",
    ),
    (
        "shift",
        ("arousal", 1),
        r"livelier|more\s+(?:lively|energetic|alert|active|excited|agitated|aroused|animated)|energy\s+(?:\w+\s+){0,3}build\w*|(?:is|are|gets?|getting)\s+(?:more\s+)?energi[sz]ed|pick(?:s|ed|ing)?\s+up",
    ),
    (
        "shift",
        ("arousal", -1),
        r"(?:calmer|quieter)|quieten\w*(?:\s+down)?|ebb\w*|less\s+(?:lively|energetic|active|alert|excited|agitated|animated)|calm(?:s|ed|ing)?\s+down|settl(?:es?|ed|ing)\s+down|slow(?:s|ed|ing)\s+down|more\s+(?:calm|relaxed|quiet|subdued)",
    ),
    (
        "same",
        "",
        r"unchanged|hardly\s+(?:a|any)\s+changes?|steady|steadily|stable|constant|no\s+(?:real\s+|clear\s+|visible\s+|big\s+)?changes?|(?:much\s+)?(?:the\s+same|as\s+(?:it\s+was\s+)?before)|stay(?:s|ed)?\s+(?:that|this)\s+way|remain\w*|(?:little|nothing\s+much|nothing)\s+has\s+changed|little\s+change|without\s+any\s+real\s+change|been\s+like\s+this",
    ),
    (
        "move",
        1,
        r"ris(?:es?|ing|en)|rose|increas\w*|climb\w*|gr(?:ow(?:s|ing|n)?|ew)|(?:goes|going|went)\s+up|higher",
    ),
    (
        "move",
        -1,
        r"fall(?:s|ing|en)?|fell|drop\w*|declin\w*|decreas\w*|(?:goes|going|went)\s+down|lower(?:s|ed|ing)?|dip(?:s|ped|ping)?",
    ),
    (
        "come",
        "",
        r"joined|joins?|came\s+back|return(?:s|ed)|arriv\w+|enter\w*|com(?:es?|ing)\s+in(?:to\s+view)?|came\s+in(?:to\s+view)?|newcomers?",
    ),
    (
        "go",
        "",
        r"left|no\s+longer\s+(?:in\s+view|there|visible)|leav(?:es?|ing)|gone(?:\s+out\s+of\s+view)?|went\s+(?:away|out)|depart\w*|disappear\w*|exit\w*",
    ),
    ("dimension", "valence", r"valence|mood|pleasantness|brightness"),
    ("dimension", "arousal", r"arousal|energy|activation"),
    ("emotion", "happiness", r"happiness|joy|smil\w+"),
    ("emotion", "surprise", r"surprised?|astonish\w+|amaze\w*"),
    ("emotion", "sadness", r"sadness|sorrow"),
    ("emotion", "anger", r"anger"),
    ("emotion", "disgust", r"disgust\w*"),
    ("emotion", "fear", r"fear(?:ful)?|afraid|scared|frightened"),
    ("emotion", "contempt", r"contempt(?:uous)?|scorn\w*"),
    (
        "mood",
        "-*",
        r"not\s+quite\s+happy|unhappy|displeased|troubled|uneasy|strained|upset|worked\s+up|sad|dejected|downcast|(?:rather\s+)?down|low\s+in\s+spirits|gloomy|negative|miserable|unpleasant",
    ),
    (
        "mood",
        "-+",
        r"tense|on\s+edge|agitated|angry|irritated|annoyed|furious|nervous|anxious|hostile",
    ),
    ("mood", "n*", r"(?:rather\s+)?serious"),
    ("mood", "++", r"excited|enthusiastic|thrilled|elated|exuberant|energetic\s+and\s+happy"),
    (
        "mood",
        "+*",
        r"cheerful|happy|bright|pleased|glad|joyful|content(?:ed)?|pleasant|good-humou?red|comfortable|positive|in\s+(?:a\s+bright\s+mood|good\s+spirits)|delighted",
    ),
    ("mood", "p+", r"upbeat"),
    ("mood", "pn", r"at\s+ease|relaxed|peaceful|settled|serene|tranquil|calm"),
    (
        "mood",
        "*+",
        r"lively|alert|attentive|(?:wide\s+)?awake|watchful|focused|keyed\s+up|energetic|animated|full\s+of\s+energy|active",
    ),
    (
        "mood",
        "*-",
        r"quiet|unhurried|low\s+in\s+energy|subdued|drained\s+of\s+energy|slow\s+and\s+still|passive",
    ),
    (
        "mood",
        "00",
        r"(?:close\s+to\s+|almost\s+|nearly\s+)?neutral|composed|even\s+and\s+matter-of-fact|expressionless",
    ),
    (
        "forbidden",
        "sex",
        r"s?he|his|hers?|him|himself|herself|m[ae]n|wom[ae]n|boys?|girls?|(?:fe)?males?|guys?|lad(?:y|ies)|gentlem[ae]n|mrs?|ms",
    ),
    (
        "forbidden",
        "age",
        r"young\w*|old(?:er)?|elder\w*|child\w*|kids?|teen\w*|adults?|bab(?:y|ies)|aged?",
    ),
    (
        "forbidden",
        "origin",
        r"white|black|asians?|africans?|europeans?|americans?|latin[oa]s?|hispanics?|caucasians?|race|racial|ethnic\w*|skin",
    ),
    (
        "forbidden",
        "health",
        r"depress\w*|ill(?:ness)?|sick\w*|disease|disorder|autis\w*|mental\w*|health\w*|in\s+pain|tired|exhausted|drunk|traumati\w+|stress\w*",
    ),
    (
        "forbidden",
        "identity",
        r"named|(?:is|are)\s+called|known\s+as|identif\w+|recogni[sz]e\w*|celebrit\w+|husbands?|wi(?:fe|ves)|mothers?|fathers?|friends?|couple|famil(?:y|ies)|colleagues?|boss|teachers?|students?|doctors?|patients?|employees?|customers?",
    ),
    (
        "inner",
        "",
        r"feel(?:s|ings?)?|felt|think(?:s|ing)?|thought|knows?|wants?|wish\w*|believ\w+|hop(?:es?|ing)|lov(?:es?|ing)|hat(?:es?|ing)|enjoy\w*|remember\w*|intend\w*",
    ),
    ("invented", "a cause", r"because|due\s+to|caused|reason|thanks\s+to|in\s+response"),
    (
        "invented",
        "speech",
        r"sa(?:id|ys?|ying)|talk\w*|speak\w*|spoke\w*|convers\w+|discuss\w*|argu\w+|laugh\w*|cr(?:y|ies|ied|ying)|tears|sing(?:s|ing)?|shout\w*|joke\w*",
    ),
    (
        "invented",
        "a thing or an act",
        r"phones?|tables?|chairs?|rooms?|offices?|kitchen|street|houses?|cars?|dogs?|cats?|music|weather|sunn?y?|rain\w*|cloth\w*|wear\w*|shirts?|hats?|glasses|hair|eyes?|mouths?|hands?|heads?|meetings?|work|jobs?|games?|play\w*|books?|screens?|films?|movies?|eat\w*|drink\w*|danc\w+|walk\w*|run(?:s|ning)|sit(?:s|ting)?|stand(?:s|ing)|nod\w*|wav(?:es?|ing)|hug\w*|food|coffee|windows?|doors?",
    ),
    (
        "leak",
        "",
        r"<\||\|>|</?s>|\[/?INST\]|###|```|assistant|as\s+an\s+ai|\bhere\s+(?:is|are)\s+(?:the|a|my|your)\b|descriptions?|language\s+model|instructions?|prompt|json|facts?\s*:|sentences|\w+_\w+|https?:|\{|\}",
    ),
    (
        "doubt",
        "",
        r"may|might|(?:only\s+)?a\s+handful\s+of\s+readings|perhaps|possibly|maybe|uncertain|unclear|tentative|guess|unsure|hard\s+to\s+tell|could\s+be|wrong|few\s+readings|not\s+(?:quite\s+)?(?:sure|certain)",
    ),
    (
        "look",
        "",
        r"look(?:s|ed|ing)?|appear(?:s|ed|ing)?|seem(?:s|ed|ing)?|reads?(?=\s+(?:\w+\s+)?(?:as|like)\b)|air|tone|show(?:s|n|ed|ing)?|expressions?|com(?:es?|ing)\s+across|impression|face|seen|visible|(?:sign|trace|hint|touch)s?\s+of",
    ),
    (
        "not",
        "",
        r"not|never|at\s+no\s+time|without|hardly|barely|scarcely|anything\s+but|far\s+from|rather\s+than|neither(?!\s+(?:of|one|looks?|appears?|seems?|shows?|person))|nor|no\s+longer|no(?=\s+(?:\w+\s+)?(?:sign|trace|hint|anger|sadness|fear|happiness|joy|smile|surprise|disgust|contempt))|(?:is|are|was|were|does|do|did|has|have|had|ca|could|wo)n['’]t",
    ),
    ("zero", "", r"neither|nobody|no\s?-?one|no\s+(?:people|persons?|faces?)|none|empty"),
    (
        "one_of",
        "",
        r"(?:one|the\s+other(?:\s+one)?)(?=\s+(?:looks?|looked|appears?|appeared|seems?|seemed|shows?|showed)\b)",
    ),
    (
        "plural",
        "",
        r"several\s+people|many\s+people|some\s+people|a\s+few\s+people|people\s+are|group|the\s+others?|each\s+other",
    ),
    ("all", "", r"both|all(?:\s+of\s+them)?|everyone|everybody|each"),
    ("someone", "", r"(?:the|this)\s+person(?!s)(?:\s+(?:in\s+view|on\s+camera))?|they"),
    ("leading", "", r"strongest|most|mostly|main(?:ly)?|dominant|dominat\w+|prevail\w*|largely"),
    ("than", "", r"than"),
    ("break", "", r"[,;:]|\bwhile\b|\bwhereas\b|\bbut\b"),
)
"""(kind, value, pattern): what words claim. Of several that match at a place the first one counts.

A mood's value is the region of valence and of arousal it needs: `+` above, `-` below, `0` around
the middle, `p` not below, `n` not above, `*` any.
"""
