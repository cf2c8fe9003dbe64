"""Cut from a picture what each network expects, with the detectors' best find.

Only for checking the conversion: no thresholds, one face and one body per picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .catalogue import BLAZEFACE, BLAZEPOSE_DETECTOR, FACE_MESH, Entry
from .errors import ConversionError
from .graph import INPUT_NAME

Image = NDArray[np.uint8]
Points = NDArray[np.float32]


def tensor_nhwc(crop_rgb: Image, entry: Entry) -> NDArray[np.float32]:
    """Return the crop as a batch of one in the network's scale."""
    return (crop_rgb[None] / np.float32(entry.divisor) - np.float32(entry.shift)).astype(np.float32)


def read_picture_rgb(path: Path) -> Image:
    """Return the picture in a file.

    Raises:
        ConversionError: the file is missing or no picture.
    """
    picture_bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture_bgr is None:
        raise ConversionError(f"{path} is not a picture")
    return np.asarray(cv2.cvtColor(picture_bgr, cv2.COLOR_BGR2RGB), np.uint8)


def letterbox(picture_rgb: Image, side_px: int) -> Image:
    """Return the picture in the top left of a black square, its sides kept in proportion."""
    height, width = picture_rgb.shape[:2]
    ratio = side_px / max(height, width)
    size = (round(width * ratio), round(height * ratio))
    square = np.zeros((side_px, side_px, 3), np.uint8)
    square[: size[1], : size[0]] = cv2.resize(picture_rgb, size, interpolation=cv2.INTER_AREA)
    return square


def turned_square(
    picture_rgb: Image, centre_px: Points, half_x_axis_px: Points, side_px: int
) -> Image:
    """Return the square around `centre_px` whose own x axis is `half_x_axis_px`."""
    x_axis = half_x_axis_px
    y_axis = np.array([-x_axis[1], x_axis[0]], np.float32)
    source = np.array([centre_px, centre_px + x_axis, centre_px + y_axis], np.float32)
    half = side_px / 2
    target = np.array([[half, half], [side_px, half], [half, side_px]], np.float32)
    matrix = cv2.getAffineTransform(source, target)
    return np.asarray(cv2.warpAffine(picture_rgb, matrix, (side_px, side_px)), np.uint8)


def blazepose_centres() -> NDArray[np.float32]:
    """Return the anchors' centres, 2254 x 2, in units of the input's side."""
    grids = []
    for cells, repeats in ((28, 2), (14, 2), (7, 6)):
        rows, columns = np.mgrid[0:cells, 0:cells]
        centres = (np.stack([columns, rows], axis=-1).reshape(-1, 2) + 0.5) / cells
        grids.append(np.repeat(centres, repeats, axis=0))
    return np.concatenate(grids).astype(np.float32)


def blazeface_centres() -> NDArray[np.float32]:
    """Return the anchors' centres, 2304 x 2, in units of the input's side."""
    rows, columns = np.mgrid[0:48, 0:48]
    centres = (np.stack([columns, rows], axis=-1).reshape(-1, 2) + 0.5) / 48
    return centres.astype(np.float32)


class Finder:
    """Finds the best face and the best body of a picture with the converted detectors."""

    def __init__(self, models: dict[str, bytes]) -> None:
        """Open the detectors; `models` holds ONNX files by catalogue name."""
        self._sessions = {
            entry.name: onnxruntime.InferenceSession(
                models[entry.name], providers=["CPUExecutionProvider"]
            )
            for entry in (BLAZEFACE, BLAZEPOSE_DETECTOR)
        }

    def crop(self, picture_rgb: Image, entry: Entry, side_px: int) -> Image:
        """Return the part of the picture that `entry` expects, as a square of `side_px`."""
        if entry.crop == "letterbox":
            return letterbox(picture_rgb, side_px)
        if entry is FACE_MESH:
            box, points = self._best(picture_rgb, BLAZEFACE, blazeface_centres())
            eye_axis = points[1] - points[0]
            half_px = 0.75 * max(box[2:])
            x_axis = eye_axis / np.linalg.norm(eye_axis) * half_px
            return turned_square(picture_rgb, box[:2], x_axis, side_px)
        _, points = self._best(picture_rgb, BLAZEPOSE_DETECTOR, blazepose_centres())
        up = (points[1] - points[0]) * 1.25
        return turned_square(picture_rgb, points[0], np.array([-up[1], up[0]]), side_px)

    def _best(self, picture_rgb: Image, entry: Entry, centres: Points) -> tuple[Points, Points]:
        """Return box (centre, size) and points of the best find, in the picture's pixels."""
        session: Any = self._sessions[entry.name]
        side_px = session.get_inputs()[0].shape[2]
        image = tensor_nhwc(letterbox(picture_rgb, side_px), entry).transpose(0, 3, 1, 2)
        regressors, scores = session.run(["regressors", "scores"], {INPUT_NAME: image})
        best = int(scores[0, :, 0].argmax())
        pairs = regressors[0, best].reshape(-1, 2).copy()
        pairs[[0, *range(2, len(pairs))]] += centres[best] * side_px
        pairs *= max(picture_rgb.shape[:2]) / side_px
        return pairs[:2].reshape(-1), pairs[2:]
