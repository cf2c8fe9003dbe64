"""YOLO pose networks (v8, 11, 26) as `ultralytics` exports them: many people, 17 COCO keypoints.

The adapter is ours; networks and weights are AGPL-3.0, do not come with the package, and are used
only when asked for.

Source: Maji et al. 2022, arXiv 2204.06806 (YOLO-Pose); input and output conventions of the ONNX
files from docs.ultralytics.com, checked against the package `ultralytics` in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import msgspec
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..stream.errors import ModelError
from ..stream.messages import Body, Image
from .base import COCO17
from .crop import Array, Matrix, clip_box, inverse, to_batch, transform
from .nms import suppress
from .ort import Net, Provider
from .zoo import Entry, open_net

JOINTS = len(COCO17)
DENSE_ROWS = 4 + 1 + 3 * JOINTS
"""Rows of an output before suppression: cx, cy, w, h, score, 17 x (x, y, visibility)."""
FINAL_COLUMNS = 4 + 1 + 1 + 3 * JOINTS
"""Columns of an output after it: x1, y1, x2, y2, score, class, 17 x (x, y, visibility)."""
EDGE = 0.1
"""A bar of n and a half px is split into n before and n + 1 after the picture. Source: LetterBox of
`ultralytics`, which rounds half the bars -+ 0.1."""


class Config(BaseModel):
    """Who counts as a person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_bodies: int = Field(20, ge=1, le=300, description="most people in a frame, best first")
    min_score: float = Field(0.5, ge=0, le=1, description="score a person must exceed")
    nms_iou: float = Field(0.7, gt=0, le=1, description="overlap that makes two boxes one person")
    side_px: int | None = Field(
        None, ge=32, multiple_of=32, description="side of the input, for a file of free size"
    )


class People(NamedTuple):
    """N people in px of the input: `boxes` N x 4, `scores` N, `joints` N x 17 x 3.

    A joint is x, y, visibility in [0, 1].
    """

    boxes: Array
    scores: Array
    joints: Array


class YoloPose:
    """A `PoseEstimator` that looks at every whole frame anew."""

    layout = "coco17"

    def __init__(self, config: Config, net: Net, entry: Entry) -> None:
        """Use an opened net and run it once.

        Raises:
            ModelError: it gives something else than people with 17 keypoints, or has not the size
                that was asked for.
        """
        self._config = config
        self._net = net
        self.providers = net.providers
        self._input = entry.files["pose"].input
        if config.side_px is not None:
            shape = (self._input.shape[0], 3, config.side_px, config.side_px)
            self._input = msgspec.structs.replace(self._input, shape=shape)
        (output,) = net.run({self._input.name: np.zeros((1, *self._input.shape[1:]), np.float32)})
        if output.shape[1] != DENSE_ROWS and output.shape[2] != FINAL_COLUMNS:
            raise ModelError(
                f"{net.path.name}: the output {list(output.shape)} holds no people with {JOINTS} "
                f"keypoints: [1, {DENSE_ROWS}, N] or [1, N, {FINAL_COLUMNS}] is wanted"
            )

    def estimate(
        self, image_bgr: Image, earlier: Sequence[Body] = (), search: bool = False
    ) -> list[Body]:
        """Return bodies, best first, at most `max_bodies`; `earlier` and `search` do not matter."""
        framed, matrix = letterbox(image_bgr, self._input.shape[2:], self._input.pad)
        (output,) = self._net.run({self._input.name: to_batch([framed], self._input)})
        people = decode(output[0], self._config)
        return bodies_from(people, inverse(matrix), (image_bgr.shape[1], image_bgr.shape[0]))


def letterbox(image_bgr: Image, size_hw: tuple[int, int], pad: int) -> tuple[Image, Matrix]:
    """Shrink or grow a picture into the middle of a rectangle, bars filled with `pad`.

    Sampling and rounding are those the networks were trained with (plain bilinear sampling).
    Returns the rectangle, uint8, and the matrix from the picture to it.
    """
    height, width = image_bgr.shape[:2]
    scale = min(size_hw[0] / height, size_hw[1] / width)
    inner_width, inner_height = max(round(width * scale), 1), max(round(height * scale), 1)
    left = round((size_hw[1] - inner_width) / 2 - EDGE)
    top = round((size_hw[0] - inner_height) / 2 - EDGE)
    framed = np.full((*size_hw, 3), pad, np.uint8)
    framed[top : top + inner_height, left : left + inner_width] = cv2.resize(
        image_bgr, (inner_width, inner_height), interpolation=cv2.INTER_LINEAR
    )
    return framed, np.array([[inner_width / width, 0, left], [0, inner_height / height, top]])


def decode(output: Array, config: Config) -> People:
    """Return the people of either form of output, best first.

    `output` is `DENSE_ROWS` x N, where one person has many boxes in any order, or N x
    `FINAL_COLUMNS`, where the network itself left one for each.
    """
    if output.shape[0] != DENSE_ROWS:
        rows = output[output[:, 4] > config.min_score]
        rows = rows[np.argsort(-rows[:, 4], kind="stable")[: config.max_bodies]]
        return People(rows[:, :4], rows[:, 4], rows[:, 6:].reshape(-1, JOINTS, 3))
    rows = output[:, output[4] > config.min_score].T
    middle, half = rows[:, :2], rows[:, 2:4] / 2
    boxes = np.concatenate([middle - half, middle + half], axis=1)
    best = suppress(boxes, rows[:, 4], config.nms_iou, config.max_bodies)
    return People(boxes[best], rows[best, 4], rows[best, 5:].reshape(-1, JOINTS, 3))


def bodies_from(people: People, to_picture: Matrix, size_px: tuple[int, int]) -> list[Body]:
    """Return people as bodies of the picture, whose size is width, height.

    A joint outside the picture keeps its place and has visibility 0; depth is 0, unknown.
    """
    bodies = []
    for box, score, joints in zip(*people, strict=True):
        corners = transform(box.reshape(2, 2), to_picture).ravel()
        spots = transform(joints[:, :2], to_picture)
        inside = ((spots >= 0) & (spots <= size_px)).all(axis=1)
        seen = np.where(inside, joints[:, 2], 0)
        keypoints = np.column_stack([spots, np.zeros(JOINTS), seen])
        bodies.append(
            Body(
                box_xyxy=clip_box(corners.tolist(), *size_px),
                score=float(score),
                layout=YoloPose.layout,
                keypoints=tuple(map(tuple, keypoints.tolist())),
            )
        )
    return bodies


def build(config: Config, entry: Entry, provider: Provider = "auto") -> YoloPose:
    """Open the net and run it once. Raises what `Net` and `YoloPose` raise."""
    return YoloPose(config, open_net(entry, "pose", provider), entry)
