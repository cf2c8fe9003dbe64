"""Train the expression net on FER+ and export it with its card.

Usage: ``python scripts/train_expression.py --data DIR`` where ``DIR/data/ferplus`` holds
``ferplus_train.npz`` and ``ferplus_valid.npz``. Needs torch, numpy, onnx and onnxruntime. All
phases of ``scripts/expression/phases.py`` run one after the other. A run that was stopped goes on
from ``--work``; a finished one only measures and exports again.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import torch
from expression.card import LICENCE, Facts, Phase, write_card
from expression.data import Labelled, label, load_training, read_part
from expression.export import latency_ms, metadata, probabilities_of, write_onnx
from expression.loop import Trainer, logits_of
from expression.phases import FIRST, PHASES, choices, trainers
from expression.report import fit_temperature, measure, softmax

ROOT = Path(__file__).resolve().parents[1]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the command's options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "expression", metavar="DIR")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "models" / "weights" / "expression.onnx", metavar="FILE"
    )
    parser.add_argument(
        "--epochs", type=int, nargs=len(PHASES), default=[phase.epochs for phase in PHASES]
    )
    parser.add_argument("--seed", type=int, default=FIRST.seed)
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    parser.add_argument(
        "--export-only", action="store_true", help="export what is trained so far, train no further"
    )
    return parser.parse_args(arguments)


def export(made: list[Trainer], fitting: int, held: Labelled, valid: Labelled, out: Path) -> Facts:
    """Write the best net to ``out``, its card beside it, and return the card's facts."""
    nets = choices(made, held)
    net = nets[0].net
    held_logits, valid_logits = logits_of(net, held.faces), logits_of(net, valid.faces)
    temperature = fit_temperature(held_logits, held.majority)
    write_onnx(net, out, metadata(temperature, LICENCE))
    facts = Facts(
        config=nets[0].config,
        phases=tuple(Phase.of(trainer) for trainer in made),
        choices=tuple(nets),
        fitting=fitting,
        held=len(held.faces),
        parameters=sum(weights.numel() for weights in net.parameters()),
        temperature=temperature,
        held_figures=measure(probabilities_of(out, held.faces), held.majority),
        raw=measure(softmax(valid_logits), valid.majority),
        final=measure(probabilities_of(out, valid.faces), valid.majority),
        latency_ms=latency_ms(out, valid.faces),
    )
    write_card(out.with_suffix(".md"), out, facts)
    return facts


def main() -> None:
    """Train, measure, export."""
    options = parse()
    torch.set_num_threads(options.threads)
    configs = tuple(
        dataclasses.replace(config, epochs=epochs, seed=options.seed)
        for config, epochs in zip(PHASES, options.epochs, strict=True)
    )
    fitting, held = load_training(options.data, FIRST.held_fraction, options.seed)
    made = trainers(configs, options.work, fitting, held, train=not options.export_only)
    valid = label(*read_part(options.data, "valid"))
    facts = export(made, len(fitting.faces), held, valid, options.out)
    print(
        f"{options.out}: {facts.choices[0].name}, valid accuracy {facts.final.accuracy:.4f}, "
        f"macro-F1 {facts.final.macro_f1:.4f}, calibration error {facts.raw.calibration_error:.4f} "
        f"-> {facts.final.calibration_error:.4f} at temperature {facts.temperature:.3f}, "
        f"{facts.latency_ms:.2f} ms a face"
    )


if __name__ == "__main__":
    main()
