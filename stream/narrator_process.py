"""The narrator's own process: facts in, words out, at low priority.

Run as `python -m affectstream.stream.narrator_process ENDPOINT ENGINE OPTIONS`. It ends when its
standard input closes, which the operating system does when the parent is gone, by whatever cause.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from importlib import import_module
from typing import Any

import msgspec

from ..models.base import Narrator
from .bus import Bus, poll, receive

ENGINES = ("grounded", "scripted")


class Ask(msgspec.Struct, frozen=True):
    """A request; `facts` hold numbers and labels only."""

    id: int
    facts: dict[str, Any]


class Told(msgspec.Struct, frozen=True):
    """The answer to a request; `fault` says why there is no text."""

    id: int
    text: str
    fault: str = ""


def load_engine(name: str, options: dict[str, Any]) -> Narrator:
    """Return the narrator of `models/NAME.py`. Raises: pydantic's error for a wrong option."""
    module = import_module(f"..models.{name}", __package__)
    narrator: Narrator = module.build(module.Config(**options))
    return narrator


def main(endpoint: str, engine: str, options: str) -> None:
    """Answer requests for ever; `options` is the engine's configuration as JSON."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(10)
    threading.Thread(target=_leave_with_parent, name="parent", daemon=True).start()
    narrator = load_engine(engine, json.loads(options))
    bus = Bus()
    socket = bus.socket("dealer", "requests", connect=endpoint)
    while True:
        poll([socket], 1.0)
        while (payload := receive(socket)) is not None:
            socket.send(_answer(narrator, msgspec.msgpack.decode(payload, type=Ask)))


def _answer(narrator: Narrator, ask: Ask) -> bytes:
    try:
        told = Told(ask.id, narrator.tell(ask.facts))
    except Exception as error:  # the engine's fault must not end the process
        told = Told(ask.id, "", f"{type(error).__name__}: {error}")
    return msgspec.msgpack.encode(told)


def _leave_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
