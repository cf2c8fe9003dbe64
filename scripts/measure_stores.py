"""Measure how many readings a minute each store takes, and what 100,000 cost a run beside them.

python scripts/measure_stores.py [--readings N] [--beside]
PostgreSQL is named by AFFECTSTREAM_POSTGRES, or left out. `--beside` runs the demo clip as a live
camera, alone and while a store in the same process is given 100,000 readings a minute.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from affectstream.models.base import LAYOUTS
from affectstream.sinks.base import RunInfo, Sink
from affectstream.stream.config import load
from affectstream.stream.kinds import configure, load_kind
from affectstream.stream.messages import Body, Face, Person, Reading, SourceInfo
from affectstream.stream.pipeline import Pipeline

STORES = ("sqlite", "csv", "parquet", "pickle", "postgres")
LAYOUT = "blazepose33"
PER_MINUTE = 100_000
TICK = 1700
"""Readings between two ticks: about a second at that rate."""
RUN_FRAMES = 500
"""Of the demo clip at 25 pictures a second: 20 s."""


def made_reading(seq: int) -> Reading:
    """Return a reading of one person, with everything measured."""
    joints = tuple((seq % 640 + 0.25, k * 3.5, -0.5 * k, 0.9) for k in range(len(LAYOUTS[LAYOUT])))
    box = (100.0, 80.0, 180.0, 190.0)
    person = Person(
        1,
        face=Face(box, 0.9, emotions=(0.3,) + (0.1,) * 7, head_pose_deg=(1.0, 2.0, 3.0)),
        body=Body(box, 0.8, LAYOUT, joints),
        movement=0.3,
        valence=(seq % 100) / 100,
        arousal=0.2,
        affect_source="derived",
    )
    where = {"source_id": "clip", "seq": seq, "pts_s": seq / 25}
    return Reading(**where, width_px=640, height_px=480, people=(person,))


@contextmanager
def opened(kind: str) -> Iterator[Sink]:
    """Open a store in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        run = RunInfo(
            f"bench-{os.getpid()}-{kind}-{time.time_ns()}",
            Path(folder),
            (SourceInfo("clip", "clip.mp4"),),
            LAYOUT,
            10.0,
            True,
        )
        module: Any = load_kind("sinks", kind)
        options = {"grace_s": 120} if kind == "postgres" else {}
        sink = module.build(configure(module, options), run)
        sink.open()
        try:
            yield sink
        finally:
            sink.close()


def measure(kind: str, count: int) -> tuple[float, float]:
    """Return readings a minute until all are kept, and milliseconds the sink held for each."""
    readings = [made_reading(seq) for seq in range(count)]
    with opened(kind) as sink:
        start_s = time.perf_counter()
        for number, reading in enumerate(readings):
            sink.write(reading, None)
            if number % TICK == 0:
                sink.tick()
        held_s = time.perf_counter() - start_s
        sink.close()
        whole_s = time.perf_counter() - start_s
    return count / whole_s * 60, held_s / count * 1000


def feed(kind: str, is_over: threading.Event, taken: list[int]) -> None:
    """Give a store readings at `PER_MINUTE` until the run is over; count them, by the minute."""
    with opened(kind) as sink:
        start_s, number = time.perf_counter(), 0
        while not is_over.is_set():
            due = int((time.perf_counter() - start_s) * PER_MINUTE / 60)
            while number < due:
                sink.write(made_reading(number), None)
                number += 1
                if number % TICK == 0:
                    sink.tick()
            is_over.wait(0.005)
        taken[0] = int(number / (time.perf_counter() - start_s) * 60)


def beside(kind: str) -> str:
    """Return what a live run came to while a store took its readings; "": without any."""
    clip = str(files("affectstream.configs").joinpath("demo.mp4"))
    config = load(None, sources=[clip], live=True, loop=True, limit_frames=RUN_FRAMES)
    taken, is_over = [0], threading.Event()

    def run() -> str:
        summary = Pipeline(config).start().join()
        fates = summary.ledger["source:demo"]
        ages = [
            stage["steps"]["age"] for stage in summary.stages.values() if "age" in stage["steps"]
        ]
        return (
            f"{fates['inferred']} of {fates['captured']} pictures looked at, "
            f"age {ages[0]['p50_ms']:.0f} ms (p95 {ages[0]['p95_ms']:.0f})"
        )

    if not kind:
        return run()
    feeder = threading.Thread(target=feed, args=(kind, is_over, taken))
    feeder.start()
    try:
        told = run()
    finally:
        is_over.set()
        feeder.join()
    return f"{told}; {taken[0]:,} readings a minute"


def main() -> int:
    """Print a line per store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readings", type=int, default=20_000)
    parser.add_argument("--beside", action="store_true")
    options = parser.parse_args()
    stores = [
        kind for kind in STORES if kind != "postgres" or "AFFECTSTREAM_POSTGRES" in os.environ
    ]
    if options.beside:
        for kind in ("", *stores):
            print(f"{kind or 'alone':>9}: {beside(kind)}", flush=True)
        return 0
    for kind in stores:
        per_minute, held_ms = measure(kind, options.readings)
        print(
            f"{kind:>9}: {per_minute:>9,.0f} readings a minute, {held_ms:.3f} ms each", flush=True
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
