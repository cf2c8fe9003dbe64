"""What programs outside get, on a socket, by MQTT and by webhook: version 1 of the envelope.

`docs/messages.md` describes it, `docs/messages-1.schema.json` is made from the types below.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..stream.messages import Delivery, End, Event, Narration, Reading, Window

VERSION = 1
Kind = Literal["reading", "window", "event", "narration"]
KINDS: dict[type, Kind] = {
    Reading: "reading",
    Window: "window",
    Event: "event",
    Narration: "narration",
}
HEARTBEAT_TOPIC = "affectstream/heartbeat"


class Heartbeat(msgspec.Struct, frozen=True, tag=True):
    """Sent about once a second: the publisher lives, and `seqs` tells what was missed.

    `refused` counts handshakes of clients with a wrong key or none.
    """

    t_wall_ns: int
    state: Literal["running", "ended"]
    sources: tuple[str, ...]
    seqs: dict[str, int]
    refused: int = 0


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Around everything. `seq` counts 0, 1, 2, ... per run and topic; `v` is the version."""

    v: Literal[1] = 1
    run: str
    topic: str
    seq: int
    data: Reading | Window | Event | Narration | Heartbeat


class Sequence:
    """Numbers the messages of a run by topic."""

    def __init__(self, run_id: str) -> None:
        """Start every topic at 0."""
        self._run_id = run_id
        self.last: dict[str, int] = {}

    def wrap(self, topic: str, data: Any) -> Envelope:
        """Return the next envelope of a topic."""
        seq = self.last[topic] = self.last.get(topic, -1) + 1
        data = without_meshes(data) if isinstance(data, Reading) else data
        return Envelope(run=self._run_id, topic=topic, seq=seq, data=data)


def without_meshes(reading: Reading) -> Reading:
    """Return a reading as it leaves the process: no mesh of a face goes along."""
    people = reading.people
    if not any(person.face is not None and person.face.mesh for person in people):
        return reading
    replace = msgspec.structs.replace
    bare = (
        person if person.face is None else replace(person, face=replace(person.face, mesh=b""))
        for person in people
    )
    return replace(reading, people=tuple(bare))


def topic_of(message: Delivery) -> str:
    """Return `SOURCE/KIND`; "" for an `End`."""
    return "" if isinstance(message, End) else f"{message.source_id}/{KINDS[type(message)]}"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the envelope."""
    made = msgspec.json.schema(Envelope)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"affectstream/messages-{VERSION}.schema.json",
        "title": f"affectstream messages, version {VERSION}",
        **made,
    }
