"""What a training run leaves to look at: a CSV row and a point of the curve for each epoch."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

WIDTH_PX, HEIGHT_PX, MARGIN_PX = 640, 320, 40
LINES = (("train_loss", "#999999"), ("held_loss", "#d62728"), ("held_accuracy", "#1f77b4"))


def write_log(path: Path, history: Sequence[dict[str, float]]) -> None:
    """Write one row per epoch."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(history[0]))
        writer.writeheader()
        writer.writerows({key: f"{value:.6g}" for key, value in row.items()} for row in history)


def write_curve(path: Path, history: Sequence[dict[str, float]]) -> None:
    """Draw losses (nats) and accuracy over the epochs as an SVG on one axis from 0 to 2."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_PX}" height="{HEIGHT_PX}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH_PX}" height="{HEIGHT_PX}" fill="white"/>',
    ]
    for tick in (0.0, 0.5, 1.0, 1.5, 2.0):
        y = _y_px(tick)
        parts.append(f'<path d="M{MARGIN_PX} {y}H{WIDTH_PX - MARGIN_PX}" stroke="#dddddd"/>')
        parts.append(f'<text x="8" y="{y + 4}">{tick}</text>')
    for row, (name, colour) in enumerate(LINES):
        points = " ".join(
            f"{_x_px(index, len(history)):.1f},{_y_px(epoch[name]):.1f}"
            for index, epoch in enumerate(history)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        label = f"{name} {history[-1][name]:.3f}"
        parts.append(
            f'<text x="{WIDTH_PX - 180}" y="{20 + 16 * row}" fill="{colour}">{label}</text>'
        )
    path.write_text("\n".join([*parts, "</svg>\n"]), encoding="utf-8")


def _x_px(index: int, count: int) -> float:
    return MARGIN_PX + (WIDTH_PX - 2 * MARGIN_PX) * index / max(count - 1, 1)


def _y_px(value: float) -> float:
    return HEIGHT_PX - MARGIN_PX - (HEIGHT_PX - 2 * MARGIN_PX) * min(max(value, 0.0), 2.0) / 2
