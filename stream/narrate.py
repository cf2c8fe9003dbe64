"""Narration: windows become words, in a child process that can neither slow nor stop the rest.

One request is in flight (`desk.py`). In a replay every narration that falls due is made, with a
second try after a failure; live, what falls due while a request is in flight waits, and is told
together with what falls due next. What could not be told is a `Narration` with `gap` set. At the
end of a source comes the story of the whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .bus import Socket, receive
from .deliver import Outlet, connect_outlet
from .desk import Desk, Narrating
from .intervals import Queue
from .messages import End, Event, Narration, Window
from .rolling import Rolling
from .stage import Stage

QUEUE = 4
"""In a replay, intervals that may wait before windows are left in the link, which then waits."""

_decode = msgspec.msgpack.Decoder(Window | Event | End).decode
_encode = msgspec.msgpack.Encoder().encode


def narrate_loop(stage: Stage, outlets: Sequence[Outlet], config: Narrating) -> None:
    """Tell of the windows until aggregation ends, then send `End` to every sink."""
    inbox = stage.socket("pull", "windows", bind="windows")
    sinks = {one.name: connect_outlet(stage, one) for one in outlets}
    shown = {one.name: sinks[one.name] for one in outlets if one.pictures is not None}
    due = Queue(config.every_s, config.is_live)
    rolling = Rolling(config.manner.language, config.every_s)
    has_ended = False
    desk = Desk(stage, config)
    try:
        while not has_ended or due or desk.is_busy:
            reads = not has_ended and len(due) < QUEUE
            stage.wait([desk.socket, inbox] if reads else [desk.socket])
            payload = receive(inbox) if reads else None
            if payload is not None:
                message = _decode(payload)
                if isinstance(message, End):
                    has_ended = True
                    due.end()
                else:
                    due.every_s = config.every_s
                    due.add(message)
                    _roll(stage, shown, rolling.add(message))
            outcome = desk.poll()
            if outcome is not None and not (outcome[1].gap and due.again(outcome[0])):
                _deliver(stage, sinks, outcome[1])
            if due and not desk.is_busy:
                desk.ask(due.pop())
        for socket in sinks.values():
            stage.send(socket, _encode(End("narrate")))
    finally:
        desk.dismiss()


def _roll(stage: Stage, shown: dict[str, Socket], line: Narration | None) -> None:
    """Send a line to the sinks that show pictures."""
    if line is not None:
        payload = _encode(line)
        for name, socket in shown.items():
            stage.tally.add(f"sink:{name}", "offered")
            stage.send(socket, payload)


def _deliver(stage: Stage, sinks: dict[str, Socket], narration: Narration) -> None:
    payload = _encode(narration)
    stage.tally.add("narrator", "gaps" if narration.gap else "told")
    for name, socket in sinks.items():
        stage.tally.add(f"sink:{name}", "offered")
        stage.send(socket, payload)
