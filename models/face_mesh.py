"""Face mesh: 468 points in three dimensions, whether it is a face at all, and the head's pose.

Source: Kartynnik et al. 2019, arXiv 1907.06724; region and scales from MediaPipe's graph
face_landmark_front_cpu, point numbers from its face mesh map (Apache-2.0).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..stream.messages import Face, Image
from .crop import Array, Matrix, Region, clip_box, inverse, region_matrix, to_batch, transform, warp
from .ort import Net, Provider
from .zoo import Entry, open_net

REGION_SCALE = 1.5
"""Side of the region over the longer side of the detector's box."""
POINTS = 468
FIVE_POINTS = ((33, 133, 159, 145), (362, 263, 386, 374), (1,), (61,), (291,))
"""Mesh points whose means are the five landmarks: corners and lids of the eye at the left of the
picture, of the eye at its right, nose tip, mouth corners."""
LEFT_SIDE = (33, 133, 61, 234, 127, 58, 50)
RIGHT_SIDE = (263, 362, 291, 454, 356, 288, 280)
"""Pairs of mirrored points: eye corners, mouth corner, cheek, temple, jaw, cheekbone."""
FOREHEAD, CHIN = 10, 152
MIN_SIDE_PX = 4.0


def _rows(*rows: Mapping[int, float]) -> Matrix:
    """Return weights of mesh points as a matrix, rows x 468."""
    weights = np.zeros((len(rows), POINTS))
    for weight, row in zip(weights, rows, strict=True):
        weight[list(row)] = list(row.values())
    return weights


FIVE_WEIGHTS = _rows(*({point: 1 / len(group) for point in group} for group in FIVE_POINTS))
AXIS_WEIGHTS = _rows(
    dict.fromkeys(RIGHT_SIDE, 1.0) | dict.fromkeys(LEFT_SIDE, -1.0), {CHIN: 1.0, FOREHEAD: -1.0}
)
"""Times the mesh: the directions across the face and down it."""

EYES = ((33, 133), (263, 362))
"""Corners of the two eyes; the distance of their middles is the unit of `MESH_MEASURES`."""
LENGTHS = (
    *(((13,), (14,)), ((61,), (291,)), ((2,), (0,))),
    *(((159,), (145,)), ((386,), (374,)), ((55, 107), (285, 336))),
)
"""From the middle of points to the middle of others: inner edges of the lips, mouth corners, base
of the nose and upper lip, lids of either eye, inner ends of the brows."""
HEIGHTS = (
    ((61, 291), (13, 14)),
    ((55, 107, 285, 336), (133, 362)),
    ((46, 70, 276, 300), (33, 263)),
)
"""How much higher the first lie than the second, along the head: mouth corners over the middle of
the mouth, inner ends of the brows over inner corners of the eyes, outer ends over outer corners."""


def _apart(start: Sequence[int], end: Sequence[int]) -> dict[int, float]:
    return dict.fromkeys(start, -1 / len(start)) | dict.fromkeys(end, 1 / len(end))


MEASURE_WEIGHTS = _rows(*(_apart(*ends) for ends in (EYES, *LENGTHS, *HEIGHTS)))


class Config(BaseModel):
    """What counts as a face."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_presence: float = Field(0.9, ge=0, le=1, description="the mesh's own belief in the face")


class Mesh:
    """A `FaceMesh`.

    Faces are run one by one: on a CPU a batch is no faster (4 faces: 12.8 ms apart, 16.6 ms as
    one batch, one thread of an Intel Xeon Processor, model 167).
    """

    def __init__(self, config: Config, net: Net, entry: Entry) -> None:
        """Use an opened net."""
        self._config = config
        self._net = net
        self.providers = net.providers
        self._input = entry.files["mesh"].input

    def measure(self, image_bgr: Image, faces: Sequence[Face]) -> list[Face]:
        """Return the faces that are present, in the same order.

        Sets the box (around the mesh), landmarks, presence, head pose and measures.
        """
        side = self._input.side_px
        measured = []
        for face in faces:
            region = face_region(face)
            if region is None:
                continue
            matrix = region_matrix(region, side)
            crop = warp(image_bgr, matrix, side, self._input.pad)
            batch_nchw = to_batch([crop], self._input)
            points, logit = self._net.run({self._input.name: batch_nchw})
            presence = 1 / (1 + math.exp(-float(np.clip(logit.item(), -50, 50))))
            if presence >= self._config.min_presence:
                mesh = to_picture(points.reshape(-1, 3), matrix)
                measured.append(with_mesh(face, mesh, presence, image_bgr.shape[1::-1]))
        return measured


def face_region(face: Face) -> Region | None:
    """Return the square around a face whose eyes lie level in it; None for a box of no size."""
    x1, y1, x2, y2 = face.box_xyxy
    side = max(x2 - x1, y2 - y1) * REGION_SCALE
    if side < MIN_SIDE_PX:
        return None
    rotation = 0.0
    if face.landmarks:
        (left_x, left_y), (right_x, right_y) = face.landmarks[:2]
        rotation = math.atan2(right_y - left_y, right_x - left_x)
    return (x1 + x2) / 2, (y1 + y2) / 2, side, rotation


def to_picture(points_px: Array, matrix: Matrix) -> Matrix:
    """Return mesh points (N x 3, px of the crop) in px of the picture, depth scaled alike."""
    back = inverse(matrix)
    scale = math.hypot(back[0, 0], back[1, 0])
    mesh = np.empty(points_px.shape)
    mesh[:, :2] = transform(points_px[:, :2], back)
    mesh[:, 2] = points_px[:, 2] * scale
    return mesh


def with_mesh(face: Face, mesh: Matrix, presence: float, size_px: tuple[int, int]) -> Face:
    """Return the face as the mesh (468 x 3, px of the picture) has it."""
    x, y = mesh[:, 0], mesh[:, 1]
    across, down = head_axes(mesh)
    return msgspec.structs.replace(
        face,
        box_xyxy=clip_box((x.min(), y.min(), x.max(), y.max()), *size_px),
        landmarks=tuple(map(tuple, (FIVE_WEIGHTS @ mesh[:, :2]).tolist())),
        presence=presence,
        head_pose_deg=head_pose(across, down),
        mesh=packed(mesh[:, :2]),
        mesh_measures=mesh_measures(mesh, down),
    )


def packed(points_px: Matrix) -> bytes:
    """Return points (N x 2, px) as `Face.mesh` holds them; 8191 px is as far as it reaches."""
    return np.rint(points_px * 4).clip(-32768, 32767).astype("<i2").tobytes()


def head_pose(across: Matrix, down: Matrix) -> tuple[float, float, float]:
    """Return yaw, pitch, roll in degrees of the axes that `head_axes` gives.

    Yaw is positive when the face turns to the right of the picture, pitch when it looks up, roll
    when the head leans clockwise in the picture; a face that looks into the camera has 0, 0, 0.
    The head's axes are read off the mesh: across by seven mirrored pairs of points, down by
    forehead and chin, which lie equally deep in a level head; the rest of `down` along `across` is
    taken out. The order of turns is pitch, then yaw, then roll.

    Mesh depth is that of a camera far away, so a close face off the middle of the picture reads
    as turned by its viewing angle. Zero pitch is a matter of definition: 367 faces of FER+ had a
    median of -8 (10-90 %: -22 to 4), of yaw and roll 0.
    """
    across_x, across_y, across_z = across.tolist()
    down_x, down_y, down_z = down.tolist()
    inward_z = across_x * down_y - across_y * down_x
    yaw = math.asin(min(max(across_z, -1.0), 1.0))
    pitch = -math.atan2(down_z, inward_z)
    roll = math.atan2(across_y, across_x)
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)


def head_axes(mesh: Matrix) -> tuple[Matrix, Matrix]:
    """Return the unit vector across the face, and one of any length down it, at right angles."""
    across, down = AXIS_WEIGHTS @ mesh
    across /= max(math.hypot(*across), 1e-9)
    return across, down - (down @ across) * across


def mesh_measures(mesh: Matrix, down: Matrix) -> tuple[float, ...]:
    """Return `MESH_MEASURES`, in distances between the eyes; `down` is that of `head_axes`.

    They are measured in three dimensions and along the head's own axes, so that place, size and
    pose do not count, as far as the mesh's depth is right.

    Source: Ekman and Friesen 1978, Facial Action Coding System, for what moves: lips apart (action
    units 25-27), lips wide or narrow (20, 18), corners up or down (12, 15), upper lip (10), lids
    (5, 7, 43), brows (1, 2, 4). Point numbers: MediaPipe's canonical face model (Apache-2.0).
    """
    ends = MEASURE_WEIGHTS @ mesh
    eyes, opened, wide, lip, left, right, gap = (math.hypot(*end) for end in ends[:-3].tolist())
    lift, inner, outer = (ends[-3:] @ down / max(math.hypot(*down), 1e-9)).tolist()
    measures = (opened, wide, lift, lip, (left + right) / 2, inner, outer, gap)
    return tuple(value / max(eyes, 1e-9) for value in measures)


def build(config: Config, entry: Entry, provider: Provider = "auto") -> Mesh:
    """Open the net and run it once. Raises what `Net` raises."""
    net = open_net(entry, "mesh", provider)
    net.warm_up()
    return Mesh(config, net, entry)
