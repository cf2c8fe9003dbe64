"""How the grounded narrator puts numbers and names of people into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .facts import MIN_CHANGE
from .phrases import ZONE_EDGE

COUNTS = "zero one two three four five six seven eight nine ten".split()


def count_word(number: int) -> str:
    """Return a number as a word up to ten."""
    return COUNTS[number] if number < len(COUNTS) else str(number)


def listed(parts: Sequence[str]) -> str:
    """Return `a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def agree(people: Sequence[Any], one: str = "has", several: str = "have") -> str:
    """Return the verb that goes with one person or with several."""
    return one if len(people) == 1 else several


def named(people: Sequence[int]) -> str:
    """Return `Person 1` or `People 1 and 2`."""
    if len(people) == 1:
        return f"Person {people[0]}"
    return f"People {listed([str(person) for person in people])}"


def comparison(person: Mapping[str, Any]) -> str:
    """Return "a little brighter and much livelier"; at least one change must be large enough."""
    valence, up = person["valence"], person["valence_change"] or 0.0
    livelier = person["arousal_change"] or 0.0
    parts = []
    if abs(up) >= MIN_CHANGE:
        if up > 0:
            word = "brighter" if sign(valence) >= 0 else "less troubled"
        else:
            word = "more troubled" if sign(valence) < 0 else "less cheerful"
        parts.append(f"{degree(up)} {word}")
    if abs(livelier) >= MIN_CHANGE:
        word = "livelier" if livelier > 0 else ("calmer" if sign(valence) >= 0 else "quieter")
        parts.append(f"{degree(livelier)} {word}")
    return " and ".join(parts)


def degree(change: float) -> str:
    """Return how large a change is in words."""
    return "a little" if abs(change) < 0.25 else "clearly" if abs(change) < 0.5 else "much"


def sign(value: float) -> int:
    """Return -1, 0 or 1; 0 is nearer to the origin than `ZONE_EDGE`."""
    return (value > ZONE_EDGE) - (value < -ZONE_EDGE)
