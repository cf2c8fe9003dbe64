"""Measure how many readings a minute each store takes, alone and beside a run.

python scripts/measure_stores.py [--readings N]   # PostgreSQL: AFFECTSTREAM_POSTGRES, or left out
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from affectstream.models.base import LAYOUTS
from affectstream.sinks.base import RunInfo
from affectstream.stream.kinds import configure, load_kind
from affectstream.stream.messages import Body, Face, Person, Reading, SourceInfo

STORES = ("sqlite", "csv", "parquet", "pickle", "postgres")
LAYOUT = "blazepose33"


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


def measure(kind: str, count: int) -> tuple[float, float]:
    """Return readings a minute until all are kept, and milliseconds the sink held for each."""
    readings = [made_reading(seq) for seq in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        run = RunInfo(
            f"bench-{os.getpid()}-{kind}",
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
        start_s = time.perf_counter()
        for number, reading in enumerate(readings):
            sink.write(reading, None)
            if number % 1700 == 0:
                sink.tick()
        held_s = time.perf_counter() - start_s
        sink.close()
        whole_s = time.perf_counter() - start_s
    return count / whole_s * 60, held_s / count * 1000


def main() -> int:
    """Print a line per store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readings", type=int, default=20_000)
    count = parser.parse_args().readings
    for kind in STORES:
        if kind == "postgres" and "AFFECTSTREAM_POSTGRES" not in os.environ:
            print("postgres: AFFECTSTREAM_POSTGRES is not set")
            continue
        per_minute, held_ms = measure(kind, count)
        print(f"{kind:>9}: {per_minute:>9,.0f} readings a minute, {held_ms:.3f} ms each")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
