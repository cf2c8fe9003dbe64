"""From a decoded picture of PyAV to the array that travels."""

from __future__ import annotations

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from ..messages import Image

_ROTATIONS = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}
"""OpenCV's word for quarter turns counter-clockwise; several times faster than NumPy's copy."""


def quarter_turns(frame: VideoFrame) -> int:
    """Return the quarter turns, counter-clockwise, that put a picture upright."""
    return round(frame.rotation / 90) % 4


def to_bgr(frame: VideoFrame, convert: VideoReformatter) -> Image:
    """Return the picture upright, H x W x 3 uint8, read-only."""
    pixels = convert.reformat(frame, format="bgr24", threads=1).to_ndarray()
    image = np.ascontiguousarray(pixels, np.uint8)
    if turns := quarter_turns(frame):
        image = cv2.rotate(image, _ROTATIONS[turns])
    image.setflags(write=False)
    return image
