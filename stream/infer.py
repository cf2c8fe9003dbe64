"""Inference: the scheduler's thread. Frames go to the workers, results come back in order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from .crew import Crew
from .errors import ModelError
from .frames import FrameLink, FrameReceiver, PictureShelf
from .freshness import Freshness
from .load import Load
from .messages import End, Frame, Observation
from .schedule import Job, Scheduler
from .stage import Stage
from .strides import Strides

MAX_ERRORS_IN_A_ROW = 10
"""Networks that fail on this many frames one after another, live of every camera, end the run."""

_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True)
class Pool:
    """What the scheduler thread works with; each shelf keeps frames for a sink with pictures.

    `jobs` is the row that the workers take from. `links` are those of a replay. Live, the
    supervisor puts a camera's link there before it commands `add`, maybe before this thread has
    begun: only the command lets a camera in.
    `strides` are those of a live camera that has none of its own, `most_age_s` how old a result of
    one may be, None for any age.
    """

    scheduler: Scheduler
    links: dict[str, FrameLink]
    workers: int
    jobs: deque[Job]
    shelves: Sequence[PictureShelf] = ()
    is_live: bool = False
    strides: Strides = field(default_factory=lambda: Strides(1, 1, 1))
    most_age_s: float | None = None


def infer_loop(stage: Stage, pool: Pool) -> None:
    """Schedule frames to the workers and send observations on, in order, then `End`."""
    scheduler = pool.scheduler
    fresh = Freshness(pool.most_age_s if pool.is_live else None)
    ahead = 0 if pool.is_live else pool.workers
    crew = Crew(stage, scheduler, pool.jobs, fresh, ahead)
    links = {} if pool.is_live else pool.links
    receivers = {name: FrameReceiver(stage, link) for name, link in links.items()}
    outlet = _Outlet(stage, pool, fresh)
    load = Load(scheduler, pool.links, pool.workers, time.monotonic()) if pool.is_live else None
    while not (
        scheduler.is_idle and crew.known == pool.workers and (stage.is_sealed or not pool.is_live)
    ):
        wanted = [receivers[source_id] for source_id in scheduler.wanted(crew.room)]
        stage.wait([crew.socket, *(receiver.socket for receiver in wanted)])
        crew.take_back()
        _join_sources(stage, pool, receivers)
        _admit(stage, pool, receivers, fresh, crew.room)
        crew.hand_out()
        for observation in scheduler.in_order():
            outlet.send(observation, receivers)
        _close_sources(stage, scheduler, receivers)
        for source_id in scheduler.drained():
            scheduler.drop(source_id)
            stage.drop(receivers.pop(source_id).socket)
            outlet.end(source_id)
            stage.report("gone", source_id=source_id)
        if load is not None and load.tell(time.monotonic(), crew.busy):
            _tell_load(stage, scheduler)
    crew.dismiss()
    outlet.end()


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
    room: int,
) -> None:
    """Take frames in while there are any and the scheduler wants them."""
    while True:
        frames = (receivers[source_id].take() for source_id in pool.scheduler.wanted(room))
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
