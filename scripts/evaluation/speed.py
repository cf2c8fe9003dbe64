"""How much processor time each job takes, on one thread and on two at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from affectstream.models import zoo
from affectstream.models.base import ExpressionModel, FaceDetector, FaceMesh, PoseEstimator
from affectstream.stream.messages import Image

from .cutouts import STANDING
from .parts import Measured, SkippedError, clip
from .people import WALKING

JOBS = ("face", "mesh", "expression", "expression_net", "pose_search", "pose_follow")
THREADS = (1, 2)
BATCH = 4
FIGURES = tuple(f"ms_{job}_{threads}t" for job in JOBS for threads in THREADS)
CALLS, REPEATS = 5, 6
"""Calls in a row on each thread, and how often; the fastest counts, since other work on the machine
can only slow one down."""

Call = Callable[[], object]


def times(data: Path) -> Measured:
    """Return ms a call by job and threads: processor time of the calling threads, mean of both.

    A session has no threads of its own, so on a free core that is the time that passes; unlike it,
    it does not grow while other programs wait for the same core.

    Both expression jobs are ms a face in a batch of 4, with its crop and of the network alone.
    Pictures as they come: faces from a photograph of 572 x 562 px, bodies from a frame of
    768 x 432 px.
    """
    calls = _calls(data)
    return {
        f"ms_{job}_{threads}t": best_ms(call, threads) / (BATCH if "expression" in job else 1)
        for job, call in calls.items()
        for threads in THREADS
    }


def best_ms(call: Call, threads: int, calls: int = CALLS, repeats: int = REPEATS) -> float:
    """Return the fastest processor ms a call, `threads` of them running at once."""

    def run(_: int) -> float:
        start_s = time.thread_time()
        for _ in range(calls):
            call()
        return time.thread_time() - start_s

    fastest_s = float("inf")
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(repeats):
            fastest_s = min(fastest_s, sum(pool.map(run, range(threads))))
    return 1000 * fastest_s / (calls * threads)


def _calls(data: Path) -> dict[str, Call]:
    """Return what is timed, warmed up by a first call each."""
    face_bgr: Image = np.asarray(cv2.imread(str(clip(data, "pyfeat_single_face.jpg"))), np.uint8)
    body_bgr = _frame(clip(data, WALKING), STANDING[0])
    face: FaceDetector = zoo.build(zoo.pick("face").entry, {}, "cpu")
    mesh: FaceMesh = zoo.build(zoo.pick("mesh").entry, {}, "cpu")
    expression: ExpressionModel = zoo.build(zoo.pick("expression").entry, {}, "cpu")
    pose: PoseEstimator = zoo.build(zoo.pick("pose").entry, {}, "cpu")
    entry = zoo.pick("expression").entry
    wish = entry.files["expression"].input
    net = zoo.open_net(entry, "expression", "cpu")
    feeds = {wish.name: np.full((BATCH, *wish.shape[1:]), 0.5, np.float32)}
    found = face.detect(face_bgr)[:1]
    measured = mesh.measure(face_bgr, found)
    bodies = pose.estimate(body_bgr, (), True)
    if not measured or not bodies:
        raise SkippedError("the networks found nobody in the pictures that are timed")
    return {
        "face": lambda: face.detect(face_bgr),
        "mesh": lambda: mesh.measure(face_bgr, found),
        "expression": lambda: expression.read(face_bgr, measured * BATCH),
        "expression_net": lambda: net.run(feeds),
        "pose_search": lambda: pose.estimate(body_bgr, (), True),
        "pose_follow": lambda: pose.estimate(body_bgr, bodies, False),
    }


def _frame(path: Path, seq: int) -> Image:
    capture = cv2.VideoCapture(str(path))
    capture.set(cv2.CAP_PROP_POS_FRAMES, seq)
    done, image_bgr = capture.read()
    capture.release()
    if not done:
        raise SkippedError(f"frame {seq} of {path.name} cannot be read")
    return np.asarray(image_bgr, np.uint8)
