"""The workers that look at frames, and the scheduler's hold on them.

Jobs lie in one row that workers take from themselves, so that none waits for the scheduler's thread
while there is work; ZeroMQ carries the bell that wakes an idle worker, and the number of a job that
is done.
"""

from __future__ import annotations

import logging
import time
from collections import deque

from ..models.base import Vision
from .bus import Socket, offer, receive, receive_from, send_to
from .errors import ModelError
from .freshness import Freshness
from .messages import Observation
from .region import nothing, see_region
from .schedule import Job, Scheduler
from .stage import TICK_S, Stage

log = logging.getLogger(__name__)

BELL, LEAVE = b"!", b""
"""What the scheduler sends: there may be a job, and there will be none."""

FREE, GOES_ON = b"", b"+"
"""What a worker sends that has just begun, or was rung for nothing; else it sends the number of its
job in eight bytes, and `GOES_ON` after it when it has taken another."""


def vision_loop(stage: Stage, vision: Vision, jobs: deque[Job], is_live: bool) -> None:
    """Look at the frames of `jobs`, oldest first; one thread of the pool.

    Live, a frame on which anything at all fails is an invalid observation, since one camera's
    pictures must not end the run of the others.
    """
    socket = stage.socket("dealer", "jobs", connect="jobs")
    stage.send(socket, FREE)
    job, looked_s = None, float("-inf")
    while True:
        if job is None or time.monotonic() - looked_s >= TICK_S:
            is_rung = bool(stage.wait([socket], TICK_S if job is None else 0.0))
            looked_s = time.monotonic()
            while is_rung and (word := receive(socket)) is not None:
                if word == LEAVE:
                    return
            job = job or _next(jobs)
            if job is None and is_rung:
                offer(socket, FREE)  # Not waited for: who rang last may have left since.
        if job is not None:
            job = _do(stage, vision, job, jobs, socket, is_live)


def _do(
    stage: Stage, vision: Vision, job: Job, jobs: deque[Job], socket: Socket, is_live: bool
) -> Job | None:
    """Look at a frame, tell that it is done, and return the job to go on with."""
    job.seen = _look_live(vision, job) if is_live else _look(vision, job)
    for name, duration_ms in job.seen.timings_ms.items():
        stage.timings.add(name, duration_ms)
    following = _next(jobs)
    stage.send(socket, job.number.to_bytes(8, "little") + (b"" if following is None else GOES_ON))
    return following


def _next(jobs: deque[Job]) -> Job | None:
    """Take the oldest job, if no other worker was quicker."""
    try:
        return jobs.popleft()
    except IndexError:
        return None


def _look(vision: Vision, job: Job) -> Observation:
    try:
        if job.region is not None:
            return see_region(vision, job.frame, job.earlier, job.region)
        return vision.see(job.frame, job.earlier)
    except ModelError as error:
        return nothing(job.frame, str(error))


def _look_live(vision: Vision, job: Job) -> Observation:
    try:
        return _look(vision, job)
    except Exception as error:
        log.debug("%s, frame %d", job.frame.source_id, job.frame.seq, exc_info=True)
        return nothing(job.frame, f"{type(error).__name__}: {error}")


class Crew:
    """The scheduler's end: who there is, who may be idle, and how many jobs there is room for.

    `idle` are the names of those who last said that they have nothing to do, and were not rung
    since. `ahead` jobs are laid out beyond those at work, for a worker that is done to go on with.
    """

    def __init__(
        self, stage: Stage, scheduler: Scheduler, jobs: deque[Job], fresh: Freshness, ahead: int
    ) -> None:
        """Wait for the first worker's word."""
        self.socket = stage.socket("router", "jobs", bind="jobs")
        self._scheduler, self._jobs, self._fresh, self._ahead = scheduler, jobs, fresh, ahead
        self._known: set[bytes] = set()
        self.idle: set[bytes] = set()
        self._started_s: dict[int, float] = {}

    @property
    def known(self) -> int:
        """How many workers have begun."""
        return len(self._known)

    @property
    def room(self) -> int:
        """How many more jobs may be handed out."""
        return max(0, len(self._known) + self._ahead - len(self._started_s))

    @property
    def busy(self) -> int:
        """How many workers have something to do."""
        return min(len(self._known), len(self._started_s))

    def take_back(self) -> None:
        """Take the jobs that are done, and note who may be idle."""
        while (answer := receive_from(self.socket)) is not None:
            peer, word = answer
            self._known.add(peer)
            if not word.endswith(GOES_ON, 8):
                self.idle.add(peer)
            if word != FREE:
                number = int.from_bytes(word[:8], "little")
                self._fresh.took(time.monotonic() - self._started_s.pop(number))
                self._scheduler.finish(number)

    def hand_out(self) -> None:
        """Lay out what there is room for, and wake as many of the idle as there are jobs."""
        while self.room and (job := self._scheduler.next_job()) is not None:
            self._started_s[job.number] = time.monotonic()
            self._jobs.append(job)
        for _ in range(min(len(self._jobs), len(self.idle))):
            send_to(self.socket, self.idle.pop(), BELL)

    def dismiss(self) -> None:
        """Tell all that there will be no more."""
        for peer in self._known:
            send_to(self.socket, peer, LEAVE)
