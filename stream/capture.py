"""Capture: pictures of a source become numbered, stamped frames."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from .errors import IncompleteError
from .frames import FrameLink, FrameSender
from .messages import Frame
from .sources.base import Picture, Source
from .stage import Stage


def capture_loop(
    stage: Stage,
    sources: Sequence[tuple[Source, FrameLink]],
    speed: float | None,
    limit: int | None,
) -> None:
    """Send every picture of the sources, one source after another, and announce each one's last.

    `speed` is media seconds per second, None for as fast as it goes; `limit` the number of frames
    to take of each source.
    """
    for source, link in sources:
        sender = FrameSender(stage, link)
        stage.tally.add(f"source:{link.source_id}", "captured", 0)
        seq, note = -1, "interrupted"
        if not stage.is_finishing:
            try:
                seq, note = _capture(stage, source, sender, speed, limit)
            finally:
                source.close()
        stage.report("last", source_id=link.source_id, seq=seq, note=note)


def _capture(
    stage: Stage, source: Source, sender: FrameSender, speed: float | None, limit: int | None
) -> tuple[int, str]:
    """Return the number of the last frame sent, and why it was the last ("": the media ended)."""
    scope = f"source:{source.info.source_id}"
    pace = _Pace(speed)
    seq = -1
    try:
        for picture in _timed(stage, source):
            if picture is None:
                if stage.is_finishing:
                    return seq, "interrupted"
                continue
            if seq + 1 == limit:
                return seq, "limited"
            pace.wait(stage, picture.pts_s)
            if stage.is_finishing:
                return seq, "interrupted"
            seq += 1
            stage.tally.add(scope, "captured")
            sender.send(_stamp(source.info.source_id, seq, picture))
    except IncompleteError as error:
        return seq, f"incomplete: {error}"
    finally:
        if source.decode_errors:
            stage.tally.add(scope, "captured", source.decode_errors)
            stage.tally.add(scope, "decode_error", source.decode_errors)
    return seq, "limited" if seq + 1 == limit else ""


def _timed(stage: Stage, source: Source) -> Iterator[Picture | None]:
    start_s = time.perf_counter()
    for picture in source.pictures():
        if picture is not None:
            stage.timings.add("decode", (time.perf_counter() - start_s) * 1000)
        stage.obey()
        yield picture
        start_s = time.perf_counter()


def _stamp(source_id: str, seq: int, picture: Picture) -> Frame:
    return Frame(
        source_id,
        seq,
        picture.epoch,
        picture.pts_s,
        time.time_ns(),
        time.monotonic_ns(),
        picture.image_bgr,
    )


class _Pace:
    """Holds pictures back until their media time has come; when late, time slips."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._zero_s: float | None = None

    def wait(self, stage: Stage, pts_s: float) -> None:
        if self._speed is None:
            return
        if self._zero_s is None:
            self._zero_s = time.monotonic() - pts_s / self._speed
        early_s = self._zero_s + pts_s / self._speed - time.monotonic()
        if early_s > 0:
            stage.pause(early_s)
        else:
            self._zero_s -= early_s
