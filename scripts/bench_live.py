"""Measure live runs: cameras of 720p15 side by side, beside a naive loop over the same pictures.

Age is the time from the moment a picture was decoded to the moment its result reaches a sink. The
naive loop is `cv2.VideoCapture` and the same networks in one thread, each camera in turn; a picture
that it has not read in time waits, as it does in a network's buffers, and its age counts from when
it was due. Each part runs in a fresh process. A line goes to `benchmarks/results.jsonl`.

Without `--url` the cameras are files that loop at their real speed: no server takes part in the
load. `--url rtsp://127.0.0.1:8554/cam{n}` takes cameras 1, 2, … of a server that runs already.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from bench import RESULTS, cpu_name

from affectstream.sinks.base import Policy
from affectstream.stream.cameras import check_cameras
from affectstream.stream.config import load
from affectstream.stream.control import ask, running
from affectstream.stream.messages import Delivery, Frame, Reading
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.prepare import open_vision, versions
from affectstream.stream.status import Ask, RunState

WIDTH_PX, HEIGHT_PX, GROUP_S = 1280, 720, 2
WARM_S = 45.0
"""Measured from here on: strides and decoding have found their level."""


def make_clip(source: str, folder: Path, rate_hz: int, seconds: int = 12) -> Path:
    """Write the beginning of a clip as a camera would send it: no B-frames, a group of two seconds.

    A clip that is too short is shown again.
    """
    path = folder / f"720p{rate_hz}.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate_hz)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        keys = str(GROUP_S * rate_hz)
        stream.options = {"preset": "veryfast", "crf": "26", "bf": "0", "g": keys}
        stream.options |= {"keyint_min": keys, "sc_threshold": "0"}
        for number, picture in enumerate(_again(source)):
            if number == seconds * rate_hz:
                break
            frame = av.VideoFrame.from_ndarray(fitted(picture), "bgr24")
            frame.pts, frame.time_base = number, Fraction(1, rate_hz)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _again(source: str) -> Iterator[np.ndarray]:
    while True:
        with av.open(source) as container:
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format="bgr24")


def fitted(picture: np.ndarray) -> np.ndarray:
    """Return a picture in the middle of a grey 720p one."""
    scale = min(WIDTH_PX / picture.shape[1], HEIGHT_PX / picture.shape[0])
    size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    canvas = np.full((HEIGHT_PX, WIDTH_PX, 3), 114, np.uint8)
    left, top = (WIDTH_PX - size[0]) // 2, (HEIGHT_PX - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = cv2.resize(picture, size)
    return canvas


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


def pipeline(place: str, cameras: int, seconds: float) -> dict[str, Any]:
    """Run the pipeline over cameras; measure after it has settled."""
    first, *others = (entry(place, n) for n in range(1, cameras + 1))
    watch = Watch()
    run = Pipeline(load(None, cameras=check_cameras([first], "bench")), sinks=[("watch", watch)])
    run.start()
    endpoint = next(card.endpoint for card in running() if card.pid == os.getpid())
    for other in others:  # One after the other: key frames of cameras do not fall together.
        ask(endpoint, Ask("add", entry=other))
    time.sleep(WARM_S)
    watch.ages_ms, watch.looks = defaultdict(list), defaultdict(int)
    start_s, cpu_s = time.monotonic(), time.process_time()
    before, stages = state(endpoint), stage_cpu_s(run)
    time.sleep(seconds)
    wall_s, cpu_s = time.monotonic() - start_s, time.process_time() - cpu_s
    after, used = state(endpoint), stage_cpu_s(run)
    results = {name: list(ages) for name, ages in watch.ages_ms.items()}
    looks = sum(watch.looks.values())
    run.stop()
    run.join()
    wasted_s, captured_s = 0.0, 0.0
    for old, new in zip(before.cameras, after.cameras, strict=True):
        spent_s = used.get(f"capture-{new.camera}", 0.0) - stages.get(f"capture-{new.camera}", 0.0)
        unseen = sum(new.drops.get(f, 0) - old.drops.get(f, 0) for f in ("overwritten", "capped"))
        seen = new.results - old.results
        wasted_s += spent_s * unseen / max(1, unseen + seen)
        captured_s += spent_s
    return {
        **figures(results, cameras, wall_s, cpu_s),
        "body_looks_per_s": round(looks / wall_s, 1),
        "pose_stretch": after.pose_stretch,
        "decoded_share": sorted({one.decoded_share for one in after.cameras}),
        "capture_cores": round(captured_s / wall_s, 2),
        "cpu_on_unseen": round(wasted_s / max(cpu_s, 1e-9), 3),
        "drops_per_s": drops_per_s(before, after, wall_s),
    }


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


def stage_cpu_s(run: Pipeline) -> dict[str, float]:
    """Return the processor time that each stage told of last."""
    return {name: stage["cpu_s"] for name, stage in dict(run.summary.stages).items()}


def drops_per_s(before: RunState, after: RunState, wall_s: float) -> dict[str, float]:
    """Return the frames that were not looked at, by reason, over all cameras."""
    lost: dict[str, int] = defaultdict(int)
    for old, new in zip(before.cameras, after.cameras, strict=True):
        for fate, count in new.drops.items():
            lost[fate] += count - old.drops.get(fate, 0)
    return {fate: round(count / wall_s, 1) for fate, count in lost.items() if count}


def naive(place: str, cameras: int, seconds: float, rate_hz: int) -> dict[str, Any]:
    """Read each camera in turn and look, in one thread; two seconds for warming up."""
    eyes = open_vision(load(None))
    places = [place.replace("{n}", str(n)) for n in range(1, cameras + 1)]
    captures = [cv2.VideoCapture(one) for one in places]
    ages_ms: dict[str, list[float]] = defaultdict(list)
    start_s, cpu_s = time.monotonic(), time.process_time()
    for number in itertools.count():
        for index, capture in enumerate(captures):
            found, image = capture.read()
            if not found:
                captures[index] = capture = cv2.VideoCapture(places[index])
                found, image = capture.read()
            due_s = start_s + number / rate_hz
            time.sleep(max(0.0, due_s - time.monotonic()))
            eyes.see(Frame(f"cam{index}", number, 0, number / rate_hz, 0, 0, image), None)
            ages_ms[f"cam{index}"].append((time.monotonic() - due_s) * 1000)
        if time.monotonic() - start_s > seconds:
            break
    wall_s = time.monotonic() - start_s
    return figures(ages_ms, cameras, wall_s, time.process_time() - cpu_s)


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


def measure(part: str, place: str, cameras: int, options: argparse.Namespace) -> dict[str, Any]:
    """Run one part in a fresh process."""
    command = [sys.executable, __file__, "--part", part, "--clip", place]
    command += ["--cameras", str(cameras), "--seconds", str(options.seconds)]
    done = subprocess.run(
        [*command, "--rate", str(options.rate)], stdout=subprocess.PIPE, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure, print a table, append a line to the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", default=str(files("affectstream.configs") / "demo.mp4"))
    parser.add_argument("--url", help="cameras of a server, {n} for their number")
    parser.add_argument("--cameras", default="1,4,8,16")
    parser.add_argument("--rate", type=int, default=15, help="pictures a second of a camera")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--no-naive", action="store_true")
    parser.add_argument("--part", choices=("pipeline", "naive"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part == "pipeline":
        print(json.dumps(pipeline(options.clip, int(options.cameras), options.seconds)))
        return
    if options.part == "naive":
        print(json.dumps(naive(options.clip, int(options.cameras), options.seconds, options.rate)))
        return
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        place = options.url or str(make_clip(options.clip, Path(folder), options.rate))
        for count in map(int, options.cameras.split(",")):
            for part in ("pipeline",) if options.no_naive else ("pipeline", "naive"):
                rows[f"{part} {count}"] = found = measure(part, place, count, options)
                print(line(part, count, found), file=sys.stderr, flush=True)
    row = {
        "date": time.strftime("%Y-%m-%d"),
        "bench": "live",
        "clip": f"{Path(options.clip).name} as 720p{options.rate}",
        "over": "rtsp" if options.url else "files",
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "versions": versions(),
        "live": rows,
    }
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


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
    return text


if __name__ == "__main__":
    main()
