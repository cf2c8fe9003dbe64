"""EmotiEffLib's multi-task nets: eight expressions, valence and arousal of a face.

Source: sb-ai-lab/EmotiEffLib (Apache-2.0), emotiefflib/facial_analysis.py: the face's box, cut out
without a margin and stretched to a square (bilinear), RGB, normalised; the outputs are the classes
(softmax gives probabilities), then valence, then arousal. Savchenko 2023, PMLR 202. The published
weights have not been run here: a network of the same signature stands in for them in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import msgspec
import numpy as np
from pydantic import BaseModel, ConfigDict

from ..stream.messages import Face, Image
from .crop import clip_box, to_batch
from .expression import check_width, columns, in_order, softmax
from .ort import Net, Provider
from .zoo import Entry, open_net

VALENCE, AROUSAL = -2, -1
"""Where they stand in the output."""


class Config(BaseModel):
    """Nothing to choose."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EmotiEff:
    """An `ExpressionModel` that also sets valence and arousal, clipped to [-1, 1]."""

    def __init__(self, net: Net, entry: Entry) -> None:
        """Use an opened net and run it once.

        Raises:
            ModelError: a label is none of `EMOTIONS`, or the output has another width.
        """
        self._net = net
        self.providers = net.providers
        self._input = entry.files["expression"].input
        self._columns = columns(entry.labels, entry.name)
        check_width(net, self._input, len(entry.labels) + 2, "classes, valence and arousal")

    def read(self, image_bgr: Image, faces: Sequence[Face]) -> list[Face]:
        """Return the same faces with `emotions`, `valence`, `arousal`; empty boxes stay unread."""
        crops = [cut(image_bgr, face, self._input.side_px) for face in faces]
        seen = [crop for crop in crops if crop is not None]
        if not seen:
            return list(faces)
        (outputs,) = self._net.run_batch(to_batch(seen, self._input), (1,))
        read = iter(
            zip(
                in_order(softmax(outputs[:, :VALENCE]), self._columns),
                np.clip(outputs[:, VALENCE:], -1, 1).tolist(),
                strict=True,
            )
        )
        return [
            face if crop is None else _with(face, *next(read))
            for face, crop in zip(faces, crops, strict=True)
        ]


def cut(image_bgr: Image, face: Face, side_px: int) -> Image | None:
    """Return a face's box stretched to a square; None for a box without a pixel in the picture."""
    height, width = image_bgr.shape[:2]
    x1, y1, x2, y2 = map(int, clip_box(face.box_xyxy, width, height))
    if x2 <= x1 or y2 <= y1:
        return None
    return np.asarray(cv2.resize(image_bgr[y1:y2, x1:x2], (side_px, side_px)), np.uint8)


def _with(face: Face, emotions: tuple[float, ...], affect: Sequence[float]) -> Face:
    valence, arousal = affect
    return msgspec.structs.replace(face, emotions=emotions, valence=valence, arousal=arousal)


def build(config: Config, entry: Entry, provider: Provider = "auto") -> EmotiEff:
    """Open the net and run it once. Raises what `Net` and `EmotiEff` raise."""
    return EmotiEff(open_net(entry, "expression", provider), entry)
