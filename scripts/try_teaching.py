"""Try distillation: train teachers and a student on FER+, and print their held figures.

Usage: ``python scripts/try_teaching.py --data DIR``, data and packages as for
``scripts/train_expression.py``. Nothing is exported; `valid` is not read. What this gave is in
``scripts/expression/tries.md``. A run that was stopped goes on from ``--work``.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import torch
from expression.data import load_training
from expression.loop import held_figures
from expression.teaching import STUDENT, TEACHER, trainers

ROOT = Path(__file__).resolve().parents[1]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the command's options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "teaching", metavar="DIR")
    parser.add_argument("--teachers", type=int, default=1, help="how many (default 1)")
    parser.add_argument(
        "--epochs",
        type=int,
        nargs=2,
        default=[TEACHER.epochs, STUDENT.epochs],
        metavar=("TEACHER", "STUDENT"),
    )
    parser.add_argument("--device", default="cpu", help="of torch: cpu, cuda (default cpu)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Train one after the other, and tell."""
    options = parse(arguments)
    torch.set_num_threads(options.threads)
    teacher, student = (
        dataclasses.replace(config, epochs=epochs)
        for config, epochs in zip((TEACHER, STUDENT), options.epochs, strict=True)
    )
    fitting, held = load_training(options.data, STUDENT.held_fraction, STUDENT.seed)
    for trainer in trainers(teacher, student, options.teachers, options.work, options.device):
        trainer.run(fitting, held)
        found = held_figures(trainer.best_net(), held)
        print(
            f"{trainer.work_dir.name}: epoch {trainer.best_epoch}, held loss "
            f"{found['held_loss']:.4f}, accuracy {found['held_accuracy']:.4f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
