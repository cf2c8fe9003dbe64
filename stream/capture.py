"""Capture: pictures of a source become numbered, stamped frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from .errors import IncompleteError
from .frames import FrameLink, FrameSender
from .messages import Frame
from .recording import Recorder, attach
from .source_watch import SourceWatch
from .sources.base import Picture, Source
from .stage import Stage

View = Callable[[Frame], None]
"""Is shown every frame as it is captured, in the capture thread, and returns at once."""


def capture_loop(
    stage: Stage,
    sources: Sequence[tuple[Source, FrameLink]],
    speed: float | None,
    limit: int | None,
    views: Sequence[View] = (),
    is_private: bool = False,
    recorder: Recorder | None = None,
) -> None:
    """Send every picture of the sources, one source after another, and announce each one's last.

    `speed` is media seconds per second, None for as fast as it goes; `limit` the number of frames
    to take of each source; in pictures that are private sinks hide the people.
    """
    for source, link in sources:
        outs = [FrameSender(stage, link).send, *views]
        stage.tally.add(f"source:{link.source_id}", "captured", 0)
        seq, note = -1, "interrupted"
        if not stage.is_finishing:
            watch = SourceWatch(stage, source)
            attach(recorder, source, is_private, lambda: False)
            try:
                stamp = partial(_stamp, source.info.source_id, is_private=is_private)
                seq, note = _capture(stage, source, outs, watch, stamp, speed, limit)
            finally:
                source.close()
                watch.look(seq, None)
        stage.report("last", source_id=link.source_id, seq=seq, note=note)


def _capture(
    stage: Stage,
    source: Source,
    outs: Sequence[View],
    watch: SourceWatch,
    stamp: Callable[[int, Picture], Frame],
    speed: float | None,
    limit: int | None,
) -> tuple[int, str]:
    """Return the number of the last frame sent, and why it was the last ("": the media ended)."""
    scope = f"source:{source.info.source_id}"
    pace = _Pace(speed)
    seq = -1
    try:
        for picture in _timed(stage, source):
            watch.look(seq, picture)
            if seq + 1 == limit:
                return seq, "limited"
            pace.wait(stage, picture.pts_s)
            stage.hold()
            if stage.is_finishing:
                return seq, "interrupted"
            seq += 1
            stage.tally.add(scope, "captured")
            frame = stamp(seq, picture)
            for out in outs:
                out(frame)
    except IncompleteError as error:
        return seq, f"incomplete: {error}"
    return seq, "limited" if seq + 1 == limit else ""


def _timed(stage: Stage, source: Source) -> Iterator[Picture]:
    start_s = time.perf_counter()
    for picture in source.pictures():
        stage.timings.add("decode", (time.perf_counter() - start_s) * 1000)
        stage.obey()
        if picture is not None:
            yield picture
        start_s = time.perf_counter()


def _stamp(source_id: str, seq: int, picture: Picture, *, is_private: bool) -> Frame:
    return Frame(
        source_id,
        seq,
        picture.epoch,
        picture.pts_s,
        picture.t_wall_ns or time.time_ns(),
        picture.t_mono_ns or time.monotonic_ns(),
        picture.image_bgr,
        is_private=is_private,
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
