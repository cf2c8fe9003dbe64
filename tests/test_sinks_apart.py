"""A slow, hung or failing sink of a live run harms no other; a replay waits or ends."""

import time
from collections.abc import Callable, Iterator

import pytest
from helpers import memory, pipeline, synthetic, threads

from affectstream.sinks.memory import MemorySink
from affectstream.stream.errors import SinkError
from affectstream.stream.messages import Reading
from affectstream.stream.pipeline import Summary

PATIENCE_S = 60.0
FRAMES = 60


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    assert threads() == ["MainThread"]


def until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def readings(sink: MemorySink) -> int:
    return sum(isinstance(message, Reading) for message in sink.messages)


def balances(summary: Summary, sink: str) -> bool:
    row = summary.ledger[f"sink:{sink}"]
    fates = sum(row.get(fate, 0) for fate in ("written", "dropped", "spilled", "failed", "pending"))
    return row["offered"] == fates


@pytest.mark.parametrize("wants_frames", [False, True])
def test_a_live_run_goes_on_without_a_sink_that_fails(wants_frames: bool) -> None:
    good = memory()
    bad = memory(name="bad", fail_on="write", fail_after=3, wants_frames=wants_frames)
    made = [synthetic(frames=FRAMES, rate_hz=100)]
    run = pipeline(made, ("good", good), ("bad", bad), live=True).start()
    summary = run.join()
    assert summary.status == "incomplete" and list(summary.lost) == ["bad"]
    assert "as its script says" in summary.lost["bad"]
    assert summary.ledger["sink:good"]["written"] == len(good.messages) > 3
    assert readings(good) == summary.ledger["source:made"]["inferred"]
    row = summary.ledger["sink:bad"]
    assert row["written"] == 3 and row["failed"] > 0
    assert balances(summary, "good") and balances(summary, "bad")


def test_a_live_run_does_not_wait_for_a_sink_that_is_stuck() -> None:
    good, stuck = memory(), memory(held=True, wants_frames=True)
    made = [synthetic(frames=10**6, rate_hz=200)]
    run = pipeline(made, ("good", good), ("stuck", stuck), live=True, hang_s=6).start()
    try:
        until(lambda: "stuck" in run.summary.lost)
        before = readings(good)
        until(lambda: readings(good) > before + FRAMES)
    finally:
        stuck.release()
        run.stop()
    summary = run.join()
    assert "has not reported" in summary.lost["stuck"]
    assert summary.status == "interrupted"
    assert readings(good) == summary.ledger["source:made"]["inferred"]
    assert balances(summary, "good") and balances(summary, "stuck")


def test_what_a_slow_sink_has_no_room_for_is_dropped_and_counted() -> None:
    good, slow = memory(), memory(held=True, wants_frames=True)
    run = pipeline(
        [synthetic(frames=10**6, rate_hz=200)], ("good", good), ("slow", slow), live=True
    ).start()
    try:
        until(lambda: readings(good) > FRAMES)
    finally:
        slow.release()
        run.stop()
    summary = run.join()
    assert summary.ledger["sink:slow"]["dropped"] > 0
    assert "dropped" not in summary.ledger["sink:good"]
    assert balances(summary, "good") and balances(summary, "slow")
    assert summary.status == "interrupted" and not summary.lost


def test_a_replay_ends_with_a_sink_that_fails() -> None:
    bad = memory(fail_on="write", fail_after=3)
    run = pipeline([synthetic(frames=FRAMES)], ("good", memory()), ("bad", bad)).start()
    with pytest.raises(SinkError, match="as its script says"):
        run.join()


def test_a_sink_that_cannot_be_opened_ends_a_live_run() -> None:
    made = [synthetic(frames=FRAMES, rate_hz=100)]
    run = pipeline(made, ("bad", memory(fail_on="open")), live=True).start()
    with pytest.raises(SinkError, match="fails in open"):
        run.join()
