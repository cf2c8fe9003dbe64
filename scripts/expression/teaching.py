"""A try: large teachers learn from the votes, then a net that could ship from both."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from .augment import AugmentConfig
from .loop import TrainConfig, Trainer
from .net import NetConfig

TEACHER = TrainConfig(
    epochs=24,
    mixup=0.2,
    net=NetConfig(48, (48, 96, 192, 384), (2, 2, 2, 2), (1, 2, 2, 2), dropout=0.3),
)
"""6.4 million parameters, of which the first blocks see 24x24."""
STUDENT = TrainConfig(
    epochs=40,
    taught=0.6,
    net=NetConfig(32, (64, 112, 224), (2, 2, 1), dropout=0.1),
    augment=AugmentConfig(cutout_share=0.25),
)
"""1.27 million parameters, and quicker than the net that ships."""


def trainers(
    teacher: TrainConfig, student: TrainConfig, teachers: int, work_dir: Path, device: str = "cpu"
) -> Iterator[Trainer]:
    """Yield a trainer per net, the student last, each ready when the one before has run.

    Teachers differ by their seed.

    Raises:
        ValueError: a teacher has no finished epoch.
    """
    made = []
    for number in range(teachers):
        config = dataclasses.replace(teacher, seed=teacher.seed + number)
        made.append(Trainer(config, work_dir / f"teacher{number + 1}", device=device))
        yield made[-1]
    nets = [one.best_net() for one in made]
    yield Trainer(student, work_dir / "student", teachers=nets, device=device)
