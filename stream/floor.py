"""Which cameras are decoded, where all of them are more than can be looked at. Pure.

Of a camera that has not the floor, the key frame of each group of pictures is decoded alone. Who
was seen least gets it, with the next key frame, and keeps it until another one that was seen less
comes, or too many have it at once. So cameras take turns by themselves, wherever their key frames
lie in time: far from each other, each speaks for a part of its group; all at one moment, some speak
for a whole group while the others wait for the next.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from .frames import FrameLink

LOOK_S = 0.03
"""Between two looks at who speaks: half the time from picture to picture. Our choice."""

MEMORY_S = 40.0
"""Over which it counts how much of a camera was seen. Our choice: so long that what was
lost by waiting for a group of pictures is made good."""

CROWD = 1.1
"""So many times what can be looked at may be decoded at one moment, where key frames lie as they
lie. Our choice."""

SPEAKS_S = 0.2
"""A camera of which two pictures came in this time, or in that of four pictures, has the floor."""

NEARLY_ALL = 0.99
"""What is told to those who have the floor while not all have: a decoder that is asked for less
than everything leaves out pictures that no other refers to."""


@dataclass
class _Speaker:
    """A camera: when its last pictures came, how much of it was seen of late, what it was told."""

    came_s: deque[float] = field(default_factory=lambda: deque(maxlen=2))
    sent: int = 0
    seen: int = 0
    weight: float = 0.0
    share: float = 1.0


class Floor:
    """Tells links how much to decode; `budget_hz` is how many pictures a second of all cameras."""

    def __init__(self, links: Mapping[str, FrameLink], now_s: float) -> None:
        """Give the floor to all; `links` are the cameras of the moment, whoever changes them."""
        self._links = links
        self._speakers: dict[str, _Speaker] = {}
        self._at_s = now_s
        self.budget_hz = math.inf

    def look(self, now_s: float) -> None:
        """See who speaks, and decide who goes on; to be called often."""
        if now_s < self._at_s + LOOK_S:
            return
        links = {link.address: link for link in list(self._links.values())}
        fade = math.exp((self._at_s - now_s) / MEMORY_S)
        self._at_s = now_s
        self._speakers = {name: self._speakers.get(name) or self._new() for name in links}
        for name, link in links.items():
            self._note(self._speakers[name], link, fade, now_s)
        self._decide(links, now_s)

    def _new(self) -> _Speaker:
        """Return who joins: as if seen as much as the others, so as not to take all from them."""
        weights = [one.weight for one in self._speakers.values()]
        return _Speaker(weight=sum(weights) / len(weights) if weights else 0.0)

    def _note(self, one: _Speaker, link: FrameLink, fade: float, now_s: float) -> None:
        if link.sent != one.sent:
            one.came_s.append(now_s)
        seen = link.seen
        one.weight = one.weight * fade + seen - one.seen
        one.sent, one.seen = link.sent, seen

    def _decide(self, links: Mapping[str, FrameLink], now_s: float) -> None:
        speak = {
            name
            for name, one in self._speakers.items()
            if one.share
            and len(one.came_s) == 2
            and now_s - one.came_s[0] <= max(SPEAKS_S, 4 / links[name].full_hz)
        }
        by_weight = sorted(speak, key=lambda name: self._speakers[name].weight)
        decoded_hz = sum(links[name].full_hz for name in speak)
        while len(by_weight) > 1 and decoded_hz > CROWD * self.budget_hz:
            name = by_weight.pop()
            decoded_hz -= links[name].full_hz
            self._tell(name, links[name], 0.0)
        most = self._speakers[by_weight[-1]].weight if by_weight else math.inf
        whole = 1.0 if math.isinf(self.budget_hz) else NEARLY_ALL
        for name in by_weight:
            self._tell(name, links[name], whole)
        for name in links.keys() - speak:
            has_room = decoded_hz + links[name].full_hz <= CROWD * self.budget_hz
            may = has_room or self._speakers[name].weight < most
            self._tell(name, links[name], whole if may else 0.0)

    def _tell(self, name: str, link: FrameLink, share: float) -> None:
        one = self._speakers[name]
        if one.share != share:
            if not (one.share and share):
                one.came_s.clear()
            one.share = share
            link.ask(share)
