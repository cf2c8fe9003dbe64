"""The narrator's own process: facts in, checked words out, at low priority.

Run as `python -m affectstream.stream.narrator_process ENDPOINT ENGINE OPTIONS MANNER`. It ends when
its standard input closes, which the operating system does when the parent is gone, by whatever
cause. It stays in the parent's process session: in another one `nice` would count for nothing.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from importlib import import_module
from typing import Any, Literal

import msgspec

from ..models.base import Manner, Narrator, Task
from ..models.grounded_narrator import GroundedNarrator
from ..models.telling import Teller
from .bus import Bus, poll, receive

NICE = 19
NICE_GROUNDED = 10
"""Without a model there is little to hold back, and a text is to be there at the end of a run."""


class Ask(msgspec.Struct, frozen=True):
    """A request; the facts of its task hold numbers and labels only."""

    id: int
    task: Task


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The engine is loaded; `expected_s` is its own guess at the time of one text.

    With a `fault` it could not be loaded, and the grounded narrator speaks in its place.
    """

    expected_s: float
    fault: str = ""


class Told(msgspec.Struct, frozen=True, tag=True):
    """The answer to a request; `fault` says why there is no text."""

    id: int
    text: str
    fault: str = ""
    line: str = ""
    grounded: bool | Literal["fallback"] = False
    tokens: int = 0
    faults: tuple[str, ...] = ()


_decode = msgspec.msgpack.Decoder(Ask).decode
_encode = msgspec.msgpack.Encoder().encode


def module_of(engine: str) -> Any:
    """Import the module of an engine, `models/NAME.py`."""
    return import_module(f"..models.{engine.replace('-', '_')}", __package__)


def load_engine(engine: str, options: dict[str, Any], manner: Manner) -> Narrator:
    """Return the narrator, its model loaded.

    Raises: pydantic's error for a wrong option, and what the engine's `build` raises.
    """
    if engine == "grounded":
        return GroundedNarrator(manner.language)  # It has no options to check.
    module = module_of(engine)
    narrator: Narrator = module.build(module.Config(**options), manner)
    return narrator


def main(endpoint: str, engine: str, options: str, manner: str) -> None:
    """Answer requests for ever; options and manner are JSON."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICE_GROUNDED if engine == "grounded" else NICE)
    threading.Thread(target=_leave_with_parent, name="parent", daemon=True).start()
    bus = Bus()
    socket = bus.socket("dealer", "requests", connect=endpoint)
    how = msgspec.json.decode(manner, type=Manner)
    fault = ""
    try:
        narrator = load_engine(engine, json.loads(options), how)
    except Exception as error:  # a foreign package's, while it loads; the run is not to end by it
        fault = f"{engine} cannot be used: {error}"
        narrator = GroundedNarrator(how.language)
    socket.send(_encode(Ready(narrator.expected_s, fault)))
    teller = Teller(narrator, how.language)
    while True:
        poll([socket], 1.0)
        while (payload := receive(socket)) is not None:
            socket.send(_answer(teller, _decode(payload), fault))


def _answer(teller: Teller, ask: Ask, fault: str) -> bytes:
    try:
        checked = teller.tell(ask.task)
    except Exception as error:  # the engine's fault must not end the process
        return _encode(Told(ask.id, "", f"{type(error).__name__}: {error}"))
    return _encode(
        Told(
            ask.id,
            checked.text,
            line=checked.line,
            grounded="fallback" if fault else checked.grounded,
            tokens=checked.tokens,
            faults=(fault, *checked.faults) if fault else checked.faults,
        )
    )


def _leave_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
