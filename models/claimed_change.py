"""Whether what a text claims of changes, comings and goings is in the facts. Pure."""

from __future__ import annotations

from .claimed_state import NEAR_S, Facts, Judge, meant
from .claims import Claim
from .facts import MIN_CHANGE
from .phrases import seconds_of
from .zones import CENTRES, fits


def _goes(view: Facts, claim: Claim, dimension: str, direction: int) -> bool:
    """Tell whether something in the facts moved a dimension that way for those who are meant."""
    concerned = meant(claim, view)
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
    concerned = meant(claim, view)
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
    numbers = {one["person"] for one in meant(claim, view)} | {0}
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


def _count_moved(claim: Claim, view: Facts) -> bool:
    return bool(claim.value == len(view["arrived" if claim.kind == "count_come" else "left"]))


CHANGES: dict[str, Judge] = {
    "shift": _shift,
    "move": _shift,
    "same": _same,
    "turn": _turn,
    "spike": _spike,
    "come": _moved,
    "go": _moved,
    "count_come": _count_moved,
    "count_go": _count_moved,
}
"""The judge of each kind of claim about what changed."""
