"""Holds a text against the facts: what it claims must be in them, and how it speaks must be right.

`faults` returns what is wrong in words that can be put before the one who wrote it. A text about a
longer time is held against several facts, one after the other in time: a claim is right when one of
them bears it, and where its sentence names a time, one of that time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .claims import Claim, claims, items, seconds_of, sentences, words
from .facts import MIN_CHANGE, OPPOSED
from .zones import CENTRES, fits

Facts = Mapping[str, Any]

MAX_CHARACTERS = {"interval": 450, "answer": 450, "story": 3000}
MAX_SENTENCES = {"interval": 4, "answer": 4, "story": 40}
ALIKE = 0.6
"""Share of three-word runs in common from which on a text repeats an earlier one. Our choice."""
NEAR_S = 1.0
"""A time or a duration may be off by this much: clocks are whole seconds."""
SHARE_OF_PAIRS = 0.5
"""People are near, or face each other, when they are in this share of the window. Our choice."""
FOREIGN = re.compile(r"[^\W\d_a-zA-ZÀ-ɏ]")
OTHER_LANGUAGES = {
    "en": "the is are and of with has have looks person people they that".split(),
    "de": "der die das und ist sind nicht mit wirkt hat haben personen eine sich".split(),
    "fr": "le la les et est sont avec une pas elle dans personnes plus qui".split(),
    "es": "el la los y es son con una no está personas más que las".split(),
}
PLAIN_FAULTS = {
    "forbidden": "it speaks of {value} ({text}), which nobody measured",
    "inner": "it claims to know what goes on inside ({text}); say how somebody looks",
    "invented": "it invents {value} ({text})",
    "leak": "it repeats the instructions ({text})",
}


def faults(
    text: str,
    views: Sequence[Facts],
    tongue: Any,
    earlier: Sequence[str] = (),
    kind: str = "interval",
) -> list[str]:
    """Return what is wrong with a text, worst first; empty when nothing is.

    `views` are facts as builtins, oldest first; `earlier` are texts it must not repeat.
    """
    found = [*_form(text, kind), *_language(text, tongue), *_names(text, tongue)]
    found += _repetition(text, earlier)
    known = _Known(views)
    for claim in claims(text, tongue):
        fault = known.fault(claim)
        if fault:
            found.append(fault)
    return list(dict.fromkeys(found))


def _form(text: str, kind: str) -> Iterable[str]:
    if not words(text):
        yield "it is empty"
    if len(text) > MAX_CHARACTERS[kind] or len(sentences(text)) > MAX_SENTENCES[kind]:
        yield f"it is too long: at most {MAX_SENTENCES[kind]} sentences"
    elif words(text) and text.strip()[-1] not in '.!?"':
        yield "it breaks off in the middle of a sentence"


def _language(text: str, tongue: Any) -> Iterable[str]:
    spoken = words(text)
    own = tongue.__name__.rsplit(".", 1)[-1]
    hits = {
        code: sum(word in common for word in spoken) for code, common in OTHER_LANGUAGES.items()
    }
    best = max(hits, key=lambda code: hits[code])
    if FOREIGN.search(text) or (best != own and hits[best] > hits.get(own, 0) + 1):
        yield f"it is not in {tongue.NAME}"


def _names(text: str, tongue: Any) -> Iterable[str]:
    for sentence in sentences(text):
        known = items(sentence, tongue)
        opening = None if known and known[0].start == 0 else re.match(r"([A-ZÄÖÜ]\w+)", sentence)
        if opening and not tongue.is_opening(opening[1].lower()):
            yield f"{opening[1]} is no name that the facts hold"
        for match in re.finditer(rf"(?<=[^.!?:\s]\s){tongue.NAME_AFTER}([A-ZÄÖÜ]\w+)", sentence):
            if match[1] not in tongue.CAPITALS:
                yield f"{match[1]} is no name that the facts hold"


def _repetition(text: str, earlier: Sequence[str]) -> Iterable[str]:
    said = [tuple(words(sentence)) for sentence in sentences(text)]
    if len(set(said)) < len(said):
        yield "it says the same sentence twice"
    if any(_likeness(text, one) >= ALIKE for one in earlier):
        yield "it repeats an earlier text"


def _likeness(one: str, other: str) -> float:
    runs = [
        {tuple(said[n : n + 3]) for n in range(len(said) - 2)} for said in map(words, (one, other))
    ]
    both = runs[0] | runs[1]
    return len(runs[0] & runs[1]) / len(both) if both else float(words(one) == words(other))


class _Known:
    """The facts, asked claim by claim."""

    def __init__(self, views: Sequence[Facts]) -> None:
        self._views = views
        self._people = {number for view in views for number in _numbers_of_people(view)}
        self._clocks_s = {second for view in views for second in _times(view)}

    def fault(self, claim: Claim) -> str:
        """Return what is wrong with a claim, or nothing."""
        if claim.kind in PLAIN_FAULTS:
            return PLAIN_FAULTS[claim.kind].format(value=claim.value, text=claim.text)
        if claim.kind == "person":
            unknown = [str(number) for number in claim.value if number not in self._people]
            return f"there is no person {' or '.join(unknown)} in the facts" if unknown else ""
        if claim.kind == "clock":
            near = any(abs(seconds_of(claim.value) - s) <= NEAR_S for s in self._clocks_s)
            return "" if near else f"the time {claim.value} is not in the facts"
        judge = _JUDGES.get(claim.kind)
        if judge is None:
            return ""
        if claim.kind in ("mood", "emotion", "turn") and not (claim.looks or claim.negated):
            return f"it states as certain what is only seen ({claim.text}); say looks or seems"
        views = self._of_time(claim)
        if any(judge(claim, view) for view in views):
            return ""
        return f"{claim.text!r} in {claim.sentence!r} is not what the facts say"

    def _of_time(self, claim: Claim) -> Sequence[Facts]:
        at_s = [seconds_of(clock) for clock in claim.clocks]
        fitting = [
            view
            for view in self._views
            if any(view["from_s"] - NEAR_S <= s <= view["to_s"] + NEAR_S for s in at_s)
        ]
        return fitting or self._views


def _numbers_of_people(view: Facts) -> set[int]:
    happened = (*view["notable"], *view.get("comings", ()))
    return {
        *(person["person"] for person in view["people"]),
        *view["arrived"],
        *view["left"],
        *view["gone"],
        *(event["person"] for event in happened),
    } - {0}


def _times(view: Facts) -> set[float]:
    happened = (*view["notable"], *view.get("comings", ()))
    more = view.get("times_s", ())
    return {view["from_s"], view["to_s"], *(event["time_s"] for event in happened), *more}


def _meant(claim: Claim, view: Facts) -> list[Facts]:
    """Return the people a claim is about; those that are not there are left out."""
    people = list(view["people"])
    if isinstance(claim.subject, tuple):
        return [person for person in people if person["person"] in claim.subject]
    return people


def _readings(claim: Claim, view: Facts) -> list[Facts]:
    return [one for one in _meant(claim, view) if one["valence"] is not None]


def _is_doubt_kept(claim: Claim, people: Iterable[Facts]) -> bool:
    """Tell whether uncertain readings are worded as uncertain."""
    return claim.doubted or not any(person["uncertain"] for person in people)


def _mood(claim: Claim, view: Facts) -> bool:
    people = _readings(claim, view)
    if not people:
        return False
    holding = [one for one in people if fits(claim.value, one["valence"], one["arousal"])]
    if claim.negated:
        return not holding if claim.subject == "nobody" else len(holding) < len(people)
    if not _is_doubt_kept(claim, holding):
        return False
    if isinstance(claim.subject, tuple):
        return len(holding) == len(set(claim.subject))
    if isinstance(claim.subject, str) and claim.subject.endswith("of them"):
        return len(holding) >= int(claim.subject.split()[0])
    if claim.subject == "all":
        return len(holding) == len(people) or (_group_fits(claim.value, view) and _agree(people))
    return bool(holding) or _group_fits(claim.value, view)


def _group_fits(zone: str, view: Facts) -> bool:
    group = view["group"]
    return group["valence"] is not None and fits(zone, group["valence"], group["arousal"])


def _agree(people: Sequence[Facts]) -> bool:
    valences = [person["valence"] for person in people]
    return not (max(valences) > OPPOSED and min(valences) < -OPPOSED)


def _emotion(claim: Claim, view: Facts) -> bool:
    people = _readings(claim, view)
    shown = [
        one
        for one in people
        if claim.value in {one["emotion"], *(name for name, _ in one.get("emotions", ()))}
    ]
    if claim.negated:
        return not any(one["emotion"] == claim.value for one in shown)
    if isinstance(claim.subject, tuple) and len(shown) < len(set(claim.subject)):
        return False
    return bool(shown) and _is_doubt_kept(claim, shown)


def _goes(view: Facts, claim: Claim, dimension: str, direction: int) -> bool:
    """Tell whether something in the facts moved a dimension that way for those who are meant."""
    concerned = _meant(claim, view)
    if not isinstance(claim.subject, tuple):
        concerned = [*concerned, view["group"]]
    numbers = {one["person"] for one in concerned}
    for one in concerned:
        if one["uncertain"] and not claim.doubted:
            continue
        change = (one[f"{dimension}_change"] or 0.0) * direction
        wanted = "rising" if direction > 0 else "falling"
        if change >= MIN_CHANGE or (one[f"{dimension}_trend"] == wanted and change > -MIN_CHANGE):
            return True
    return any(
        event["person"] in numbers and _step(event, dimension) * direction > 0
        for event in view["notable"]
    )


def _step(event: Facts, dimension: str) -> float:
    """Return how far an event went along a dimension."""
    axis = ("valence", "arousal").index(dimension)
    if event["kind"] == "quadrant_change":
        return CENTRES[event["after"]][axis] - CENTRES[event["before"]][axis]
    if event["kind"] == "spike" and event["before"].split()[0] == dimension:
        return float(event["after"].split()[1]) - float(event["before"].split()[1])
    return 0.0


def _shift(claim: Claim, view: Facts) -> bool:
    if claim.kind == "move":
        dimensions = (claim.dimension,) if claim.dimension else ("valence", "arousal")
        moved = any(_goes(view, claim, one, claim.value) for one in dimensions)
    else:
        moved = _goes(view, claim, *claim.value)
    return moved != claim.negated


def _same(claim: Claim, view: Facts) -> bool:
    if claim.negated:
        return True
    concerned = _meant(claim, view)
    if isinstance(claim.subject, tuple) and not concerned:
        return False
    if view["steady_s"] > 0:
        return True
    if not isinstance(claim.subject, tuple) and (
        view["left"] or (view["index"] and view["arrived"])
    ):
        return False
    numbers = {one["person"] for one in concerned}
    dimensions = (claim.dimension,) if claim.dimension else ("valence", "arousal")
    if any(
        abs(one[f"{name}_change"] or 0.0) >= MIN_CHANGE
        or one[f"{name}_trend"] in ("rising", "falling")
        for one in concerned
        for name in dimensions
    ):
        return False
    return not any(
        event["person"] in numbers and any(_step(event, name) for name in dimensions)
        for event in view["notable"]
    )


def _turn(claim: Claim, view: Facts) -> bool:
    before, after = claim.value
    numbers = {one["person"] for one in _meant(claim, view)} | {0}
    if isinstance(claim.subject, tuple):
        numbers = set(claim.subject)
    return any(
        event["kind"] == "quadrant_change"
        and event["person"] in numbers
        and fits(before, *CENTRES[event["before"]])
        and fits(after, *CENTRES[event["after"]])
        and _is_timed(claim, event)
        for event in view["notable"]
    )


def _spike(claim: Claim, view: Facts) -> bool:
    dimension, direction = claim.value
    numbers = claim.subject if isinstance(claim.subject, tuple) else None
    return any(
        event["kind"] == "spike"
        and (numbers is None or event["person"] in numbers)
        and _step(event, dimension) * direction > 0
        and _is_timed(claim, event)
        for event in view["notable"]
    )


def _is_timed(claim: Claim, event: Facts) -> bool:
    """Tell whether the sentence names no time, or the event's."""
    return not claim.clocks or any(
        abs(seconds_of(clock) - event["time_s"]) <= NEAR_S for clock in claim.clocks
    )


def _moved(claim: Claim, view: Facts) -> bool:
    kind, key = ("arrival", "arrived") if claim.kind == "come" else ("departure", "left")
    events = [event for event in view.get("comings", ()) if event["kind"] == kind]
    moved = {*view[key], *(event["person"] for event in events)}
    if claim.kind == "go":
        moved |= set(view["gone"])
    if claim.subject == "counted":
        return True
    if isinstance(claim.subject, tuple):
        told = [event for event in events if event["person"] in claim.subject]
        timed = not told or any(_is_timed(claim, event) for event in told)
        return (set(claim.subject) <= moved and timed) != claim.negated
    return bool(moved) != claim.negated


def _count(claim: Claim, view: Facts) -> bool:
    return bool(claim.value == view["people_count"])


def _count_moved(claim: Claim, view: Facts) -> bool:
    return bool(claim.value == len(view["arrived" if claim.kind == "count_come" else "left"]))


def _several(claim: Claim, view: Facts) -> bool:
    if claim.text.lower() in ("both", "beide", "beiden"):
        return bool(view["people_count"] == 2 or len(claim.subject or ()) == 2)
    return bool(view["people_count"] > 1 or isinstance(claim.subject, tuple))


def _compare(claim: Claim, view: Facts) -> bool:
    dimension, direction = claim.value
    values = {one["person"]: one[dimension] for one in view["people"] if one[dimension] is not None}
    if not (isinstance(claim.subject, tuple) and isinstance(claim.other, tuple)):
        return False
    if not {*claim.subject, *claim.other} <= set(values):
        return False
    ahead = all((values[a] - values[b]) * direction > 0 for a in claim.subject for b in claim.other)
    return ahead != claim.negated


def _most(claim: Claim, view: Facts) -> bool:
    dimension, direction = claim.value
    values = {one["person"]: one[dimension] for one in view["people"] if one[dimension] is not None}
    if len(values) < 2:
        return False
    best = max(values, key=lambda number: values[number] * direction)
    return not isinstance(claim.subject, tuple) or best in claim.subject


def _moves(claim: Claim, view: Facts) -> bool:
    low, high = float(claim.value[0]), float(claim.value[1])
    if not view["people"]:
        return high < 1.0
    speeds = [one["movement"] for one in _meant(claim, view) if one["movement"] is not None]
    if not isinstance(claim.subject, tuple) and view["group"]["movement"] is not None:
        speeds.append(view["group"]["movement"])
    return any(low <= speed <= high for speed in speeds) != claim.negated


def _posture(claim: Claim, view: Facts) -> bool:
    held = any(one.get("posture") == claim.value for one in _meant(claim, view))
    return held != claim.negated


def _pair(claim: Claim, view: Facts) -> bool:
    share = view["group"].get(claim.value)
    return share is not None and (share >= SHARE_OF_PAIRS) != claim.negated


def _mood_of_all(claim: Claim, view: Facts) -> bool:
    wanted = ("alike",) if claim.value == "alike" else ("opposed", "mixed")
    return (view["mood"] in wanted) != claim.negated


def _unread(claim: Claim, view: Facts) -> bool:
    people = _meant(claim, view)
    return not people or any(one["valence"] is None or one["uncertain"] for one in people)


def _first(claim: Claim, view: Facts) -> bool:
    return bool(view["index"] == 0)


def _duration(claim: Claim, view: Facts) -> bool:
    seconds = claim.value * (60.0 if claim.kind == "minutes" else 1.0)
    slack_s = 30.0 if claim.kind == "minutes" else NEAR_S
    known = (view["steady_s"], view["window_s"], view["to_s"] - view["from_s"])
    return any(abs(seconds - one) <= slack_s for one in (*known, *view.get("durations_s", ())))


def _percent(claim: Claim, view: Facts) -> bool:
    shares = [view["group"].get(key) for key in ("share_positive", "near_share", "facing_share")]
    for one in (*view["people"], view["group"]):
        shares += [one["coverage"], *(share for _, share in one.get("emotions", ()))]
    return any(share is not None and abs(100 * share - claim.value) <= 1.0 for share in shares)


def _number(claim: Claim, view: Facts) -> bool:
    text = str(claim.value).replace(",", ".").replace("−", "-")
    decimals = len(text.partition(".")[2])
    near = 0.5 * 10.0**-decimals + 1e-9
    known = [*view.get("numbers", ())]
    concerned = _meant(claim, view)
    if not isinstance(claim.subject, tuple):
        concerned = [*concerned, view["group"]]
        if not decimals:
            known += [view["people_count"], len(view["arrived"]), len(view["left"])]
    for dimension in (claim.dimension,) if claim.dimension else ("valence", "arousal"):
        known += [one[dimension] for one in concerned]
        changes = [one[f"{dimension}_change"] for one in concerned]
        known += [*changes, *(abs(change) for change in changes if change is not None)]
    if not claim.dimension:
        known += [one["movement"] for one in concerned]
    return any(value is not None and abs(float(text) - value) <= near for value in known)


_JUDGES = {
    "mood": _mood,
    "emotion": _emotion,
    "shift": _shift,
    "move": _shift,
    "same": _same,
    "turn": _turn,
    "spike": _spike,
    "come": _moved,
    "go": _moved,
    "count": _count,
    "count_come": _count_moved,
    "count_go": _count_moved,
    "several": _several,
    "compare": _compare,
    "most": _most,
    "moves": _moves,
    "posture": _posture,
    "pair": _pair,
    "mood_of_all": _mood_of_all,
    "unread": _unread,
    "first": _first,
    "span": _duration,
    "minutes": _duration,
    "percent": _percent,
    "number": _number,
}
