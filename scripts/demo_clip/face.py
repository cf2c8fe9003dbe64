"""Pose the face of the NASA portrait: warps of mouth, brows and lids around hand-set landmarks.

Positions are portrait px, x to the right and y down. Every warp maps a position on the posed face
to the position in the picture where its colour comes from, as `cv2.remap` wants it.

Source: `skimage.data.astronaut`, NASA's portrait of Eileen Collins, public domain; the landmarks
were set by hand in that picture.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from .motion import PHOTO, Array, Pose, bell, smooth

Image = NDArray[np.uint8]

SCALE = 3  # the face is posed on an enlarged portrait, so that a lip line can be thinner than a px
FACE_XYXY = (165, 55, 290, 200)
MOUTH_X, MOUTH_HALF_PX, CORNER_Y, LINE_Y = 223.7, 21.5, 140.0, 147.0
LIP_X = (202.2, 207.0, 210.0, 215.0, 220.0, 225.0, 230.0, 235.0, 240.0, 245.2)
LIP_CURVES_Y = (  # outer upper, inner upper, inner lower, outer lower, at LIP_X
    (139.6, 139.6, 139.6, 139.6, 139.7, 140.0, 139.8, 139.8, 139.9, 140.6),
    (139.6, 141.0, 142.0, 143.2, 144.0, 144.1, 144.0, 142.9, 141.0, 140.6),
    (139.6, 144.5, 147.0, 149.5, 150.1, 150.2, 149.5, 147.5, 144.0, 140.6),
    (139.6, 146.6, 150.5, 154.0, 155.5, 155.8, 154.5, 150.5, 146.0, 140.6),
)
CHIN_Y, NECK_Y = 177.0, 192.0
EYES = ((202.3, 97.0, 105.0), (246.5, 100.0, 108.0))  # middle x, upper and lower lid y
EYE_HALF_PX = 12.5
BROW_X = (190.0, 202.0, 213.0, 237.0, 249.0, 262.0)  # outer end, middle, inner end; and back
BROW_Y = (90.5, 88.8, 92.5, 94.5, 92.0, 96.0)
SMILE_MARKS = (  # width of the stroke, its points: what a smile leaves beside the mouth
    (10, ((208, 123), (204, 129), (197, 135), (196, 141))),  # fold from nose to mouth
    (10, ((239, 125), (244, 131), (249, 136), (250, 142))),
    (12, ((190, 119), (201, 120))),  # light on the raised cheek
    (12, ((245, 122), (256, 122))),
    (6, ((199, 145), (204, 152))),  # shade below the mouth's corner
    (6, ((249, 144), (245, 151))),
)


def follow(y: Array, from_y: list[Array], to_y: list[Array]) -> Array:
    """Map each y of the posed face to the picture: curves `to_y` come from curves `from_y`.

    Piecewise linear between the curves, which run from top to bottom; where two of `to_y` meet,
    what lay between them (the teeth of a closed mouth) disappears.
    """
    source = from_y[0] + np.minimum(y - to_y[0], 0.0)
    for k in range(len(to_y) - 1):
        height = np.maximum(to_y[k + 1] - to_y[k], 0.05)
        source = source + np.clip((y - to_y[k]) / height, 0, 1) * (from_y[k + 1] - from_y[k])
    return np.asarray(source + np.maximum(y - to_y[-1], 0.0), np.float32)


def move_brows(x: Array, y: Array, pose: Pose) -> tuple[Array, Array]:
    """Map positions on the posed face to the picture, for the brows."""
    raised = (0.0, pose.brow_outer, pose.brow_inner, pose.brow_inner, pose.brow_outer, 0.0)
    ends = (BROW_X[0] - 14.0, BROW_X[0], BROW_X[2], BROW_X[3], BROW_X[5], BROW_X[5] + 14.0)
    lift = cv2.GaussianBlur(np.interp(x, ends, raised), (0, 0), 3.5 * SCALE)
    brow = cv2.GaussianBlur(np.interp(x, BROW_X, BROW_Y), (0, 0), 2.0 * SCALE)
    hair, lid = brow - 15.0, brow + 9.5
    source_y = follow(y, [hair, brow, lid], [hair, brow - lift, lid])
    inwards = np.interp(x, BROW_X, (0.0, 0.4, 1.0, -1.0, -0.4, 0.0))
    pinch = pose.brow_pinch * inwards * bell(y - brow, 8.0)
    return np.asarray(x - pinch, np.float32), source_y


def move_eyes(x: Array, y: Array, pose: Pose) -> Array:
    """Map y on the posed face to the picture, for the lids."""
    for middle_x, upper_y, lower_y in EYES:
        weight = bell((x - middle_x) / EYE_HALF_PX, 1.15)
        upper = (lower_y - upper_y) * (1.0 - pose.eye_open) * 0.85 * weight
        lower = (lower_y - upper_y) * (pose.eye_open - 1.0) * 0.15 * weight
        base = [np.full_like(x, v) for v in (upper_y - 7, upper_y, lower_y, lower_y + 9)]
        y = follow(y, base, [base[0], base[1] + upper, base[2] + lower, base[3]])
    return y


def mouth_curves(x: Array, pose: Pose) -> tuple[list[Array], list[Array]]:
    """Give the curves from nose to neck in the picture and on the posed face, at picture x."""
    t = (x - MOUTH_X) / MOUTH_HALF_PX
    arch = 1.0 - np.clip(t, -1.0, 1.0) ** 2
    beside = bell(np.maximum(np.abs(t) - 1.0, 0.0), 0.55)
    shape = np.minimum(pose.half_open / PHOTO.half_open, 1.0)
    from_y = [np.interp(x, LIP_X, curve).astype(np.float32) for curve in LIP_CURVES_Y]
    to_y = []
    for k, curve in enumerate(from_y):
        ideal = [lip_offset(p, k) * arch ** (1.0 - 0.25 * p.hollow) for p in (PHOTO, pose)]
        photo_y = CORNER_Y * (1.0 - arch) + LINE_Y * arch + ideal[0]
        moved = ideal[1] - ideal[0] + pose.corner_drop * (1.0 - arch)
        moved += (1.0 - shape) * (photo_y - curve)
        to_y.append(curve + moved * beside)
    nose = 133.5 - 12.0 * smooth((np.abs(t) - 0.35) / 0.8)
    jaw = pose.jaw_drop * bell(t, 1.6)
    chin, neck = np.full_like(x, CHIN_Y), np.full_like(x, NECK_Y)
    return [nose, *from_y, chin, neck], [nose, *to_y, chin + jaw, neck]


def lip_offset(pose: Pose, curve: int) -> float:
    """Give how far below the photo's lip line one of the four lip curves lies in the middle."""
    upper, lower = pose.line_drop - pose.half_open, pose.line_drop + pose.half_open
    return (upper - pose.upper_lip, upper, lower, lower + pose.lower_lip)[curve]


def narrow_mouth(x: Array, y: Array, pose: Pose) -> Array:
    """Map x on the posed face to the picture: the mouth's corners go out or in."""
    out = pose.corner_out
    corners = np.array([-MOUTH_HALF_PX - out, MOUTH_HALF_PX + out])
    shift = np.interp(x - MOUTH_X, [-44.0, *corners, 44.0], [0.0, out, -out, 0.0])
    weight = bell(np.maximum(np.abs(y - 147.0) - 8.0, 0.0), 14.0)
    blurred = cv2.GaussianBlur((shift * weight).astype(np.float32), (0, 0), 2.0 * SCALE)
    return np.asarray(x + blurred)


def paint_mouth(face: Array, x: Array, y: Array, pose: Pose) -> Array:
    """Shade the line of closed lips and the inside of a wide open mouth."""
    _, to_y = mouth_curves(x, pose)
    upper, lower = to_y[2], to_y[3]
    inside = np.abs((x - MOUTH_X) / MOUTH_HALF_PX)
    closed = 1.0 - smooth(pose.half_open / 1.5)
    line = 0.62 * closed * bell(y - (upper + lower) / 2, 1.1) * (1 - smooth((inside - 0.8) / 0.25))
    gap = smooth((y - upper) / 2.0 + 0.2) * smooth((lower - y) / 1.6 + 0.3)
    hollow = pose.hollow * gap * (lower - upper > 0.3) * (1 - smooth((inside - 0.9) / 0.1))
    shade = np.clip(np.maximum(line, 0.93 * hollow), 0, 1)[..., None]
    return np.asarray(face * (1 - shade) + np.array([30, 30, 66], np.float32) * shade, np.float32)


def paint_creases(face: Array, x: Array, y: Array, pose: Pose) -> Array:
    """Shade the two lines between the brows and the two from the nose to the mouth."""
    furrow = (bell(x - 219.5, 2.0) + bell(x - 230.5, 2.0)) * bell(y - 94.5, 5.0)
    nasal = np.zeros_like(x)
    for top_x, lean in ((209.0, -0.75), (238.0, 0.75)):
        nasal += bell(x - top_x - lean * (y - 124.0), 2.2) * bell(y - 130.0, 7.0)
    shade = np.clip(pose.furrow * furrow + pose.sneer * nasal, 0, 2)[..., None]
    return np.asarray(face * (1.0 - shade * np.array([0.3, 0.24, 0.16])), np.float32)


class Portrait:
    """The enlarged picture, and what to add to it to erase the marks of the smile."""

    def __init__(self) -> None:
        """Read the picture that scikit-image carries."""
        picture_bgr = np.ascontiguousarray(data.astronaut()[..., ::-1])
        size = (picture_bgr.shape[1] * SCALE, picture_bgr.shape[0] * SCALE)
        # not cv2.resize: pixel n of the picture must become exactly pixel n * SCALE
        grid_x, grid_y = np.meshgrid(*(np.arange(n, dtype=np.float32) / SCALE for n in size))
        self.image_bgr = cv2.remap(
            picture_bgr, grid_x, grid_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        )
        mask = np.zeros(self.image_bgr.shape[:2], np.uint8)
        for width_px, points in SMILE_MARKS:
            stroke = np.array(points, np.int32) * SCALE
            cv2.polylines(mask, [stroke], False, 255, width_px * SCALE)
        filled = cv2.inpaint(self.image_bgr, mask, SCALE, cv2.INPAINT_TELEA)
        filled = cv2.GaussianBlur(filled, (0, 0), 3.0 * SCALE)
        weight = cv2.GaussianBlur(mask, (0, 0), 2.0 * SCALE)[..., None].astype(np.float32) / 255
        self.smile_erasure_bgr = weight * (filled.astype(np.float32) - self.image_bgr)

    def posed(self, pose: Pose) -> Image:
        """Give the enlarged picture (H, W, 3) with its face in this pose."""
        x0, y0, x1, y1 = (v * SCALE for v in FACE_XYXY)
        y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32) / SCALE
        inner_x, inner_y = move_brows(x, move_eyes(x, y, pose), pose)
        mouth_x = narrow_mouth(inner_x, inner_y, pose)
        source_y = follow(inner_y, *mouth_curves(mouth_x, pose))
        picture = self.image_bgr[y0:y1, x0:x1].astype(np.float32)
        picture += (1.0 - pose.smile_marks) * self.smile_erasure_bgr[y0:y1, x0:x1]
        at_x, at_y = mouth_x * SCALE - x0, source_y * SCALE - y0
        face = cv2.remap(picture, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        face = paint_creases(paint_mouth(face, mouth_x, inner_y, pose), inner_x, inner_y, pose)
        edge = face_edge(x, y)[..., None]
        whole = self.image_bgr.copy()
        box = whole[y0:y1, x0:x1]
        box[:] = np.clip(box * (1 - edge) + face * edge + 0.5, 0, 255).astype(np.uint8)
        return np.asarray(whole)


def face_edge(x: Array, y: Array) -> Array:
    """Give 1 inside the face's box, falling to 0 on its border."""
    x0, y0, x1, y1 = FACE_XYXY
    inside = np.minimum(np.minimum(x - x0, x1 - x), np.minimum(y - y0, y1 - y))
    return smooth(inside / 8.0)
