"""Which ratings belong to which video: by manifest, by a person's word, by id, or by name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

ALIKE = 0.8
"""Names that are this much alike (difflib's ratio) are asked for, and not paired. Our choice."""

_WORDS = frozenset(
    "valence arousal annotation annotations rating ratings rated rater label labels video videos "
    "clip movie face sub subject participant mean avg average averaged".split()
)
"""What names of files say beside whose they are."""


@dataclass(frozen=True)
class Item:
    """What a set of rating files rates: `name` is the format's own name for the video."""

    key: str
    name: str
    paths: tuple[str, ...]
    reader: str = ""
    part_of: str = ""


@dataclass
class Match:
    """The items of a video, how they were found, and what to ask about it."""

    items: list[Item] = field(default_factory=list)
    by: str = ""
    candidates: list[Item] = field(default_factory=list)
    why: str = ""


def match(videos: Mapping[str, PurePath], items: Sequence[Item]) -> dict[str, Match]:
    """Pair videos (id and path) with items; what is doubtful has candidates instead.

    Several items of one name rate one video together. An item goes to one video only.
    """
    found = {video_id: Match() for video_id in videos}
    rest = list(items)
    for by in ("id", "name"):
        claimed: dict[str | tuple[str, ...], list[str]] = {}
        for video_id, path in videos.items():
            for key in _ids(path) if by == "id" else _names(path):
                if not found[video_id].items:
                    claimed.setdefault(key, []).append(video_id)
        for item in rest:
            name = item.name.lower()
            claims = claimed.get(name if by == "id" else _plain(name.replace("/", " ")), [])
            best = _nearest(videos, claims, item)
            if best is not None:
                found[best].items.append(item)
                found[best].by = by
            else:
                _doubt(found, claims, item)
        taken = {item.key for one in found.values() for item in one.items}
        taken |= {item.part_of for one in found.values() for item in one.items}
        rest = [item for item in rest if item.key not in taken]
    for one in found.values():
        if one.items:
            one.candidates, one.why = [], ""
    _ask(found, videos, rest)
    return found


def _doubt(found: dict[str, Match], claims: Sequence[str], item: Item) -> None:
    for video_id in claims:
        one = found[video_id]
        if item not in one.candidates:
            one.candidates.append(item)
        one.why = f"may as well be of {', '.join(other for other in claims if other != video_id)}"


def _ask(found: dict[str, Match], videos: Mapping[str, PurePath], rest: Sequence[Item]) -> None:
    """Name likely items for videos that have none."""
    by_numbers: dict[tuple[str, ...], list[tuple[str, Item]]] = {}
    for item in rest:
        if not item.part_of:
            words = _plain(PurePath(item.name).name)
            by_numbers.setdefault(_numbers(words), []).append((" ".join(words), item))
    for video_id, one in found.items():
        if one.items or one.candidates:
            continue
        words = _plain(videos[video_id].stem)
        mine = difflib.SequenceMatcher(b=" ".join(words), autojunk=False)
        near = []
        for text, item in by_numbers.get(_numbers(words), []):
            mine.set_seq1(text)
            if mine.quick_ratio() >= ALIKE and mine.ratio() >= ALIKE:
                near.append((mine.ratio(), item))
        if near:
            near.sort(key=lambda pair: (-pair[0], pair[1].key))
            one.candidates = [item for _, item in near[:3]]
            one.why = "the names are alike, not the same"


def _ids(path: PurePath) -> set[str]:
    """Return what a format may call a video; a part of one is `<folder>/<stem>`."""
    stem = path.stem.lower()
    return {stem, path.name.lower(), f"{path.parent.name.lower()}/{stem}"}


def _names(path: PurePath) -> list[tuple[str, ...]]:
    return [words] if (words := _plain(path.stem)) else []


def _plain(name: str) -> tuple[str, ...]:
    """Return the words of a name that tell, numbers without leading zeros."""
    words = re.findall(r"[a-z]+|\d+", name.lower())
    return tuple(w.lstrip("0") or "0" if w.isdigit() else w for w in words if w not in _WORDS)


def _numbers(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the numbers among the words; names of differing numbers are never alike."""
    return tuple(word for word in words if word.isdigit())


def _nearest(videos: Mapping[str, PurePath], claims: Sequence[str], item: Item) -> str | None:
    """Return the video in the folder nearest to the rating file; None where two are as near."""
    if len(claims) <= 1:
        return claims[0] if claims else None
    near = {video_id: _shared(videos[video_id], PurePath(item.paths[0])) for video_id in claims}
    best = max(near.values())
    nearest = [video_id for video_id, shared in near.items() if shared == best]
    return nearest[0] if len(nearest) == 1 else None


def _shared(one: PurePath, other: PurePath) -> int:
    """Return how many folders two paths have in common from the start."""
    count = 0
    for mine, theirs in zip(one.parent.parts, other.parent.parts, strict=False):
        if mine != theirs:
            break
        count += 1
    return count
