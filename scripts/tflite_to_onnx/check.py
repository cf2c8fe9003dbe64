"""Compare a converted network with the original, and measure it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from .catalogue import Entry
from .crops import Finder, Image, tensor_nhwc
from .graph import INPUT_NAME

RANDOM_INPUTS = 8
TIMED_CALLS = 60

Outputs = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Difference:
    """How far one output is from the original's, over all inputs of a kind."""

    output: str
    low: float
    high: float
    random: float
    crops: float
    kernels: float

    @property
    def relative(self) -> float:
        """Return the largest difference as a part of the output's range."""
        return max(self.random, self.crops) / (self.high - self.low)


@dataclass(frozen=True)
class Result:
    """What a check found; times are CPU milliseconds per call, by batch size."""

    differences: Sequence[Difference]
    best_scores: Sequence[float]
    cpu_ms: dict[int, float]


class Original:
    """The TFLite network in LiteRT's interpreter, one thread."""

    def __init__(self, source: bytes, entry: Entry, resolver: OpResolverType) -> None:
        """Open `source` with the kernels that `resolver` names."""
        self._interpreter: Any = Interpreter(
            model_content=source, num_threads=1, experimental_op_resolver_type=resolver
        )
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        details = self._interpreter.get_output_details()
        self._outputs = {
            label: detail["index"]
            for label, detail in zip(entry.output_names, details, strict=True)
            if label is not None
        }

    def run(self, image_nhwc: NDArray[np.float32]) -> Outputs:
        """Return the outputs, flattened."""
        self._interpreter.set_tensor(self._input, image_nhwc)
        self._interpreter.invoke()
        return {k: self._interpreter.get_tensor(i).ravel() for k, i in self._outputs.items()}


def open_single_threaded(model: bytes) -> Any:
    """Return an ONNX Runtime session that uses one CPU thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def check(
    entry: Entry, source: bytes, model: bytes, finder: Finder, pictures_rgb: Sequence[Image]
) -> Result:
    """Compare on random inputs and on crops of the pictures, and measure."""
    session = open_single_threaded(model)
    _, channels, height, width = session.get_inputs()[0].shape
    shape = (1, height, width, channels)
    generator = np.random.default_rng(0)
    low, high = -entry.shift, 255 / entry.divisor - entry.shift
    randoms = [generator.uniform(low, high, shape).astype(np.float32) for _ in range(RANDOM_INPUTS)]
    crops = [tensor_nhwc(finder.crop(p, entry, height), entry) for p in pictures_rgb]
    ours = [_run(session, entry, image) for image in randoms + crops]
    plain = Original(source, entry, OpResolverType.BUILTIN_REF)
    fast = Original(source, entry, OpResolverType.BUILTIN)
    theirs = [plain.run(image) for image in randoms + crops]
    kernels = [fast.run(image) for image in randoms + crops]
    gate = "presence" if "presence" in entry.outputs else "scores"
    return Result(
        [_difference(label, ours, theirs, kernels) for label in entry.outputs],
        [float(outputs[gate].max()) for outputs in theirs[RANDOM_INPUTS:]],
        {batch: _cpu_ms(session, batch) for batch in (1, 4)},
    )


def _run(session: Any, entry: Entry, image_nhwc: NDArray[np.float32]) -> Outputs:
    values = session.run(entry.outputs, {INPUT_NAME: image_nhwc.transpose(0, 3, 1, 2)})
    return {label: value.ravel() for label, value in zip(entry.outputs, values, strict=True)}


def _difference(
    label: str, ours: Sequence[Outputs], theirs: Sequence[Outputs], kernels: Sequence[Outputs]
) -> Difference:
    apart = [float(np.abs(a[label] - b[label]).max()) for a, b in zip(ours, theirs, strict=True)]
    between = [
        float(np.abs(a[label] - b[label]).max()) for a, b in zip(kernels, theirs, strict=True)
    ]
    everything = np.concatenate([outputs[label] for outputs in theirs])
    return Difference(
        label,
        float(everything.min()),
        float(everything.max()),
        max(apart[:RANDOM_INPUTS]),
        max(apart[RANDOM_INPUTS:]),
        max(between),
    )


def _cpu_ms(session: Any, batch: int) -> float:
    """Return the median CPU time of a call: other programs on the machine do not count."""
    _, *shape = session.get_inputs()[0].shape
    image = np.random.default_rng(1).random((batch, *shape), np.float32)
    times = []
    for _ in range(TIMED_CALLS):
        start = time.process_time()
        session.run(None, {INPUT_NAME: image})
        times.append(time.process_time() - start)
    return 1000 * statistics.median(times)
