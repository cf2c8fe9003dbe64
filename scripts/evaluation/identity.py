"""Counts changes of identity where it is known who is where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from affectstream.models.motion import iou
from affectstream.stream.messages import Box, Reading

MIN_IOU = 0.3
"""Least overlap that makes a measured body a true one. Our choice: a detector's box around a
standing body leaves out feet or hair, one beside it overlaps less."""


class Identity(NamedTuple):
    """How well identities were kept.

    `switches` as in CLEAR MOT (Bernardin and Stiefelhagen 2008); `seen` is the share of true people
    who were measured, in [0, 1].
    """

    switches: int
    seen: float


def follow(frames: Iterable[tuple[Mapping[int, Box], Mapping[int, Box]]]) -> Identity:
    """Count over frames of true boxes by owner and measured boxes by id.

    Pairs are taken by overlap, best first; an owner whose id is another than last time switched.
    """
    last: dict[int, int] = {}
    switches, true, found = 0, 0, 0
    for owners, measured in frames:
        true += len(owners)
        for owner, number in _pairs(owners, measured):
            found += 1
            switches += last.get(owner, number) != number
            last[owner] = number
    return Identity(switches, found / max(true, 1))


def _pairs(owners: Mapping[int, Box], measured: Mapping[int, Box]) -> list[tuple[int, int]]:
    overlaps = sorted(
        (
            (-iou(true, box), owner, number)
            for owner, true in owners.items()
            for number, box in measured.items()
        )
    )
    pairs: dict[int, int] = {}
    for overlap, owner, number in overlaps:
        if -overlap >= MIN_IOU and owner not in pairs and number not in pairs.values():
            pairs[owner] = number
    return list(pairs.items())


def bodies(reading: Reading) -> dict[int, Box]:
    """Return the boxes of measured bodies by person number."""
    return {p.id: p.body.box_xyxy for p in reading.people if p.body is not None}


def alone(readings: Sequence[Reading], passages_s: Sequence[tuple[float, float]]) -> Identity:
    """Count where people pass one after another, each alone, between the given times.

    A number beyond the first of a passage is a switch, as is one that an earlier passage had, and
    anybody between passages. `seen` is the share of frames of the passages with somebody.
    """
    switches, inside, found = 0, 0, 0
    known: set[int] = set()
    for start_s, end_s in passages_s:
        during = [r for r in readings if start_s <= r.pts_s <= end_s]
        ids = {person.id for reading in during for person in reading.people}
        switches += max(len(ids) - 1, 0) + len(ids & known)
        known |= ids
        looked = [reading for reading in during if any(p.body for p in reading.people)]
        inside, found = inside + len(during), found + len(looked)
    between = {p.id for r in readings for p in r.people} - known
    return Identity(switches + len(between), found / max(inside, 1))
