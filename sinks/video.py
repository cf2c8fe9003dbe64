"""`overlay.mp4`: the picture with everything that was measured drawn on it, every frame, in time.

The file grows by fragments of about a second that are written at once, so that it can be played
after a kill; see the docstring of `VideoFile`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.error import FFmpegError
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from pydantic import Field

from ..stream.errors import SinkError
from ..stream.messages import Delivery, Event, Frame, Image, Narration, Reading, Window
from ._lines import folder_of
from ._look.blur import veil_of
from ._look.overlay import Overlay
from .base import Policy, RunInfo, SinkConfig

TIME_BASE = Fraction(1, 90_000)
"""Of the timestamps in the file; MPEG's clock, 11 us."""

KEY_FRAME_S = 1.0
ASSUMED_RATE_HZ = 25.0
"""For a source that declares no rate; it steers only the encoder's rate control."""


class Config(SinkConfig):
    """How the picture is encoded (x264): `crf` is the quality, lower is better and larger.

    With `blur`, faces are made unrecognisable; those of a private source always are.
    """

    crf: int = Field(default=23, ge=0, le=51)
    preset: str = "superfast"
    threads: int = Field(default=1, ge=1)
    blur: bool = False


def even(length_px: int) -> int:
    """Return the next even length: the colour of two pixels is stored together."""
    return length_px + length_px % 2


def letterboxed(image_bgr: Image, width_px: int, height_px: int) -> Image:
    """Fit a picture into a size: an edge one pixel short is repeated, all else is black beside.

    Returns the picture itself where it has the size already.
    """
    height, width = image_bgr.shape[:2]
    if (width, height) == (width_px, height_px):
        return image_bgr
    if (even(width), even(height)) == (width_px, height_px):
        border = (0, height_px - height, 0, width_px - width)
        padded: Image = cv2.copyMakeBorder(image_bgr, *border, cv2.BORDER_REPLICATE)
        return padded
    scale = min(width_px / width, height_px / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA)
    canvas = np.zeros((height_px, width_px, 3), np.uint8)
    left, top = (width_px - size[0]) // 2, (height_px - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = small
    return canvas


class VideoFile:
    """One MP4 file of the size of its first picture.

    Fragmented (an index in front of each fragment, none at the end), a key frame and so a new
    fragment each second of media time, each written through at once, and an encoder that holds
    no frames back: a kill costs less than a second of media time. PyAV's defaults would leave a
    file that no player opens.
    """

    def __init__(self, path: Path, config: Config, rate_hz: float, first: Image) -> None:
        """Create the file. Raises: SinkError."""
        self.path = path
        self.height_px, self.width_px = even(first.shape[0]), even(first.shape[1])
        self._last_pts = -1
        self._epoch = 0
        self._shift = 0
        self._next_key_s = -math.inf
        options = {
            "movflags": "frag_keyframe+empty_moov+default_base_moof",
            "flush_packets": "1",
        }
        try:
            self._container = av.open(str(path), "w", format="mp4", options=options)
        except (OSError, FFmpegError) as error:
            raise SinkError(f"cannot create {path}: {error}") from error
        rate = Fraction(rate_hz if rate_hz > 0 else ASSUMED_RATE_HZ).limit_denominator(1001)
        self._stream: VideoStream = self._container.add_stream("libx264", rate=rate)
        self._stream.width, self._stream.height = self.width_px, self.height_px
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = TIME_BASE
        context = self._stream.codec_context
        context.time_base = TIME_BASE
        context.colorspace, context.color_range = Colorspace.ITU601, ColorRange.MPEG
        context.thread_count = config.threads
        context.gop_size = max(1, math.ceil(10 * rate))
        self._stream.options = {
            "preset": config.preset,
            "crf": str(config.crf),
            "tune": "zerolatency",
            "forced-idr": "1",
        }

    def add(self, image_bgr: Image, pts_s: float, epoch: int) -> None:
        """Write a picture at its media time. Raises: SinkError.

        A time that does not rise is set right behind the one before; where a source starts anew
        (its epoch changes) the film goes on from its end.
        """
        pts = round(pts_s / TIME_BASE) + self._shift
        if epoch != self._epoch:
            self._shift += max(0, self._last_pts + 1 - pts)
            pts = max(pts, self._last_pts + 1)
            self._epoch, self._next_key_s = epoch, -math.inf
        pts = self._last_pts = max(pts, self._last_pts + 1)
        fitted = letterboxed(image_bgr, self.width_px, self.height_px)
        planes = cv2.cvtColor(fitted, cv2.COLOR_BGR2YUV_I420)
        picture = av.VideoFrame.from_ndarray(planes, "yuv420p")
        picture.pts, picture.time_base = pts, TIME_BASE
        if pts_s >= self._next_key_s:
            picture.pict_type = PictureType.I
            self._next_key_s = pts_s + KEY_FRAME_S
        try:
            self._container.mux(self._stream.encode(picture))
        except (OSError, FFmpegError) as error:
            raise SinkError(f"cannot write {self.path}: {error}") from error

    def close(self) -> None:
        """Complete the file. Raises: SinkError."""
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        except (OSError, FFmpegError) as error:
            raise SinkError(f"cannot write {self.path}: {error}") from error


class VideoSink:
    """One film per source, made with its first frame."""

    policy: Policy = "every"
    wants_readings = True
    wants_frames = True

    def __init__(self, config: Config, run: RunInfo) -> None:
        """Take the folder and the sources of the run."""
        self._config = config
        self._run = run
        self._folder = folder_of(run, "video")
        self._overlays: dict[str, Overlay] = {}
        self._files: dict[str, VideoFile] = {}

    def open(self) -> None:
        """Prepare a look per source; the files come with the first pictures."""
        self._overlays = {source.source_id: self._new_overlay() for source in self._run.sources}

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Draw and encode a frame, or take up what will be drawn. Raises: SinkError."""
        if isinstance(message, Reading):
            if frame is not None:
                self._film(message, frame)
        elif isinstance(message, Window | Event | Narration):
            self._overlay(message.source_id).take(message)

    def tick(self) -> None:
        """Do nothing: every fragment is written when it is complete."""

    def close(self) -> None:
        """Complete the files. Raises: SinkError, after all of them were tried."""
        files, self._files = self._files, {}
        first: SinkError | None = None
        for file in files.values():
            try:
                file.close()
            except SinkError as error:
                first = first or error
        if first is not None:
            raise first

    def _overlay(self, source_id: str) -> Overlay:
        if source_id not in self._overlays:
            self._overlays[source_id] = self._new_overlay()
        return self._overlays[source_id]

    def _new_overlay(self) -> Overlay:
        run = self._run
        return Overlay(run.window_s, veil_of(run.config, run.models))

    def _film(self, reading: Reading, frame: Frame) -> None:
        overlay = self._overlay(reading.source_id)
        overlay.is_veiled = self._config.blur or frame.is_private
        drawn = overlay.draw(frame.image_bgr, reading)
        file = self._files.get(reading.source_id)
        if file is None:
            file = self._files[reading.source_id] = self._create(reading.source_id, drawn)
        file.add(drawn, reading.pts_s, reading.epoch)

    def _create(self, source_id: str, first: Image) -> VideoFile:
        sources = {source.source_id: source for source in self._run.sources}
        is_only = list(sources) == [source_id]
        name = "overlay.mp4" if is_only else f"overlay-{source_id}.mp4"
        rate_hz = sources[source_id].rate_hz if source_id in sources else 0.0
        return VideoFile(self._folder / name, self._config, rate_hz, first)


def build(config: Config, run: RunInfo) -> VideoSink:
    """Return the sink. Raises: UsageError where the run has no folder."""
    return VideoSink(config, run)
