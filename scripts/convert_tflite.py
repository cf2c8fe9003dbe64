#!/usr/bin/env python3
"""Convert the networks of the MediaPipe wheel to ONNX, and write their cards.

    python scripts/convert_tflite.py
    python scripts/convert_tflite.py --check PICTURE... --hardware "one thread of ..."

The first form needs `pip install flatbuffers tflite onnx numpy` and writes the ONNX files. The
second one also compares each with the original in the LiteRT interpreter, on random inputs and
on the pictures given, measures it in ONNX Runtime and writes its card; for that it needs
`pip install onnxruntime ai-edge-litert opencv-python-headless` as well.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tflite_to_onnx.catalogue import CATALOGUE, LICENCE, PACKAGE, REPOSITORY, VERSION, Entry
from tflite_to_onnx.errors import ConversionError
from tflite_to_onnx.operators import convert
from tflite_to_onnx.reader import TFLiteGraph
from tflite_to_onnx.wheel import download_wheel, read_source

WEIGHTS = Path(__file__).resolve().parent.parent / "models" / "weights"


def convert_entry(entry: Entry, source: bytes) -> bytes:
    """Return the ONNX file of `entry`; the same source gives the same bytes."""
    graph = TFLiteGraph(source)
    numbered = zip(entry.output_names, graph.outputs, strict=True)
    metadata = {
        "origin": f"{PACKAGE} {VERSION}: {entry.member}",
        "repository": REPOSITORY,
        "licence": LICENCE,
        "source_sha256": entry.source_sha256,
        "input": f"RGB, N x C x H x W, {entry.scale_text} for x in 0..255",
    }
    outputs = {label: tensor for label, tensor in numbered if label is not None}
    model = convert(graph, outputs, entry.name, metadata)
    return bytes(model.SerializeToString(deterministic=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wheel", type=Path, help="the wheel, if it is at hand already")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="default: models/weights")
    parser.add_argument("--check", type=Path, nargs="+", metavar="PICTURE", default=[])
    parser.add_argument("--hardware", default="", help="what the check runs on, for the cards")
    options = parser.parse_args(arguments)
    if options.check and not options.hardware:
        parser.error("--check needs --hardware: a card's times say what they were measured on")
    try:
        with tempfile.TemporaryDirectory() as folder:
            wheel = options.wheel or download_wheel(Path(folder))
            sources = {name: read_source(wheel, entry) for name, entry in CATALOGUE.items()}
        models = write_models(sources, options.out)
        if options.check:
            write_cards(sources, models, options.out, options.check, options.hardware)
    except (ConversionError, OSError) as error:
        print(f"convert_tflite: {error}", file=sys.stderr)
        return 1
    return 0


def write_models(sources: dict[str, bytes], out: Path) -> dict[str, bytes]:
    """Convert every source into `out` and return the ONNX files by name."""
    out.mkdir(parents=True, exist_ok=True)
    models = {name: convert_entry(CATALOGUE[name], data) for name, data in sources.items()}
    for name, model in models.items():
        (out / f"{name}.onnx").write_bytes(model)
        print(f"{name}.onnx  {len(model)} bytes  sha256 {hashlib.sha256(model).hexdigest()}")
    return models


def write_cards(
    sources: dict[str, bytes],
    models: dict[str, bytes],
    out: Path,
    pictures: Sequence[Path],
    hardware: str,
) -> None:
    """Check every model against its source and write what was found into `out`."""
    from tflite_to_onnx.card import write_card
    from tflite_to_onnx.check import check
    from tflite_to_onnx.crops import Finder, read_picture_rgb

    finder = Finder(models)
    pictures_rgb = [read_picture_rgb(path) for path in pictures]
    for name, model in models.items():
        entry = CATALOGUE[name]
        result = check(entry, sources[name], model, finder, pictures_rgb)
        (out / f"{name}.md").write_text(
            write_card(entry, model, result, pictures, hardware), "utf-8"
        )
        print(f"{name}.md  largest difference {max(d.relative for d in result.differences):.1e}")


if __name__ == "__main__":
    sys.exit(main())
