"""How a live run answers load: strides of bodies stretch, cameras decode less. Pure.

The scheduler's thread says how many workers are at work whenever that changes, and what comes of
it reaches cameras through their links, and the scheduler as its `factor`.
"""

from __future__ import annotations

from collections.abc import Mapping

from .demand import Demand
from .floor import Floor
from .frames import FrameLink
from .schedule import Scheduler
from .strides import Stretch

PERIOD_S = 1.0
DEMAND_PERIODS = 4
"""How often strides and decoding are adapted to the load. Our choice: decoding answers by the group
of pictures, one or two seconds."""


class Load:
    """What was sent, lost and worked at of late, and what follows from it."""

    def __init__(
        self, scheduler: Scheduler, links: Mapping[str, FrameLink], workers: int, now_s: float
    ) -> None:
        """Start with nothing known; `links` are the cameras of the moment, whoever changes them."""
        self._scheduler, self._links, self._workers = scheduler, links, workers
        self._stretch = Stretch()
        self._demand, self._floor = Demand(), Floor(links, now_s)
        self._marks: dict[str, tuple[int, int]] = {}
        self._old: dict[str, tuple[int, int]] = {}
        self._next_s = self._at_s = now_s
        self._periods = 0
        self._at_work = 0
        self._work_s = [0.0]

    def tell(self, now_s: float, at_work: int) -> bool:
        """Note how many workers are at work from here on; return whether a period has ended."""
        self._work_s[-1] += self._at_work * (now_s - self._at_s)
        self._at_s, self._at_work = now_s, at_work
        self._floor.look(now_s)
        if now_s < self._next_s:
            return False
        self._next_s = now_s + PERIOD_S
        self._adapt()
        return True

    def _adapt(self) -> None:
        self._periods += 1
        per_period = self._workers * PERIOD_S
        work_s, self._work_s = self._work_s, [*self._work_s[1 - DEMAND_PERIODS :], 0.0]
        links = list(self._links.values())
        counts = {link.address: (link.sent, link.lost + link.late) for link in links}
        fresh = _since(self._marks, counts)
        self._marks = counts
        sent, lost = sum(one[0] for one in fresh.values()), sum(one[1] for one in fresh.values())
        self._scheduler.factor = self._stretch.tell(sent - lost, lost, work_s[-1] / per_period)
        if self._periods % DEMAND_PERIODS == 0:
            span_s = DEMAND_PERIODS * PERIOD_S
            fresh, self._old = _since(self._old, counts), counts
            decoded_hz = sum(one[0] for one in fresh.values()) / span_s
            seen_hz = decoded_hz - sum(one[1] for one in fresh.values()) / span_s
            busy = sum(work_s) / len(work_s) / per_period
            self._floor.budget_hz = self._demand.tell(decoded_hz, seen_hz, busy)


def _since(
    before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    """Return what was sent and lost since, by link."""
    return {
        name: (sent - before.get(name, (0, 0))[0], lost - before.get(name, (0, 0))[1])
        for name, (sent, lost) in after.items()
    }
