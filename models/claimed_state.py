"""Whether what a text claims of how things stand is in the facts, kind by kind. Pure.

A judge takes a claim and the facts of one time (as builtins), and tells whether they bear it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .claims import Claim
from .facts import OPPOSED
from .zones import fits

Facts = Mapping[str, Any]
Judge = Callable[[Claim, Facts], bool]

NEAR_S = 1.0
"""A time or a duration may be off by this much: clocks are whole seconds."""
SHARE_OF_PAIRS = 0.5
"""People are near, or face each other, when they are in this share of the window. Our choice."""


def meant(claim: Claim, view: Facts) -> list[Facts]:
    """Return the people a claim is about; those that are not there are left out."""
    people = list(view["people"])
    if isinstance(claim.subject, tuple):
        people += view.get("parted", ())
        return [person for person in people if person["person"] in claim.subject]
    return people


def _readings(claim: Claim, view: Facts) -> list[Facts]:
    return [one for one in meant(claim, view) if one["valence"] is not None]


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
    shown = [one for one in people if claim.value in _shown(one, claim.leads)]
    if claim.negated:
        return not any(one["emotion"] == claim.value for one in shown)
    if isinstance(claim.subject, tuple) and len(shown) < len(set(claim.subject)):
        return False
    return bool(shown) and _is_doubt_kept(claim, shown)


def _shown(one: Facts, leads: bool) -> set[str]:
    """Return the emotions that somebody showed; if asked, only the strongest, now or mostly."""
    names = [name for name, _ in one.get("emotions", ())]
    return {one["emotion"], *(names[:1] if leads else names)}


def _count(claim: Claim, view: Facts) -> bool:
    return bool(claim.value in (view["people_count"], *view.get("counts", ())))


def _several(claim: Claim, view: Facts) -> bool:
    if claim.text.lower() in ("both", "beide", "beiden"):
        return bool(view["people_count"] == 2 or len(claim.subject or ()) == 2)
    return bool(view["people_count"] > 1 or isinstance(claim.subject, tuple))


def _alone(claim: Claim, view: Facts) -> bool:
    return bool((view["people_count"] == 1) != claim.negated)


def _no_other(claim: Claim, view: Facts) -> bool:
    return bool(view["people_count"] <= 1)


def _present(claim: Claim, view: Facts) -> bool:
    return bool(view["people_count"] > 0)


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
    speeds = [one["movement"] for one in meant(claim, view) if one["movement"] is not None]
    if not isinstance(claim.subject, tuple) and view["group"]["movement"] is not None:
        speeds.append(view["group"]["movement"])
    return any(low <= speed <= high for speed in speeds) != claim.negated


def _posture(claim: Claim, view: Facts) -> bool:
    held = any(one.get("posture") == claim.value for one in meant(claim, view))
    return held != claim.negated


def _pair(claim: Claim, view: Facts) -> bool:
    share = view["group"].get(claim.value)
    return share is not None and (share >= SHARE_OF_PAIRS) != claim.negated


def _mood_of_all(claim: Claim, view: Facts) -> bool:
    wanted = ("alike",) if claim.value == "alike" else ("opposed", "mixed")
    return (view["mood"] in wanted) != claim.negated


def _unread(claim: Claim, view: Facts) -> bool:
    people = meant(claim, view)
    return not people or any(one["valence"] is None or one["uncertain"] for one in people)


def _first(claim: Claim, view: Facts) -> bool:
    return bool(view["index"] == 0)


def _duration(claim: Claim, view: Facts) -> bool:
    seconds = claim.value * (60.0 if claim.kind == "minutes" else 1.0)
    slack_s = 30.0 if claim.kind == "minutes" else NEAR_S
    known = (view["steady_s"], view["window_s"], view["to_s"] - view["from_s"])
    return any(abs(seconds - one) <= slack_s for one in (*known, *view.get("durations_s", ())))


def _percent(claim: Claim, view: Facts) -> bool:
    shares: list[float | None] = []
    for one in (*meant(claim, view), view["group"]):
        if claim.emotion:
            shares += [share for name, share in one.get("emotions", ()) if name == claim.emotion]
        else:
            shares += [one["coverage"], *(share for _, share in one.get("emotions", ()))]
    if not claim.emotion:
        keys = ("share_positive", "near_share", "facing_share")
        shares += [view["group"].get(key) for key in keys]
    return any(share is not None and abs(100 * share - claim.value) <= 1.0 for share in shares)


def _number(claim: Claim, view: Facts) -> bool:
    text = str(claim.value).replace(",", ".").replace("−", "-")
    decimals = len(text.partition(".")[2])
    near = 0.5 * 10.0**-decimals + 1e-9
    known = [*view.get("numbers", ())]
    concerned = meant(claim, view)
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


STATES: dict[str, Judge] = {
    "mood": _mood,
    "emotion": _emotion,
    "count": _count,
    "several": _several,
    "alone": _alone,
    "no_other": _no_other,
    "present": _present,
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
"""The judge of each kind of claim about how things stand."""
