"""The last packets of one source as they came, and which of them are to be kept. Pure.

packets    K..K..K..K..K..K..K..K..K..K
wanted              |--before--E--after--|
kept             K..K..K..K..K..K..K..       from the key frame before its start
"""

from __future__ import annotations

import io
import math
import threading
import time
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
UNKNOWN = -(1 << 63)
"""A stamp that is absent. Source: FFmpeg, `AV_NOPTS_VALUE`."""


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


def encoded_of(packet: Packet[Any], form: Form, at_s: float) -> Encoded:
    """Return a copy of a packet; stamps that it lacks are `UNKNOWN`."""
    return Encoded(
        bytes(packet),
        UNKNOWN if packet.pts is None else packet.pts,
        UNKNOWN if packet.dts is None else packet.dts,
        packet.duration or 0,
        packet.is_keyframe,
        at_s,
        time.time_ns(),
        form,
    )


class Stamps:
    """Gives packets of one stream the stamps they lack: a camera's first ones often have none."""

    def __init__(self) -> None:
        """Start with no packet seen."""
        self._waiting: list[Encoded] = []
        self._last: Encoded | None = None

    def give(self, encoded: Encoded) -> list[Encoded]:
        """Return the packets whose stamps are known by now, in order."""
        known = max(encoded.pts, encoded.dts)
        if known == UNKNOWN and self._last is None:
            self._waiting.append(encoded)
            return self._waiting_as_from(0) if len(self._waiting) == BATCH else []
        if self._last is None:
            before = self._waiting_as_from(known - sum(one.duration for one in self._waiting))
            return [*before, self._follow(encoded)]
        return [self._follow(encoded)]

    def _waiting_as_from(self, stamp: int) -> list[Encoded]:
        given = []
        for one in self._waiting:
            self._last = replace(one, pts=stamp, dts=stamp)
            given.append(self._last)
            stamp += one.duration
        self._waiting = []
        return given

    def _follow(self, encoded: Encoded) -> Encoded:
        pts, dts = encoded.pts, encoded.dts
        if dts == UNKNOWN:
            dts = pts if self._last is None else self._last.dts + self._last.duration
            dts = dts if pts == UNKNOWN else min(dts, pts)
        pts = dts if pts == UNKNOWN else pts
        self._last = replace(encoded, pts=pts, dts=dts)
        return self._last


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
        self._stretches: deque[tuple[float, float]] = deque()
        self._next = 0
        self._lock = threading.Lock()
        self.lost = 0

    @property
    def is_wanted(self) -> bool:
        """Whether a stretch is to be kept that is not over yet."""
        return bool(self._stretches)

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
        """Have this stretch kept too; it may lie in the past as far as that is still here."""
        with self._lock:
            if self._stretches and from_s <= self._stretches[-1][1]:
                first_s, last_s = self._stretches.pop()
                from_s, until_s = min(first_s, from_s), max(last_s, until_s)
            self._stretches.append((from_s, until_s))

    def take(self, now_s: float = -math.inf) -> tuple[list[Encoded], bool]:
        """Return the next packets to keep, and whether what follows does not go on from there.

        `now_s` is the time by a clock that goes on without packets.
        """
        with self._lock:
            if not self._stretches or not (self._next or self._start()):
                return [], False
            until_s = self._stretches[0][1]
            ready = islice(self._after(self._next), BATCH)
            batch = list(takewhile(lambda encoded: encoded.at_s <= until_s, ready))
            if batch:
                self._next = batch[-1].number + 1
                return batch, False
            newest_s = max(now_s, self._packets[-1].at_s)
            if len(self._stretches) > 1 and newest_s > until_s:
                self._stretches.popleft()
                taken = self._next
                self._start()
                self._next = max(self._next, taken)
                return [], self._next > taken
            if newest_s > until_s + self._join_s:
                self._stretches.popleft()
                self._next = 0
                return [], True
            return [], False

    @property
    def _may_go(self) -> bool:
        """Whether the oldest group of pictures is not waited for."""
        is_waited_for = self.is_wanted and self._keys[1].number > self._next
        return not is_waited_for

    def _start(self) -> bool:
        """Find the first packet to keep; a key frame, whatever was asked for."""
        if not self._keys:
            return False
        before = [key for key in self._keys if key.at_s <= self._stretches[0][0]]
        self._next = (before[-1] if before else self._keys[0]).number
        return True

    def _after(self, number: int) -> Iterable[Encoded]:
        first = self._packets[0].number if self._packets else number
        return islice(self._packets, max(0, number - first), None)

    def _drop_until(self, number: int) -> None:
        while self._packets and self._packets[0].number < number:
            gone = self._packets.popleft()
            self._bytes -= len(gone.data)
            is_wanted = any(first <= gone.at_s <= last for first, last in self._stretches)
            self.lost += is_wanted and gone.number >= self._next
        while self._keys and self._keys[0].number < number:
            self._keys.popleft()
