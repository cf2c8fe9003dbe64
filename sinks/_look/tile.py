"""One source in the window: its newest picture, what was last measured, and a line of status."""

from __future__ import annotations

import cv2
import msgspec
import numpy as np

from ...stream.messages import Body, Delivery, Face, Frame, Image, Person, Reading, SourceInfo
from .blur import Blur
from .overlay import Overlay
from .palette import FAINT_TEXT_BGR, GROUND_BGR, TEXT_BGR, UNKNOWN_BGR
from .panel import Rate
from .sprites import Type, blend

FADE_FROM_S = 0.4
GONE_S = 1.2
"""What was measured this long before the picture shown starts to fade, and is gone."""
BLIND_S = 0.6
"""With heads covered, the whole picture is covered where the reading is older than this."""
LATE_S = 1.5
"""A camera that gave no picture for so long is said to."""
TOLD_AGE_S = 0.02

Size = tuple[int, int]
"""Width and height in px."""


class Tile:
    """Remembers and draws one source; belongs to one thread."""

    def __init__(self, info: SourceInfo, window_s: float, is_live: bool, veil: Blur) -> None:
        """Start without a picture; `standing` is said where the camera is not there.

        `veil` hides people where that is asked for, or the picture is private.
        """
        self._is_live = is_live
        self.info = info
        self._veil = veil
        self._overlay = Overlay(window_s, veil)
        self._type = Type()
        self._frame: Frame | None = None
        self._reading: Reading | None = None
        self._camera, self._looks = Rate(), Rate()
        self._looked = 0
        self._blank: Image = np.zeros((0, 0, 3), np.uint8)
        self.standing = ""

    @property
    def pixel_size(self) -> Size:
        """The size of the picture, as declared until there is one."""
        if self._frame is None:
            return self.info.width_px or 640, self.info.height_px or 480
        return self._frame.image_bgr.shape[1], self._frame.image_bgr.shape[0]

    def see(self, frame: Frame, now_s: float) -> None:
        """Take the newest picture."""
        self._frame = frame
        self._camera.note(now_s, frame.seq)

    def take(self, message: Delivery, now_s: float) -> None:
        """Take what was measured or told."""
        if isinstance(message, Reading):
            self._reading = message
            self._looked += 1
            self._looks.note(now_s, self._looked)
        else:
            self._overlay.take(message)

    def draw(self, size: Size, *, is_veiled: bool, is_paused: bool, now_s: float) -> Image:
        """Return the source as a picture of that size; `now_s` is of `time.monotonic`."""
        canvas = self._ground(size).copy()
        is_veiled = is_veiled or (self._frame is not None and self._frame.is_private)
        strip_px = strip_height_px(size)
        room = (size[0], max(1, size[1] - strip_px))
        if self._frame is not None:
            picture = self._picture(self._frame, room, is_veiled)
            height, width = picture.shape[:2]
            left, top = (room[0] - width) // 2, (room[1] - height) // 2
            canvas[top : top + height, left : left + width] = picture
        words = "paused" if is_paused else self._state(now_s)
        self._strip(canvas, strip_px, words, is_veiled)
        return canvas

    @property
    def age_s(self) -> float:
        """How much older the newest reading is than the picture; infinite without one."""
        if self._frame is None or self._reading is None:
            return float("inf")
        return max(0.0, (self._frame.t_mono_ns - self._reading.t_mono_ns) / 1e9)

    def _ground(self, size: Size) -> Image:
        """Return an empty tile; kept, since filling it takes longer than all that is drawn."""
        if self._blank.shape != (size[1], size[0], 3):
            self._blank = np.full((size[1], size[0], 3), GROUND_BGR, np.uint8)
        return self._blank

    def _picture(self, frame: Frame, room: Size, is_veiled: bool) -> Image:
        height, width = frame.image_bgr.shape[:2]
        scale = min(room[0] / width, room[1] / height)
        image = frame.image_bgr
        if abs(scale - 1) > 1e-6:
            wanted = (max(1, round(width * scale)), max(1, round(height * scale)))
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            image = cv2.resize(image, wanted, interpolation=way)
        age_s, reading = self.age_s, self._reading
        is_blind = reading is None or not reading.valid or age_s > BLIND_S
        self._overlay.is_veiled = is_veiled and not is_blind
        if is_veiled and is_blind:
            image = self._veil.hide(image, None)
        if reading is None:
            return image
        opacity = (GONE_S - age_s) / (GONE_S - FADE_FROM_S)
        fitted = scaled(reading, image.shape[1] / max(1, reading.width_px))
        return self._overlay.draw(image, fitted, age_s, max(0.0, min(1.0, opacity)))

    def _state(self, now_s: float) -> str:
        if self.standing:
            return self.standing
        if self._frame is None:
            return "waiting for the first picture"
        late_s = now_s - self._frame.t_mono_ns / 1e9
        if self._is_live and late_s > LATE_S:
            return f"no picture for {late_s:.0f} s"
        words = []
        for rate, name in ((self._camera, "pictures"), (self._looks, "readings")):
            per_s = rate.per_s()
            if per_s is not None:
                words.append(f"{name} {per_s:.{0 if per_s >= 10 else 1}f}/s")
        if self.age_s > GONE_S:
            words.append("nothing measured yet" if self._reading is None else "measuring is late")
        elif self.age_s > TOLD_AGE_S:
            words.append(f"boxes {1000 * self.age_s:.0f} ms old")
        return "   ".join(words)

    def _strip(self, canvas: Image, height_px: int, words: str, is_veiled: bool) -> None:
        text_px = round(height_px * 0.56)
        top = canvas.shape[0] - height_px + (height_px - self._type.height_px(text_px)) // 2
        x = text_px // 2
        name = self._type.line(self.info.source_id, text_px, TEXT_BGR)
        blend(canvas, name, x, top)
        right = canvas.shape[1] - text_px // 2
        for text, colour in (("h: keys", UNKNOWN_BGR), ("faces blurred", TEXT_BGR)):
            if text == "faces blurred" and not is_veiled:
                continue
            sprite = self._type.line(text, text_px, colour)
            right -= sprite.width_px
            if right > x + name.width_px + text_px:
                blend(canvas, sprite, right, top)
            right -= text_px
        state = self._type.line(words, text_px, FAINT_TEXT_BGR)
        x += name.width_px + text_px
        if x + state.width_px < right:
            blend(canvas, state, x, top)


def strip_height_px(size: Size) -> int:
    """Return the height of the line of status under a picture of that size."""
    return max(18, min(30, round(size[1] / 24)))


def scaled(reading: Reading, factor: float) -> Reading:
    """Return a reading for a picture of another size."""
    if factor == 1:
        return reading
    replace = msgspec.structs.replace
    people = tuple(
        replace(person, face=_scaled_face(person, factor), body=_scaled_body(person, factor))
        for person in reading.people
    )
    return replace(reading, people=people)


def _scaled_face(person: Person, factor: float) -> Face | None:
    face = person.face
    if face is None:
        return None
    x1, y1, x2, y2 = face.box_xyxy
    box = (x1 * factor, y1 * factor, x2 * factor, y2 * factor)
    return msgspec.structs.replace(face, box_xyxy=box)


def _scaled_body(person: Person, factor: float) -> Body | None:
    body = person.body
    if body is None:
        return None
    x1, y1, x2, y2 = body.box_xyxy
    points = tuple((x * factor, y * factor, z * factor, seen) for x, y, z, seen in body.keypoints)
    box = (x1 * factor, y1 * factor, x2 * factor, y2 * factor)
    return msgspec.structs.replace(body, box_xyxy=box, keypoints=points)
