"""Make `docs/overlay.png`: two moments of the demo clip, as `--sink video` draws them.

The packaged clip goes through the whole pipeline; nothing is drawn here. Colours are reduced to a
palette to keep the file small. Run: python scripts/make_pictures.py
"""

from __future__ import annotations

import argparse
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

import av
from PIL import Image

from affectstream.sinks._look.palette import AROUSAL_HEX, QUADRANT_HEX
from affectstream.stream.config import load
from affectstream.stream.pipeline import Pipeline

TARGET = Path(__file__).resolve().parent.parent / "docs" / "overlay.png"
MOMENTS_S = (5.4, 13.0)
"""A smile under the first narration, and a surprise with the trace of the smile still in view."""
COLOURS = 256
KEPT_HEX = (*QUADRANT_HEX.values(), AROUSAL_HEX)
"""Colours of thin lines and words, which counting pixels alone would leave out of the palette."""
NARRATE_S = 5.0
CRF = 10


def film(folder: Path) -> Path:
    """Run the demo clip through the pipeline; return the overlay."""
    resource = files("affectstream.configs") / "demo.mp4"
    with as_file(resource) as clip:
        config = load(
            None,
            sources=[str(clip)],
            out=folder / "run",
            sinks=[{"kind": "video", "crf": CRF}],
            speed="max",
            narrate_s=NARRATE_S,
        )
        Pipeline(config).start().join()
    return folder / "run" / "overlay.mp4"


def pictures_at(path: Path, moments_s: tuple[float, ...]) -> list[Image.Image]:
    """Return the first picture at or after each moment, in order of time."""
    found: list[Image.Image] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if len(found) < len(moments_s) and (frame.time or 0.0) >= moments_s[len(found)] - 1e-6:
                found.append(frame.to_image())
    return found


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """Return pictures of one size in a row."""
    width_px, height_px = pictures[0].size
    row = Image.new("RGB", (width_px * len(pictures), height_px))
    for index, picture in enumerate(pictures):
        row.paste(picture, (index * width_px, 0))
    return row


def reduced(picture: Image.Image) -> Image.Image:
    """Return the picture with a palette of its own."""
    kept = b"".join(map(bytes.fromhex, KEPT_HEX))
    common = picture.quantize(COLOURS - len(KEPT_HEX)).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette(bytes(common) + kept)
    return picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=Path, default=TARGET)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        row = side_by_side(pictures_at(film(Path(folder)), MOMENTS_S))
    options.target.parent.mkdir(parents=True, exist_ok=True)
    reduced(row).save(options.target, optimize=True)
    print(f"{options.target}: {options.target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
