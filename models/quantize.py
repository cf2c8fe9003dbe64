"""Make a float network into an 8-bit one, its ranges taken from a clip.

Static, QDQ, activations unsigned and weights signed 8 bits, weights per channel. What follows the
last convolutions stays float: a box in hundreds of px and a score below 1 share one tensor there,
so that 8 bits would leave nothing of the score.

Source: onnxruntime.ai, Quantize ONNX models; the split at the last convolutions is ours.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..stream.errors import IncompleteError, MissingExtraError, ModelError, SourceError
from ..stream.messages import Image
from ..stream.sources import video
from .crop import Array, Input, to_batch
from .ort import quantization
from .yolo_pose import letterbox

FRAMES = 64
"""Pictures that give the ranges, spread evenly over the clip."""


def quantize(file: Path, fed: Input, clip: Path) -> None:
    """Replace a network by its 8-bit form.

    Raises:
        MissingExtraError: the package `onnx` is absent.
        SourceError: the clip cannot be opened.
        ModelError: ONNX Runtime cannot do it.
    """
    tools = quantization()
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("8-bit export", "export") from error
    framed = _spread(clip, fed)
    whole = file.with_suffix(".whole.onnx")
    try:
        tools.quant_pre_process(file, whole, skip_symbolic_shape=True)
        model = onnx.load(whole)
        for number, node in enumerate(model.graph.node):
            node.name = node.name or f"{node.op_type}_{number}"
        onnx.save(model, whole)
        tools.quantize_static(
            whole,
            file,
            _Reader(framed, fed),
            quant_format=tools.QuantFormat.QDQ,
            activation_type=tools.QuantType.QUInt8,
            weight_type=tools.QuantType.QInt8,
            per_channel=True,
            nodes_to_exclude=behind_the_convolutions(model.graph),
        )
        _drop_unused_operators(onnx, file)
    except (RuntimeError, ValueError, TypeError, KeyError, IndexError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{file.name} cannot be made 8-bit: {reason}") from error
    finally:
        whole.unlink(missing_ok=True)


def _drop_unused_operators(onnx: Any, file: Path) -> None:
    """Take out the operator sets that ONNX Runtime names in what it writes and does not use."""
    model = onnx.load(file)
    used = {node.domain for node in model.graph.node}
    kept = [one for one in model.opset_import if one.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    onnx.save(model, file)


def behind_the_convolutions(graph: Any) -> list[str]:
    """Return the names of the nodes between the last convolutions and the outputs.

    A convolution to one channel is arithmetic on a finished answer (the mean of a distribution),
    so it counts among them.
    """
    maker = {output: node for node in graph.node for output in node.output}
    channels = {one.name: one.dims[0] for one in graph.initializer if len(one.dims) == 4}
    found: dict[str, None] = {}
    open_ends = [output.name for output in graph.output]
    while open_ends:
        node = maker.get(open_ends.pop())
        if node is None or node.name in found:
            continue
        if node.op_type == "Conv" and channels.get(node.input[1], 1) > 1:
            continue
        found[node.name] = None
        open_ends += node.input
    return list(found)


def _spread(clip: Path, fed: Input) -> list[Image]:
    """Return at most `FRAMES` framed pictures, spread over a clip whose length may be unknown."""
    kept: list[Image] = []
    stride = 1
    source = video.build(video.Config(path=clip), clip.stem)
    with contextlib.closing(source), contextlib.suppress(IncompleteError):
        for number, picture in enumerate(source.pictures()):
            if number % stride:
                continue
            kept.append(letterbox(picture.image_bgr, fed.shape[2:], fed.pad)[0])
            if len(kept) == 2 * FRAMES:
                kept, stride = kept[::2], stride * 2
    if not kept:
        raise SourceError(f"{clip}: no picture of it can be decoded")
    return kept[:: max(len(kept) // FRAMES, 1)][:FRAMES]


class _Reader:
    """Gives ONNX Runtime one picture after the other, as a run of ours would."""

    def __init__(self, framed: list[Image], fed: Input) -> None:
        self._feeds: Iterator[dict[str, Array]] = (
            {fed.name: to_batch([one], fed)} for one in framed
        )

    def get_next(self) -> dict[str, Array] | None:
        """Return the next feed; None at the end."""
        return next(self._feeds, None)
