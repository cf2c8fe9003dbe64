"""Scenes of people cut out of a clip and moved on known paths before its empty room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from affectstream.stream.messages import Box, Image
from affectstream.stream.sources.video import Config, Video

EMPTY, STANDING = 0, (300, 984)
"""Frames of the walking clip: the empty room, and two people who stand there."""
CONTRAST = 45
"""Least difference to the empty room, in levels of 255, that belongs to a person: more than the
change of exposure that people in dark clothes bring about."""
SCALE = (0.7, 0.8)
"""The size of the two on the screen; the second is nearer and hides the first."""
RATE_HZ = 25.0
FEET = (0.92, 0.98)
"""Where their feet are, in heights of the picture."""
MIN_VISIBLE = 0.5
"""Whoever is hidden by more is not expected to be found."""


class Sprite(NamedTuple):
    """A person: pixels H x W x 3 and a mask H x W of 0 and 1."""

    image_bgr: Image
    mask: NDArray[np.uint8]


class Scene(NamedTuple):
    """Straight paths of the middle, in widths of the picture, and what hides the middle of it.

    `pillar` is the width of a pillar before both, in widths of the picture.
    """

    paths: tuple[tuple[float, float], tuple[float, float]]
    seconds: float
    pillar: float = 0.0


class Shot(NamedTuple):
    """A frame and the true boxes of those who can be seen, by owner."""

    pts_s: float
    image_bgr: Image
    visible: dict[int, Box]


class Cut(NamedTuple):
    """The empty room and the two people."""

    room_bgr: Image
    people: tuple[Sprite, ...]


SCENES = (
    Scene(((0.12, 0.88), (0.88, 0.12)), 5.0),
    Scene(((0.12, 0.88), (0.88, 0.12)), 8.0),
    Scene(((0.15, 0.85), (0.5, 0.5)), 8.0),
    Scene(((0.1, 0.9), (0.9, 0.1)), 7.0, 0.35),
)
"""Two who cross, quickly and slowly; one who passes behind another; two who meet behind a pillar,
out of sight for about 2 s."""


def sprites(path: Path) -> Cut:
    """Cut the people out of the walking clip."""
    wanted = {EMPTY, *STANDING}
    frames = {}
    for seq, picture in enumerate(Video(Config(path=path), "clip").pictures()):
        if seq in wanted:
            frames[seq] = picture.image_bgr
        if len(frames) == len(wanted):
            break
    people = zip(STANDING, SCALE, strict=True)
    return Cut(frames[EMPTY], tuple(cut(frames[k], frames[EMPTY], scale) for k, scale in people))


def cut(image_bgr: Image, room_bgr: Image, scale: float) -> Sprite:
    """Return the largest thing that is in the picture and not in the room, scaled."""
    apart = (cv2.absdiff(image_bgr, room_bgr).max(axis=2) > CONTRAST).astype(np.uint8)
    apart = cv2.morphologyEx(apart, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(apart)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    x, y, width, height = (int(v) for v in stats[largest, :4])
    window = slice(y, y + height), slice(x, x + width)
    size = round(width * scale), round(height * scale)
    return Sprite(
        np.asarray(cv2.resize(image_bgr[window], size, interpolation=cv2.INTER_AREA), np.uint8),
        cv2.resize((labels[window] == largest).astype(np.uint8), size),
    )


def shoot(scene: Scene, made_of: Cut) -> Iterator[Shot]:
    """Yield the frames of a scene."""
    height, width = made_of.room_bgr.shape[:2]
    half_px = round(scene.pillar * width / 2)
    pillar = slice(width // 2 - half_px, width // 2 + half_px)
    for index in range(round(scene.seconds * RATE_HZ)):
        image_bgr, owner = made_of.room_bgr.copy(), np.full((height, width), -1, np.int8)
        share = index / (scene.seconds * RATE_HZ)
        boxes: list[Box] = []
        for k, (sprite, (start, end)) in enumerate(zip(made_of.people, scene.paths, strict=True)):
            middle_px = (start + share * (end - start)) * width
            boxes.append(_paste(image_bgr, owner, sprite, k, middle_px))
        if half_px:
            image_bgr[:, pillar] = made_of.room_bgr[:, :1]
            owner[:, pillar] = -1
        yield Shot(index / RATE_HZ, image_bgr, _visible(boxes, owner, made_of.people))


def _paste(
    image_bgr: Image, owner: NDArray[np.int8], sprite: Sprite, number: int, middle_px: float
) -> Box:
    """Put a person into the picture; return their box."""
    height, width = sprite.mask.shape
    left = round(middle_px - width / 2)
    top = round(FEET[number] * image_bgr.shape[0]) - height
    first, last = max(-left, 0), min(width, image_bgr.shape[1] - left)
    window = slice(top, top + height), slice(left + first, left + last)
    shown = sprite.mask[:, first:last] > 0
    image_bgr[window][shown] = sprite.image_bgr[:, first:last][shown]
    owner[window][shown] = number
    return float(left), float(top), float(left + width), float(top + height)


def _visible(
    boxes: list[Box], owner: NDArray[np.int8], people: tuple[Sprite, ...]
) -> dict[int, Box]:
    """Return the boxes of those who are not hidden by more than the half."""
    return {
        k: box
        for k, (box, sprite) in enumerate(zip(boxes, people, strict=True))
        if (owner == k).sum() >= MIN_VISIBLE * sprite.mask.sum()
    }
