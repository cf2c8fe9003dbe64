"""What a source is. One file per kind; the file name is the kind.

A source file holds `Config` (pydantic, unknown keys refused) and `build(config, source_id)`. A
webcam or a camera on the network is one more file of this shape. The iterator runs in the capture
thread; it never waits longer than 200 ms, or `interrupt` makes it return. A live source that has
nothing yet yields None in time, so that the thread can obey commands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from pydantic import BaseModel, ConfigDict

from ..messages import Image, SourceHealth, SourceInfo

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture. `pts_s` never falls within a source; `epoch` rises at a fresh start.

    A live source says when it was taken (`t_wall_ns`, UTC) and when it was there, decoded
    (`t_mono_ns`); 0 stands for the moment in which capture gets it.
    """

    pts_s: float
    image_bgr: Image
    epoch: int = 0
    t_wall_ns: int = 0
    t_mono_ns: int = 0


class SourceConfig(BaseModel):
    """Base of every source's configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Protocol):
    """Yields pictures.

    `decode_errors` counts those that could not be decoded, `shed_frames` those that were left out
    on purpose. A live source (`is_live`) tells by `health` how it is; a replay has none.
    """

    info: SourceInfo
    decode_errors: int
    is_live: bool
    health: SourceHealth | None

    @property
    def shed_frames(self) -> int:
        """How many pictures were left out on purpose."""
        ...

    def pictures(self) -> Iterator[Picture | None]:
        """Yield pictures in order of media time; a live source yields None while it has none.

        Raises: SourceError when it cannot be opened; IncompleteError after the last good picture
        when the media ended early or was corrupt.
        """
        ...

    def interrupt(self) -> None:
        """Make `pictures` end soon; called from another thread."""
        ...

    def keep(self, share: float) -> None:
        """Decode only about this share of the pictures, in 0..1; from any thread.

        A source that cannot do so ignores it.
        """
        ...

    def close(self) -> None:
        """Let go of files and devices; may be called twice."""
        ...


Tap: TypeAlias = "Callable[[Packet[VideoStream], VideoStream, float], None]"
"""Is shown a packet, its stream and its media time in s; copies what it keeps, returns at once."""


@runtime_checkable
class Tapped(Protocol):
    """A source that reads packets: each is shown to `tap` before it is decoded, or left out."""

    tap: Tap | None


class PlainSource:
    """A source that has no state to tell and cannot decode less; a replay unless it says else."""

    is_live = False
    health: SourceHealth | None = None

    @property
    def shed_frames(self) -> int:
        """Return how many pictures were left out on purpose."""
        return 0

    def keep(self, share: float) -> None:
        """Ignore it."""
