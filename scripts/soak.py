"""Send a day's frames through every stage, as fast as it goes, and watch what grows.

24 hours at 25 frames a second are 2,160,000 frames. The networks are scripted, all else is real:
links, tracking, windows, narrator, tables and store. People come and go, and every 10,000 frames
the source starts anew, as a camera does that reconnects. Exit code 1 when memory grew by more than
`--most-mb`, or when a thread, a file or a frame is left over.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from affectstream.models.scripted import ScriptedVision
from affectstream.stream.config import load
from affectstream.stream.messages import Frame, Observation
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.sources.base import Picture
from affectstream.stream.sources.synthetic import Config, Synthetic

DAY = 24 * 3600 * 25
EPOCH_FRAMES = 10_000
VISIT_FRAMES = 1000
AWAY_FRAMES = 150
"""Somebody is there for 34 s and away for 6 s, so that whoever comes back gets a new number."""

WARM_SHARE = 0.1
"""Growth counts from here on: caches and histograms have filled."""


class Restarting(Synthetic):
    """A source that starts anew now and then."""

    def pictures(self) -> Iterator[Picture]:
        """Yield the pictures, each with its epoch."""
        image = np.zeros((48, 64, 3), np.uint8)
        image.setflags(write=False)
        for k in range(self.info.frames):
            if self._interrupted:
                return
            yield Picture(k / self.info.rate_hz, image, k // EPOCH_FRAMES)


class Visited(ScriptedVision):
    """Somebody who comes and goes."""

    def see(self, frame: Frame, earlier: Observation | None) -> Observation:
        """Return nobody while they are away."""
        seen = super().see(frame, earlier)
        if frame.seq % VISIT_FRAMES < VISIT_FRAMES - AWAY_FRAMES:
            return seen
        return msgspec.structs.replace(seen, faces=(), bodies=())


def resident_mb() -> float:
    """Return the memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> int:
    """Soak, and tell how memory went."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=DAY)
    parser.add_argument("--most-mb", type=float, default=10.0, help="growth that is allowed")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        return soak(options.frames, options.most_mb, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def soak(frames: int, most_mb: float, folder: Path) -> int:
    """Run, and return the exit code."""
    threads, files = threading.active_count(), len(os.listdir("/proc/self/fd"))
    source = Restarting(Config(frames=frames), "made")
    config = load(None, speed="max", out=folder / "run", workers=1)
    run = Pipeline(config, vision=Visited(), sources=[source]).start()
    started_s, marks = time.monotonic(), list[tuple[float, float]]()
    while not run.wait(1.0):
        done = run.summary.stages.get("aggregate", {}).get("steps", {}).get("take", {}).get("n", 0)
        marks.append((done / frames, resident_mb()))
        if len(marks) % 20 == 0:
            rate = done / (time.monotonic() - started_s)
            print(
                f"{done / frames:6.1%}  {marks[-1][1]:7.1f} MB  {rate:6.0f} frames/s  "
                f"{size_mb(folder):7.0f} MB of files",
                flush=True,
            )
    summary = run.join()
    warm = [mb for share, mb in marks if share >= WARM_SHARE] or [resident_mb()]
    grew_mb = warm[-1] - warm[0]
    row = summary.ledger["source:made"]
    left = {
        "threads": threading.active_count() - threads,
        "files": len(os.listdir("/proc/self/fd")) - files,
        "frames": row["captured"] - row["inferred"],
    }
    print(
        f"{frames} frames in {summary.wall_s:.0f} s ({summary.frames_per_s:.0f} frames/s): memory "
        f"{warm[0]:.1f} MB after {WARM_SHARE:.0%}, {warm[-1]:.1f} MB at the end, grew by "
        f"{grew_mb:+.1f} MB; files {size_mb(folder):.0f} MB; left over: {left}"
    )
    return 0 if grew_mb <= most_mb and not any(left.values()) else 1


def size_mb(folder: Path) -> float:
    """Return the size of what lies in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


if __name__ == "__main__":
    sys.exit(main())
