"""A small folder of videos with ratings in three formats, and the command line over it."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import made_ratings
import made_videos
import numpy as np
from click.testing import CliRunner, Result
from dataset_visions import SEES

from affectstream.stream.cli import main

HERE = Path(__file__).resolve().parent
FRAMES = {"0": 12, "1": 9, "movie": 50, "alone": 6, "001": 4}
"""Pictures of each video; the last is a folder of them."""


def make(root: Path) -> Path:
    """Two VEATIC videos, a LIRIS one at an uneven rate, an AFEW-VA one and one without ratings."""
    for folder in ("video", "continuous-movies", "001"):
        (root / folder).mkdir(parents=True)
    for item in ("0", "1"):
        made_videos.make(root / "video" / f"{item}.mp4", FRAMES[item])
        curve = [round(k / 20, 2) for k in range(FRAMES[item])]
        made_ratings.veatic(root, item, curve, [-value for value in curve])
    uneven = [0.04 * k + 0.01 * (k % 2) for k in range(FRAMES["movie"])]
    made_videos.make(root / "continuous-movies" / "Movie.mp4", uneven)
    made_ratings.liris(root, "Movie")
    made_videos.make(root / "alone.mp4", FRAMES["alone"])
    made_ratings.afew_va(root)
    for k in range(FRAMES["001"]):
        cv2.imwrite(str(root / "001" / f"{k:05d}.png"), np.full((64, 96, 3), 60 * k, np.uint8))
    return root


def words(step: str, root: Path, out: Path, *more: str, vision: str = SEES) -> list[str]:
    sees = ["--set", f"vision={vision}"] if step in ("extract", "all") else []
    return ["dataset", step, str(root), "--out", str(out), "--jobs", "1", *sees, *more]


def do(step: str, root: Path, out: Path, *more: str, vision: str = SEES) -> Result:
    return CliRunner().invoke(main, words(step, root, out, *more, vision=vision))


def done(step: str, root: Path, out: Path, *more: str) -> Result:
    result = do(step, root, out, *more)
    assert result.exit_code == 0, result.output
    return result


def start(step: str, root: Path, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "affectstream.stream", *words(step, root, out, "--jobs", "2")],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
