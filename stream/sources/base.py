"""What a source is. One file per kind; the file name is the kind.

A source file holds `Config` (pydantic, unknown keys refused) and `build(config, source_id)`. A
webcam or a camera on the network is one more file of this shape. The iterator runs in the capture
thread; it never waits longer than 200 ms, or `interrupt` makes it return.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from ..messages import Image, SourceInfo


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture. `pts_s` never falls within a source; `epoch` rises at a fresh start."""

    pts_s: float
    image_bgr: Image
    epoch: int = 0


class SourceConfig(BaseModel):
    """Base of every source's configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Protocol):
    """Yields pictures. `decode_errors` counts those that could not be decoded."""

    info: SourceInfo
    decode_errors: int

    def pictures(self) -> Iterator[Picture | None]:
        """Yield pictures in order of media time; a live source yields None while it has none.

        Raises: SourceError when it cannot be opened; IncompleteError after the last good picture
        when the media ended early or was corrupt.
        """
        ...

    def interrupt(self) -> None:
        """Make `pictures` end soon; called from another thread."""
        ...

    def close(self) -> None:
        """Let go of files and devices; may be called twice."""
        ...
