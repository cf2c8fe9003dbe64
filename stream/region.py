"""The region of interest: a frame is cut before it is looked at, results are moved back. Pure."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np

from ..models.base import Vision
from ..models.camera_motion import people_boxes, thumb
from .cameras import Region
from .messages import Body, Face, Frame, Observation, stamp_of


def see_region(
    vision: Vision, frame: Frame, earlier: Observation | None, region: Region
) -> Observation:
    """Return what is in a region of the frame, everything in px of the whole frame.

    A region that lies outside the picture gives an invalid observation.
    """
    height, width = frame.image_bgr.shape[:2]
    left, top, right, bottom = region_px(region, width, height)
    if left >= right or top >= bottom:
        reason = f"the region of interest lies outside the picture of {width} x {height} px"
        return nothing(frame, reason)
    part = np.ascontiguousarray(frame.image_bgr[top:bottom, left:right])
    part.setflags(write=False)
    if earlier is not None:
        is_same = (earlier.width_px, earlier.height_px) == (width, height)
        size = (right - left, bottom - top) if is_same else (0, 0)
        earlier = moved(earlier, -left, -top, *size)
    seen = moved(vision.see(replace(frame, image_bgr=part), earlier), left, top, width, height)
    if seen.thumb is None:
        return seen
    people = people_boxes(seen.faces or (), seen.bodies or ())
    # The camera's motion is told by the whole picture.
    return msgspec.structs.replace(seen, thumb=thumb(frame.image_bgr, people))


def region_px(region: Region, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    """Return x1, y1, x2, y2 in whole px of a picture of this size, cut to it."""
    left, top, right, bottom = region
    if max(region) <= 1:
        left, right = left * width_px, right * width_px
        top, bottom = top * height_px, bottom * height_px
    return round(left), round(top), min(round(right), width_px), min(round(bottom), height_px)


def moved(seen: Observation, dx: float, dy: float, width_px: int, height_px: int) -> Observation:
    """Return an observation shifted by dx, dy px, in a picture of the given size."""
    faces = None if seen.faces is None else tuple(_face(one, dx, dy) for one in seen.faces)
    bodies = None if seen.bodies is None else tuple(_body(one, dx, dy) for one in seen.bodies)
    return msgspec.structs.replace(
        seen, faces=faces, bodies=bodies, width_px=width_px, height_px=height_px
    )


def nothing(frame: Frame, reason: str) -> Observation:
    """Return the observation of a frame that could not be looked at."""
    height, width = frame.image_bgr.shape[:2]
    return Observation(
        **stamp_of(frame),
        width_px=width,
        height_px=height,
        valid=False,
        reason=reason,
    )


def _face(face: Face, dx: float, dy: float) -> Face:
    x1, y1, x2, y2 = face.box_xyxy
    return msgspec.structs.replace(
        face,
        box_xyxy=(x1 + dx, y1 + dy, x2 + dx, y2 + dy),
        landmarks=tuple((x + dx, y + dy) for x, y in face.landmarks),
        mesh=_mesh(face.mesh, dx, dy),
    )


def _mesh(packed: bytes, dx: float, dy: float) -> bytes:
    points = np.frombuffer(packed, "<i2").reshape(-1, 2) + np.array([4 * dx, 4 * dy])
    moved: bytes = np.rint(points).clip(-32768, 32767).astype("<i2").tobytes()
    return moved


def _body(body: Body, dx: float, dy: float) -> Body:
    x1, y1, x2, y2 = body.box_xyxy
    follow = body.next_region
    return msgspec.structs.replace(
        body,
        box_xyxy=(x1 + dx, y1 + dy, x2 + dx, y2 + dy),
        keypoints=tuple((x + dx, y + dy, z, v) for x, y, z, v in body.keypoints),
        next_region=follow and (follow[0] + dx, follow[1] + dy, *follow[2:]),
    )
