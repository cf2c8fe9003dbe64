"""Every link of the pipeline in one table: what it carries, and what happens when it is full.

`every`: the sender waits, nothing is lost. `latest`: only the newest counts, the older one is
dropped and counted. `bounded`: what finds no room is dropped and counted. Capacities are the sum of
both ends' high-water marks, because an inproc pipe holds that many. Frames are small tickets on the
wire; their pixels stay where capture put them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Policy = Literal["every", "latest", "bounded"]


@dataclass(frozen=True, slots=True)
class Link:
    """One row of the table; `capacity` counts messages."""

    name: str
    sender: str
    receiver: str
    message: str
    policy: Policy
    capacity: int


_TABLE = (
    Link("frames.replay", "capture", "infer", "Frame ticket", "every", 4),
    Link("frames.live", "capture", "infer", "doorbell of a one-slot mailbox", "latest", 2),
    Link("jobs", "infer", "vision", "doorbell; number of a Job back", "every", 64),
    Link("observations", "infer, capture", "aggregate", "Observation, Event, End", "every", 8),
    Link("deliver", "aggregate, narrate", "sink", "Reading, Window, Event, Narration", "every", 64),
    Link("deliver.pictures", "aggregate, narrate", "sink with frames", "as deliver", "every", 4),
    Link("deliver.live", "aggregate, narrate", "sink", "as deliver", "bounded", 4000),
    Link("deliver.live.pictures", "aggregate, narrate", "sink with frames", "same", "bounded", 16),
    Link("deliver.latest", "aggregate", "sink", "doorbell of a one-slot mailbox", "latest", 2),
    Link("windows", "aggregate", "narrate", "Window, Event, End", "every", 64),
    Link("requests", "narrate", "narrator process", "facts, text back", "every", 4),
    Link("control", "supervisor", "all", "Command", "every", 1000),
    Link("ctl", "affectstream ctl", "supervisor", "Ask, Answer back", "every", 64),
    Link("reports", "all", "supervisor", "Report", "every", 1000),
)

LINKS = {link.name: link for link in _TABLE}
