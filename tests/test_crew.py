"""The row of jobs: a busy worker goes on without being told, an idle one is woken."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from queue import Queue

import numpy as np
import pytest

from affectstream.models.base import Vision
from affectstream.models.scripted import ScriptedVision
from affectstream.stream.bus import Bus, Socket, poll, receive_from, send_to
from affectstream.stream.crew import BELL, FREE, GOES_ON, LEAVE, Crew, vision_loop
from affectstream.stream.freshness import Freshness
from affectstream.stream.messages import Frame, Observation
from affectstream.stream.schedule import Job, Scheduler
from affectstream.stream.stage import Command, ControlRoom, Stage
from affectstream.stream.worker import Workers

PATIENCE_S = 20.0
IMAGE = np.zeros((8, 8, 3), np.uint8)


class HeldVision(ScriptedVision):
    """Sees nothing before it is let go; `began` holds which frames were begun, by whom."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.began: Queue[tuple[str, int]] = Queue()

    def see(self, frame: Frame, earlier: Observation | None) -> Observation:
        self.began.put((threading.current_thread().name, frame.seq))
        assert self.go.wait(PATIENCE_S)
        return super().see(frame, earlier)


@contextmanager
def a_crew(vision: Vision, workers: int, ahead: int) -> Iterator[tuple[Crew, Scheduler]]:
    """Run workers; the scheduler's end is driven by the test, in this thread."""
    bus = Bus()
    room, pool, jobs = ControlRoom(bus), Workers(bus), deque[Job]()
    stage = Stage(bus, "infer")
    scheduler = Scheduler(["a"], lag=100, is_live=False)
    crew = Crew(stage, scheduler, jobs, Freshness(None), ahead)
    try:
        for number in range(workers):
            look = partial(vision_loop, vision=vision, jobs=jobs, is_live=False)
            pool.start(f"vision-{number}", look)
        yield crew, scheduler
        crew.dismiss()
        assert pool.join(PATIENCE_S) == []
        assert pool.errors == []
    finally:
        while room.subscribers < 1 + workers:
            room.reports()
        room.command(Command("stop"))
        pool.join(PATIENCE_S)
        stage.close()
        room.close()
        bus.shut()


def take_until(crew: Crew, is_so: Callable[[], bool]) -> None:
    """Take answers and hand out what there is room for until `is_so()` holds."""
    end_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end_s
        crew.take_back()
        crew.hand_out()


def lay(scheduler: Scheduler, *seqs: int) -> None:
    for seq in seqs:
        scheduler.admit(Frame("a", seq, 0, seq / 25, 0, 0, IMAGE))


@pytest.mark.parametrize("ahead", [0, 2])
def test_no_more_is_laid_out_than_workers_and_what_is_ahead(ahead: int) -> None:
    vision = HeldVision()
    with a_crew(vision, 2, ahead) as (crew, scheduler):
        take_until(crew, lambda: crew.known == 2)
        lay(scheduler, *range(8))
        crew.hand_out()
        assert len(scheduler.under_way) == 2 + ahead
        assert crew.room == 0
        vision.go.set()
        take_until(crew, lambda: not scheduler.under_way)


def test_a_worker_goes_on_with_what_lies_there_without_the_scheduler() -> None:
    vision = HeldVision()
    with a_crew(vision, 1, ahead=2) as (crew, scheduler):
        take_until(crew, lambda: crew.known == 1)
        lay(scheduler, 0, 1, 2)
        crew.hand_out()
        vision.go.set()
        begun = [vision.began.get(timeout=PATIENCE_S) for _ in range(3)]  # None is taken back.
        assert [seq for _, seq in begun] == [0, 1, 2]
        take_until(crew, lambda: not scheduler.under_way)


def test_a_worker_that_was_woken_for_nothing_says_so_and_is_woken_again() -> None:
    vision = HeldVision()
    with a_crew(vision, 2, ahead=0) as (crew, scheduler):
        take_until(crew, lambda: crew.known == 2)
        for _ in range(3):
            peers = set(crew.idle)
            while crew.idle:  # As if another had been quicker.
                send_to(crew.socket, crew.idle.pop(), BELL)
            take_until(crew, lambda: crew.idle == peers)  # noqa: B023
        lay(scheduler, 0, 1)
        crew.hand_out()
        begun = [vision.began.get(timeout=PATIENCE_S) for _ in range(2)]
        assert len({name for name, _ in begun}) == 2, "both look at once"
        vision.go.set()
        take_until(crew, lambda: not scheduler.under_way)


class HeldJobs(deque[Job]):
    """A row that is always empty, which is found out only when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()

    def popleft(self) -> Job:
        self.asked.set()
        assert self.go.wait(PATIENCE_S)
        time.sleep(0.05)  # ZeroMQ hears of a peer that left only some ms after it last looked.
        return super().popleft()


@contextmanager
def a_worker(jobs: deque[Job], vision: Vision) -> Iterator[tuple[Socket, bytes]]:
    """Run one worker; yield the scheduler's socket and the worker's name there."""
    bus = Bus()
    room, pool = ControlRoom(bus), Workers(bus)
    scheduler = bus.socket("router", "jobs", bind="jobs")
    pool.start("vision", partial(vision_loop, vision=vision, jobs=jobs, is_live=False))
    try:
        worker, word = heard(scheduler)
        assert word == FREE
        yield scheduler, worker
        send_to(scheduler, worker, LEAVE)
        bus.close(scheduler)
        if isinstance(jobs, HeldJobs):
            jobs.go.set()
        assert pool.join(PATIENCE_S) == []
        assert pool.errors == []
    finally:
        room.command(Command("stop"))
        pool.join(PATIENCE_S)
        bus.close(scheduler)
        room.close()
        bus.shut()


def heard(scheduler: Socket) -> tuple[bytes, bytes]:
    assert poll([scheduler], PATIENCE_S)
    answer = receive_from(scheduler)
    assert answer is not None
    return answer


def test_a_worker_tells_whether_it_goes_on() -> None:
    jobs = deque(Job(seq, Frame("a", seq, 0, seq / 25, 0, 0, IMAGE), None) for seq in (7, 0x2B))
    with a_worker(jobs, ScriptedVision()) as (scheduler, worker):
        send_to(scheduler, worker, BELL)
        assert heard(scheduler) == (worker, (7).to_bytes(8, "little") + GOES_ON)
        assert heard(scheduler) == (worker, (0x2B).to_bytes(8, "little"))


def test_a_worker_woken_for_nothing_at_the_very_end_leaves() -> None:
    jobs = HeldJobs()
    with a_worker(jobs, HeldVision()) as (scheduler, worker):
        send_to(scheduler, worker, BELL)
        assert jobs.asked.wait(PATIENCE_S)
