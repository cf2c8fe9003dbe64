"""Measure live runs: cameras of 720p15 side by side, beside a naive loop over the same pictures.

Age is the time from the moment a picture was decoded to the moment its result reaches a sink. The
naive loop is `cv2.VideoCapture` and the same networks in one thread, each camera in turn; a picture
that it has not read in time waits, as it does in a network's buffers, and its age counts from when
it was due. Each part runs in a fresh process. A line goes to `benchmarks/results.jsonl`.

The cameras are files that loop at their real speed, so that no server takes part in the load. With
`--rtsp` they are those of `scripts/rtsp_server` on the same cores, and what it uses is told too.
All start at once, so that their key frames fall together: the hardest case.
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
from collections import defaultdict
from contextlib import nullcontext
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from bench import RESULTS
from live_bench.clip import make_clip
from live_bench.naive import naive
from live_bench.server import process_cpu_s, served, thread_cpu_s
from processor import cpu_name

from affectstream.sinks.base import Policy
from affectstream.stream.cameras import check_cameras
from affectstream.stream.config import load
from affectstream.stream.control import ask, running
from affectstream.stream.messages import Delivery, Frame, Reading
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.prepare import versions
from affectstream.stream.status import Ask, RunState

WARM_S = 45.0
"""Measured from here on: strides and decoding have found their level."""

UNSEEN = ("overwritten", "capped", "stale")
"""Fates of pictures that were decoded and not told of."""


class Watch:
    """A sink that notes, per camera, how old each result is when it comes."""

    policy: Policy = "every"
    wants_readings = True
    wants_frames = False

    def __init__(self) -> None:
        """Note nothing yet."""
        self.ages_ms: dict[str, list[float]] = defaultdict(list)
        self.looks: dict[str, int] = defaultdict(int)

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Note the age of a reading."""
        if isinstance(message, Reading):
            age_ms = (time.monotonic_ns() - message.t_mono_ns) / 1e6
            self.ages_ms[message.source_id].append(age_ms)
            self.looks[message.source_id] += "pose" in message.timings_ms

    def open(self) -> None:
        """Nothing to open."""

    def tick(self) -> None:
        """Nothing to keep."""

    def close(self) -> None:
        """Nothing to close."""


def pipeline(place: str, cameras: int, seconds: float, server: int | None) -> dict[str, Any]:
    """Run the pipeline over cameras; measure after it has settled."""
    entries = [entry(place, number) for number in range(1, cameras + 1)]
    watch = Watch()
    run = Pipeline(load(None, cameras=check_cameras(entries, "bench")), sinks=[("watch", watch)])
    run.start()
    endpoint = next(card.endpoint for card in running() if card.pid == os.getpid())
    time.sleep(WARM_S)
    watch.ages_ms, watch.looks = defaultdict(list), defaultdict(int)
    start_s, cpu_s, server_s = time.monotonic(), time.process_time(), process_cpu_s(server)
    before, threads, looked = state(endpoint), thread_cpu_s(), looks_at_faces(run)
    time.sleep(seconds)
    wall_s, cpu_s = time.monotonic() - start_s, time.process_time() - cpu_s
    after, used, looked = state(endpoint), thread_cpu_s(), looks_at_faces(run) - looked
    server_s = process_cpu_s(server) - server_s
    results = {name: list(ages) for name, ages in watch.ages_ms.items()}
    bodies = sum(watch.looks.values())
    run.stop()
    run.join()
    spent_s = {name: used[name] - threads.get(name, 0.0) for name in used}
    decoding_s, wasted_s = 0.0, 0.0
    for old, new in zip(before.cameras, after.cameras, strict=True):
        # A camera on the network decodes in a thread of its own.
        own_s = sum(spent_s.get(f"{kind}-{new.camera}", 0.0) for kind in ("capture", "rtsp"))
        unseen = sum(new.drops.get(fate, 0) - old.drops.get(fate, 0) for fate in UNSEEN)
        decoding_s += own_s
        wasted_s += own_s * unseen / max(1, unseen + new.results - old.results)
    told = sum(len(ages) for ages in results.values())
    vision_s = sum(s for name, s in spent_s.items() if name.startswith("vision-"))
    wasted_s += vision_s * max(0.0, 1 - told / max(1, looked))
    return {
        **figures(results, cameras, wall_s, cpu_s),
        "body_looks_per_s": round(bodies / wall_s, 1),
        "pose_stretch": after.pose_stretch,
        "decoded_share": sorted({one.decoded_share for one in after.cameras}),
        "capture_cores": round(decoding_s / wall_s, 2),
        "cpu_on_unseen": round(wasted_s / max(cpu_s, 1e-9), 3),
        "drops_per_s": drops_per_s(before, after, wall_s),
        **({} if server is None else {"server_cores": round(server_s / wall_s, 2)}),
    }


def looks_at_faces(run: Pipeline) -> int:
    """Return how many frames the workers have looked at; reported about once a second."""
    stages = dict(run.summary.stages).items()
    return sum(
        stage["steps"].get("face", {}).get("n", 0)
        for name, stage in stages
        if name.startswith("vision-")
    )


def entry(place: str, number: int) -> dict[str, object]:
    """Return a camera: a file that loops, or number `n` of a server."""
    where = place.replace("{n}", str(number))
    if "://" in place:
        return {"name": f"cam{number}", "url": where}
    return {"name": f"cam{number}", "path": where, "loop": True}


def state(endpoint: str) -> RunState:
    """Ask the run how it is, as `affectstream ctl status` does."""
    answer = ask(endpoint, Ask("status"))
    assert answer.state is not None
    return answer.state


def drops_per_s(before: RunState, after: RunState, wall_s: float) -> dict[str, float]:
    """Return the frames that were not looked at, by reason, over all cameras."""
    lost: dict[str, int] = defaultdict(int)
    for old, new in zip(before.cameras, after.cameras, strict=True):
        for fate, count in new.drops.items():
            lost[fate] += count - old.drops.get(fate, 0)
    return {fate: round(count / wall_s, 1) for fate, count in lost.items() if count}


def loop(
    place: str, cameras: int, seconds: float, rate_hz: int, server: int | None
) -> dict[str, Any]:
    """Run the naive loop, and measure it whole."""
    places = [place.replace("{n}", str(number)) for number in range(1, cameras + 1)]
    cpu_s, server_s = time.process_time(), process_cpu_s(server)
    ages_ms, wall_s = naive(places, seconds, rate_hz)
    found = figures(ages_ms, cameras, wall_s, time.process_time() - cpu_s)
    if server is not None:
        found["server_cores"] = round((process_cpu_s(server) - server_s) / wall_s, 2)
    return found


def figures(
    ages_ms: dict[str, list[float]], cameras: int, wall_s: float, cpu_s: float
) -> dict[str, Any]:
    """Return rates per camera, ages, processor and memory."""
    rates = sorted(len(ages) / wall_s for ages in ages_ms.values())
    rates = [0.0] * (cameras - len(rates)) + rates
    every = np.array([age for ages in ages_ms.values() for age in ages] or [np.nan])
    return {
        "results_per_s": [round(rates[0], 2), round(rates[-1], 2)],
        "age_ms": [round(float(x), 1) for x in (*np.percentile(every, [50, 95]), every.max())],
        "cores": round(cpu_s / wall_s, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def measure(
    part: str, place: str, cameras: int, options: argparse.Namespace, server: int | None
) -> dict[str, Any]:
    """Run one part in a fresh process."""
    command = [sys.executable, __file__, "--part", part, "--clip", place]
    command += ["--cameras", str(cameras), "--seconds", str(options.seconds)]
    command += ["--rate", str(options.rate)]
    command += [] if server is None else ["--server", str(server)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure, print a table, append a line to the results."""
    options = arguments()
    if options.part is not None:
        given = (options.clip, int(options.cameras), options.seconds)
        if options.part == "pipeline":
            found = pipeline(*given, options.server)
        else:
            found = loop(*given, options.rate, options.server)
        print(json.dumps(found))
        return
    rows = {}
    parts = ("pipeline",) if options.no_naive else ("pipeline", "naive")
    with tempfile.TemporaryDirectory() as folder:
        clip = str(make_clip(options.clip, Path(folder), options.rate))
        for count in map(int, options.cameras.split(",")):
            for part in parts:
                with served(clip, count) if options.rtsp else nullcontext((clip, None)) as where:
                    rows[f"{part} {count}"] = found = measure(
                        part, where[0], count, options, where[1]
                    )
                print(line(part, count, found), file=sys.stderr, flush=True)
    row = {
        "date": time.strftime("%Y-%m-%d"),
        "bench": "live",
        "clip": f"{Path(options.clip).name} as 720p{options.rate}",
        "over": "rtsp" if options.rtsp else "files",
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "versions": versions(),
        "live": rows,
    }
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", default=str(files("affectstream.configs") / "demo.mp4"))
    parser.add_argument("--rtsp", action="store_true", help="by a server of ours, on these cores")
    parser.add_argument("--cameras", default="1,4,8,16")
    parser.add_argument("--rate", type=int, default=15, help="pictures a second of a camera")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--no-naive", action="store_true")
    parser.add_argument("--part", choices=("pipeline", "naive"), help=argparse.SUPPRESS)
    parser.add_argument("--server", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def line(part: str, cameras: int, found: dict[str, Any]) -> str:
    """Return one part as people read it."""
    low, high = found["results_per_s"]
    p50, p95, most = found["age_ms"]
    text = (
        f"{part:9} {cameras:3} cameras  {low:5.1f} to {high:5.1f} results/s each  age ms p50 "
        f"{p50:6.0f}  p95 {p95:6.0f}  max {most:6.0f}  {found['cores']:.2f} cores  "
        f"{found['peak_mb']} MB"
    )
    if "cpu_on_unseen" in found:
        text += (
            f"  unseen {found['cpu_on_unseen']:.0%} of CPU  bodies {found['body_looks_per_s']}/s "
            f"(x{found['pose_stretch']})  decoded {found['decoded_share'][0]:.0%}  "
            f"{found['drops_per_s']}"
        )
    if "server_cores" in found:
        text += f"  server {found['server_cores']:.2f} cores"
    return text


if __name__ == "__main__":
    main()
