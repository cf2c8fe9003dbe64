"""Delivery: each sink lives in a thread of its own, with a link of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from ..sinks._look.blur import Blur
from ..sinks.base import Sink
from .bus import Socket, receive
from .errors import SinkError
from .frames import PictureShelf
from .mailbox import Mailbox
from .messages import Delivery, End, Reading
from .stage import Stage

TICK_S = 1.0
PRODUCERS = frozenset({"aggregate", "narrate"})
"""A sink is complete when each of these has said `End`."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A sink as the stages that feed it see it.

    `wants_readings` is false for one that needs only windows, events and narrations; `newest`
    holds the reading that a sink of policy `latest` will see next; `pictures` the frames of a sink
    that shows them.
    """

    name: str
    wants_readings: bool = True
    newest: Mailbox[bytes] | None = None
    pictures: PictureShelf | None = None

    @property
    def link(self) -> str:
        """The row of the link table; frames are large, so fewer of them wait."""
        return "deliver" if self.pictures is None else "deliver.pictures"


def connect_outlet(stage: Stage, outlet: Outlet) -> Socket:
    """Open the link to a sink, for everything that must reach it."""
    return stage.socket("push", outlet.link, connect=f"deliver/{outlet.name}")


_decode = msgspec.msgpack.Decoder(Delivery).decode


def open_outlet(name: str, sink: Sink) -> Outlet:
    """Return what the stages that feed a sink must know of it."""
    return Outlet(
        name,
        sink.wants_readings,
        Mailbox() if sink.policy == "latest" else None,
        PictureShelf() if sink.wants_frames else None,
    )


def deliver_loop(
    stage: Stage, sink: Sink, outlet: Outlet, blur: Callable[[], Blur] | None = None
) -> None:
    """Give a sink everything that is meant for it; close it whatever happens.

    `blur` makes what hides the people of a source in the private pictures the sink gets.
    """
    try:
        sink.open()
        _Pump(stage, sink, outlet, blur).run()
    except OSError as error:
        raise SinkError(f"{outlet.name}: {error}") from error
    finally:
        sink.close()


class _Pump:
    """Moves messages from the links of a sink into it."""

    def __init__(
        self, stage: Stage, sink: Sink, outlet: Outlet, blur: Callable[[], Blur] | None
    ) -> None:
        self._stage = stage
        self._blur = blur
        self._blurs: dict[str, Blur] = {}
        self._sink = sink
        self._outlet = outlet
        self._open = set(PRODUCERS)
        self._inbox = stage.socket("pull", outlet.link, bind=f"deliver/{outlet.name}")
        self._bell = stage.socket("pull", "deliver.latest", bind=f"latest/{outlet.name}")

    def run(self) -> None:
        next_tick_s = time.monotonic() + TICK_S
        while self._open:
            for socket in self._stage.wait([self._inbox, self._bell]):
                payload = receive(socket)
                if socket is self._bell:
                    self._write_newest()
                elif payload is not None:
                    self._take(payload)
            if time.monotonic() >= next_tick_s:
                self._sink.tick()
                next_tick_s = time.monotonic() + TICK_S
        self._write_newest()

    def _take(self, payload: bytes) -> None:
        message = _decode(payload)
        if isinstance(message, End):
            self._open.discard(message.stage)
            return
        frame = None
        if self._outlet.pictures is not None and isinstance(message, Reading):
            frame = self._outlet.pictures.take(message.source_id, message.seq)
            if frame is not None and frame.is_private and self._blur is not None:
                if frame.source_id not in self._blurs:
                    self._blurs[frame.source_id] = self._blur()
                hidden = self._blurs[frame.source_id].hide(frame.image_bgr, message)
                frame = replace(frame, image_bgr=hidden, is_private=False)
        start_s = time.perf_counter()
        self._sink.write(message, frame)
        self._stage.timings.add("write", (time.perf_counter() - start_s) * 1000)
        self._stage.tally.add(f"sink:{self._outlet.name}", "written")

    def _write_newest(self) -> None:
        newest = None if self._outlet.newest is None else self._outlet.newest.take()
        if newest is not None:
            self._take(newest)
