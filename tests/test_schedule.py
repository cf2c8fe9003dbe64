"""Order, memory and turns of the scheduler, without threads."""

import random

import numpy as np
import pytest

from affectstream.stream.messages import Body, Frame, Observation
from affectstream.stream.schedule import Job, Scheduler

IMAGE = np.zeros((2, 2, 3), np.uint8)


def frame(seq: int, source_id: str = "a", epoch: int = 0) -> Frame:
    return Frame(source_id, seq, epoch, seq / 25, 0, 0, IMAGE)


def answer(scheduler: Scheduler, job: Job, *, looked: bool = True) -> None:
    of, body = job.frame, Body((0.0, 0.0, 1.0, 1.0), 1.0, "coco17", ())
    job.seen = Observation(
        source_id=of.source_id,
        seq=of.seq,
        epoch=of.epoch,
        pts_s=of.pts_s,
        width_px=2,
        height_px=2,
        bodies=(body,) if looked else None,
    )
    scheduler.finish(job.number)


def run_replay(
    lengths: dict[str, int], *, lag: int, workers: int, stride: int, seed: int
) -> list[tuple[str, int, int | None]]:
    """Drive a scheduler with workers that finish in random order.

    Returns (source, seq, seq of the past it was given) in the order in which results left.
    """
    chance = random.Random(seed)
    scheduler = Scheduler(list(lengths), lag=lag, is_live=False)
    coming = {name: [frame(k, name) for k in range(n)] for name, n in lengths.items()}
    given: dict[tuple[str, int], int | None] = {}
    left: list[tuple[str, int, int | None]] = []
    running: list[int] = []
    while not scheduler.is_idle:
        for name in scheduler.wanted(workers - len(running)):
            if coming[name]:
                scheduler.admit(coming[name].pop(0))
        for name, frames in coming.items():
            if not frames:
                scheduler.close(name, lengths[name] - 1)
        while len(running) < workers and (job := scheduler.next_job()) is not None:
            running.append(job.number)
            past = job.earlier
            given[job.frame.source_id, job.frame.seq] = None if past is None else past.seq
        if running:
            number = running.pop(chance.randrange(len(running)))
            job = scheduler.under_way[number]
            answer(scheduler, job, looked=job.frame.seq % stride == 0)
        left += [(o.source_id, o.seq, given[o.source_id, o.seq]) for o in scheduler.in_order()]
    return left


@pytest.mark.parametrize("workers", [1, 2, 4, 7])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_replay_depends_on_the_frame_number_alone(workers: int, stride: int) -> None:
    lag = 4
    expected = [
        (name, seq, (seq - lag) // stride * stride if seq >= lag else None)
        for name, n in {"a": 40, "b": 0, "c": 17}.items()
        for seq in range(n)
    ]
    for seed in range(20):
        lengths = {"a": 40, "b": 0, "c": 17}
        got = run_replay(lengths, lag=lag, workers=workers, stride=stride, seed=seed)
        assert got == expected


def test_the_past_ends_where_an_epoch_begins() -> None:
    scheduler = Scheduler(["a"], lag=1, is_live=False)
    given = []
    for seq in range(4):
        scheduler.admit(frame(seq, epoch=seq // 2))
        job = scheduler.next_job()
        assert job is not None
        given.append(None if job.earlier is None else job.earlier.seq)
        answer(scheduler, job)
    assert given == [None, 0, None, 2]


def test_live_sources_take_turns_and_wait_for_a_free_worker() -> None:
    scheduler = Scheduler(["a", "b", "c"], lag=4, is_live=True)
    assert scheduler.wanted(0) == []
    order = []
    for seq in range(6):
        for name in scheduler.wanted(1)[:1]:
            scheduler.admit(frame(seq, name))
        assert scheduler.wanted(1) == [], "one worker, one frame"
        job = scheduler.next_job()
        assert job is not None
        order.append(job.frame.source_id)
        answer(scheduler, job)
    assert order == ["a", "b", "c", "a", "b", "c"]


def test_a_slow_live_frame_holds_up_only_its_own_source() -> None:
    scheduler = Scheduler(["a", "b"], lag=4, is_live=True)
    for name in ("a", "b"):
        scheduler.admit(frame(0, name))
    slow, fast = scheduler.next_job(), scheduler.next_job()
    assert slow is not None and fast is not None
    answer(scheduler, fast)
    assert [o.source_id for o in scheduler.in_order()] == [fast.frame.source_id]
    answer(scheduler, slow)
    assert [o.source_id for o in scheduler.in_order()] == [slow.frame.source_id]
