"""The net as one ONNX file: written, run and timed with ONNX Runtime."""

from __future__ import annotations

import copy
import json
import time
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray

from .data import LABELS, Faces
from .net import SIDE_PX, Calibrated, ExpressionNet

OPSET = 17
INPUT, OUTPUT = "faces_n1hw", "probabilities"
LATENCY_BATCH, LATENCY_RUNS = 4, 400
LARGEST_DIFFERENCE = 1e-4

# Medians over FER+ train pictures, in units of the picture's side: x, y.
FRAMING = {
    "left_eye": (0.311, 0.389),
    "right_eye": (0.687, 0.395),
    "nose": (0.480, 0.598),
    "left_mouth": (0.340, 0.752),
    "right_mouth": (0.642, 0.757),
}


def metadata(temperature: float, licence: str) -> dict[str, str]:
    """Return the file's metadata properties."""
    return {
        "labels": ",".join(LABELS),
        "temperature": f"{temperature:.4f}",
        "licence": licence,
        "input": f"{INPUT}: N x 1 x {SIDE_PX} x {SIDE_PX} float32, grey 0..255, not normalised",
        "output": f"{OUTPUT}: N x {len(LABELS)} float32, softmax(logits / temperature)",
        "framing": json.dumps(FRAMING),
    }


def write_onnx(net: ExpressionNet, path: Path, properties: dict[str, str]) -> None:
    """Write ``net``, normalisations folded and temperature baked in, as one file.

    Raises:
        RuntimeError: where ONNX Runtime answers otherwise than the net.
    """
    folded = copy.deepcopy(net).eval()
    folded.fold()
    shipped = Calibrated(folded, float(properties["temperature"])).eval()
    example_n1hw = torch.linspace(0, 255, 2 * SIDE_PX * SIDE_PX).view(2, 1, SIDE_PX, SIDE_PX)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # The TorchScript exporter is marked as legacy; it writes the smaller, cleaner file.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            shipped,
            (example_n1hw,),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: {0: "n"}, OUTPUT: {0: "n"}},
        )
    model = onnx.load(path)
    onnx.helper.set_model_props(model, properties)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    with torch.inference_mode():
        expected = Calibrated(net, shipped.temperature).eval()(example_n1hw).numpy()
    got = _session(path).run([OUTPUT], {INPUT: example_n1hw.numpy()})[0]
    if np.abs(got - expected).max() > LARGEST_DIFFERENCE:
        raise RuntimeError(f"{path} differs from the net by {np.abs(got - expected).max():.2g}")


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def probabilities_of(path: Path, faces: Faces) -> NDArray[np.float64]:
    """Return the file's probabilities Nx8 for faces Nx48x48 uint8."""
    session = _session(path)
    faces_n1hw = faces[:, None].astype(np.float32)
    parts = [
        session.run([OUTPUT], {INPUT: faces_n1hw[start : start + 64]})[0]
        for start in range(0, len(faces), 64)
    ]
    return np.concatenate(parts).astype(np.float64)


def latency_ms(path: Path, faces: Faces) -> float:
    """Return the milliseconds per face of the fastest run, one thread, batches of 4.

    Other work on the machine can only slow a run down.
    """
    session = _session(path)
    batch_n1hw = faces[:LATENCY_BATCH, None].astype(np.float32)
    spent_s = []
    for _ in range(LATENCY_RUNS):
        start_s = time.perf_counter()
        session.run([OUTPUT], {INPUT: batch_n1hw})
        spent_s.append(time.perf_counter() - start_s)
    return min(spent_s) / LATENCY_BATCH * 1000
