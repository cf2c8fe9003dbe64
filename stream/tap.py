"""`readings`: the short way for a program that wants what is seen in a video."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

from ..models.base import Vision
from ..sinks.base import Policy
from .config import load
from .errors import IncompleteError
from .messages import Delivery, Frame, Reading
from .pipeline import Pipeline


class _Tap:
    """A sink that hands readings to a generator."""

    policy: Policy = "every"
    wants_readings = True
    wants_frames = False

    def __init__(self) -> None:
        self.queue: queue.Queue[Reading | None] = queue.Queue(maxsize=64)
        self.is_open = True

    def open(self) -> None:
        """Nothing to open."""

    def write(self, message: Delivery, frame: Frame | None) -> None:
        while isinstance(message, Reading) and self.is_open:
            try:
                self.queue.put(message, timeout=0.2)
                return
            except queue.Full:
                continue

    def tick(self) -> None:
        """Nothing to keep."""

    def close(self) -> None:
        """Tell the generator that nothing follows."""
        while self.is_open:
            try:
                self.queue.put(None, timeout=0.2)
                return
            except queue.Full:
                continue


def readings(
    *sources: str, speed: str | float = "max", vision: Vision | None = None, **options: Any
) -> Iterator[Reading]:
    """Yield a `Reading` for every frame of the sources, in order.

    A `vision` of your own may stand in for the networks; `options` are keys of `RunConfig`.
    Leaving the loop early ends the run.

    Raises: what `Pipeline` and `join` raise; IncompleteError after the last reading of a source
    that ended early.
    """
    tap = _Tap()
    config = load(None, sources=sources, speed=speed, **options)
    pipeline = Pipeline(config, vision=vision, sinks=[("tap", tap)]).start()
    try:
        while (reading := tap.queue.get()) is not None:
            yield reading
    finally:
        tap.is_open = False
        pipeline.stop()
        summary = pipeline.join()
    if summary.status == "incomplete":
        raise IncompleteError("; ".join(note for note in summary.notes.values() if note))
