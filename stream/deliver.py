"""Delivery: each sink lives in a thread of its own, with a link of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec

from ..sinks._look.blur import Blur
from ..sinks.base import Sink
from .bus import receive
from .errors import SinkError
from .messages import Delivery, End, Frame, Reading
from .outlets import Outlet
from .stage import Stage

log = logging.getLogger(__name__)

TICK_S = 1.0
PRODUCERS = frozenset({"aggregate", "narrate"})
"""A sink is complete when each of these has said `End`."""


_decode = msgspec.msgpack.Decoder(Delivery).decode


def deliver_loop(
    stage: Stage, sink: Sink, outlet: Outlet, blur: Callable[[], Blur] | None = None
) -> None:
    """Give a sink everything that is meant for it; close it whatever happens.

    `blur` makes what hides the people of a source in the private pictures the sink gets. In a live
    run an output that can no longer be written ends this sink alone: what it would have got from
    then on is counted as failed.
    """
    pump = _Pump(stage, sink, outlet, blur)
    try:
        with _our_errors(outlet.name):
            sink.open()
        try:
            with _our_errors(outlet.name):
                pump.run()
        except SinkError as error:
            if not outlet.is_live:
                raise
            log.error("%s; the run goes on without it", error)
            stage.report("lost", note=str(error))
            _let_go(sink, outlet.name)
            pump.skip()
            return
    except BaseException:
        _let_go(sink, outlet.name)
        raise
    with _our_errors(outlet.name):
        sink.close()


def _let_go(sink: Sink, name: str) -> None:
    """Close a sink of which it is known that it failed."""
    try:
        sink.close()
    except Exception as error:
        log.debug("closing %s failed as well: %s", name, error)


@contextmanager
def _our_errors(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SinkError(f"{name}: {error}") from error


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
        self._is_writing = self._is_lost = False
        self._inbox = stage.socket("pull", outlet.link, bind=f"deliver/{outlet.name}")
        self._bell = stage.socket("pull", "deliver.latest", bind=f"latest/{outlet.name}")

    def run(self) -> None:
        """Write until every producer has ended."""
        next_tick_s = time.monotonic() + TICK_S
        while self._open:
            for socket in self._stage.wait([self._inbox, self._bell]):
                payload = receive(socket)
                if socket is self._bell:
                    self._write_newest()
                elif payload is not None:
                    self._take(payload)
            if time.monotonic() >= next_tick_s and not self._is_lost:
                self._sink.tick()
                next_tick_s = time.monotonic() + TICK_S
        self._write_newest()

    def skip(self) -> None:
        """Let everything pass, counted as failed, until every producer has ended."""
        self._is_lost = True
        if self._is_writing:
            self._count("failed")
        self.run()

    def _take(self, payload: bytes) -> None:
        message = _decode(payload)
        if isinstance(message, End):
            self._open.discard(message.stage)
            return
        frame = None
        if self._outlet.pictures is not None and isinstance(message, Reading):
            frame = self._outlet.pictures.take(message.source_id, message.seq)
        if self._is_lost:
            self._count("failed")
            return
        self._is_writing = True
        if frame is not None and isinstance(message, Reading):
            frame = self._hidden(frame, message)
        start_s = time.perf_counter()
        self._sink.write(message, frame)
        self._stage.timings.add("write", (time.perf_counter() - start_s) * 1000)
        self._is_writing = False
        self._count("written")

    def _hidden(self, frame: Frame, reading: Reading) -> Frame:
        """Return the frame without the people of a private one."""
        if not frame.is_private or self._blur is None:
            return frame
        if frame.source_id not in self._blurs:
            self._blurs[frame.source_id] = self._blur()
        hidden = self._blurs[frame.source_id].hide(frame.image_bgr, reading)
        return replace(frame, image_bgr=hidden, is_private=False)

    def _write_newest(self) -> None:
        newest = None if self._outlet.newest is None else self._outlet.newest.take()
        if newest is not None:
            self._take(newest)

    def _count(self, fate: str) -> None:
        self._stage.tally.add(f"sink:{self._outlet.name}", fate)
