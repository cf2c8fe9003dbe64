"""The model card: everything a user of the exported file must know, as Markdown."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from string import Template

import torch
from processor import cpu_name

from .data import LABELS
from .export import FRAMING, OPSET
from .loop import TrainConfig, Trainer
from .phases import Choice
from .report import Figures

TEMPLATE = Path(__file__).with_name("card.md")
TRIES = Path(__file__).with_name("tries.md")
LICENCE = "Apache-2.0"
WEAK = ("contempt", "disgust", "fear")


@dataclass(frozen=True, slots=True)
class Phase:
    """How one phase went: ``best`` is the log's row of the epoch that was kept."""

    config: TrainConfig
    epochs_done: int
    seconds: float
    best: dict[str, float]

    @classmethod
    def of(cls, trainer: Trainer) -> Phase:
        """Return the phase that a trainer has run."""
        seconds = sum(row["seconds"] for row in trainer.history)
        best = trainer.history[trainer.best_epoch - 1]
        return cls(trainer.config, len(trainer.history), seconds, best)


@dataclass(frozen=True, slots=True)
class Facts:
    """What was measured: ``raw`` is at temperature 1, ``final`` at ``temperature``.

    ``choices`` are the nets that could have shipped; the first did, and ``config`` is its.
    """

    config: TrainConfig
    phases: tuple[Phase, ...]
    choices: tuple[Choice, ...]
    fitting: int
    held: int
    parameters: int
    temperature: float
    held_figures: Figures
    raw: Figures
    final: Figures
    latency_ms: float


def _per_class(figures: Figures) -> str:
    rows = ["| class | faces | recall | precision | F1 |", "|---|---|---|---|---|"]
    for index, name in enumerate(LABELS):
        rows.append(
            f"| {name} | {figures.confusion[index].sum()} | {figures.recall[index]:.3f} "
            f"| {figures.precision[index]:.3f} | {figures.f1[index]:.3f} |"
        )
    return "\n".join(rows)


def _confusion(figures: Figures) -> str:
    rows = ["| majority \\ answer | " + " | ".join(LABELS) + " |", "|---" * 9 + "|"]
    for name, counts in zip(LABELS, figures.confusion, strict=True):
        rows.append(f"| {name} | " + " | ".join(str(count) for count in counts) + " |")
    return "\n".join(rows)


def _phases(phases: tuple[Phase, ...]) -> str:
    rows = [
        "| phase | epochs | minutes | rate, held for | dropout | cut-outs | best epoch "
        "| held loss | held accuracy |",
        "|---" * 9 + "|",
    ]
    for number, phase in enumerate(phases, 1):
        config, best = phase.config, phase.best
        rows.append(
            f"| {number} | {phase.epochs_done} of {config.epochs} | {phase.seconds / 60:.0f} "
            f"| {config.max_learning_rate:g}, {config.hold:.0%} | {config.net.dropout:g} "
            f"| {config.augment.cutout_share:.0%} | {best['epoch']:.0f} "
            f"| {best['held_loss']:.4f} | {best['held_accuracy']:.4f} |"
        )
    return "\n".join(rows)


def _choices(choices: tuple[Choice, ...]) -> str:
    return "; ".join(
        f"{choice.name} {choice.held['held_loss']:.4f} ({choice.held['held_accuracy']:.1%})"
        for choice in choices
    )


def _weakest(figures: Figures) -> str:
    return ", ".join(f"{name} {figures.recall[LABELS.index(name)]:.2f}" for name in WEAK)


def _framing() -> str:
    return "; ".join(
        f"{name.replace('_', ' ')} ({x:.3f}, {y:.3f})" for name, (x, y) in FRAMING.items()
    )


def _values(weights: Path, facts: Facts) -> dict[str, str]:
    net, config, final = facts.config.net, facts.config, facts.final
    stages = zip(net.widths, net.blocks, strict=True)
    return {
        "file": weights.name,
        "bytes": f"{weights.stat().st_size:,}",
        "opset": str(OPSET),
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "licence": LICENCE,
        "labels": ", ".join(LABELS),
        "temperature": f"{facts.temperature:.3f}",
        "parameters": f"{facts.parameters:,}",
        "latency_ms": f"{facts.latency_ms:.2f}",
        "cpu": cpu_name(),
        "framing": _framing(),
        "shift": f"{config.augment.shift:.0%}",
        "rotation_deg": f"{config.augment.rotation_deg:.0f}",
        "scale": f"{config.augment.scale:.0%}",
        "fitting": f"{facts.fitting:,}",
        "held": f"{facts.held:,}",
        "seed": str(config.seed),
        "stem": str(net.stem),
        "stages": ", ".join(f"{blocks} x {width}" for width, blocks in stages),
        "batch": str(config.batch),
        "phases": _phases(facts.phases),
        "choices": _choices(facts.choices),
        "tries": TRIES.read_text(encoding="utf-8").rstrip(),
        "momentum": f"{config.momentum:g}",
        "weight_decay": f"{config.weight_decay:g}",
        "average_decay": f"{config.average_decay:g}",
        "threads": str(torch.get_num_threads()),
        "precision": "bfloat16 with float32 weights" if config.bf16 else "float32",
        "torch": torch.__version__.split("+")[0],
        "percent": f"{final.accuracy:.1%}",
        "valid_faces": f"{final.faces:,}",
        "valid_accuracy": f"{final.accuracy:.4f}",
        "valid_macro_f1": f"{final.macro_f1:.4f}",
        "valid_error_raw": f"{facts.raw.calibration_error:.4f}",
        "valid_error": f"{final.calibration_error:.4f}",
        "held_faces": f"{facts.held_figures.faces:,}",
        "held_accuracy": f"{facts.held_figures.accuracy:.4f}",
        "held_macro_f1": f"{facts.held_figures.macro_f1:.4f}",
        "held_error": f"{facts.held_figures.calibration_error:.4f}",
        "per_class": _per_class(final),
        "confusion": _confusion(final),
        "weakest": _weakest(final),
    }


def write_card(path: Path, weights: Path, facts: Facts) -> None:
    """Write the card of ``weights`` to ``path`` from ``card.md`` beside this file."""
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    path.write_text(template.substitute(_values(weights, facts)), encoding="utf-8")
