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
from .demand import Balance, Demand
from .errors import ModelError
from .frames import FrameLink, FrameReceiver, PictureShelf
from .messages import End, Observation
from .region import nothing, see_region
from .schedule import Job, Scheduler
from .stage import Stage
from .strides import Stretch, Strides

log = logging.getLogger(__name__)

MAX_ERRORS_IN_A_ROW = 10
"""Networks that fail on this many frames one after another, live of every camera, end the run."""

STALE_S = 0.4
"""A live frame that waited longer for a worker is not looked at. Our choice: with the time of the
networks themselves, no result is older than half a second."""

LOAD_PERIOD_S = 1.0
DEMAND_PERIODS = 4
"""How often strides and decoding are adapted to the load. Our choice: decoding answers by the group
of pictures, one or two seconds."""

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

    `links` are those of a replay; live, the supervisor puts a camera's link there before it
    commands `add`. `strides` are those of a live camera that has none of its own.
    """

    scheduler: Scheduler
    links: dict[str, FrameLink]
    workers: int
    shelves: Sequence[PictureShelf] = ()
    is_live: bool = False
    strides: Strides = field(default_factory=lambda: Strides(1, 1, 1))


def infer_loop(stage: Stage, pool: Pool) -> None:
    """Schedule frames to the workers and send observations on, in order, then `End`."""
    scheduler = pool.scheduler
    jobs = stage.socket("router", "jobs", bind="jobs")
    # Live, a link may be there before this begins: cameras join by `add` alone.
    links = {} if pool.is_live else pool.links
    receivers = {name: FrameReceiver(stage, link) for name, link in links.items()}
    outlet = _Outlet(stage, pool.is_live)
    load = _Load(stage, pool)
    idle: deque[bytes] = deque()
    while not (
        scheduler.is_idle and len(idle) == pool.workers and (stage.is_sealed or not pool.is_live)
    ):
        wanted = [receivers[source_id] for source_id in scheduler.wanted(len(idle))]
        stage.wait([jobs, *(receiver.socket for receiver in wanted)])
        while (answer := receive_from(jobs)) is not None:
            idle.append(answer[0])
            if answer[1]:
                scheduler.finish(int.from_bytes(answer[1], "little"))
        _join_sources(stage, pool, receivers)
        _admit(stage, pool, receivers, len(idle))
        while idle and (job := scheduler.next_job()) is not None:
            send_to(jobs, idle.popleft(), job.number.to_bytes(8, "little"))
        for observation in scheduler.in_order():
            outlet.send(observation, receivers)
        _close_sources(stage, scheduler, receivers)
        for source_id in scheduler.drained():
            scheduler.drop(source_id)
            stage.drop(receivers.pop(source_id).socket)
            outlet.end(source_id)
            stage.report("gone", source_id=source_id)
        load.tell(time.monotonic(), pool.workers - len(idle))
    for peer in idle:
        send_to(jobs, peer, b"")
    outlet.end()


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


def _admit(stage: Stage, pool: Pool, receivers: Mapping[str, FrameReceiver], idle: int) -> None:
    """Take frames in while there are any and the scheduler wants them."""
    while True:
        frames = (receivers[source_id].take() for source_id in pool.scheduler.wanted(idle))
        frame = next((frame for frame in frames if frame is not None), None)
        if frame is None:
            return
        if pool.is_live and time.monotonic_ns() - frame.t_mono_ns > STALE_S * 1e9:
            stage.tally.add(f"source:{frame.source_id}", "stale")
            continue
        for shelf in pool.shelves:
            shelf.put(frame)
        pool.scheduler.admit(frame)


def _close_sources(
    stage: Stage, scheduler: Scheduler, receivers: Mapping[str, FrameReceiver]
) -> None:
    for source_id, last_seq in list(stage.last_seq.items()):
        if source_id in receivers and receivers[source_id].is_empty:
            scheduler.close(source_id, last_seq)
            del stage.last_seq[source_id]


class _Load:
    """Answers load: stretches the strides of bodies, and tells cameras how much to decode."""

    def __init__(self, stage: Stage, pool: Pool) -> None:
        self._stage = stage
        self._pool = pool
        self._stretch = Stretch()
        self._demand, self._balance = Demand(), Balance()
        self._marks: dict[str, tuple[int, int]] = {}
        self._old: dict[str, tuple[int, int]] = {}
        self._next_s = self._at_s = time.monotonic()
        self._periods = 0
        self._at_work = 0
        self._work_s = [0.0]

    def tell(self, now_s: float, at_work: int) -> None:
        """Note how many workers are at work from here on; once a second, answer the load."""
        if not self._pool.is_live:
            return
        self._work_s[-1] += self._at_work * (now_s - self._at_s)
        self._at_s, self._at_work = now_s, at_work
        if now_s >= self._next_s:
            self._next_s = now_s + LOAD_PERIOD_S
            self._adapt()

    def _adapt(self) -> None:
        self._periods += 1
        per_period = self._pool.workers * LOAD_PERIOD_S
        work_s, self._work_s = self._work_s, [*self._work_s[1 - DEMAND_PERIODS :], 0.0]
        links = list(self._pool.links.values())
        counts = {link.address: (link.sent, link.lost) for link in links}
        fresh = _since(self._marks, counts)
        self._marks = counts
        sent, lost = sum(one[0] for one in fresh.values()), sum(one[1] for one in fresh.values())
        scheduler = self._pool.scheduler
        scheduler.factor = self._stretch.tell(sent - lost, lost, work_s[-1] / per_period)
        self._stage.gauges["stretch"] = scheduler.factor
        for source_id, count in scheduler.put_off.items():
            self._stage.tally.add(f"source:{source_id}", "pose_put_off", count)
        scheduler.put_off.clear()
        if self._periods % DEMAND_PERIODS == 0:
            span_s = DEMAND_PERIODS * LOAD_PERIOD_S
            fresh, self._old = _since(self._old, counts), counts
            rates = {
                name: (sent / span_s, (sent - lost) / span_s)
                for name, (sent, lost) in fresh.items()
            }
            decoded_hz, seen_hz = zip(*rates.values(), strict=True) if rates else ((), ())
            busy = sum(work_s) / len(work_s) / per_period
            targets = self._balance.tell(self._demand.tell(decoded_hz, seen_hz, busy), rates)
            for link in links:
                link.target_hz = targets[link.address]


def _since(
    before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    """Return what was sent and lost since, by link."""
    return {
        name: (sent - before.get(name, (0, 0))[0], lost - before.get(name, (0, 0))[1])
        for name, (sent, lost) in after.items()
    }


class _Outlet:
    """Counts and sends observations to aggregation."""

    def __init__(self, stage: Stage, is_live: bool) -> None:
        self._stage = stage
        self._is_live = is_live
        self._socket = stage.socket("push", "observations", connect="observations")
        self._errors_in_a_row: dict[str, int] = {}

    def send(self, observation: Observation, open_sources: Collection[str]) -> None:
        source_id = observation.source_id
        self._stage.tally.add(
            f"source:{source_id}", "inferred" if observation.valid else "infer_error"
        )
        rows = self._errors_in_a_row
        rows[source_id] = 0 if observation.valid else rows.get(source_id, 0) + 1
        concerned = {*open_sources, *rows} if self._is_live else {source_id}
        if all(rows.get(one, 0) >= MAX_ERRORS_IN_A_ROW for one in concerned):
            raise ModelError(
                f"{observation.reason} ({MAX_ERRORS_IN_A_ROW} frames in a row; the last is "
                f"{observation.seq} of {source_id})"
            )
        self._stage.send(self._socket, _encode(observation))

    def end(self, source_id: str = "") -> None:
        self._stage.send(self._socket, _encode(End("infer", source_id)))
