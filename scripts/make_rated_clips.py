"""Make clips of a played face with ratings that come from what was played, to prove a fit by.

Every original (`p03.mp4`) is another person's play: another course of valence and arousal, resting
face, light, side and distance. Copies of some, cut and shifted (`p03_cut.mp4`), belong to the same
original. `truth/NAME.csv` holds what was played, `ratings/NAME.csv` what a rater gave:
`time,valence,arousal` in -1..1, late, noisy, with stretches missing. The face is that of
`scripts/make_demo_clip.py`.

Needs: av, numpy, opencv-python-headless, scikit-image. Run: python scripts/make_rated_clips.py DIR
"""

from __future__ import annotations

import argparse
import functools
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from demo_clip.face import SCALE, Image, Portrait
from demo_clip.motion import Array, Pose, bell
from rated_clips.course import Look, course_of, look_of, pose_of, sway_of
from rated_clips.rater import rated

RATE_HZ = 10
WIDTH_PX, HEIGHT_PX = 480, 432
COPY_FROM_S = 5.0
COPY_SHIFT_PX = 12


def picture(portrait: Portrait, point: Array, sway: Array, look: Look) -> Image:
    """Draw one frame (HEIGHT_PX, WIDTH_PX, 3)."""
    zoom = look.width_px / WIDTH_PX
    v, u = np.mgrid[:HEIGHT_PX, :WIDTH_PX].astype(np.float32)
    x, y = 235 + (u - WIDTH_PX / 2) * zoom, 190 + (v - HEIGHT_PX / 2) * zoom
    head = bell(x - 226, 95.0) * bell(y - 100, 110.0)
    torso = bell(x - 200, 190.0) * bell(y - 380, 190.0)
    at_x = x - head * sway[0] - torso * sway[2]
    at_y = y - head * sway[1] - torso * sway[3]
    whole = posed(portrait, pose_of(float(point[0]), float(point[1]), look))
    maps = ((at * SCALE).astype(np.float32) for at in (at_x, at_y))
    frame = cv2.remap(whole, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    tint = look.light * np.array([1 - look.warmth, 1.0, 1 + look.warmth])
    lit = np.clip(frame * tint, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(lit[:, ::-1] if look.is_mirrored else lit)


@functools.lru_cache(maxsize=2)
def posed(portrait: Portrait, pose: Pose) -> Image:
    """Draw the face once for as long as it is held."""
    return np.asarray(portrait.posed(pose))


def encode(path: Path, frames: list[Image]) -> None:
    """Write frames as H.264 in MP4."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE_HZ)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "23", "preset": "veryfast", "threads": "1"}
        stream.time_base = stream.codec_context.time_base = Fraction(1, RATE_HZ)
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, RATE_HZ)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_table(path: Path, rows: Array) -> None:
    """Write `time,valence,arousal`, cells empty where NaN."""
    lines = ["time,valence,arousal"]
    for index, pair in enumerate(rows):
        cells = ["" if np.isnan(value) else f"{value:.4f}" for value in pair]
        lines.append(f"{index / RATE_HZ:.2f},{','.join(cells)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def make(folder: Path, originals: int, copies: int, duration_s: float, seed: int = 5) -> None:
    """Write everything; the first `copies` originals get a cut and shifted copy."""
    portrait = Portrait()
    for part in ("videos", "ratings", "truth"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number in range(originals):
        rng = np.random.default_rng([seed, number])
        look, course = look_of(rng), course_of(rng, duration_s, RATE_HZ)
        sway = sway_of(course, RATE_HZ, look)
        ratings, _ = rated(course, RATE_HZ, rng)
        name = f"p{number:02}"
        rows = zip(course, sway, strict=True)
        frames = [picture(portrait, point, moved, look) for point, moved in rows]
        write(folder, name, frames, ratings, course)
        if number < copies:
            cut = round(COPY_FROM_S * RATE_HZ)
            shifted = [np.roll(frame, COPY_SHIFT_PX, axis=1) for frame in frames[cut:]]
            write(folder, f"{name}_cut", shifted, ratings[cut:], course[cut:])
        print(name, flush=True)


def write(folder: Path, name: str, frames: list[Image], ratings: Array, truth: Array) -> None:
    """Write one clip with its two tables."""
    encode(folder / "videos" / f"{name}.mp4", frames)
    write_table(folder / "ratings" / f"{name}.csv", ratings)
    write_table(folder / "truth" / f"{name}.csv", truth)


def main() -> None:
    """Read the command line and write the clips."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--originals", type=int, default=16)
    parser.add_argument("--copies", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0)
    given = parser.parse_args()
    make(given.folder, given.originals, given.copies, given.seconds)


if __name__ == "__main__":
    main()
