"""Made pictures, for tests, benchmarks and trials without media.

Picture k is a flat grey whose level is k modulo 256, so that a stage can tell which one it got.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from ..errors import IncompleteError
from ..messages import SourceInfo
from .base import Picture, PlainSource, SourceConfig


class Config(SourceConfig):
    """A made source.

    `fail_at` raises at that picture: a corrupt media (`incomplete`) or a fault of ours (`crash`).
    """

    kind: Literal["synthetic"] = "synthetic"
    frames: int = 100
    rate_hz: float = 25.0
    width_px: int = 64
    height_px: int = 48
    fail_at: int | None = None
    fail_as: Literal["incomplete", "crash"] = "incomplete"


class Synthetic(PlainSource):
    """See the module. `on_end` is called when the last picture has been taken."""

    def __init__(self, config: Config, source_id: str) -> None:
        """Prepare; nothing to open."""
        self._config = config
        self._interrupted = False
        self.on_end: Callable[[], object] = lambda: None
        self.decode_errors = 0
        self.info = SourceInfo(
            source_id,
            "synthetic",
            config.width_px,
            config.height_px,
            config.rate_hz,
            config.frames,
            config.frames / config.rate_hz,
        )

    def pictures(self) -> Iterator[Picture]:
        """Yield the pictures."""
        config = self._config
        for k in range(config.frames):
            if self._interrupted:
                return
            if k == config.fail_at:
                if config.fail_as == "crash":
                    raise RuntimeError("the synthetic source was told to crash")
                raise IncompleteError(f"{self.info.source_id}: told to end at picture {k}")
            image = np.full((config.height_px, config.width_px, 3), k % 256, np.uint8)
            yield Picture(k / config.rate_hz, image)
        self.on_end()

    def interrupt(self) -> None:
        """End at the next picture."""
        self._interrupted = True

    def close(self) -> None:
        """Nothing to let go of."""


def build(config: Config, source_id: str) -> Synthetic:
    """Return the source."""
    return Synthetic(config, source_id)
