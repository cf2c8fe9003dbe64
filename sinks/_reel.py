"""The last packets of one source as they came, and which of them are to be kept. Pure.

packets    K..K..K..K..K..K..K..K..K..K
wanted              |--before--E--after--|
kept             K..K..K..K..K..K..K..       from the key frame before its start
"""

from __future__ import annotations

import io
import math
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, takewhile
from typing import Any

import av
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

BATCH = 256
"""Packets that are taken at once, so that the thread that reads the source hardly waits."""


@dataclass(frozen=True)
class Form:
    """What packets are: `head` is a NUT file of one packet, which tells codec and parameters.

    NUT keeps both as they are, where other containers turn them into their own form.
    """

    head: bytes
    time_base: Fraction


@dataclass(frozen=True, slots=True)
class Encoded:
    """A packet. `at_s` is its time on the recording's clock, `pts` and `dts` in `form.time_base`.

    `number` counts the packets of a reel, from 1.
    """

    data: bytes
    pts: int
    dts: int
    duration: int
    is_key: bool
    at_s: float
    t_wall_ns: int
    form: Form
    number: int = 0

    def packet(self) -> Packet[Any]:
        """Return it for a container."""
        packet: Packet[Any] = Packet(self.data)
        packet.time_base = self.form.time_base
        packet.pts, packet.dts, packet.duration = self.pts, self.dts, self.duration
        packet.is_keyframe = self.is_key
        return packet


def form_of(packet: Packet[Any], stream: VideoStream) -> Form:
    """Return what the packets of a stream are, from its first key frame. Raises: ValueError."""
    held = io.BytesIO()
    try:
        with av.open(held, "w", format="nut") as container:
            copy: Packet[Any] = Packet(bytes(packet))
            copy.stream = container.add_stream_from_template(stream)
            copy.time_base, copy.pts, copy.dts, copy.is_keyframe = packet.time_base, 0, 0, True
            container.mux(copy)
    except (FFmpegError, OSError) as error:
        raise ValueError(str(error)) from None
    return Form(held.getvalue(), Fraction(packet.time_base))


class Reel:
    """One thread puts packets in, one says what is wanted, one takes what is to be kept.

    `lost` counts packets that were wanted and left before anybody took them.
    """

    def __init__(self, keep_s: float, join_s: float, limit_bytes: int) -> None:
        """Keep the last `keep_s` back to a key frame, in at most `limit_bytes`.

        What is wanted within `join_s` after the last wanted stretch goes on without a gap.
        """
        self._keep_s = keep_s
        self._join_s = join_s
        self._limit_bytes = limit_bytes
        self._packets: deque[Encoded] = deque()
        self._keys: deque[Encoded] = deque()
        self._bytes = 0
        self._count = 0
        self._from_s, self._until_s = math.inf, -math.inf
        self._next = 0
        self._lock = threading.Lock()
        self.lost = 0

    @property
    def is_wanted(self) -> bool:
        """Whether a stretch is to be kept that is not over yet."""
        return self._until_s > -math.inf

    def put(self, encoded: Encoded) -> None:
        """Add a packet; what is old goes, and what is too much."""
        with self._lock:
            self._count += 1
            encoded = replace(encoded, number=self._count)
            self._packets.append(encoded)
            self._bytes += len(encoded.data)
            if encoded.is_key:
                self._keys.append(encoded)
            old_s = encoded.at_s - self._keep_s
            while len(self._keys) > 1 and self._keys[1].at_s <= old_s and self._may_go:
                self._drop_until(self._keys[1].number)
            while self._bytes > self._limit_bytes and len(self._packets) > 1:
                self._drop_until(self._packets[1].number)

    def want(self, from_s: float, until_s: float) -> None:
        """Have this stretch kept too; what is being kept goes on without a gap."""
        with self._lock:
            if not self.is_wanted:
                self._from_s, self._next = from_s, 0
            self._until_s = max(self._until_s, until_s)

    def take(self, now_s: float = -math.inf) -> tuple[list[Encoded], bool]:
        """Return the next packets to keep, and whether they are the last of what is wanted.

        `now_s` is the time by a clock that goes on without packets.
        """
        with self._lock:
            if not self.is_wanted:
                return [], False
            if not self._next and not self._start():
                return [], False
            ready = islice(self._after(self._next), BATCH)
            batch = list(takewhile(lambda encoded: encoded.at_s <= self._until_s, ready))
            if batch:
                self._next = batch[-1].number + 1
            newest_s = max(now_s, self._packets[-1].at_s)
            is_over = not batch and newest_s > self._until_s + self._join_s
            if is_over:
                self._from_s, self._until_s = math.inf, -math.inf
            return batch, is_over

    @property
    def _may_go(self) -> bool:
        """Whether the oldest group of pictures is not waited for."""
        is_waited_for = self.is_wanted and self._keys[1].number > self._next
        return not is_waited_for

    def _start(self) -> bool:
        """Find the first packet to keep; a key frame, whatever was asked for."""
        if not self._keys:
            return False
        before = [key for key in self._keys if key.at_s <= self._from_s]
        self._next = (before[-1] if before else self._keys[0]).number
        return True

    def _after(self, number: int) -> Iterable[Encoded]:
        first = self._packets[0].number if self._packets else number
        return islice(self._packets, max(0, number - first), None)

    def _drop_until(self, number: int) -> None:
        while self._packets and self._packets[0].number < number:
            gone = self._packets.popleft()
            self._bytes -= len(gone.data)
            is_taken = gone.number < self._next
            self.lost += not is_taken and self._from_s <= gone.at_s <= self._until_s
        while self._keys and self._keys[0].number < number:
            self._keys.popleft()
