"""Inference: a scheduler thread and a pool of workers, results back in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ..models.base import Vision
from .bus import receive, receive_from, send_to
from .errors import ModelError
from .frames import FrameLink, FrameReceiver, PictureShelf
from .messages import End, Observation, stamp_of
from .schedule import Job, Scheduler
from .stage import Stage

MAX_ERRORS_IN_A_ROW = 10
"""Networks that fail on this many frames one after another end the run."""

_encode = msgspec.msgpack.Encoder().encode


def vision_loop(stage: Stage, vision: Vision, jobs: Mapping[int, Job]) -> None:
    """Look at the frames the scheduler sends; one thread of the pool.

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
            job.seen = _look(vision, job)
            for name, duration_ms in job.seen.timings_ms.items():
                stage.timings.add(name, duration_ms)
            stage.send(socket, ticket)


def _look(vision: Vision, job: Job) -> Observation:
    frame = job.frame
    try:
        return vision.see(frame, job.earlier)
    except ModelError as error:
        return Observation(
            **stamp_of(frame),
            width_px=frame.image_bgr.shape[1],
            height_px=frame.image_bgr.shape[0],
            valid=False,
            reason=str(error),
        )


@dataclass(frozen=True)
class Pool:
    """What the scheduler thread works with; each shelf keeps frames for a sink with pictures."""

    scheduler: Scheduler
    links: Sequence[FrameLink]
    workers: int
    shelves: Sequence[PictureShelf] = ()


def infer_loop(stage: Stage, pool: Pool) -> None:
    """Schedule frames to the workers and send observations on, in order, then `End`."""
    scheduler = pool.scheduler
    jobs = stage.socket("router", "jobs", bind="jobs")
    receivers = {link.source_id: FrameReceiver(stage, link) for link in pool.links}
    outlet = _Outlet(stage)
    idle: deque[bytes] = deque()
    while not (scheduler.is_idle and len(idle) == pool.workers):
        wanted = [receivers[source_id] for source_id in scheduler.wanted(len(idle))]
        stage.wait([jobs, *(receiver.socket for receiver in wanted)])
        while (answer := receive_from(jobs)) is not None:
            idle.append(answer[0])
            if answer[1]:
                scheduler.finish(int.from_bytes(answer[1], "little"))
        _admit(pool, receivers, len(idle))
        while idle and (job := scheduler.next_job()) is not None:
            send_to(jobs, idle.popleft(), job.number.to_bytes(8, "little"))
        for observation in scheduler.in_order():
            outlet.send(observation)
        _close_sources(stage, scheduler, receivers)
    for peer in idle:
        send_to(jobs, peer, b"")
    outlet.end()


def _admit(pool: Pool, receivers: Mapping[str, FrameReceiver], idle: int) -> None:
    """Take frames in while there are any and the scheduler wants them."""
    while True:
        frames = (receivers[source_id].take() for source_id in pool.scheduler.wanted(idle))
        frame = next((frame for frame in frames if frame is not None), None)
        if frame is None:
            return
        for shelf in pool.shelves:
            shelf.put(frame)
        pool.scheduler.admit(frame)


def _close_sources(
    stage: Stage, scheduler: Scheduler, receivers: Mapping[str, FrameReceiver]
) -> None:
    for source_id, last_seq in list(stage.last_seq.items()):
        if receivers[source_id].is_empty:
            scheduler.close(source_id, last_seq)
            del stage.last_seq[source_id]


class _Outlet:
    """Counts and sends observations to aggregation."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._socket = stage.socket("push", "observations", connect="observations")
        self._errors_in_a_row = 0

    def send(self, observation: Observation) -> None:
        scope = f"source:{observation.source_id}"
        self._stage.tally.add(scope, "inferred" if observation.valid else "infer_error")
        self._errors_in_a_row = 0 if observation.valid else self._errors_in_a_row + 1
        if self._errors_in_a_row >= MAX_ERRORS_IN_A_ROW:
            raise ModelError(
                f"{observation.reason} ({MAX_ERRORS_IN_A_ROW} frames in a row; the last is "
                f"{observation.seq} of {observation.source_id})"
            )
        self._stage.send(self._socket, _encode(observation))

    def end(self) -> None:
        self._stage.send(self._socket, _encode(End("infer")))
