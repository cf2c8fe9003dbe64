"""The grounded narrator's words: how a face looks, by where its valence and arousal lie.

Every phrase completes "looks ..." for one person and for several, speaks of looks and never of
inner states as certain, and fits the whole of its zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ZONE_EDGE = 0.1
"""Beyond this, valence counts as positive or negative and arousal as high or low. Our choice."""

STRONG = 0.45
"""At this distance from the origin the stronger words are used. Our choice."""

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
    "The scene waits for someone to come in.",
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
    "No clear direction stands out.",
    "Nothing else stands out.",
    "No lasting change stands out.",
)

CHANGED = (
    "Compared with before, {0} {1} {2}.",
    "Earlier it was different: now {0} {1} {2}.",
    "Next to how it was before, {0} {1} {2}.",
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
    (0.1, ("Hardly anything moves.", "There is almost no movement.")),
    (0.4, ("There is only a little movement.", "Movements are small.")),
    (1.0, ("There is a fair amount of movement.", "There is steady movement.")),
    (float("inf"), ("There is a lot of movement.", "The movement is large and quick.")),
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
