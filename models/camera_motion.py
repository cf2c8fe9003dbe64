"""What the camera did between two small grey pictures: shift, zoom and roll.

Keypoints alone cannot tell it (see `body`), so it needs pixels: the vision stage, which keeps no
picture of an earlier frame, makes each one a `Thumb` with the corners that are worth following, and
whoever follows the source over time compares two of them. Corners outside the people are followed
by optical flow, and the map most of them agree on is the camera's. A picture without enough
corners (a plain wall, a face that fills it) tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from ..stream.messages import Body, Box, Face, Image, Thumb
from .similarity import STILL, Similarity

Grey = npt.NDArray[np.uint8]

WIDTH_PX = 160
"""Width of the small pictures. Our choice: 0.1 px there is 0.8 px of a frame of 1280 px."""

MAX_CORNERS = 100
"""More corners make the map no surer (on the clips named under `MIN_STRENGTH`)."""

WINDOW_PX = 11
"""A corner is followed by a square this wide: as sure as 15 px there, in half the time."""

UNTIL = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 10, 0.03)
"""A corner is followed until it moves by less than 0.03 px, in at most 10 steps."""

MIN_CORNERS = 8
"""Fewer agreeing corners than this tell nothing."""

MIN_STRENGTH = 0.003
"""A corner has at least this share of the strongest one's strength. Our choice, and `MIN_CORNERS`:
the best of four pairs on three real clips that were panned, zoomed and rolled by known amounts."""

MIN_SHARE = 0.5
"""Less agreement than this share of the followed corners tells nothing. Our choice."""

AGREE_PX = 0.5
"""A corner agrees with a map that places it this well, in px of the small picture. Our choice."""

STILL_PX = 0.1
"""A camera that moves most corners by less than this stands still: flow is not surer."""

GROWN = 0.1
"""People's boxes are grown by this share of their size on each side: arms reach out of them."""


def shrink(image_bgr: Image) -> Grey:
    """Return a grey picture `WIDTH_PX` wide (none is enlarged), H x W uint8, same proportions.

    Twice the size is sampled first and then averaged: a full area average costs five times as much.
    """
    height, width = image_bgr.shape[:2]
    scale = min(1.0, WIDTH_PX / width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    if scale <= 0.5:
        image_bgr = cv2.resize(image_bgr, (2 * size[0], 2 * size[1]))
    small = cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def people_boxes(faces: Iterable[Face], bodies: Iterable[Body]) -> list[Box]:
    """Return where people are, so that their own motion is not taken for the camera's."""
    return [face.box_xyxy for face in faces] + [body.box_xyxy for body in bodies]


def thumb(image_bgr: Image, people: Sequence[Box]) -> Thumb:
    """Return the small picture and its corners outside the people, whose boxes are in px."""
    grey = shrink(image_bgr)
    outside = _outside(grey, people, grey.shape[1] / image_bgr.shape[1])
    corners = cv2.goodFeaturesToTrack(grey, MAX_CORNERS, MIN_STRENGTH, 5, mask=outside, blockSize=5)
    found = b"" if corners is None else np.asarray(corners, np.float32).tobytes()
    return Thumb(grey.shape[1], grey.shape[0], grey.tobytes(), found)


def camera_motion(
    before: Thumb, after: Thumb, people: Sequence[Box], width_px: int
) -> Similarity | None:
    """Return the map from the earlier picture to the later one, in px of the frame.

    `people` are the boxes of the later time in px of the frame, which is `width_px` wide. None
    when too few corners agree, or the sizes differ.
    """
    old_grey, new_grey = _grey(before), _grey(after)
    if old_grey.shape != new_grey.shape:
        return None
    small_per_px = before.width_px / width_px
    corners = _corners(before, people, small_per_px)
    if len(corners) < MIN_CORNERS:
        return None
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        old_grey, new_grey, corners, None, winSize=(WINDOW_PX, WINDOW_PX), criteria=UNTIL
    )
    kept = found.ravel() == 1
    old, new = corners[kept], there[kept]
    if len(old) < MIN_CORNERS:
        return None
    if 2 * np.count_nonzero(np.hypot(*(new - old).T) < STILL_PX) > len(old):
        return STILL
    matrix, agree = cv2.estimateAffinePartial2D(old, new, ransacReprojThreshold=AGREE_PX)
    if matrix is None or agree.sum() < max(MIN_CORNERS, MIN_SHARE * len(old)):
        return None
    turn = complex(matrix[0, 0], matrix[1, 0])
    return Similarity(turn, complex(matrix[0, 2], matrix[1, 2]) / small_per_px)


def _grey(picture: Thumb) -> Grey:
    return np.frombuffer(picture.grey, np.uint8).reshape(picture.height_px, picture.width_px)


def _corners(picture: Thumb, people: Sequence[Box], small_per_px: float) -> npt.NDArray[np.float32]:
    """Return the corners (n x 2, x and y) outside the people's grown boxes."""
    corners = np.frombuffer(picture.corners, np.float32).reshape(-1, 2)
    boxes = np.array([*_grown(people, small_per_px)], np.float32).reshape(-1, 1, 4)
    inside = ((boxes[..., :2] <= corners) & (corners < boxes[..., 2:])).all(axis=2).any(axis=0)
    return np.asarray(corners[~inside], np.float32)


def _outside(picture: Grey, people: Sequence[Box], small_per_px: float) -> Grey:
    """Return a mask that is 255 outside the people's grown boxes."""
    mask = np.full(picture.shape, 255, np.uint8)
    for x1, y1, x2, y2 in _grown(people, small_per_px):
        mask[y1:y2, x1:x2] = 0
    return mask


def _grown(people: Sequence[Box], small_per_px: float) -> Iterator[tuple[int, int, int, int]]:
    """Yield the grown boxes in px of the small picture, right and lower edge excluded."""
    for left, top, right, bottom in people:
        dx, dy = GROWN * (right - left), GROWN * (bottom - top)
        yield (
            max(round((left - dx) * small_per_px), 0),
            max(round((top - dy) * small_per_px), 0),
            max(round((right + dx) * small_per_px), 0),
            max(round((bottom + dy) * small_per_px), 0),
        )


class CameraMeter:
    """Follows the camera of one source. A step that tells nothing counts as a camera at rest."""

    def __init__(self) -> None:
        """Start at rest."""
        self._last: Thumb | None = None
        self._since_start = STILL

    def update(self, picture: Thumb, people: Sequence[Box], width_px: int) -> Similarity:
        """Return the map from the first picture to this one, in px of the frame.

        `people` are the boxes in it, in px of the frame.
        """
        if self._last is not None:
            step = camera_motion(self._last, picture, people, width_px)
            self._since_start = (step or STILL).after(self._since_start)
        self._last = picture
        return self._since_start
