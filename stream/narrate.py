"""Narration: windows become words, in a child process that can neither slow nor stop the rest.

One request is in flight (`desk.py`). In a replay every narration that falls due is made, with a
second try after a failure; live, what falls due while a request is in flight waits, and is told
together with what falls due next. What could not be told is a `Narration` with `gap` set. At the
end of a source comes the story of the whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .bus import receive
from .desk import Desk, Narrating
from .intervals import Queue
from .messages import End, Event, Window
from .outlets import Fan, Outlet
from .rolling import Rolling
from .stage import Stage

QUEUE = 4
"""In a replay, intervals that may wait before windows are left in the link, which then waits."""

_decode = msgspec.msgpack.Decoder(Window | Event | End).decode


def narrate_loop(stage: Stage, outlets: Sequence[Outlet], config: Narrating) -> None:
    """Tell of the windows until aggregation ends, then send `End` to every sink."""
    inbox = stage.socket("pull", "windows", bind="windows")
    fan = Fan(stage, outlets)
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
                    line = rolling.add(message)
                    if line is not None:
                        fan.tell(line, to_pictures_only=True)
            outcome = desk.poll()
            if outcome is not None and not (outcome[1].gap and due.again(outcome[0])):
                stage.tally.add("narrator", "gaps" if outcome[1].gap else "told")
                fan.tell(outcome[1])
            if due and not desk.is_busy:
                desk.ask(due.pop())
        fan.end()
    finally:
        desk.dismiss()
