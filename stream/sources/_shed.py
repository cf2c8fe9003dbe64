"""Which packets of a stream are decoded when most of its pictures would be thrown away. Pure.

A picture can only be decoded after those it refers to. When less than all is wanted, the decoder
leaves out pictures that none refers to (there may be none), and of each group of pictures (key
frame to key frame) the head is taken and the tail left out, which costs no decoding at all:

    share 1     # = = = = = = = = = = =
    share 0.5   # = = = = = . . . . . .
    share 0     # . . . . . . . . . . .      the key frame alone

Where every packet is a key frame, eight of them count as a group.
"""

from __future__ import annotations

from typing import Literal

INTRA_GROUP = 8
LONGEST_GROUP = 1500
"""A longer group counts as this long: a minute at 25 pictures a second."""


class PacketChoice:
    """Chooses packets by `share`, and counts the pictures that were left out.

    A share that rises takes effect at the next key frame, since what lies between refers to
    pictures that were not decoded.
    """

    def __init__(self) -> None:
        """Take everything."""
        self.share = 1.0
        self.left_out = 0
        self._group = 0
        self._place = 0
        self._is_skipping = False
        self._pending = 0
        self._was_thinned = False
        self._delay = 0
        self._carry = 0.0

    @property
    def skips(self) -> Literal["DEFAULT", "NONREF"]:
        """What the decoder is told to skip by itself."""
        return "NONREF" if self.share < 1 else "DEFAULT"

    def takes(self, is_key: bool) -> bool:
        """Return whether the next packet, a key frame or not, is to be decoded."""
        self._count(is_key)
        self._was_thinned |= self.share < 1
        if self._is_intra:
            self._is_skipping = self._place > self._most
        elif is_key:
            self._is_skipping = False
        elif (self._group or not self.share) and self._place > self._most:
            self._is_skipping = True
        self.left_out += self._is_skipping
        self._pending += not self._is_skipping
        return not self._is_skipping

    def decoded(self, pictures: int) -> None:
        """Count what the decoder gave."""
        self._pending -= pictures

    def end_pass(self) -> None:
        """Count what the decoder skipped by itself, once it is empty."""
        self._delay = 0
        self._count_skipped()
        self._pending = self._place = 0
        self._is_skipping = False

    def _count_skipped(self) -> None:
        """Count what the decoder will never give: more than it holds back to put it in order."""
        if self._was_thinned:
            self.left_out += max(0, self._pending - self._delay)
            self._pending = min(self._pending, self._delay)
        else:
            self._delay = self._pending
        self._was_thinned = False

    @property
    def _is_intra(self) -> bool:
        return self._group == 1

    @property
    def _most(self) -> int:
        length = INTRA_GROUP if self._is_intra else max(self._group, self._place)
        return max(1, round(self.share * length + self._carry))

    def _count(self, is_key: bool) -> None:
        if is_key:
            self._count_skipped()
        if is_key and self._place and not (self._is_intra and self._place < INTRA_GROUP):
            # What rounding gave or took is made good in the next group.
            length = INTRA_GROUP if self._is_intra else self._place
            rest = self.share * length - min(self._most, length)
            self._carry = min(max(self._carry + rest, -0.5), 0.5)
            self._group = 1 if self._is_intra else min(self._place, LONGEST_GROUP)
            self._place = 0
        if not is_key and self._is_intra:
            self._group = 0
        self._place += 1
