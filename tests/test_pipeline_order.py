"""The same results for any number of workers; newest wins live; the ledger balances."""

import threading

import msgspec
import pytest
from helpers import memory, pipeline, synthetic

from affectstream.models.base import Vision
from affectstream.models.scripted import ScriptedVision, random_delay
from affectstream.sinks.memory import MemorySink
from affectstream.stream.messages import Frame, Narration, Observation, Reading, Window


def wire_bytes(sink: MemorySink) -> bytes:
    """Everything delivered but narrations, without the wall clock."""
    return b"".join(
        msgspec.msgpack.encode(msgspec.structs.replace(message, t_wall_ns=0, t_mono_ns=0))
        for message in sink.messages
        if not isinstance(message, Narration)
    )


@pytest.mark.parametrize("stride", [1, 2])
def test_bytes_are_the_same_with_1_2_and_4_workers(stride: int) -> None:
    results = []
    for workers in (1, 2, 4):
        sink = memory()
        run = pipeline(
            [synthetic("a", frames=60), synthetic("b", frames=23)],
            ("memory", sink),
            vision=ScriptedVision(random_delay(0.003, seed=workers), stride=stride),
            workers=workers,
        )
        summary = run.start().join()
        assert summary.status == "done"
        results.append(wire_bytes(sink))
    assert results[0] == results[1] == results[2]
    readings = [m for m in sink.messages if isinstance(m, Reading)]
    assert [(m.source_id, m.seq) for m in readings] == [("a", k) for k in range(60)] + [
        ("b", k) for k in range(23)
    ]


class Together(ScriptedVision):
    """Returns only once two workers are inside at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.barrier = threading.Barrier(2, timeout=20)

    def see(self, frame: Frame, earlier: Observation | None) -> Observation:
        self.barrier.wait()
        return super().see(frame, earlier)


def test_two_workers_really_work_at_the_same_time() -> None:
    sink = memory()
    run = pipeline([synthetic(frames=20)], ("memory", sink), vision=Together(), workers=2)
    run.start().join()
    assert sum(isinstance(m, Reading) for m in sink.messages) == 20


class Held(ScriptedVision):
    """Waits until the source has sent everything before it looks at its second frame."""

    def __init__(self) -> None:
        super().__init__()
        self.all_sent = threading.Event()
        self.seen: list[int] = []

    def see(self, frame: Frame, earlier: Observation | None) -> Observation:
        if self.seen:
            assert self.all_sent.wait(20)
        self.seen.append(frame.seq)
        return super().see(frame, earlier)


def test_live_takes_the_newest_and_counts_the_rest() -> None:
    vision = Held()
    source = synthetic(frames=50)
    source.on_end = vision.all_sent.set
    sink = memory()
    run = pipeline([source], ("memory", sink), vision=vision, workers=1, live=True)
    summary = run.start().join()
    row = summary.ledger["source:made"]
    assert vision.seen[-1] == 49, "the newest frame is looked at"
    assert row["captured"] == 50 and row["in_flight"] == 0
    assert row["inferred"] == len(vision.seen)
    assert row["overwritten"] == 50 - len(vision.seen) >= 47


def test_live_sources_run_side_by_side_and_each_is_accounted_for() -> None:
    sink = memory()
    sources = [synthetic(name, frames=40, rate_hz=100.0) for name in ("a", "b", "c")]
    run = pipeline(sources, ("memory", sink), live=True, speed="real", workers=2)
    summary = run.start().join()
    assert summary.status == "done"
    readings = [m for m in sink.messages if isinstance(m, Reading)]
    for name in ("a", "b", "c"):
        row = summary.ledger[f"source:{name}"]
        seqs = [m.seq for m in readings if m.source_id == name]
        assert row["captured"] == 40 and row["in_flight"] == 0
        assert row["captured"] == row["inferred"] + row.get("overwritten", 0)
        assert seqs == sorted(set(seqs)) and len(seqs) == row["inferred"]


def test_a_sink_that_wants_the_newest_gets_it_and_every_narration() -> None:
    sink = memory(policy="latest", delay_s=0.01)
    run = pipeline([synthetic(frames=25 * 6)], ("memory", sink), narrate_s=2.0)
    summary = run.start().join()
    row = summary.ledger["sink:memory"]
    assert sum(isinstance(m, Narration) for m in sink.messages) == 4, "with the story"
    assert sum(isinstance(m, Window) for m in sink.messages) == 6
    assert row["offered"] == row["written"] + row["dropped"] and row["pending"] == 0


def test_pictures_come_with_their_readings() -> None:
    sink = memory(wants_frames=True)
    pipeline([synthetic(frames=80)], ("memory", sink), workers=3).start().join()
    pairs = zip(sink.messages, sink.frames, strict=True)
    shown = [(m.seq, f) for m, f in pairs if isinstance(m, Reading)]
    assert [seq for seq, _ in shown] == list(range(80))
    assert all(f is not None and f.seq == s and f.image_bgr[0, 0, 0] == s for s, f in shown)


def test_every_window_and_narration_of_a_replay_arrives() -> None:
    sink = memory()
    run = pipeline([synthetic(frames=25 * 21)], ("memory", sink), narrate_s=5.0)
    run.start().join()
    windows = [m.pts_s for m in sink.messages if isinstance(m, Window)]
    assert windows[:20] == [float(k) for k in range(1, 21)]
    told = [m.pts_s for m in sink.messages if isinstance(m, Narration)]
    assert told[:4] == [5.0, 10.0, 15.0, 20.0] and len(told) == 6, "with the story"


def test_a_frame_that_a_network_fails_on_is_counted_and_passed_over() -> None:
    sink = memory()
    vision: Vision = ScriptedVision(fail_at=range(3, 6))
    summary = pipeline([synthetic(frames=20)], ("memory", sink), vision=vision).start().join()
    row = summary.ledger["source:made"]
    assert (row["captured"], row["inferred"], row["infer_error"]) == (20, 17, 3)
    bad = [m for m in sink.messages if isinstance(m, Reading) and not m.valid]
    assert [m.seq for m in bad] == [3, 4, 5]
    assert all("scripted failure" in m.reason and not m.people for m in bad)
