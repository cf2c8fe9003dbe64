"""Which packets of a stream are decoded when most of its pictures would be thrown away. Pure.

A picture can only be decoded after those it refers to. Level 1 leaves out pictures that none
refers to; that is nothing where a camera makes none. Every level above takes the head of each
group of pictures (key frame to key frame) and leaves out its tail, which costs no decoding at all:

    level 2  # = = = = = . . . . . .      half of the group
    level 3  # = = . . . . . . . . .      a quarter
    level 4  # . . . . . . . . . . .      the key frame alone

Where every packet is a key frame, eight of them count as a group.
"""

from __future__ import annotations

from typing import Literal

SHARES = (1.0, 1.0, 0.5, 0.25)
"""What levels 0 to 3 take of a group; level 4 takes its key frame."""

DEEPEST = len(SHARES)
INTRA_GROUP = 8
LONGEST_GROUP = 1500
"""A longer group counts as this long: a minute at 25 pictures a second."""


class PacketChoice:
    """Chooses packets by `level`, and counts the pictures that were left out.

    A level that falls takes effect at the next key frame, since what lies between refers to
    pictures that were not decoded.
    """

    def __init__(self) -> None:
        """Take everything."""
        self.level = 0
        self.left_out = 0
        self._group = 0
        self._place = 0
        self._is_skipping = False
        self._pending = 0
        self._was_thinned = False

    @property
    def skips(self) -> Literal["DEFAULT", "NONREF"]:
        """What the decoder is told to skip by itself."""
        return "NONREF" if self.level else "DEFAULT"

    @property
    def kept(self) -> tuple[float, ...]:
        """The share of the pictures that each level leaves; level 1 may leave less."""
        group = self._group or max(self._place, INTRA_GROUP)
        return (*SHARES, min(SHARES[-1], 1 / group))

    def takes(self, is_key: bool) -> bool:
        """Return whether the next packet, a key frame or not, is to be decoded."""
        self._count(is_key)
        self._was_thinned |= self.level > 0
        if is_key and not (self._is_intra and self._place > 1):
            self._is_skipping = False
        elif self._is_intra:
            self._is_skipping = self._place > self._most
        elif self.level > 1 and self._group and self._place > self._most:
            self._is_skipping = True
        self.left_out += self._is_skipping
        self._pending += not self._is_skipping
        return not self._is_skipping

    def decoded(self, pictures: int) -> None:
        """Count what the decoder gave."""
        self._pending -= pictures

    def end_pass(self) -> None:
        """Count what the decoder skipped by itself, once it is empty."""
        if self._was_thinned:
            self.left_out += max(0, self._pending)
        self._pending, self._place, self._was_thinned = 0, 0, False
        self._is_skipping = False

    @property
    def _is_intra(self) -> bool:
        return self._group == 1

    @property
    def _most(self) -> float:
        if self.level >= DEEPEST:
            return 1
        length = INTRA_GROUP if self._is_intra else self._group
        return max(1.0, SHARES[self.level] * length)

    def _count(self, is_key: bool) -> None:
        if is_key and self._place and not (self._is_intra and self._place < INTRA_GROUP):
            self._group = 1 if self._is_intra else min(self._place, LONGEST_GROUP)
            self._place = 0
        if not is_key and self._is_intra:
            self._group = 0
        self._place += 1
