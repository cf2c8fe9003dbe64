"""Frames of a video with what was measured drawn on them, as the video sink draws it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from ...models.base import COCO17_IN
from ...sinks._look.cards import Cards
from ...sinks._look.figures import BONES, VISIBLE, draw_figure
from ...sinks._look.hold import Hold
from ...sinks._look.overlay import Overlay
from ...sinks._look.palette import SHADOW_BGR, TEXT_BGR
from ...sinks._look.places import Rect
from ...sinks._look.sprites import Type, text_size_px
from ...sinks.video import Config as VideoConfig
from ...sinks.video import VideoFile
from ...stream.errors import IncompleteError
from ...stream.messages import Image, Narration, Person, Reading
from ...stream.sources.video import Config as SourceConfig
from ...stream.sources.video import Video
from ...stream.window import SlidingWindow
from ..files import whole
from ..pictures import Pictures

JPEG_QUALITY = 88
WIDEST_PX = 960
"""Frames for pages and pictures are made smaller than this; the film is not."""


def source_of(path: Path, video_id: str) -> Video | Pictures:
    """Open a video, or a folder of numbered pictures. Raises: SourceError."""
    if path.is_dir():
        return Pictures(path, video_id)
    return Video(SourceConfig(path=path), video_id)


def pictures_at(path: Path, wanted: Collection[int]) -> Iterator[tuple[int, Image]]:
    """Yield the wanted frames by number, in order, those that can be decoded."""
    source = source_of(path, "video")
    left = set(wanted)
    with contextlib.suppress(IncompleteError):
        for seq, picture in enumerate(source.pictures()):
            if seq in left:
                yield seq, picture.image_bgr
                left.discard(seq)
            if not left:
                source.interrupt()
                return


def annotated_at(
    path: Path, readings: Sequence[Reading], wanted: Collection[int]
) -> dict[int, Image]:
    """Return the wanted frames with faces, bodies and labels drawn on them, none too wide."""
    hold, filled = Hold(), {}
    for reading in readings:
        shown = hold.fill(reading)
        if reading.seq in wanted:
            filled[reading.seq] = shown
    return {
        seq: smaller(annotated(image_bgr, filled[seq]))
        for seq, image_bgr in pictures_at(path, filled)
    }


def annotated(image_bgr: Image, reading: Reading) -> Image:
    """Return a copy of a frame with its people marked and labelled."""
    height_px, width_px = image_bgr.shape[:2]
    text_px = text_size_px(width_px, height_px)
    canvas = image_bgr.copy()
    for person in reading.people:
        draw_figure(canvas, person, max(1, round(text_px / 7)))
        _draw_points(canvas, person, max(1, round(text_px / 9)))
    margin = text_px // 2
    area = Rect(margin, margin, width_px - margin, height_px - margin)
    Cards(Type(), text_px).draw(canvas, reading, area, [])
    return canvas


def _draw_points(image_bgr: Image, person: Person, radius_px: int) -> None:
    """Draw the visible landmarks that the skeleton leaves out: of face, hands and feet."""
    if person.body is None:
        return
    body = person.body
    joints = {COCO17_IN[body.layout][joint] for bone in BONES for joint in bone}
    for k, (x, y, _, visibility) in enumerate(body.keypoints):
        if k not in joints and visibility >= VISIBLE:
            at = (round(x), round(y))
            cv2.circle(image_bgr, at, radius_px + 1, SHADOW_BGR, -1, cv2.LINE_AA)
            cv2.circle(image_bgr, at, radius_px, TEXT_BGR, -1, cv2.LINE_AA)


def smaller(image_bgr: Image) -> Image:
    """Return a picture that is at most `WIDEST_PX` wide."""
    height_px, width_px = image_bgr.shape[:2]
    if width_px <= WIDEST_PX:
        return image_bgr
    size = (WIDEST_PX, round(height_px * WIDEST_PX / width_px))
    return np.asarray(cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


def jpeg(image_bgr: Image) -> bytes:
    """Return a picture as JPEG."""
    _, data = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data)


def film(video: Path, readings: Sequence[Reading], run: Path, path: Path, window_s: float) -> None:
    """Write the annotated video: every frame, with the narration that was told in the run.

    Raises: SourceError, SinkError.
    """
    source = source_of(video, "video")
    overlay, window = Overlay(window_s), SlidingWindow(window_s)
    narrations = narrations_of(run / "narration.jsonl")
    by_seq = {reading.seq: reading for reading in readings}
    with whole(path) as draft:
        file: VideoFile | None = None
        with contextlib.suppress(IncompleteError):
            for seq, picture in enumerate(source.pictures()):
                reading = by_seq.get(seq)
                if reading is None:
                    break
                for due in window.add(reading):
                    overlay.take(due)
                while narrations and narrations[0].pts_s <= reading.pts_s:
                    overlay.take(narrations.pop(0))
                drawn = overlay.draw(picture.image_bgr, reading)
                if file is None:
                    file = VideoFile(draft, VideoConfig(), source.info.rate_hz, drawn)
                file.add(drawn, reading.pts_s, reading.epoch)
        if file is not None:
            file.close()


def narrations_of(path: Path) -> list[Narration]:
    """Return what was told in a run, in order; nothing where there is no such file."""
    if not path.is_file():
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Narration(
            source_id="",
            seq=row["frame"],
            pts_s=row["timestamp"],
            text=row["text"],
            engine=row["engine"],
            grounded=row["grounded"],
            latency_s=0.0,
        )
        for row in rows
        if not row.get("gap")
    ]
