"""Measure every step over many videos: its time and the memory of its largest process.

The videos are 20 to 29 small frames with VEATIC ratings; a scripted vision takes the place of the
networks, so that what is measured is the flow itself. Each step is a command of its own, over the
first few videos and over all of them: where memory is bounded, both have the same peak.

python scripts/measure_dataset.py            # 1000 videos; a quarter of an hour on two cores
python scripts/measure_dataset.py --videos 200 --jobs 1
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from affectstream.dataset.steps import EXTRA, FLOW

STEPS = (*FLOW, "evaluate")
FEW = 20
RATE_HZ = 25
SCRIPTED = "affectstream.models.scripted:ScriptedVision"
assert set(STEPS) <= {*FLOW, *EXTRA}


class Cost(NamedTuple):
    """What a step took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def make(root: Path, count: int) -> None:
    """Write `count` videos, of ten contents, with a rating per frame."""
    for folder in ("video", "rating_averaged"):
        (root / folder).mkdir(parents=True)
    made = [root.parent / f"{k}.mp4" for k in range(10)]
    for k, path in enumerate(made):
        encode(path, 20 + k)
    for k in range(count):
        os.link(made[k % 10], root / "video" / f"{k}.mp4")
        for phase, name in enumerate(("valence", "arousal")):
            course = 0.6 * np.sin(np.arange(20 + k % 10) / 4 + k + phase)
            lines = "".join(f"{number},{value:.4f}\n" for number, value in enumerate(course))
            (root / "rating_averaged" / f"{k}_{name}.csv").write_text(lines)


def encode(path: Path, frames: int) -> None:
    """Write a grey video whose brightness rises."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE_HZ)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(frames):
            image = np.full((64, 96, 3), 40 + 5 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, RATE_HZ)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def measure(step: str, root: Path, out: Path, jobs: int, limit: int) -> Cost:
    """Run a step. Raises: SystemExit with what it said where it fails."""
    words = ["dataset", step, str(root), "--out", str(out), "--jobs", str(jobs)]
    words += ["--limit", str(limit)]
    if step == "extract":
        words += ["--set", f"vision={SCRIPTED}"]
    started_s = time.monotonic()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "affectstream.stream", *words], stdout=said, stderr=said
        )
        _, status, usage = os.wait4(child.pid, 0)  # Of the command and all its workers.
        if status:
            said.seek(0)
            raise SystemExit(f"{step}: {said.read().decode(errors='replace')[-2000:]}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Cost(time.monotonic() - started_s, cpu_s, usage.ru_maxrss / 1024)


def main() -> None:
    """Read the command line and print a row per step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--videos", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=0, help="videos at once; default one per core")
    parser.add_argument("--folder", type=Path, help="keep everything here; default a temporary one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        make(folder / "videos", given.videos)
        print(f"| Step | CPU time a video | Time | Peak, {FEW} videos | Peak, {given.videos} |")
        print("| --- | ---: | ---: | ---: | ---: |", flush=True)
        for step in STEPS:
            few = measure(step, folder / "videos", folder / "few", given.jobs, FEW)
            cost = measure(step, folder / "videos", folder / "out", given.jobs, given.videos)
            print(
                f"| {step} | {1e3 * cost.cpu_s / given.videos:.0f} ms | {cost.wall_s:.0f} s "
                f"| {few.peak_mb:.0f} MB | {cost.peak_mb:.0f} MB |",
                flush=True,
            )


if __name__ == "__main__":
    main()
