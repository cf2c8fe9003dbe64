"""Frames from capture to inference, and to the sinks that show pictures.

Pixels stay where capture put them, in one process; ZeroMQ carries an eight-byte ticket or a bare
doorbell, which costs 15 us against 170 us for a copy of a 720p frame. A `FrameLink` belongs to one
source and has two ends: `FrameSender` in the capture thread, `FrameReceiver` in the scheduler's.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable

from .bus import Socket, receive, ring
from .cameras import Treatment
from .links import LINKS, Policy
from .mailbox import Mailbox
from .messages import Frame
from .stage import Stage

_links = itertools.count()

USUAL_HZ = 25.0
"""What a camera is taken to give until it has told."""


class FrameLink:
    """What both ends share: the frames on their way.

    Policy `every`: up to the link's capacity wait, the sender waits for room. Policy `latest`: one
    slot, a frame not taken in time is overwritten by the next, and the sender counts it; `sent` and
    `lost` are how many came and how many of them were, `late` how many were taken and then too old.
    The sender tells `full_hz`, how many there are a second, decoded or not; the receiver, by `ask`,
    which `share` of them is to be decoded.
    """

    def __init__(self, source_id: str, policy: Policy, treatment: Treatment | None = None) -> None:
        """Make an empty link; a camera that comes back gets another one, with its own address."""
        self.address = f"frames/{source_id}/{next(_links)}"
        self.treatment = treatment or Treatment()
        self.sent = self.lost = self.late = 0
        self.full_hz = USUAL_HZ
        self.share = 1.0
        self._keep: Callable[[float], None] | None = None
        self.source_id = source_id
        self.policy = policy
        self.row = "frames.replay" if policy == "every" else "frames.live"
        self._newest: Mailbox[Frame] = Mailbox()
        self._all: deque[Frame] = deque()

    def put(self, frame: Frame) -> bool:
        """Lay a frame down; return whether an older one was overwritten."""
        if self.policy == "latest":
            self.sent += 1
            is_lost = self._newest.put(frame)
            self.lost += is_lost
            return is_lost
        self._all.append(frame)
        return False

    def take(self) -> Frame | None:
        """Take the next frame."""
        if self.policy == "latest":
            return self._newest.take()
        return self._all.popleft() if self._all else None

    def listen(self, keep: Callable[[float], None]) -> None:
        """Have `keep` called with every share that is asked for, from any thread."""
        self._keep = keep
        if self.share < 1:
            keep(self.share)

    def ask(self, share: float) -> None:
        """Have this share of the pictures decoded from here on."""
        self.share = share
        if self._keep is not None:
            self._keep(share)

    @property
    def seen(self) -> int:
        """How many were, or may still be, looked at."""
        return self.sent - self.lost - self.late

    @property
    def is_empty(self) -> bool:
        """Whether no frame waits."""
        return self._newest.is_empty and not self._all


class FrameSender:
    """Capture's end."""

    def __init__(self, stage: Stage, link: FrameLink) -> None:
        """Connect to the scheduler."""
        self._stage = stage
        self._link = link
        self._scope = f"source:{link.source_id}"
        self._socket = stage.socket("push", link.row, connect=link.address)

    def send(self, frame: Frame) -> None:
        """Hand a frame over by the link's policy."""
        if self._link.put(frame):
            self._stage.tally.add(self._scope, "overwritten")
        ticket = frame.seq.to_bytes(8, "little")
        if self._link.policy == "every":
            self._stage.send(self._socket, ticket)
            return
        ring(self._socket, ticket)


class FrameReceiver:
    """The scheduler's end."""

    def __init__(self, stage: Stage, link: FrameLink) -> None:
        """Bind the source's name."""
        self._link = link
        self.source_id = link.source_id
        self.socket: Socket = stage.socket("pull", link.row, bind=link.address)

    def take(self) -> Frame | None:
        """Return the next frame by the link's policy, or None."""
        if self._link.policy == "every":
            return self._link.take() if receive(self.socket) is not None else None
        while receive(self.socket) is not None:
            pass
        return self._link.take()

    @property
    def is_empty(self) -> bool:
        """Whether no frame waits; final once the source has announced its last."""
        return self._link.is_empty


class PictureShelf:
    """Frames kept for one sink that shows pictures, until their reading arrives there."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._frames: dict[tuple[str, int], Frame] = {}

    def put(self, frame: Frame) -> None:
        """Keep a frame."""
        with self._lock:
            self._frames[frame.source_id, frame.seq] = frame

    def take(self, source_id: str, seq: int) -> Frame | None:
        """Take the frame of a reading and let go of older ones of that source."""
        with self._lock:
            frame = self._frames.pop((source_id, seq), None)
            for key in [k for k in self._frames if k[0] == source_id and k[1] < seq]:
                del self._frames[key]
            return frame


def make_link(source_id: str, is_live: bool, treatment: Treatment | None = None) -> FrameLink:
    """Return the link of a source by the run's policy."""
    row = LINKS["frames.live" if is_live else "frames.replay"]
    return FrameLink(source_id, row.policy, treatment)
