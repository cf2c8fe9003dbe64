"""opencv_zoo's expression net on aligned faces: seven expressions, no contempt.

Source: opencv/opencv_zoo (Apache-2.0), models/facial_expression_recognition, facial_fer_model.py:
five landmarks brought to the usual places of 112 px faces by a similarity that is fitted from those
places to the picture and then turned round, bilinear samples, black outside, RGB, x / 127.5 - 1.
The output is taken there by its maximum alone; it is read as logits here, as programs that show
its confidence do. The published weights have not been run here: a network of the same signature
stands in for them in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import msgspec
import numpy as np
from pydantic import BaseModel, ConfigDict

from ..stream.messages import Face, Image
from .crop import Matrix, inverse, similarity_matrix, to_batch
from .expression import check_width, columns, in_order, softmax
from .ort import Net, Provider
from .zoo import Entry, open_net


class Config(BaseModel):
    """Nothing to choose."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MobileFaceNet:
    """An `ExpressionModel`."""

    def __init__(self, net: Net, entry: Entry) -> None:
        """Use an opened net and run it once.

        Raises:
            ModelError: a label is none of `EMOTIONS`, or the output has another width.
        """
        self._net = net
        self.providers = net.providers
        self._input = entry.files["expression"].input
        self._places = np.array(entry.framing) * self._input.side_px
        self._columns = columns(entry.labels, entry.name)
        check_width(net, self._input, len(entry.labels), "classes")

    def read(self, image_bgr: Image, faces: Sequence[Face]) -> list[Face]:
        """Return the same faces with `emotions`; a face without its five landmarks stays unread."""
        is_seen = [len(face.landmarks) == len(self._places) for face in faces]
        crops = [
            align(image_bgr, face, self._places, self._input.side_px)
            for face, seen in zip(faces, is_seen, strict=True)
            if seen
        ]
        if not crops:
            return list(faces)
        (outputs,) = self._net.run_batch(to_batch(crops, self._input), (1,))
        read = iter(in_order(softmax(outputs), self._columns))
        return [
            msgspec.structs.replace(face, emotions=next(read)) if seen else face
            for face, seen in zip(faces, is_seen, strict=True)
        ]


def align(image_bgr: Image, face: Face, places_px: Matrix, side_px: int) -> Image:
    """Return the face with its landmarks at `places_px`.

    Pixel centres count as whole numbers here, as in the source.
    """
    to_picture = similarity_matrix(
        [(x, y) for x, y in places_px.tolist()], np.array(face.landmarks)
    )
    crop = cv2.warpAffine(image_bgr, inverse(to_picture), (side_px, side_px))
    return np.asarray(crop, np.uint8)


def build(config: Config, entry: Entry, provider: Provider = "auto") -> MobileFaceNet:
    """Open the net and run it once. Raises what `Net` and `MobileFaceNet` raise."""
    return MobileFaceNet(open_net(entry, "expression", provider), entry)
