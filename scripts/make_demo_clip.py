"""Make `configs/demo.mp4`: a portrait whose face changes expression under a hand-held camera.

Source: `skimage.data.astronaut`, the NASA portrait of Eileen Collins (public domain), which the
scikit-image package carries; nothing is downloaded. The same package versions give the same frames.

Needs: av, numpy, opencv-python-headless, scikit-image. Run: python scripts/make_demo_clip.py
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from demo_clip.face import SCALE, Image, Portrait
from demo_clip.motion import CAMERA, DURATION_S, SWAY, Array, bell, between, pose_at

FPS = 25
WIDTH_PX, HEIGHT_PX = 640, 576
CRF = 25
SEED = 7


def view_at(time_s: float) -> tuple[Array, Array]:
    """Give for every pixel of the frame its x and y in the portrait: camera, shake and sway."""
    x_px, y_px, width_px, roll_deg = between(
        time_s, [row[0] for row in CAMERA], np.array(CAMERA, np.float32)[:, 1:]
    )
    rng = np.random.default_rng(SEED)
    hz, phase = rng.uniform(0.4, 2.6, (3, 5)), rng.uniform(0, 2 * np.pi, (3, 5))
    shake = (np.sin(2 * np.pi * hz * time_s + phase) / hz).sum(axis=1) * (0.45, 0.45, 0.06)
    angle, zoom = np.radians(roll_deg + shake[2]), width_px / WIDTH_PX
    v, u = np.mgrid[:HEIGHT_PX, :WIDTH_PX].astype(np.float32)
    u, v = (u - WIDTH_PX / 2) * zoom, (v - HEIGHT_PX / 2) * zoom
    x = x_px + shake[0] + np.cos(angle) * u - np.sin(angle) * v
    y = y_px + shake[1] + np.sin(angle) * u + np.cos(angle) * v
    sway = between(time_s, [row[0] for row in SWAY], np.array(SWAY, np.float32)[:, 1:])
    head = bell(x - 226, 95.0) * bell(y - 100, 110.0)
    torso = bell(x - 200, 190.0) * bell(y - 380, 190.0)
    x, y = x - head * sway[0] - torso * sway[2], y - head * sway[1] - torso * sway[3]
    return x.astype(np.float32), y.astype(np.float32)


def frame_at(portrait: Portrait, time_s: float) -> Image:
    """Draw the frame (HEIGHT_PX, WIDTH_PX, 3) of one time."""
    x, y = view_at(time_s)
    whole = portrait.posed(pose_at(time_s))
    at_x, at_y = x * SCALE, y * SCALE
    frame = cv2.remap(whole, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(frame, np.uint8)


def write_clip(path: Path) -> None:
    """Encode the whole clip as H.264 in MP4, its index in front."""
    portrait = Portrait()
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.options = {"crf": str(CRF), "preset": "slow", "threads": "1"}
        stream.time_base = stream.codec_context.time_base = Fraction(1, FPS)
        for index in range(round(DURATION_S * FPS)):
            frame = av.VideoFrame.from_ndarray(frame_at(portrait, index / FPS), format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> None:
    """Write the clip to the path given, by default into the package's data."""
    default = Path(__file__).resolve().parent.parent / "configs" / "demo.mp4"
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("path", type=Path, nargs="?", default=default)
    write_clip(parser.parse_args().path)


if __name__ == "__main__":
    main()
