"""Measure replay: the pipeline, a plain single-threaded loop, and the ceiling, on the same clip.

Plain loop: decode, look, next; the same networks at the same strides, one thread.
Ceiling: as many plain loops as there are cores, each a process of its own over the whole clip: the
same decoding, preprocessing and network calls for each frame, with no pipeline around them.
Each part runs in fresh processes. A shared machine's speed drifts by a fifth within a minute, so a
ratio is made of parts that follow each other, in each of `--rounds` rounds, every other one
backwards; what counts is the median of the rounds, and the range is told. A line of results is
appended to `benchmarks/results.jsonl`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import Any

from processor import cpu_name

from affectstream.models.scripted import ScriptedVision
from affectstream.stream.config import load
from affectstream.stream.messages import Frame, Observation
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.prepare import open_vision, versions
from affectstream.stream.sources.synthetic import Config as SyntheticConfig
from affectstream.stream.sources.synthetic import Synthetic
from affectstream.stream.sources.video import Config, Video

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "results.jsonl"


def plain(clip: str, limit: int) -> dict[str, Any]:
    """Look at each frame in turn, with the same past that the pipeline would give."""
    config = load(None)
    seen: deque[Observation] = deque(maxlen=64)
    eyes = open_vision(config)
    start_s, frames = time.perf_counter(), 0
    for seq, picture in enumerate(Video(Config(path=clip), "clip").pictures()):
        if seq == limit:
            break
        frame = Frame("clip", seq, picture.epoch, picture.pts_s, 0, 0, picture.image_bgr)
        past = [look for look in seen if look.seq <= seq - config.lag_frames]
        observation = eyes.see(frame, past[-1] if past else None)
        if observation.bodies is not None:
            seen.append(observation)
        frames += 1
    return {"frames": frames, "wall_s": time.perf_counter() - start_s}


def pipeline(clip: str, limit: int, keep: bool) -> dict[str, Any]:
    """Run the pipeline at full speed, with every result kept or with none."""
    with tempfile.TemporaryDirectory() as folder:
        config = load(
            None,
            sources=[clip],
            speed="max",
            limit_frames=limit,
            out=Path(folder) / "run" if keep else None,
        )
        run = Pipeline(config)
        start_s = time.perf_counter()
        summary = run.start().join()
        wall_s = time.perf_counter() - start_s
    frames = sum(summary.frames.values())
    return {
        "frames": frames,
        "wall_s": wall_s,
        "cpu_ms_per_frame": {
            name: round(1000 * row["cpu_s"] / frames, 3) for name, row in summary.stages.items()
        },
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def scripted(workers: int) -> dict[str, Any]:
    """Run 1000 frames of a stateful scripted model that computes 10 ms on each."""
    eyes = ScriptedVision(compute_s=0.01)
    source = Synthetic(SyntheticConfig(frames=1000), "made")
    run = Pipeline(load(None, speed="max", workers=workers), vision=eyes, sources=[source])
    start_s = time.perf_counter()
    run.start().join()
    return {"frames": 1000, "wall_s": time.perf_counter() - start_s}


PARTS = ("plain", "pipeline", "ceiling", "pipeline_out", "scripted_1", "scripted_2")
"""In the order in which they run, so that the two of a ratio are neighbours."""

RATIOS = {
    "pipeline / ceiling": ("pipeline", "ceiling"),
    "pipeline with --out / ceiling": ("pipeline_out", "ceiling"),
    "pipeline / plain loop": ("pipeline", "plain"),
    "scripted, 2 workers / 1": ("scripted_2", "scripted_1"),
}


def part(name: str, clip: str, limit: int) -> dict[str, Any]:
    """Run one part in this process."""
    if name == "plain":
        return plain(clip, limit)
    if name.startswith("scripted"):
        return scripted(int(name[-1]))
    return pipeline(clip, limit, keep=name == "pipeline_out")


def measure(name: str, clip: str, limit: int) -> dict[str, Any]:
    """Run one part in fresh processes; the ceiling is a plain loop on every core at once."""
    copies = os.cpu_count() or 1 if name == "ceiling" else 1
    inner = "plain" if name == "ceiling" else name
    command = [sys.executable, __file__, "--part", inner, "--clip", clip, "--limit", str(limit)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(copies)]
    results = [json.loads(process.communicate()[0]) for process in running]
    if any(process.returncode for process in running):
        raise SystemExit(f"the part {name} failed")
    slowest_s = max(result["wall_s"] for result in results)
    frames = sum(result["frames"] for result in results)
    return {**results[0], "frames": frames, "frames_per_s": frames / slowest_s}


def summary(rounds: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the medians of the rounds' rates and ratios, and between what the ratios lay."""
    ratios = {
        name: sorted(one[over]["frames_per_s"] / one[under]["frames_per_s"] for one in rounds)
        for name, (over, under) in RATIOS.items()
    }
    cost = rounds[-1]["pipeline_out"]
    return {
        "rounds": len(rounds),
        "frames_per_s": {
            name: round(median(one[name]["frames_per_s"] for one in rounds), 2) for name in PARTS
        },
        "ratios": {name: round(median(values), 3) for name, values in ratios.items()},
        "ratio_range": {
            name: [round(values[0], 3), round(values[-1], 3)] for name, values in ratios.items()
        },
        "cpu_ms_per_frame": cost["cpu_ms_per_frame"],
        "peak_mb": cost["peak_mb"],
    }


def main() -> None:
    """Measure all parts, print a table, append a line to the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", default=str(files("affectstream.configs") / "demo.mp4"))
    parser.add_argument("--limit", type=int, default=500, help="frames of the clip")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(part(options.part, options.clip, options.limit)))
        return
    rounds = []
    for number in range(options.rounds):
        parts = PARTS if number % 2 == 0 else PARTS[::-1]
        rounds.append({name: measure(name, options.clip, options.limit) for name in parts})
        rates = ", ".join(f"{name} {rounds[-1][name]['frames_per_s']:.1f}" for name in PARTS)
        print(f"round {number + 1}: {rates} frames/s", file=sys.stderr)
    row = {
        "date": time.strftime("%Y-%m-%d"),
        "clip": Path(options.clip).name,
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "versions": versions(),
        **summary(rounds),
    }
    print(json.dumps(row, indent=2))
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
