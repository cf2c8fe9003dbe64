"""Which frame is looked at next, what it may know of the past, and in which order results leave.

Pure: no sockets, no clock, no threads. `infer.py` drives it.

Replay. Sources are taken one after another; frame `seq` starts only when every frame up to
`seq - lag` of its source is done, and the past it gets is the newest look at bodies at or before
`seq - lag`. Results leave in the order in which frames started. All of it depends on `seq` alone,
so results are the same for any number of workers.

Live. Sources take turns, a frame is admitted only when a worker is free for it (until then it may
be overwritten by a newer one), and order holds per source. The past is the newest look that is done
and as old as in a replay: where no frame is dropped or late, live and replay give the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .messages import Frame, Observation


@dataclass(slots=True)
class Job:
    """One frame for a worker; `earlier` is the only past it may use, `seen` what it answers."""

    number: int
    frame: Frame
    earlier: Observation | None
    seen: Observation | None = None


@dataclass(slots=True)
class _Lane:
    waiting: deque[Frame] = field(default_factory=deque)
    admitted: int = 0
    last_seq: int | None = None
    done_up_to: int = -1
    done_beyond: set[int] = field(default_factory=set)
    looks: list[Observation] = field(default_factory=list)

    @property
    def is_exhausted(self) -> bool:
        """Whether every frame that a replayed source sent has started."""
        return self.last_seq is not None and self.admitted > self.last_seq and not self.waiting


class Scheduler:
    """The state of all sources.

    `lag` is the least age, in frames, of the past that a frame gets; it also bounds how many
    frames of one replayed source are under way at once.
    """

    def __init__(self, source_ids: Sequence[str], *, lag: int, is_live: bool) -> None:
        """Start with nothing under way."""
        self._lanes = {source_id: _Lane() for source_id in source_ids}
        self._turns = deque(source_ids)
        self._lag = lag
        self._is_live = is_live
        self._started = 0
        self._order: dict[str, deque[int]] = {}
        self._finished: dict[int, Observation] = {}
        self.under_way: dict[int, Job] = {}

    def close(self, source_id: str, last_seq: int) -> None:
        """Learn the number of a source's last frame (-1: it had none)."""
        self._lanes[source_id].last_seq = last_seq

    def wanted(self, idle_workers: int) -> list[str]:
        """Return the sources that may hand over a frame, in the order of their turns."""
        if not self._is_live:
            while self._turns and self._lanes[self._turns[0]].is_exhausted:
                self._turns.popleft()
            first = self._turns[0] if self._turns else None
            room = first is not None and len(self._lanes[first].waiting) < self._lag
            return [first] if first is not None and room else []
        waiting = sum(len(lane.waiting) for lane in self._lanes.values())
        if waiting >= idle_workers:
            return []
        return [source_id for source_id in self._turns if not self._lanes[source_id].waiting]

    def admit(self, frame: Frame) -> None:
        """Take a frame of a wanted source in."""
        lane = self._lanes[frame.source_id]
        lane.waiting.append(frame)
        lane.admitted += 1

    def next_job(self) -> Job | None:
        """Return the next frame that may be looked at, or None."""
        for source_id in [*self._turns][: len(self._turns) if self._is_live else 1]:
            lane = self._lanes[source_id]
            if lane.waiting and (
                self._is_live or lane.done_up_to >= lane.waiting[0].seq - self._lag
            ):
                if self._is_live:
                    self._turns.remove(source_id)
                    self._turns.append(source_id)
                return self._start(lane, lane.waiting.popleft())
        return None

    def finish(self, number: int) -> None:
        """Take the result of a job, which its worker has put into `seen`."""
        job = self.under_way.pop(number)
        observation = job.seen
        assert observation is not None
        lane = self._lanes[job.frame.source_id]
        if not self._is_live:
            lane.done_beyond.add(job.frame.seq)
            while lane.done_up_to + 1 in lane.done_beyond:
                lane.done_up_to += 1
                lane.done_beyond.discard(lane.done_up_to)
        if observation.bodies is not None:
            lane.looks = self._remember([*lane.looks, observation])
        self._finished[number] = observation

    def in_order(self) -> Iterable[Observation]:
        """Yield the results that can leave, in order."""
        for queue in self._order.values():
            while queue and queue[0] in self._finished:
                yield self._finished.pop(queue.popleft())

    @property
    def is_idle(self) -> bool:
        """Whether all sources are closed and nothing waits, is under way, or is held back."""
        for lane in self._lanes.values():
            if lane.last_seq is None or lane.waiting:
                return False
            if not self._is_live and not lane.is_exhausted:
                return False
        return not self.under_way and not self._finished

    def _start(self, lane: _Lane, frame: Frame) -> Job:
        newest_seq = frame.seq - self._lag
        looks = [look for look in lane.looks if look.seq <= newest_seq]
        earlier = looks[-1] if looks and looks[-1].epoch == frame.epoch else None
        job = Job(self._started, frame, earlier)
        self._started += 1
        self.under_way[job.number] = job
        key = frame.source_id if self._is_live else ""
        self._order.setdefault(key, deque()).append(job.number)
        return job

    def _remember(self, looks: list[Observation]) -> list[Observation]:
        """Keep what a later frame can still be given: frames start in order of `seq`."""
        looks.sort(key=lambda look: look.seq)
        horizon = looks[-1].seq - self._lag
        oldest = max((k for k, look in enumerate(looks) if look.seq <= horizon), default=0)
        return looks[oldest:]
