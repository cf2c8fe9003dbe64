"""How often somebody is seen where nobody is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from affectstream.stream.messages import Reading

from .parts import Measured, clip
from .watch import watch_file

OF_NOBODY = {
    "invented_cartoon": "pyfeat_no_face.mp4",
    "invented_cars": "intel_car-detection.mp4",
}


def invented(data: Path) -> Measured:
    """Return the share of frames (%) with people in two clips of nobody."""
    paths = {name: clip(data, file) for name, file in OF_NOBODY.items()}
    return {name: 100 * share_with_people(watch_file(path)) for name, path in paths.items()}


def share_with_people(readings: Sequence[Reading]) -> float:
    """Return the share of readings that hold somebody."""
    return sum(bool(reading.people) for reading in readings) / len(readings)
