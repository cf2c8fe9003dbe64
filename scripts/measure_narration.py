"""Measure what a language model that speaks all the time costs the pictures, and its memory.

    python scripts/measure_narration.py tinyllama --path DIR [--seconds 60] [--load 0.7]

A live source feeds scripted networks that take a share of all cores; the run is made with the
grounded narrator and then with the engine, which is asked again as soon as it has answered.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from pathlib import Path

from affectstream.models.scripted import ScriptedVision
from affectstream.stream.config import load
from affectstream.stream.pipeline import Pipeline, Summary
from affectstream.stream.sources.synthetic import Config, Synthetic

RATE_HZ = 25


def main() -> None:
    """Print the rate of both runs, the loss, what was told, and the child's largest memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine")
    parser.add_argument("--path", type=Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--load", type=float, default=0.7)
    asked = parser.parse_args()
    rates = []
    for engine in ("grounded", asked.engine):
        options = {"path": str(asked.path)} if asked.path and engine != "grounded" else {}
        peak = _Peak()
        summary = _run(engine, options, asked.seconds, asked.load)
        counts = summary.ledger["source:made"]
        rates.append(RATE_HZ * counts["inferred"] / counts["captured"])
        told = summary.ledger.get("narrator", {})
        print(
            f"{engine}: {rates[-1]:.2f} frames/s inferred of {RATE_HZ}, {told}, "
            f"child at most {peak.stop():.0f} MB"
        )
    print(f"loss {1 - rates[1] / rates[0]:.1%} at {asked.load:.0%} load of {os.cpu_count()} cores")


def _run(engine: str, options: dict[str, str], seconds: int, load_share: float) -> Summary:
    cores = os.cpu_count() or 1
    config = load(
        None,
        live=True,
        narrate_s=2.0,
        models={"narrator": engine},
        narrator_options=options,
        narrator_deadline_s=300.0,
    )
    source = Synthetic(Config(frames=RATE_HZ * seconds * 2), "made")
    vision = ScriptedVision(compute_s=load_share * cores / RATE_HZ)
    run = Pipeline(config, vision=vision, sources=[source]).start()
    time.sleep(seconds)
    run.stop()
    return run.join()


class _Peak:
    """Watches the largest resident memory of this process's children."""

    def __init__(self) -> None:
        self._mb = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> float:
        self._done.set()
        self._thread.join()
        return self._mb

    def _watch(self) -> None:
        while not self._done.wait(0.5):
            for task in Path("/proc/self/task").iterdir():
                for pid in (task / "children").read_text().split():
                    self._mb = max(self._mb, _resident_mb(pid))


def _resident_mb(pid: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    sizes = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(sizes[0]) / 1024 if sizes else 0.0


if __name__ == "__main__":
    main()
