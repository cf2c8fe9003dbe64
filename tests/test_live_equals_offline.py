"""The live path reads what the offline path reads.

The rule: where both look at the same frame with the same past, every value is the same, bit for
bit; only clocks and durations differ. The past of a frame is the newest earlier look at bodies that
is at least `lag_frames` old; live it must also be done. So where no frame is dropped or late, both
have the same past, and all that follows from it (tracking, valence, windows, events) is the same.

No frame is dropped here because the source sends the next one only when the last was looked at; no
clock has a part in it.
"""

import threading
from collections.abc import Iterator, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from helpers import config, memory

from affectstream.models.base import Vision
from affectstream.models.scripted import ScriptedVision
from affectstream.stream.messages import Frame, Narration, Observation, Reading
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.prepare import open_vision
from affectstream.stream.sources.base import Picture
from affectstream.stream.sources.video import Config, Video

FRAMES = 40


class Turns:
    """Lets one frame at a time through: both sides of a pipeline hold it."""

    def __init__(self) -> None:
        self._looked = threading.Semaphore(1)

    def wait(self) -> None:
        assert self._looked.acquire(timeout=60), "the last frame was never looked at"

    def done(self) -> None:
        self._looked.release()


class OneByOne(Video):
    """Sends a picture only when the one before it was looked at."""

    def __init__(self, path: Path, turns: Turns) -> None:
        super().__init__(Config(path=path), "clip")
        self._turns = turns

    def pictures(self) -> Iterator[Picture]:
        for picture in super().pictures():
            self._turns.wait()
            yield picture


class Announced:
    """A `Vision` that tells when it has looked."""

    def __init__(self, vision: Vision, turns: Turns) -> None:
        self._vision, self._turns = vision, turns
        self.keypoint_layout = vision.keypoint_layout

    @property
    def models(self) -> Mapping[str, Any]:
        return self._vision.models

    def see(self, frame: Frame, earlier: Observation | None) -> Observation:
        try:
            return self._vision.see(frame, earlier)
        finally:
            self._turns.done()


@pytest.fixture(scope="module")
def clip() -> Iterator[Path]:
    with as_file(files("affectstream.configs") / "demo.mp4") as path:
        yield path


@pytest.fixture(scope="module")
def vision() -> Vision:
    pytest.importorskip("onnxruntime", reason="the networks need ONNX Runtime")
    return open_vision(config())


def live(clip: Path, vision: Vision) -> list[Any]:
    turns = Turns()
    sink = memory()
    run = Pipeline(
        config(live=True, workers=1, limit_frames=FRAMES, most_age_s=3600),
        vision=Announced(vision, turns),
        sources=[OneByOne(clip, turns)],
        sinks=[("memory", sink)],
    )
    summary = run.start().join()
    row = summary.ledger["source:clip"]
    assert row["captured"] == row["inferred"] == FRAMES, row
    return sink.messages


def offline(clip: Path, vision: Vision, workers: int = 1, **options: Any) -> list[Any]:
    sink = memory()
    run = Pipeline(
        config(workers=workers, limit_frames=FRAMES, **options),
        vision=vision,
        sources=[Video(Config(path=clip), "clip")],
        sinks=[("memory", sink)],
    )
    run.start().join()
    return sink.messages


def values(messages: list[Any]) -> list[Any]:
    """All that was delivered but narrations, without clocks and durations."""
    kept = []
    for message in messages:
        if isinstance(message, Narration):
            continue
        changes: dict[str, Any] = {"t_wall_ns": 0, "t_mono_ns": 0}
        if isinstance(message, Reading):
            changes["timings_ms"] = {}
        kept.append(
            msgspec.structs.replace(message, **changes)
            if hasattr(message, "t_wall_ns")
            else message
        )
    return kept


def readings(messages: list[Any]) -> list[Reading]:
    return [message for message in values(messages) if isinstance(message, Reading)]


@pytest.fixture(scope="module")
def watched(clip: Path, vision: Vision) -> list[Any]:
    return live(clip, vision)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_past_gives_the_same_values(
    clip: Path, vision: Vision, watched: list[Any], workers: int
) -> None:
    replayed = values(offline(clip, vision, workers))
    assert replayed == values(watched)
    people = [person for one in readings(watched) for person in one.people]
    assert sum(person.face is not None for person in people) >= FRAMES // 2
    assert sum(person.body is not None for person in people) >= FRAMES // 4


def test_a_past_that_matters_shows(clip: Path) -> None:
    """The comparison can fail: a model that counts its past reads otherwise with another lag."""
    scripted = ScriptedVision()
    near, far = (readings(offline(clip, scripted, lag_frames=lag)) for lag in (1, 4))
    assert near != far
