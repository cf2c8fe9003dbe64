"""Opens media files by PyAV, and says in plain words why one is refused."""

from __future__ import annotations

import re
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from ..errors import SourceError

FORMATS = (
    "apng asf avi bmp_pipe dv flv gif h264 hevc image2 ivf jpeg_pipe matroska mjpeg mov mp3 mpeg "
    "mpegts mpegvideo mxf nut obu ogg png_pipe tiff_pipe wav webp_pipe yuv4mpegpipe"
).split()
"""What FFmpeg may take a file for: no playlist, which would open other files or the network, and
no text, which it would draw. Two hold sound alone, so that the message can say so."""

MAX_PIXELS = 8192 * 4352
"""FFmpeg refuses a larger picture before it decodes it: 8K is the largest that cameras deliver."""


def open_media(path: Path) -> tuple[InputContainer, VideoStream]:
    """Open a file to be decoded by one thread. Raises: SourceError."""
    if not path.is_file():
        what = "not a file" if path.exists() else "no such file"
        raise SourceError(f"{path}: {what}; name a video, a folder or a glob")
    options = {
        "format_whitelist": ",".join(FORMATS),
        "protocol_whitelist": "file",
        "pattern_type": "none",  # a percent sign in a picture's name is no pattern
        "fflags": "-genpts",  # invented timestamps are wrong for B-frames in AVI
        "max_pixels": str(MAX_PIXELS),
    }
    try:
        # An absolute path has no protocol in front, whatever colons are in the name.
        container = av.open(str(path.absolute()), options=options, metadata_errors="replace")
    except (av.error.FFmpegError, OSError):
        raise SourceError(f"{path}: {_why_not(path)}") from None
    stream = container.streams.best("video")
    reason = "it holds no video, only sound or data"
    if isinstance(stream, VideoStream):
        reason = _refusal(stream)
        if not reason:
            for other in container.streams:
                other.discard = Discard.default if other is stream else Discard.all
            stream.codec_context.options = {"max_pixels": options["max_pixels"]}
            stream.thread_type = "NONE"
            return container, stream
    container.close()
    raise SourceError(f"{path}: {reason}")


def _refusal(stream: VideoStream) -> str:
    """Return why a stream is not played; empty when it is."""
    if stream.disposition & Disposition.attached_pic:
        return "it holds no video, only sound and its cover"
    if stream.codec_context is None:
        return "its codec is unknown; copy it anew if it is incomplete, else convert it to H.264"
    return ""


def _why_not(path: Path) -> str:
    """Return why FFmpeg would not open a file, and the remedy."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        return f"cannot be read ({error.strerror}); check its permissions"
    if not head:
        return "the file is empty; copy or record it anew"
    if head[4:8] == b"ftyp":
        return "this MP4 is incomplete, its index is missing; copy or record it anew"
    return "this is no video, or one damaged from its start; copy, record or convert it anew"


def declared_duration_s(container: InputContainer, stream: VideoStream) -> float:
    """Return how long the file says its pictures last from its start; 0 where it does not."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is None:
        return 0.0
    end_s = container.duration / av.time_base
    if len(container.streams) > 1:
        end_s = min(end_s, _track_end_s(stream.metadata.get("DURATION", "")))
    # Matroska counts from 0, wherever the media starts.
    return max(0.0, end_s - max(0, container.start_time or 0) / av.time_base)


def _track_end_s(tag: str) -> float:
    """Read Matroska's note of the end of one track, such as `00:01:02.500000000`."""
    match = re.fullmatch(r"(\d+):(\d+):([\d.]+)", tag)
    if match is None:
        return 0.0
    hours, minutes, seconds = map(float, match.groups())
    return 3600 * hours + 60 * minutes + seconds
