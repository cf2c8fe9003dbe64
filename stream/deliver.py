"""Delivery: each sink lives in a thread of its own, with a link of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass

import msgspec

from ..sinks.base import Policy, Sink
from .bus import Socket, receive
from .errors import SinkError
from .frames import PictureShelf
from .messages import Delivery, End, Frame, Reading
from .stage import Stage

TICK_S = 1.0
PRODUCERS = frozenset({"aggregate", "narrate"})
"""A sink is complete when each of these has said `End`."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A sink as the stages that feed it see it."""

    name: str
    policy: Policy
    has_pictures: bool

    @property
    def link(self) -> str:
        """The row of the link table; frames are large, so fewer of them wait."""
        return "deliver.pictures" if self.has_pictures else "deliver"


def connect_outlet(stage: Stage, outlet: Outlet) -> Socket:
    """Open the link to a sink, for everything that must reach it."""
    return stage.socket("push", outlet.link, connect=f"deliver/{outlet.name}")


_decode = msgspec.msgpack.Decoder(Delivery).decode


def deliver_loop(stage: Stage, name: str, sink: Sink, shelf: PictureShelf | None) -> None:
    """Give a sink everything that is meant for it; close it whatever happens."""
    outlet = Outlet(name, sink.policy, shelf is not None)
    inbox = [stage.socket("pull", outlet.link, bind=f"deliver/{name}")]
    if sink.policy == "latest":
        inbox.append(stage.socket("pull", "deliver.latest", bind=f"latest/{name}"))
    try:
        sink.open()
        _pump(stage, f"sink:{name}", sink, shelf, inbox)
    except OSError as error:
        raise SinkError(f"{name}: {error}") from error
    finally:
        sink.close()


def _pump(
    stage: Stage, scope: str, sink: Sink, shelf: PictureShelf | None, inbox: list[Socket]
) -> None:
    open_producers = set(PRODUCERS)
    next_tick_s = time.monotonic() + TICK_S
    while open_producers:
        for socket in stage.wait(inbox):
            payload = receive(socket)
            if payload is None:
                continue
            message = _decode(payload)
            if isinstance(message, End):
                open_producers.discard(message.stage)
                continue
            start_s = time.perf_counter()
            sink.write(message, _frame_of(message, shelf))
            stage.timings.add("write", (time.perf_counter() - start_s) * 1000)
            stage.tally.add(scope, "written")
        if time.monotonic() >= next_tick_s:
            sink.tick()
            next_tick_s = time.monotonic() + TICK_S


def _frame_of(message: Delivery, shelf: PictureShelf | None) -> Frame | None:
    if shelf is None or not isinstance(message, Reading):
        return None
    return shelf.take(message.source_id, message.seq)
