"""BlazeFace, full range: finds faces up to five metres away.

Source: Bazarevsky et al. 2019, arXiv 1907.05047; numbers from MediaPipe's graph
face_detection_full_range (Apache-2.0).
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ..stream.messages import Face, Image, Point
from .crop import Matrix, clip_box, inverse, letterbox, to_batch, transform
from .ort import Net, Provider
from .ssd import Found, decode, grid, weighted_nms
from .zoo import Entry, open_net

ANCHORS = grid([(48, 1)])
"""One anchor in the middle of each of 48 x 48 cells; units of the input's side."""
LEFT_EYE, RIGHT_EYE, NOSE, MOUTH = range(4)
"""The first four of six keypoints, left and right of the picture; the others are the ears."""
HALF_MOUTH = 0.40
"""Half of a mouth's width over the distance of the eyes. Source: medians over FER+ pictures."""


class Config(BaseModel):
    """What counts as a face."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_score: float = Field(0.6, ge=0, le=1, description="detector score a face must reach")
    max_faces: int = Field(16, ge=1, description="most faces in a frame, best first")
    nms_iou: float = Field(0.3, gt=0, lt=1, description="overlap that makes two boxes one face")


class BlazeFace:
    """A `FaceDetector`."""

    def __init__(self, config: Config, net: Net, entry: Entry) -> None:
        """Use an opened net."""
        self._config = config
        self._net = net
        self.providers = net.providers
        self._input = entry.files["detector"].input

    def detect(self, image_bgr: Image) -> list[Face]:
        """Return faces, best first: box in px, score, and the landmarks the net has."""
        square, matrix = letterbox(image_bgr, self._input.side_px, self._input.pad)
        batch_nchw = to_batch([square], self._input)
        regressors, logits = self._net.run({self._input.name: batch_nchw})
        found = decode(
            regressors[0], logits[0], ANCHORS, self._input.side_px, self._config.min_score
        )
        best = weighted_nms(found, self._config.nms_iou)
        height, width = image_bgr.shape[:2]
        return faces_from(best, inverse(matrix), width, height)[: self._config.max_faces]


def faces_from(found: Found, to_picture: Matrix, width_px: int, height_px: int) -> list[Face]:
    """Return what was found in the network's input as faces of the picture."""
    faces = []
    for box, points, score in zip(found.boxes, found.points, found.scores, strict=True):
        corners = transform(box.reshape(2, 2), to_picture).ravel()
        faces.append(
            Face(
                box_xyxy=clip_box(corners.tolist(), width_px, height_px),
                score=float(score),
                landmarks=five_landmarks(transform(points, to_picture)),
            )
        )
    return faces


def five_landmarks(points: Matrix) -> tuple[Point, ...]:
    """Return eyes, nose tip and mouth corners from the net's keypoints (6 x 2).

    The net knows only the middle of the mouth: its corners are put beside it, along the line of
    the eyes.
    """
    eyes = points[RIGHT_EYE] - points[LEFT_EYE]
    corners = [points[MOUTH] - HALF_MOUTH * eyes, points[MOUTH] + HALF_MOUTH * eyes]
    five = [points[LEFT_EYE], points[RIGHT_EYE], points[NOSE], *corners]
    return tuple((float(x), float(y)) for x, y in five)


def build(config: Config, entry: Entry, provider: Provider = "auto") -> BlazeFace:
    """Open the net and run it once. Raises what `Net` raises."""
    net = open_net(entry, "detector", provider)
    net.warm_up()
    return BlazeFace(config, net, entry)
