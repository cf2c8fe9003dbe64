"""Inference: a scheduler thread and a pool of workers, results back in order."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from ..models.base import Vision
from .bus import receive, receive_from, send_to
from .errors import ModelError
from .frames import FrameLink, FrameReceiver, PictureShelf
from .freshness import Freshness
from .load import Load
from .messages import End, Frame, Observation
from .region import nothing, see_region
from .schedule import Job, Scheduler
from .stage import Stage
from .strides import Strides

log = logging.getLogger(__name__)

MAX_ERRORS_IN_A_ROW = 10
"""Networks that fail on this many frames one after another, live of every camera, end the run."""

_encode = msgspec.msgpack.Encoder().encode


def vision_loop(stage: Stage, vision: Vision, jobs: Mapping[int, Job], is_live: bool) -> None:
    """Look at the frames the scheduler sends; one thread of the pool.

    Live, a frame on which anything at all fails is an invalid observation, since one camera's
    pictures must not end the run of the others.

    Eight bytes name a row of `jobs`, there and back; frames and observations stay where they are.
    An empty message at the start says "free", one from the scheduler "leave".
    """
    socket = stage.socket("dealer", "jobs", connect="jobs")
    stage.send(socket, b"")
    while True:
        stage.wait([socket])
        while (ticket := receive(socket)) is not None:
            if not ticket:
                return
            job = jobs[int.from_bytes(ticket, "little")]
            job.seen = _look_live(vision, job) if is_live else _look(vision, job)
            for name, duration_ms in job.seen.timings_ms.items():
                stage.timings.add(name, duration_ms)
            stage.send(socket, ticket)


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


@dataclass(frozen=True)
class Pool:
    """What the scheduler thread works with; each shelf keeps frames for a sink with pictures.

    `links` are those of a replay. Live, the supervisor puts a camera's link there before it
    commands `add`, maybe before this thread has begun: only the command lets a camera in.
    `strides` are those of a live camera that has none of its own, `most_age_s` how old a result of
    one may be, None for any age.
    """

    scheduler: Scheduler
    links: dict[str, FrameLink]
    workers: int
    shelves: Sequence[PictureShelf] = ()
    is_live: bool = False
    strides: Strides = field(default_factory=lambda: Strides(1, 1, 1))
    most_age_s: float | None = None


def infer_loop(stage: Stage, pool: Pool) -> None:
    """Schedule frames to the workers and send observations on, in order, then `End`."""
    scheduler = pool.scheduler
    fresh = Freshness(pool.most_age_s if pool.is_live else None)
    crew = _Crew(stage, scheduler, fresh)
    links = {} if pool.is_live else pool.links
    receivers = {name: FrameReceiver(stage, link) for name, link in links.items()}
    outlet = _Outlet(stage, pool, fresh)
    load = Load(scheduler, pool.links, pool.workers, time.monotonic()) if pool.is_live else None
    while not (
        scheduler.is_idle and crew.idle == pool.workers and (stage.is_sealed or not pool.is_live)
    ):
        wanted = [receivers[source_id] for source_id in scheduler.wanted(crew.idle)]
        stage.wait([crew.socket, *(receiver.socket for receiver in wanted)])
        crew.take_back()
        crew.hand_out()  # What waits already, so that nobody idles while others are taken in.
        _join_sources(stage, pool, receivers)
        _admit(stage, pool, receivers, fresh, crew.idle)
        crew.hand_out()
        for observation in scheduler.in_order():
            outlet.send(observation, receivers)
        _close_sources(stage, scheduler, receivers)
        for source_id in scheduler.drained():
            scheduler.drop(source_id)
            stage.drop(receivers.pop(source_id).socket)
            outlet.end(source_id)
            stage.report("gone", source_id=source_id)
        if load is not None and load.tell(time.monotonic(), pool.workers - crew.idle):
            _tell_load(stage, scheduler)
    crew.dismiss()
    outlet.end()


class _Crew:
    """The workers: who is idle, and since when the others are at their jobs."""

    def __init__(self, stage: Stage, scheduler: Scheduler, fresh: Freshness) -> None:
        self.socket = stage.socket("router", "jobs", bind="jobs")
        self._scheduler, self._fresh = scheduler, fresh
        self._idle: deque[bytes] = deque()
        self._started_s: dict[int, float] = {}

    @property
    def idle(self) -> int:
        return len(self._idle)

    def take_back(self) -> None:
        """Take the jobs that are done, and note who is idle."""
        while (answer := receive_from(self.socket)) is not None:
            peer, ticket = answer
            self._idle.append(peer)
            if ticket:
                number = int.from_bytes(ticket, "little")
                self._fresh.took(time.monotonic() - self._started_s.pop(number))
                self._scheduler.finish(number)

    def hand_out(self) -> None:
        while self._idle and (job := self._scheduler.next_job()) is not None:
            self._started_s[job.number] = time.monotonic()
            send_to(self.socket, self._idle.popleft(), job.number.to_bytes(8, "little"))

    def dismiss(self) -> None:
        for peer in self._idle:
            send_to(self.socket, peer, b"")


def _tell_load(stage: Stage, scheduler: Scheduler) -> None:
    stage.gauges["stretch"] = scheduler.factor
    for source_id, count in scheduler.put_off.items():
        stage.tally.add(f"source:{source_id}", "pose_put_off", count)
    scheduler.put_off.clear()


def _join_sources(stage: Stage, pool: Pool, receivers: dict[str, FrameReceiver]) -> None:
    """Let cameras join; one that comes back waits until its earlier results have left."""
    for source_id in [one for one in stage.joining if one not in receivers]:
        stage.joining.remove(source_id)
        link, usual = pool.links[source_id], pool.strides
        own = link.treatment
        strides = Strides(
            own.face_stride or usual.face, own.pose_stride or usual.pose, usual.refresh
        )
        receivers[source_id] = FrameReceiver(stage, link)
        pool.scheduler.add(source_id, strides, own.region)


def _admit(
    stage: Stage,
    pool: Pool,
    receivers: Mapping[str, FrameReceiver],
    fresh: Freshness,
    idle: int,
) -> None:
    """Take frames in while there are any and the scheduler wants them."""
    while True:
        frames = (receivers[source_id].take() for source_id in pool.scheduler.wanted(idle))
        frame = next((frame for frame in frames if frame is not None), None)
        if frame is None:
            return
        if not fresh.may_start(_age_s(frame)):
            _count_stale(stage, pool, frame.source_id)
            continue
        for shelf in pool.shelves:
            shelf.put(frame)
        pool.scheduler.admit(frame)


def _age_s(of: Frame | Observation) -> float:
    return time.monotonic() - of.t_mono_ns / 1e9


def _count_stale(stage: Stage, pool: Pool, source_id: str) -> None:
    """Count a frame that was looked at too late, or not at all: its decoding was in vain."""
    stage.tally.add(f"source:{source_id}", "stale")
    if source_id in pool.links:
        pool.links[source_id].late += 1


def _close_sources(
    stage: Stage, scheduler: Scheduler, receivers: Mapping[str, FrameReceiver]
) -> None:
    for source_id, last_seq in list(stage.last_seq.items()):
        if source_id in receivers and receivers[source_id].is_empty:
            scheduler.close(source_id, last_seq)
            del stage.last_seq[source_id]


class _Outlet:
    """Counts and sends observations to aggregation."""

    def __init__(self, stage: Stage, pool: Pool, fresh: Freshness) -> None:
        self._stage, self._pool, self._fresh = stage, pool, fresh
        self._socket = stage.socket("push", "observations", connect="observations")
        self._errors_in_a_row: dict[str, int] = {}

    def send(self, observation: Observation, open_sources: Collection[str]) -> None:
        """Send what is not too old; one that says what went wrong never is."""
        source_id = observation.source_id
        self._watch_errors(observation, open_sources)
        if observation.valid and not self._fresh.may_leave(
            source_id, _age_s(observation), time.monotonic()
        ):
            _count_stale(self._stage, self._pool, source_id)
            return
        fate = "inferred" if observation.valid else "infer_error"
        self._stage.tally.add(f"source:{source_id}", fate)
        self._stage.send(self._socket, _encode(observation))

    def end(self, source_id: str = "") -> None:
        self._fresh.forget(source_id)
        self._stage.send(self._socket, _encode(End("infer", source_id)))

    def _watch_errors(self, observation: Observation, open_sources: Collection[str]) -> None:
        source_id, rows = observation.source_id, self._errors_in_a_row
        rows[source_id] = 0 if observation.valid else rows.get(source_id, 0) + 1
        concerned = {*open_sources, *rows} if self._pool.is_live else {source_id}
        if all(rows.get(one, 0) >= MAX_ERRORS_IN_A_ROW for one in concerned):
            self._stage.tally.add(f"source:{source_id}", "infer_error")
            raise ModelError(
                f"{observation.reason} ({MAX_ERRORS_IN_A_ROW} frames in a row; the last is "
                f"{observation.seq} of {source_id})"
            )
