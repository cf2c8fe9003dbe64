"""The only importer of ONNX Runtime: sessions with one thread each, and typed errors."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ..stream.errors import MissingExtraError, ModelError
from .onnx_scan import scan

Array = npt.NDArray[np.float32]
Shape = Sequence[int | str]
"""The size of each axis; a name stands for a free one."""
Provider = Literal["auto", "cpu", "cuda", "openvino"]

PROVIDERS = {"cuda": "CUDAExecutionProvider", "openvino": "OpenVINOExecutionProvider"}
"""The accelerators under the names ONNX Runtime gives them. CUDA is unproved: no network of ours
has run on it, so neither its times nor its agreement with the CPU are known. With OpenVINO the
networks that come with the package agree with the CPU within 6e-5 of an output's largest value. In
72 frames of one face close by, emotions differed by up to 0.0011, valence by up to 0.0008; the
pose's region goes on from frame to frame and spreads what differs: visible keypoints by up to 8 px,
those out of the picture by 150 px and more. `auto` leaves OpenVINO out, since most networks were no
faster (mesh 3.5 against 1.9 ms, landmarks 15.8 against 17.9 ms; Intel Xeon, family 6, model 167,
two cores; onnxruntime-openvino 1.24.1)."""
CPU = "CPUExecutionProvider"
SILENT = 4
"""ONNX Runtime's severity `fatal`; what it would print comes back as an exception."""

log = logging.getLogger(__name__)


class Signature(NamedTuple):
    """What a file says of itself: the shapes of inputs and outputs by name, and its metadata."""

    inputs: dict[str, list[int | str]]
    outputs: dict[str, list[int | str]]
    metadata: dict[str, str]


class NotFiniteError(ModelError):
    """A network answered with NaN or infinity, so this one answer is unusable."""


def runtime() -> Any:
    """Return the onnxruntime module, its own log silenced.

    Raises:
        MissingExtraError: it is not installed, or left without its core by a half removal.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError("ONNX Runtime", "cpu") from error
    if not hasattr(onnxruntime, "InferenceSession"):
        raise MissingExtraError("ONNX Runtime", "cpu")
    onnxruntime.set_default_logger_severity(SILENT)
    return onnxruntime


class Net:
    """One network, opened once and shared by all worker threads: `run` may be called by several.

    `providers` are those the session really got, best first.
    """

    def __init__(
        self,
        path: Path,
        inputs: Mapping[str, Shape],
        outputs: Mapping[str, Shape],
        provider: Provider = "auto",
    ) -> None:
        """Open `path` and hold it to the names and shapes of `inputs` and `outputs`.

        Free axes match anything. More outputs than `outputs` may be there; they are not read.

        Raises:
            MissingExtraError: ONNX Runtime is absent.
            ModelError: the file is absent, damaged, leans on other files or foreign operators,
                has other inputs or outputs, or `provider` was asked for by name and not obtained.
        """
        self.path = path
        self._ort = runtime()
        self._errors = _error_types(self._ort)
        wanted = _wanted(self._ort, provider)
        self._session = _session(self._ort, path, wanted)
        self.providers: tuple[str, ...] = tuple(self._session.get_providers())
        if provider in PROVIDERS and PROVIDERS[provider] not in self.providers:
            raise ModelError(
                f"{path.name}: {provider} was asked for; got {self.providers[0]}; "
                "provider `auto` takes what there is"
            )
        if wanted[0] not in self.providers:
            _tell_fallback(wanted[0], self.providers[0])
        self._check(self._session.get_inputs(), inputs, "input")
        self._check(self._session.get_outputs(), outputs, "output")
        if len(self._session.get_inputs()) != len(inputs):
            raise ModelError(f"{path.name} wants other inputs than {', '.join(inputs)}")
        self._input = next(iter(inputs))
        self._outputs = list(outputs)
        self._takes_one = self._session.get_inputs()[0].shape[:1] == [1]

    def _check(self, values: Sequence[Any], expected: Mapping[str, Shape], what: str) -> None:
        have = {value.name: value for value in values}
        for name, shape in expected.items():
            if name not in have:
                names = ", ".join(have)
                raise ModelError(f"{self.path.name} has no {what} {name!r}; it has {names}")
            if not matches(have[name].shape, shape) or have[name].type != "tensor(float)":
                raise ModelError(
                    f"{self.path.name}: {what} {name!r} is {have[name].type} {have[name].shape}, "
                    f"not tensor(float) {list(shape)}"
                )

    def run(self, feeds: Mapping[str, Array]) -> list[Array]:
        """Return the outputs, in the order they were named when the net was opened.

        Raises:
            NotFiniteError: an output holds NaN or infinity.
            ModelError: ONNX Runtime refused the feeds or failed.
        """
        try:
            results: list[Array] = self._session.run(self._outputs, dict(feeds))
        except self._errors as error:
            raise ModelError(f"{self.path.name} failed: {_brief(error)}") from error
        for name, result in zip(self._outputs, results, strict=True):
            if not np.isfinite(result).all():
                raise NotFiniteError(f"{self.path.name} gave NaN or infinity in {name!r}")
        return results

    def run_batch(self, batch: Array, sizes: Sequence[int]) -> list[Array]:
        """Run a net of one input over a batch, cut into pieces of the given sizes.

        A run only ever sees these sizes, so memory does not grow with every number of faces.
        `sizes` must hold 1, and only that counts where the file's own batch is fixed at one.
        Raises what `run` raises.
        """
        pieces = []
        sizes = self._possible(sizes)
        start = 0
        while start < len(batch):
            size = max(size for size in sizes if size <= len(batch) - start)
            pieces.append(self.run({self._input: batch[start : start + size]}))
            start += size
        return [np.concatenate(parts) for parts in zip(*pieces, strict=True)]

    def warm_up(self, sizes: Sequence[int] = (1,)) -> None:
        """Run once on zeros for each batch size, so that no real frame waits."""
        for size in self._possible(sizes):
            inputs = self._session.get_inputs()
            self.run({one.name: np.zeros([size, *one.shape[1:]], np.float32) for one in inputs})

    def _possible(self, sizes: Sequence[int]) -> Sequence[int]:
        return (1,) if self._takes_one else sizes


def signature(path: Path) -> Signature:
    """Return the names and shapes of a network on the CPU; raises what `Net` raises for a file.

    A free axis without a name is "?".
    """
    ort = runtime()
    session = _session(ort, path, [CPU])
    inputs, outputs = (
        {one.name: [axis or "?" for axis in one.shape] for one in values}
        for values in (session.get_inputs(), session.get_outputs())
    )
    return Signature(inputs, outputs, dict(session.get_modelmeta().custom_metadata_map))


def quantization() -> Any:
    """Return ONNX Runtime's tools for 8-bit networks, which need the package `onnx`.

    Raises:
        MissingExtraError: one of the two is absent.
    """
    runtime()
    try:
        from onnxruntime import quantization as tools
    except ImportError as error:
        raise MissingExtraError("8-bit export", "export") from error
    return tools


def _session(ort: Any, path: Path, providers: list[str]) -> Any:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read the model {path}: {error.strerror}") from error
    scan(data, path.name)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = SILENT
    try:
        return ort.InferenceSession(data, options, providers=providers)
    except _error_types(ort) as error:
        raise ModelError(f"ONNX Runtime cannot open {path.name}: {_brief(error)}") from error


@functools.cache
def _tell_fallback(wanted: str, got: str) -> None:
    """Say once a process that an accelerator is built in and does not work."""
    log.warning(
        "affectstream: ONNX Runtime has %s but could not start it; networks run on %s. "
        "`affectstream doctor` says what each one got.",
        wanted,
        got,
    )


def _wanted(ort: Any, provider: Provider) -> list[str]:
    """Return the providers to ask for; which of them work is known only afterwards."""
    name = PROVIDERS.get("cuda" if provider == "auto" else provider, CPU)
    if name == CPU or name not in ort.get_available_providers():
        return [CPU]
    if name == PROVIDERS["cuda"] and hasattr(ort, "preload_dlls"):
        with contextlib.redirect_stdout(None):
            ort.preload_dlls()
    return [name, CPU]


def matches(have: Sequence[object], expected: Shape) -> bool:
    """Tell whether two shapes agree wherever both are fixed."""
    return len(have) == len(expected) and all(
        one == other or not (isinstance(one, int) and isinstance(other, int))
        for one, other in zip(have, expected, strict=True)
    )


def _error_types(ort: Any) -> tuple[type[Exception], ...]:
    """Return what ONNX Runtime raises: its own types share no base but Exception."""
    state = ort.capi.onnxruntime_pybind11_state
    own = [kind for kind in vars(state).values() if isinstance(kind, type)]
    return (*(kind for kind in own if issubclass(kind, Exception)), RuntimeError, ValueError)


def _brief(error: Exception) -> str:
    """Return the first line of an error's text."""
    return (" ".join(str(error).split()) or type(error).__name__)[:300]
