"""The phases of the training, and which of their nets ships."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from .augment import AugmentConfig
from .data import Labelled
from .loop import TrainConfig, Trainer, held_figures
from .net import ExpressionNet, NetConfig, grown

FIRST = TrainConfig()
"""From random weights, strong changes to the faces."""
SECOND = dataclasses.replace(
    FIRST,
    epochs=14,
    max_learning_rate=0.04,
    warm_up=0.0,
    hold=3 / 14,
    net=NetConfig(32, (32, 56, 96, 192), (1, 2, 2, 1), (1, 2, 2, 2), dropout=0.1),
    augment=AugmentConfig(cutout_share=0.25),
)
"""From the best averaged weights of the first, with one more block at 24x24 in front, less
dropout and fewer cut-outs: the first phase fits its own data hardly better than the held part."""
PHASES = (FIRST, SECOND)


def mean_of(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of weights, the smaller nets grown to the last one.

    Source: Wortsman et al. 2022, arXiv 2203.05482.
    """
    same = [grown(state, states[-1]) for state in states]
    return {
        name: torch.stack([state[name] for state in same]).mean(0)
        if value.is_floating_point()
        else value
        for name, value in states[-1].items()
    }


def trainers(
    configs: tuple[TrainConfig, ...], work_dir: Path, fitting: Labelled, held: Labelled, train: bool
) -> list[Trainer]:
    """Return one trainer per phase, each trained to its end (or, without ``train``, so far).

    A phase starts from the mean of the best weights of the earlier ones.
    """
    made: list[Trainer] = []
    for number, config in enumerate(configs, 1):
        start = mean_of([earlier.best for earlier in made]) if made else None
        trainer = Trainer(config, work_dir / f"phase{number}", start)
        if train:
            trainer.run(fitting, held)
        if not trainer.history:
            break
        made.append(trainer)
    return made


class Choice(NamedTuple):
    """A net that could ship; ``held`` is its loss and accuracy on the held part."""

    name: str
    config: TrainConfig
    net: ExpressionNet
    held: dict[str, float]


def choices(made: list[Trainer], held: Labelled) -> list[Choice]:
    """Return the best nets of the phases and their means, the lowest held loss first.

    Raises:
        ValueError: no epoch of any phase is finished.
    """
    if not made:
        raise ValueError("no epoch is finished")
    nets = [
        (f"phase {number}", trainer.config, trainer.best_net())
        for number, trainer in enumerate(made, 1)
    ]
    for count in range(2, len(made) + 1):
        config = made[count - 1].config
        mean = ExpressionNet(config.net)
        mean.load_state_dict(mean_of([trainer.best for trainer in made[:count]]))
        nets.append((f"mean of phases 1 to {count}", config, mean))
    found = [Choice(name, config, net, held_figures(net, held)) for name, config, net in nets]
    return sorted(found, key=lambda choice: choice.held["held_loss"])
