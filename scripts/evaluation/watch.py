"""What the product itself, run over a video or over made pictures, reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from affectstream.sinks.base import RunInfo
from affectstream.sinks.memory import Config as MemoryConfig
from affectstream.sinks.memory import MemorySink
from affectstream.stream.config import load
from affectstream.stream.messages import Image, Reading, SourceInfo
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.sources.base import Picture, PlainSource, Source
from affectstream.stream.sources.video import Config as VideoConfig
from affectstream.stream.sources.video import Video


class Film(PlainSource):
    """A `Source` of made pictures, each with its media time in seconds."""

    def __init__(self, pictures: Iterable[tuple[float, Image]]) -> None:
        """Take the pictures; they are made while they are read."""
        self._pictures = iter(pictures)
        self._is_interrupted = False
        self.decode_errors = 0
        self.info = SourceInfo("made", "made")

    def pictures(self) -> Iterator[Picture]:
        """Yield the pictures."""
        for pts_s, image_bgr in self._pictures:
            if self._is_interrupted:
                return
            yield Picture(pts_s, image_bgr)

    def interrupt(self) -> None:
        """End at the next picture."""
        self._is_interrupted = True

    def close(self) -> None:
        """Nothing to let go of."""


def watch(source: Source, **options: Any) -> list[Reading]:
    """Return the reading of every frame of a replay; `options` are keys of `RunConfig`.

    One worker, since results do not depend on their number. Raises what `Pipeline` raises.
    """
    models = {"narrator": "scripted", **options.pop("models", {})}
    config = load(None, speed="max", workers=1, models=models, **options)
    run = RunInfo("evaluate", None, (source.info,), "", config.window_s, config.live)
    sink = MemorySink(MemoryConfig(), run)
    Pipeline(config, sources=[source], sinks=[("memory", sink)]).start().join()
    return [message for message in sink.messages if isinstance(message, Reading)]


def watch_file(path: Path, **options: Any) -> list[Reading]:
    """Return the reading of every frame of a video."""
    return watch(Video(VideoConfig(path=path), path.stem), **options)
