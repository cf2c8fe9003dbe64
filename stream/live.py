"""Live capture: the newest picture of one camera, its count kept across pauses.

Whatever one camera does ends its own thread at most: the failure is announced with its last frame,
and the run goes on with the others.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .cameras import Treatment
from .capture import View
from .errors import AffectstreamError, IncompleteError
from .frames import FrameLink, FrameSender
from .messages import Frame, SourceInfo
from .pace import Metronome, RateCap
from .recording import Recorder, attach
from .secrets import scrub
from .source_watch import SourceWatch
from .sources.base import Picture, Source
from .stage import Stage, Stopped

log = logging.getLogger(__name__)

ADAPT_S = 2.0
"""How often a camera's rate is measured. Our choice: the usual group of pictures."""

_END = Picture(0.0, np.empty((0, 0, 3), np.uint8))


@dataclass
class Mark:
    """Where a camera's count stands: number, epoch and times of its last frame."""

    seq: int = -1
    epoch: int = -1
    pts_s: float = 0.0
    t_mono_s: float | None = None


@dataclass
class Seat:
    """One camera of a run, present or paused.

    `reopen` makes a source anew, None where a ready one was given; `speed` paces a file that stands
    in for a camera, None where pictures come by themselves. `source` is the one that is open.
    """

    info: SourceInfo
    treatment: Treatment
    reopen: Callable[[], Source] | None = None
    speed: float | None = None
    source: Source | None = None
    state: str = "off"
    note: str = ""
    mark: Mark = field(default_factory=Mark)

    @property
    def source_id(self) -> str:
        """What the camera is called in every result."""
        return self.info.source_id


def live_loop(
    stage: Stage,
    seat: Seat,
    link: FrameLink,
    limit: int | None,
    views: Sequence[View] = (),
    recorder: Recorder | None = None,
) -> None:
    """Send the pictures of a camera until it ends, fails, leaves, or the run finishes."""
    stage.tally.add(f"source:{seat.source_id}", "captured", 0)
    take = _Take(stage, seat, link, limit, views)
    take.recorder = recorder
    try:
        note = take.run()
    except Stopped:
        raise
    except IncompleteError as error:
        note = f"incomplete: {error}"
    except Exception as error:  # The boundary: no camera ends the run of the others.
        is_ours = isinstance(error, AffectstreamError)
        note = f"failed: {error if is_ours else f'{type(error).__name__}: {error}'}"
        log.warning("%s: %s", seat.source_id, note, exc_info=not is_ours)
    finally:
        take.close()
    stage.report("last", source_id=seat.source_id, seq=seat.mark.seq, note=note)


class _Take:
    """One stretch of pictures, from opening to the next pause."""

    def __init__(
        self,
        stage: Stage,
        seat: Seat,
        link: FrameLink,
        limit: int | None,
        views: Sequence[View],
    ) -> None:
        self._stage = stage
        self._seat = seat
        self._link = link
        self._limit = limit
        self._scope = f"source:{seat.source_id}"
        self._cap = RateCap(seat.treatment.rate_hz)
        self._metronome = None if seat.speed is None else Metronome(seat.speed)
        self._views = views
        self._watch: SourceWatch | None = None
        self._decoded = 0
        self._had: tuple[int, int] | None = None
        self._adapt_s = 0.0
        self._epoch = seat.mark.epoch + 1
        self._ahead_s: float | None = None
        self.recorder: Recorder | None = None

    def run(self) -> str:
        """Return why the last picture was the last ("": the media ended)."""
        seat, stage = self._seat, self._stage
        if seat.source is None:
            assert seat.reopen is not None
            seat.source = seat.reopen()
        attach(self.recorder, seat.source, seat.treatment.privacy, lambda: stage.is_paused)
        self._watch = SourceWatch(stage, seat.source)
        self._link.listen(seat.source.keep)
        outs = [FrameSender(stage, self._link).send, *self._views]
        pictures: Iterator[Picture | None] = seat.source.pictures()
        while not self._is_over:
            if seat.mark.seq + 1 == self._limit:
                return "limited"
            start_s = time.perf_counter()
            picture = next(pictures, _END)
            if picture is _END:
                break
            if picture is None:
                self._watch.look(seat.mark.seq, None)
                stage.obey()
                continue
            if not seat.source.is_live:  # Else it is mostly waiting.
                stage.timings.add("decode", (time.perf_counter() - start_s) * 1000)
            self._wait(picture.pts_s)
            if self._is_over:
                break
            picture = self._placed(picture)
            self._watch.look(seat.mark.seq, picture)
            if not stage.is_paused:
                self._send(outs, picture)
            self._adapt(seat.source)
        stage.obey()
        if self._is_over:
            return "interrupted"
        return ""

    def close(self) -> None:
        """Let go of the source, and count what it could not or did not decode."""
        source, self._seat.source = self._seat.source, None
        if source is None:
            return
        try:
            source.close()
        except Exception as error:
            log.warning("%s: closing failed: %s", self._seat.source_id, scrub(str(error)))
        if self._watch is not None:
            self._watch.look(self._seat.mark.seq, None)

    @property
    def _is_over(self) -> bool:
        return self._stage.is_finishing or self._seat.source_id in self._stage.leaving

    def _wait(self, pts_s: float) -> None:
        self._stage.obey()
        if self._metronome is None:
            return
        early_s = self._metronome.early_s(pts_s, time.monotonic())
        if early_s > 0:
            self._stage.pause(early_s)

    def _placed(self, picture: Picture) -> Picture:
        """Return the picture with its times; after a pause media time goes on where it would be."""
        mark, now_ns = self._seat.mark, time.monotonic_ns()
        if self._ahead_s is None:
            since_s = 0.0 if mark.t_mono_s is None else mark.pts_s + now_ns / 1e9 - mark.t_mono_s
            self._ahead_s = 0.0 if mark.t_mono_s is None else since_s - picture.pts_s
        return replace(
            picture,
            pts_s=round(picture.pts_s + self._ahead_s, 6),
            epoch=self._epoch + picture.epoch,
            t_wall_ns=picture.t_wall_ns or time.time_ns(),
            t_mono_ns=picture.t_mono_ns or now_ns,
        )

    def _send(self, outs: Sequence[View], picture: Picture) -> None:
        mark, now_s = self._seat.mark, time.monotonic()
        mark.seq += 1
        mark.epoch, mark.pts_s, mark.t_mono_s = picture.epoch, picture.pts_s, now_s
        self._decoded += 1
        frame = Frame(
            self._seat.source_id,
            mark.seq,
            picture.epoch,
            picture.pts_s,
            picture.t_wall_ns,
            picture.t_mono_ns,
            picture.image_bgr,
            is_private=self._seat.treatment.privacy,
        )
        if not self._cap.admits(now_s):
            self._count("capped")
            for view in self._views:
                view(frame)
            return
        self._stage.tally.add(self._scope, "captured")
        for out in outs:
            out(frame)

    def _adapt(self, source: Source) -> None:
        """Tell how many pictures there are, decoded or not."""
        now_s = time.monotonic()
        if now_s < self._adapt_s:
            return
        had, self._had = self._had, (self._decoded, source.shed_frames)
        since_s, self._adapt_s = now_s - self._adapt_s + ADAPT_S, now_s + ADAPT_S
        if had is None:
            return
        decoded, shed = (max(0, now - before) for now, before in zip(self._had, had, strict=True))
        self._link.full_hz = max(1, decoded + shed) / since_s
        self._stage.gauges[f"decoded:{self._seat.source_id}"] = decoded / max(1, decoded + shed)

    def _count(self, fate: str, number: int = 1) -> None:
        """Count pictures that were captured and go no further."""
        self._stage.tally.add(self._scope, "captured", number)
        self._stage.tally.add(self._scope, fate, number)
