"""Measure what the models are worth, and hold every figure to its bound.

Usage: ``scripts/evaluate --data DIR`` where DIR holds the clips, the FER+ faces and the networks
that do not come with the package; what DIR lacks is skipped. The bounds are those of
`benchmarks/accuracy.toml`; each run appends a line of JSON to `benchmarks/accuracy.jsonl`.
Exit codes: 0 every figure is good, 1 one is worse than its bound, 2 usage, 5 none is worse, but
some could not be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
from evaluation import invented, people, poses, speed, still, valid
from evaluation.bounds import Row, exit_code, judge, read_bounds, table
from evaluation.parts import Measured, Part, SkippedError
from processor import cpu_name

from affectstream.stream.prepare import versions

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
PARTS = (
    Part("ferplus", ("ferplus_accuracy", "ferplus_macro_f1", "ferplus_ece"), valid.ferplus),
    Part("jitter", ("valence_jitter", "valence_jitter_box"), valid.jitter),
    Part("still", ("still_flips_raw", "still_flips_steady", "still_seen"), still.flips),
    Part("walking", ("walking_switches", "walking_seen"), people.walking),
    Part("made", ("made_crossings", "made_hidden", "made_crowd_switches"), people.made),
    Part("cutouts", ("cutouts_switches", "cutouts_seen"), people.cutouts),
    Part("invented", ("invented_cartoon", "invented_cars"), invented.invented),
    Part("pose", ("pose_apart", "pose_missed"), poses.agreement),
    Part("speed", speed.FIGURES, speed.times),
)


def measure(parts: Sequence[Part], data: Path) -> Measured:
    """Run the parts one after another; what cannot be measured says why in place of its value."""
    results: Measured = {}
    for part in parts:
        start_s = time.perf_counter()
        print(f"{part.name}: measuring", file=sys.stderr, flush=True)
        try:
            found = part.measure(data)
        except SkippedError as reason:
            found = dict.fromkeys(part.figures, reason)
        results.update({name: found[name] for name in part.figures})
        print(f"{part.name}: {time.perf_counter() - start_s:.0f} s", file=sys.stderr, flush=True)
    return results


def record(rows: Sequence[Row]) -> str:
    """Return the line of JSON that keeps a run."""
    return json.dumps(
        {
            "date": time.strftime("%Y-%m-%d"),
            "cpu": cpu_name(),
            "cores": os.cpu_count(),
            "versions": versions(),
            "figures": {row.name: row.value for row in rows if row.value is not None},
            "worse": [row.name for row in rows if row.verdict == "worse"],
            "skipped": {row.name: row.note for row in rows if row.verdict == "skipped"},
        }
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, keep the figures; return the exit code."""
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--only", action="append", metavar="NAME", choices=[part.name for part in PARTS]
    )
    parser.add_argument("--bounds", type=Path, default=BENCHMARKS / "accuracy.toml")
    parser.add_argument("--results", type=Path, default=BENCHMARKS / "accuracy.jsonl")
    options = parser.parse_args(arguments)
    bounds = read_bounds(options.bounds)
    parts = [part for part in PARTS if not options.only or part.name in options.only]
    rows = judge(measure(parts, options.data), bounds, cpu_name())
    print(table(rows))
    with options.results.open("a", encoding="utf-8") as file:
        file.write(record(rows) + "\n")
    return exit_code(rows)


if __name__ == "__main__":
    sys.exit(main())
