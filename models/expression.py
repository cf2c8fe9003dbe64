"""Expression nets on aligned faces: eight probabilities per face.

The manifest says how a face is framed, and which output is which emotion.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from pydantic import BaseModel, ConfigDict

from ..stream.errors import ModelError
from ..stream.messages import EMOTIONS, Face, Image
from .crop import Array, Input, Matrix, similarity_matrix, to_batch, warp
from .ort import Net, Provider
from .zoo import Entry, open_net

BATCH_SIZES = (1, 2, 4, 8)
OVERSAMPLING = 4
"""The most samples per axis that are averaged into one pixel of the small crop."""
BOX_SIDE = 0.97
"""Side of the picture over the longer side of the face's box, for a face without landmarks.
Source: measured on FER+ pictures with YuNet's boxes."""

SUM_ERROR = 0.01
"""Rows of probabilities sum to 1 within this. Our choice: 8-bit networks round."""


class Config(BaseModel):
    """Nothing to choose."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Expression:
    """An `ExpressionModel`.

    A network that ends in logits, as most do that were trained in PyTorch, gets its softmax here.
    """

    def __init__(self, net: Net, entry: Entry) -> None:
        """Use an opened net, run once to learn whether it gives probabilities or logits.

        Raises:
            ModelError: a label of the manifest is none of `EMOTIONS`.
        """
        self._net = net
        self.providers = net.providers
        self._input = entry.files["expression"].input
        self._framing = np.array(entry.framing) * self._input.side_px
        self._columns = columns(entry.labels, entry.name)
        self._ends_in_logits = not are_probabilities(self._answer([_noise(self._input.side_px)]))

    def read(self, image_bgr: Image, faces: Sequence[Face]) -> list[Face]:
        """Return the same faces with `emotions`."""
        if not faces:
            return []
        side = self._input.side_px
        crops = [
            warp(
                image_bgr,
                face_matrix(face, self._framing, side),
                side,
                self._input.pad,
                OVERSAMPLING,
            )
            for face in faces
        ]
        outputs = self._answer(crops)
        if self._ends_in_logits:
            outputs = softmax(outputs)
        return [
            msgspec.structs.replace(face, emotions=emotions)
            for face, emotions in zip(faces, in_order(outputs, self._columns), strict=True)
        ]

    def _answer(self, crops: Sequence[Image]) -> Array:
        (outputs,) = self._net.run_batch(to_batch(crops, self._input), BATCH_SIZES)
        return outputs


def _noise(side_px: int) -> Image:
    return np.random.default_rng(0).integers(0, 256, (side_px, side_px, 3), np.uint8)


def are_probabilities(outputs: Array) -> bool:
    """Return whether every row holds nothing below 0 and sums to 1."""
    return bool((outputs >= 0).all() and (abs(outputs.sum(axis=1) - 1) <= SUM_ERROR).all())


def softmax(logits: Array) -> Array:
    """Return rows of probabilities."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def face_matrix(face: Face, framing_px: Matrix, side_px: int) -> Matrix:
    """Return the matrix that frames a face: by its five landmarks, else by its box."""
    if len(face.landmarks) == len(framing_px):
        return similarity_matrix(face.landmarks, framing_px)
    x1, y1, x2, y2 = face.box_xyxy
    scale = side_px / max(BOX_SIDE * max(x2 - x1, y2 - y1), 1.0)
    shift = [side_px / 2 - scale * (x1 + x2) / 2, side_px / 2 - scale * (y1 + y2) / 2]
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])


def columns(labels: Sequence[str], name: str) -> dict[str, int]:
    """Return where each emotion stands in the output of model `name`; some may be absent.

    Raises:
        ModelError: a label is none of `EMOTIONS`, or stands there twice.
    """
    foreign = [label for label in labels if label not in EMOTIONS]
    if foreign or len(set(labels)) != len(labels) or not labels:
        raise ModelError(f"the labels of {name} must be among {', '.join(EMOTIONS)}")
    return {label: position for position, label in enumerate(labels)}


def check_width(net: Net, taken: Input, width: int, meaning: str) -> None:
    """Run a net once on an empty picture. Raises ModelError when its rows have another width."""
    (output,) = net.run_batch(np.zeros((1, *taken.shape[1:]), np.float32), (1,))
    if output.shape != (1, width):
        raise ModelError(
            f"{net.path.name}: the output is {list(output.shape)}, not {width} numbers: {meaning}"
        )


def in_order(outputs: Array, places: dict[str, int]) -> list[tuple[float, ...]]:
    """Return probabilities (N x classes) as tuples in the order of `EMOTIONS` that sum to 1.

    An emotion that the net does not know has 0.
    """
    wide = np.zeros((len(outputs), len(EMOTIONS)))
    for column, emotion in enumerate(EMOTIONS):
        if emotion in places:
            wide[:, column] = outputs[:, places[emotion]]
    wide /= np.maximum(wide.sum(axis=1, keepdims=True), 1e-12)
    return [tuple(row) for row in wide.tolist()]


def build(config: Config, entry: Entry, provider: Provider = "auto") -> Expression:
    """Open the net and run it once at each batch size. Raises what `Net` raises."""
    net = open_net(entry, "expression", provider)
    net.warm_up(BATCH_SIZES)
    return Expression(net, entry)
