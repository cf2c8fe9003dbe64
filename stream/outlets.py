"""The way from a stage to the sinks: one link each, by the policy of the run and of the sink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ..sinks.base import Sink
from .bus import Socket, offer, ring
from .frames import PictureShelf
from .mailbox import Mailbox
from .messages import End, Event, Narration, Reading, Window
from .stage import Stage

_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Outlet:
    """A sink as the stages that feed it see it.

    `wants_readings` is false for one that needs only windows, events and narrations; `newest`
    holds the reading that a sink of policy `latest` will see next; `pictures` the frames of a sink
    that shows them.
    """

    name: str
    is_live: bool
    wants_readings: bool = True
    newest: Mailbox[bytes] | None = None
    pictures: PictureShelf | None = None

    @property
    def link(self) -> str:
        """The row of the link table; frames are large, so fewer of them wait."""
        shows = "" if self.pictures is None else ".pictures"
        return f"deliver{'.live' if self.is_live else ''}{shows}"


def open_outlet(name: str, sink: Sink, is_live: bool) -> Outlet:
    """Return what the stages that feed a sink must know of it."""
    return Outlet(
        name,
        is_live,
        sink.wants_readings,
        Mailbox() if sink.policy == "latest" else None,
        PictureShelf() if sink.wants_frames else None,
    )


class Fan:
    """The links of one stage to all sinks, used in the stage's thread.

    A replay waits for a sink that has no room. A live run does not: what there is no room for is
    dropped and counted, so that a slow or dead sink harms no other.
    """

    def __init__(self, stage: Stage, outlets: Sequence[Outlet]) -> None:
        """Connect to every sink."""
        self._stage = stage
        self._outlets = tuple(outlets)
        self._readers = tuple(one for one in outlets if one.wants_readings)
        self._sockets: dict[str, Socket] = {}
        self._bells: dict[str, Socket] = {}
        for one in outlets:
            self._sockets[one.name] = stage.socket("push", one.link, connect=f"deliver/{one.name}")
            if one.newest is not None:
                bell = stage.socket("push", "deliver.latest", connect=f"latest/{one.name}")
                self._bells[one.name] = bell

    def read(self, reading: Reading) -> None:
        """Send a reading to the sinks that want them."""
        if not self._readers:
            return
        payload = _encode(reading)
        for one in self._readers:
            if one.newest is None:
                self._send(one, payload, reading)
                continue
            self._count(one, "offered")
            if one.newest.put(payload):
                self._count(one, "dropped")
            ring(self._bells[one.name], b"")

    def tell(self, message: Window | Event | Narration, *, to_pictures_only: bool = False) -> None:
        """Send a message to every sink, or to those that show pictures."""
        payload = _encode(message)
        for one in self._outlets:
            if one.pictures is not None or not to_pictures_only:
                self._send(one, payload)

    def end(self) -> None:
        """Say to every sink that this stage has nothing more; this one is waited for."""
        for socket in self._sockets.values():
            self._stage.send(socket, _encode(End(self._stage.name)))

    def _send(self, one: Outlet, payload: bytes, reading: Reading | None = None) -> None:
        self._count(one, "offered")
        if not one.is_live:
            self._stage.send(self._sockets[one.name], payload)
        elif not offer(self._sockets[one.name], payload):
            self._count(one, "dropped")
            if one.pictures is not None and reading is not None:
                one.pictures.take(reading.source_id, reading.seq)

    def _count(self, one: Outlet, fate: str) -> None:
        self._stage.tally.add(f"sink:{one.name}", fate)
