"""Write the card of a converted network."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import onnx

from .catalogue import LICENCE, PACKAGE, REPOSITORY, VERSION, Entry
from .check import RANDOM_INPUTS, TIMED_CALLS, Result

TEMPLATE = """\
# {title}

| | |
|---|---|
| file | `{name}.onnx`, {size} bytes, opset {opset}, weights float16, arithmetic float32 |
| sha256 | `{sha256}` |
| origin | {package} {version} (package index), `{member}` |
| source sha256 | `{source_sha256}` |
| repository | {repository} |
| original model card | {model_card} |
| licence | {licence} |
| what differs | the file format; the input is channels first and has a free batch size; {changes} |

## Input

`image_nchw`, {input_shape}, float32: RGB, {scale} for x in 0..255. What it shows: {input_text}.

## Outputs

{outputs}
## Checked against the original

Original: the TFLite file in the interpreter of ai-edge-litert {litert}, reference kernels
(`BUILTIN_REF`). Converted: onnxruntime {onnxruntime}, one thread. {random} inputs of uniform
noise, and a crop as above of each of {pictures} ({gate} there in the original: {scores}).
Largest absolute difference; the last column is how far the original's own two sets of kernels,
reference and XNNPACK, are apart on the same inputs.

| output | range seen | noise | crops | part of range | original, kernel to kernel |
|---|---|---|---|---|---|
{differences}
## Speed

{ms} CPU milliseconds per call (median of {calls} calls, onnxruntime {onnxruntime}, CPU
provider, `intra_op_num_threads` 1, no spinning): {hardware}.

## Made by

    pip install flatbuffers tflite onnx numpy onnxruntime ai-edge-litert opencv-python-headless
    python scripts/convert_tflite.py --check {pictures_line} --hardware "..."

The ONNX file comes out the same, byte for byte, each time.
"""


def write_card(
    entry: Entry, model: bytes, result: Result, pictures: Sequence[Path], hardware: str
) -> str:
    """Return the card as Markdown."""
    names = [path.name for path in pictures]
    shapes = _shapes(onnx.load_from_string(model))
    gate = "presence" if "presence" in entry.outputs else "best score"
    return TEMPLATE.format(
        title=entry.title,
        name=entry.name,
        size=f"{len(model):,}",
        opset=onnx.load_from_string(model).opset_import[0].version,
        sha256=hashlib.sha256(model).hexdigest(),
        package=PACKAGE,
        version=VERSION,
        member=entry.member,
        source_sha256=entry.source_sha256,
        repository=REPOSITORY,
        model_card=entry.model_card,
        licence=LICENCE,
        input_shape=shapes["image_nchw"],
        scale=entry.scale_text,
        input_text=entry.input_text,
        outputs="".join(
            f"- `{label}`, {shapes[label]}: {entry.outputs_text[label]}\n"
            for label in entry.outputs
        ),
        litert=version("ai-edge-litert"),
        onnxruntime=version("onnxruntime"),
        random=RANDOM_INPUTS,
        changes=entry.changes,
        pictures=", ".join(f"`{name}`" for name in names),
        pictures_line=" ".join(names),
        calls=TIMED_CALLS,
        gate=gate,
        scores=", ".join(f"{score:.3g}" for score in result.best_scores),
        differences="".join(_rows(result)),
        ms=", ".join(f"{ms:.1f} (batch {batch})" for batch, ms in result.cpu_ms.items()),
        hardware=hardware,
    )


def _shapes(model: onnx.ModelProto) -> Mapping[str, str]:
    return {
        value.name: " x ".join(
            dimension.dim_param or str(dimension.dim_value)
            for dimension in value.type.tensor_type.shape.dim
        )
        for value in (*model.graph.input, *model.graph.output)
    }


def _rows(result: Result) -> Sequence[str]:
    return [
        f"| {d.output} | {d.low:.4g} .. {d.high:.4g} | {d.random:.1e} | {d.crops:.1e} "
        f"| {d.relative:.1e} | {d.kernels:.1e} |\n"
        for d in result.differences
    ]
