"""The first load of a network that nobody vouches for, in a process of its own with limits.

A file of a few bytes can ask for terabytes or for ever; here it ends alone. `python -m` of this
module is that process: it reads an entry and a path from its standard input.

Source of the danger: a graph of 126 bytes that fills a tensor of 4e10 elements (ConstantOfShape).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from ..stream.errors import AffectstreamError, ModelError
from ..stream.messages import Face
from . import zoo
from .ort import Net, Signature, signature

MEMORY_BYTES = 6 << 30
LIMIT_S = 60.0
RUNS = 20
PICTURE_HW = (480, 640)
FACE = Face(
    (240.0, 140.0, 400.0, 340.0),
    1.0,
    ((285.0, 215.0), (355.0, 215.0), (320.0, 255.0), (292.0, 295.0), (348.0, 295.0)),
)
"""A face such as the jobs behind the detector are given."""


class Order(msgspec.Struct, frozen=True):
    """What to try: the signature of `file` alone, or also `entry`, whose files lie in `folder`."""

    file: str
    folder: str = ""
    entry: zoo.Entry | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What came of it: an error's text, or the signature and the fastest run."""

    error: str = ""
    inputs: dict[str, list[int | str]] = {}
    outputs: dict[str, list[int | str]] = {}
    metadata: dict[str, str] = {}
    ms_1_thread: float | None = None


def inspect(file: Path) -> Signature:
    """Return the signature of a file. Raises: ModelError, also when it breaks the limits."""
    outcome = _ordered(Order(str(file)))
    return Signature(outcome.inputs, outcome.outputs, outcome.metadata)


def rehearse(entry: zoo.Entry, folder: Path) -> float:
    """Build a model's adapter from the files in `folder`, run it once; return ms of a bare run.

    Raises:
        ModelError: it cannot be opened, has other shapes, or breaks the limits.
    """
    (file,) = entry.files.values()
    return _ordered(Order(str(folder / file.path), str(folder), entry)).ms_1_thread or 0.0


def _ordered(order: Order) -> Outcome:
    name = Path(order.file).name
    command = [sys.executable, "-m", __name__]
    environment = {**os.environ, zoo.ENVIRONMENT: order.folder or "."}
    try:
        done = subprocess.run(
            command,
            input=msgspec.json.encode(order),
            capture_output=True,
            timeout=LIMIT_S,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"{name} took more than {LIMIT_S:.0f} s to open: refused") from error
    try:
        outcome = msgspec.json.decode(done.stdout, type=Outcome)
    except msgspec.DecodeError as error:
        raise ModelError(
            f"{name} broke the process that tried it (code {done.returncode}): refused"
        ) from error
    if outcome.error:
        raise ModelError(outcome.error)
    return outcome


def _carry_out(order: Order) -> Outcome:
    file = Path(order.file)
    try:
        inputs, outputs, metadata = signature(file)
        if order.entry is None:
            return Outcome("", inputs, outputs, metadata)
        return Outcome("", inputs, outputs, metadata, _rehearsed(order.entry))
    except AffectstreamError as error:
        return Outcome(str(error))
    except MemoryError:
        return Outcome(f"{file.name} wants more than {MEMORY_BYTES >> 30} GiB: refused")
    except (ValueError, IndexError, KeyError) as error:
        kind = order.entry.kind if order.entry else "?"
        return Outcome(f"{file.name} does not answer as a network of kind {kind} does ({error})")


def _rehearsed(entry: zoo.Entry) -> float:
    picture = np.full((*PICTURE_HW, 3), 128, np.uint8)
    adapter = zoo.build(entry, {}, "cpu")
    match entry.job:
        case "face":
            adapter.detect(picture)
        case "mesh":
            adapter.measure(picture, [FACE])
        case "expression":
            adapter.read(picture, [FACE])
        case "pose":
            adapter.estimate(picture, (), True)
    (part,) = entry.files
    return fastest_ms(zoo.open_net(entry, part, "cpu"), entry.files[part].input.shape, RUNS)


def fastest_ms(net: Net, shape: Sequence[int | str], runs: int) -> float:
    """Return the fastest of some runs on one picture: other load only ever adds time."""
    picture = np.random.default_rng(0).random((1, *map(int, shape[1:])), np.float32)
    spent_s = []
    for _ in range(runs):
        start_s = time.perf_counter()
        net.run_batch(picture, (1,))
        spent_s.append(time.perf_counter() - start_s)
    return round(min(spent_s) * 1000, 2)


def _limit() -> None:
    """Bound what this process may take, where the platform can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _limit()
    answer = _carry_out(msgspec.json.decode(sys.stdin.buffer.read(), type=Order))
    print(json.dumps(msgspec.to_builtins(answer)))
