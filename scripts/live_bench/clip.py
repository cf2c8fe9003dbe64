"""A clip as a camera would send it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

WIDTH_PX, HEIGHT_PX, GROUP_S = 1280, 720, 2


def make_clip(source: str, folder: Path, rate_hz: int, seconds: int = 12) -> Path:
    """Write the beginning of a clip as a camera would send it: no B-frames, a group of two seconds.

    A clip that is too short is shown again.
    """
    path = folder / f"720p{rate_hz}.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate_hz)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        keys = str(GROUP_S * rate_hz)
        stream.options = {"preset": "veryfast", "crf": "26", "bf": "0", "g": keys}
        stream.options |= {"keyint_min": keys, "sc_threshold": "0"}
        for number, picture in enumerate(_again(source)):
            if number == seconds * rate_hz:
                break
            frame = av.VideoFrame.from_ndarray(fitted(picture), "bgr24")
            frame.pts, frame.time_base = number, Fraction(1, rate_hz)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _again(source: str) -> Iterator[np.ndarray]:
    while True:
        with av.open(source) as container:
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format="bgr24")


def fitted(picture: np.ndarray) -> np.ndarray:
    """Return a picture in the middle of a grey 720p one."""
    scale = min(WIDTH_PX / picture.shape[1], HEIGHT_PX / picture.shape[0])
    size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    canvas = np.full((HEIGHT_PX, WIDTH_PX, 3), 114, np.uint8)
    left, top = (WIDTH_PX - size[0]) // 2, (HEIGHT_PX - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = cv2.resize(picture, size)
    return canvas
