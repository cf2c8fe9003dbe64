"""The list of webcams as `affectstream devices` shows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from .sources._devices import Device, Mode, devices

NONE = (
    "no webcam is connected; plug one in, or try the demo: affectstream demo\n"
    "(a virtual machine or a container sees none that is not handed to it, such as by "
    "docker run --device /dev/video0)"
)
MOST_RATES = 4


def listing(found: Sequence[Device] | None = None) -> str:
    """Return the webcams as JSON, an empty list where there are none."""
    found = devices() if found is None else found
    return json.dumps([asdict(device) for device in found], indent=2)


def as_text(found: Sequence[Device] | None = None) -> str:
    """Return a block per webcam: what to call it by, then a line per format and size."""
    found = devices() if found is None else found
    return "\n".join(line for device in found for line in _lines(device)) or NONE


def _lines(device: Device) -> list[str]:
    where = f"  ({device.path})" if device.path != str(device.index) else ""
    lines = [f"{device.index}  {device.name}{where}"]
    if device.fault:
        return [*lines, f"     {device.fault}"]
    if not device.modes:
        return [*lines, "     what it can deliver is known once it is opened"]
    rows: dict[tuple[str, int, int], list[float]] = {}
    for mode in sorted(device.modes, key=_order):
        rows.setdefault((mode.fourcc, mode.width_px, mode.height_px), []).append(mode.rate_hz)
    for (fourcc, width, height), rates in rows.items():
        told = ", ".join(f"{rate:g}" for rate in rates[:MOST_RATES] if rate)
        more = ", ..." if len(rates) > MOST_RATES else ""
        lines.append(f"     {fourcc:4}  {f'{width}x{height}':>9}  {told}{more}".rstrip())
    return lines


def _order(mode: Mode) -> tuple[str, int, float]:
    return mode.fourcc, -mode.width_px * mode.height_px, -mode.rate_hz
