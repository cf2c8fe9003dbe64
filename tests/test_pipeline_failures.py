"""Each stage raises in turn: `join` raises it again, and nothing is left behind."""

import gc
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from importlib.resources import files

import pytest
from helpers import memory, pipeline, synthetic, threads

from affectstream.models.scripted import ScriptedVision
from affectstream.stream.errors import ModelError, SinkError, StageError
from affectstream.stream.messages import Narration, Reading
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.tap import readings

SOON_S = 2.0


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No thread and no socket outlives a run; no child does either."""
    yield
    assert threads() == ["MainThread"]
    left = subprocess.run(
        ["ps", "-ww", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True
    ).stdout
    assert "narrator_process" not in left
    gc.collect()


def crash_in_capture() -> Pipeline:
    return pipeline([synthetic(frames=50, fail_at=20, fail_as="crash")], ("memory", memory()))


def crash_in_vision() -> Pipeline:
    vision = ScriptedVision(fail_at=range(20, 21), fail_as=RuntimeError)
    return pipeline([synthetic(frames=50)], ("memory", memory()), vision=vision)


def networks_that_fail_for_good() -> Pipeline:
    vision = ScriptedVision(fail_at=range(20, 50))
    return pipeline([synthetic(frames=50)], ("memory", memory()), vision=vision)


def crash_in_aggregate() -> Pipeline:
    """Probabilities of which there are not eight."""
    vision = ScriptedVision(emotions=lambda pts_s: (1.0, 2.0))
    return pipeline([synthetic(frames=50)], ("memory", memory()), vision=vision)


def crash_in_narrate() -> Pipeline:
    """Options that cannot be handed to the narrator's process."""
    run = pipeline([synthetic(frames=50)], ("memory", memory()))
    run._made.narration.options["odd"] = {"talk"}
    return run


def crash_in_sink(step: str) -> Callable[[], Pipeline]:
    def make() -> Pipeline:
        bad = memory(fail_on=step, fail_after=10, fail_with="fault")
        return pipeline([synthetic(frames=50)], ("good", memory()), ("bad", bad))

    return make


def sink_that_fails_with_a_type() -> Pipeline:
    return pipeline(
        [synthetic(frames=50)], ("bad", memory(fail_on="write", fail_after=3, fail_with="sink"))
    )


CASES = {
    "capture": (crash_in_capture, RuntimeError, "told to crash"),
    "vision": (crash_in_vision, RuntimeError, "scripted failure at frame 20"),
    "vision for good": (networks_that_fail_for_good, ModelError, "10 frames in a row"),
    "aggregate": (crash_in_aggregate, ValueError, None),
    "narrate": (crash_in_narrate, TypeError, "not JSON serializable"),
    "sink open": (crash_in_sink("open"), RuntimeError, None),
    "sink write": (crash_in_sink("write"), RuntimeError, None),
    "sink close": (crash_in_sink("close"), RuntimeError, None),
    "sink, typed": (sink_that_fails_with_a_type, SinkError, None),
}


@pytest.mark.parametrize("case", CASES)
def test_join_raises_what_a_stage_raised(case: str) -> None:
    make, kind, words = CASES[case]
    run = make()
    started_s = time.monotonic()
    run.start()
    with pytest.raises(kind, match=words):
        run.join()
    assert time.monotonic() - started_s < SOON_S + 3, "a run of 50 frames and the two seconds"
    assert run.summary.status == "failed"
    assert run._supervisor.bus.open_sockets == 0
    assert not isinstance(run._supervisor.error, StageError)


def test_the_other_sinks_keep_what_came_before_a_failure() -> None:
    good = memory()
    bad = memory(fail_on="write", fail_after=10, fail_with="fault")
    run = pipeline([synthetic(frames=50)], ("good", good), ("bad", bad)).start()
    with pytest.raises(RuntimeError):
        run.join()
    assert good.steps[-1] == "close"
    seqs = [m.seq for m in good.messages if isinstance(m, Reading)]
    assert seqs == list(range(len(seqs)))


def test_a_stage_that_hangs_ends_the_run() -> None:
    held = memory(held=True)
    run = pipeline([synthetic(frames=50)], ("held", held), hang_s=0.5).start()
    while run._supervisor.error is None:
        assert not run._supervisor.done.wait(0.01)
    held.release()
    with pytest.raises(StageError, match="sink-held has not reported"):
        run.join()


def test_stop_ends_an_endless_run_cleanly() -> None:
    sink = memory()
    run = pipeline([synthetic(frames=10**6)], ("memory", sink), speed=1.0).start()
    run.stop()
    summary = run.join()
    assert summary.status == "interrupted"
    row = summary.ledger["source:made"]
    assert row["in_flight"] == 0 and row["captured"] == row.get("inferred", 0)


def test_leaving_the_loop_of_readings_ends_the_run() -> None:
    clip = files("affectstream.configs") / "demo.mp4"
    for reading in readings(str(clip), vision=ScriptedVision(), loop=True):
        if reading.seq == 5:
            break
    assert reading.seq == 5


@pytest.mark.parametrize("script", ["hang", "crash", "raise", "empty"])
def test_a_narrator_that_misbehaves_leaves_gaps_and_nothing_else(script: str) -> None:
    sink = memory()
    run = pipeline(
        [synthetic(frames=25 * 11)],
        ("memory", sink),
        narrate_s=5.0,
        narrator_deadline_s=1.0,
        narrator_options={"behaviour": script},
    )
    summary = run.start().join()
    told = [m for m in sink.messages if isinstance(m, Narration)]
    assert [m.kind for m in told] == ["interval", "interval", "interval", "story"]
    assert all(m.gap and not m.text for m in told)
    assert summary.status == "done"
    assert sum(isinstance(m, Reading) for m in sink.messages) == 25 * 11
