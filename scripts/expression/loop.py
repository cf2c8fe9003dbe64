"""The training loop: one-cycle SGD on soft labels, averaged weights, a checkpoint each epoch."""

from __future__ import annotations

import dataclasses
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .augment import AugmentConfig, augment
from .curve import write_curve, write_log
from .data import UNLABELLED, Faces, Labelled
from .net import ExpressionNet, NetConfig, grown

EVALUATION_BATCH = 256


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that decides the weights, together with the data.

    ``bf16`` computes convolutions in bfloat16 with float32 weights. ``hold`` is the share of the
    run at the full rate, warm-up included, before the fall. ``mixup`` is the parameter of the Beta
    distribution of the mixing share, 0 for no mixing; ``taught`` the teacher's share of the target,
    the rest are the votes.
    Sources: Smith and Topin 2018, arXiv 1708.07120 (one-cycle schedule); Zhang et al. 2018,
    arXiv 1710.09412 (mixup); Beyer et al. 2022, arXiv 2106.05237 (a teacher that sees the same
    changed faces).
    """

    epochs: int = 45
    batch: int = 128
    max_learning_rate: float = 0.1
    warm_up: float = 0.15
    hold: float = 0.15
    final_divisor: float = 1000.0
    weight_decay: float = 5e-4
    momentum: float = 0.9
    average_decay: float = 0.998
    seed: int = 1
    held_fraction: float = 0.1
    bf16: bool = True
    mixup: float = 0.0
    taught: float = 0.0
    net: NetConfig = field(default_factory=NetConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    def fingerprint(self) -> str:
        """Return a text that differs where the weights would."""
        return repr(dataclasses.astuple(self))


def learning_rate(config: TrainConfig, progress: float) -> float:
    """Return the rate at ``progress`` 0..1: a linear rise, the full rate, a cosine fall."""
    if progress < config.warm_up:
        return config.max_learning_rate * (0.2 + 0.8 * progress / config.warm_up)
    if progress < config.hold:
        return config.max_learning_rate
    fall = 0.5 * (1 + math.cos(math.pi * (progress - config.hold) / (1 - config.hold)))
    floor = config.max_learning_rate / config.final_divisor
    return floor + (config.max_learning_rate - floor) * fall


def soft_cross_entropy(logits: Tensor, soft: Tensor) -> Tensor:
    """Return the mean cross-entropy of logits Nx8 against distributions Nx8, in nats."""
    return -(soft * torch.log_softmax(logits.float(), dim=1)).sum(dim=1).mean()


def as_batch(faces: Faces) -> Tensor:
    """Return faces Nx48x48 uint8 as float32 Nx1x48x48, 0..255."""
    return torch.from_numpy(faces).float().unsqueeze(1)


def mixed(
    faces_n1hw: Tensor, soft: Tensor, parameter: float, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return the batch and its labels blended with themselves in another order.

    One share, drawn from Beta(``parameter``, ``parameter``), serves the whole batch.
    """
    seed = int(torch.randint(2**31, (1,), generator=random))
    share = float(np.random.default_rng(seed).beta(parameter, parameter))
    other = torch.randperm(len(soft), generator=random)
    return torch.lerp(faces_n1hw, faces_n1hw[other], share), torch.lerp(soft, soft[other], share)


def logits_of(net: ExpressionNet, faces: Faces) -> NDArray[np.float32]:
    """Return float32 logits Nx8 of ``net`` in evaluation mode."""
    net.eval()
    device = next(net.parameters()).device
    with torch.inference_mode():
        parts = [
            net(as_batch(faces[start : start + EVALUATION_BATCH]).to(device)).cpu()
            for start in range(0, len(faces), EVALUATION_BATCH)
        ]
    logits: NDArray[np.float32] = torch.cat(parts).numpy()
    return logits


def held_figures(net: ExpressionNet, held: Labelled) -> dict[str, float]:
    """Return loss against the votes and accuracy against the majority."""
    logits = logits_of(net, held.faces)
    clear = held.majority != UNLABELLED
    right = logits.argmax(axis=1)[clear] == held.majority[clear]
    loss = soft_cross_entropy(torch.from_numpy(logits), torch.from_numpy(held.soft))
    return {"held_loss": float(loss), "held_accuracy": float(right.mean())}


class Trainer:
    """Trains one net in ``work_dir`` and goes on from its checkpoint where there is one.

    Every epoch draws from random states seeded by (seed, epoch), so a run that was killed and
    one that was not end with the same weights on the same machine.
    """

    def __init__(
        self,
        config: TrainConfig,
        work_dir: Path,
        start: dict[str, Tensor] | None = None,
        teachers: Sequence[ExpressionNet] = (),
        device: str = "cpu",
    ) -> None:
        """Make the net, random or from the weights ``start``, or load the checkpoint.

        ``teachers`` are those of ``taught``. Faces are changed on the CPU whatever the ``device``,
        so that it sees the same ones.

        Raises:
            ValueError: where the checkpoint was made with another config.
        """
        torch.manual_seed(config.seed)
        self.config = config
        self.work_dir = work_dir
        self.device = torch.device(device)
        self.net = ExpressionNet(config.net).to(self.device, memory_format=torch.channels_last)
        if start is not None:
            self.net.load_state_dict(grown(start, self.net.state_dict()))
        self.teachers = [teacher.eval().to(self.device) for teacher in teachers]
        self.averaged = ExpressionNet(config.net).to(self.device)
        self.averaged.load_state_dict(self.net.state_dict())
        self.optimizer = torch.optim.SGD(
            self.net.parameters(),
            lr=config.max_learning_rate,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
            nesterov=True,
        )
        self.best: dict[str, Tensor] = {}
        self.history: list[dict[str, float]] = []
        if self.checkpoint.exists():
            self._load()

    @property
    def checkpoint(self) -> Path:
        """Return the checkpoint's path."""
        return self.work_dir / "last.pt"

    def _load(self) -> None:
        state: dict[str, Any] = torch.load(
            self.checkpoint, weights_only=True, map_location=self.device
        )
        if state["fingerprint"] != self.config.fingerprint():
            raise ValueError(f"{self.checkpoint} was made with another config; remove it")
        self.net.load_state_dict(state["net"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.best, self.history = state["best"], state["history"]

    def _save(self) -> None:
        state = {
            "fingerprint": self.config.fingerprint(),
            "net": self.net.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best,
            "history": self.history,
        }
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, self.checkpoint)

    def run(self, fitting: Labelled, held: Labelled, until_epoch: int | None = None) -> None:
        """Train up to ``until_epoch`` (default: all), writing checkpoint, log and curve."""
        self.work_dir.mkdir(parents=True, exist_ok=True)
        last = self.config.epochs if until_epoch is None else until_epoch
        for epoch in range(len(self.history), last):
            start_s = time.perf_counter()
            row = {"epoch": float(epoch + 1), **self._train_epoch(fitting, epoch)}
            row |= held_figures(self.averaged, held)
            row["seconds"] = time.perf_counter() - start_s
            if row["held_loss"] < min((r["held_loss"] for r in self.history), default=math.inf):
                self.best = {k: v.clone().cpu() for k, v in self.averaged.state_dict().items()}
            self.history.append(row)
            self._save()
            write_log(self.work_dir / "log.csv", self.history)
            write_curve(self.work_dir / "curve.svg", self.history)

    def _train_epoch(self, fitting: Labelled, epoch: int) -> dict[str, float]:
        config = self.config
        seed = config.seed * 100_003 + epoch
        torch.manual_seed(seed)
        random = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(fitting.faces), generator=random).numpy()
        steps = len(order) // config.batch
        self.net.train()
        total = 0.0
        for step in range(steps):
            rows = order[step * config.batch : (step + 1) * config.batch]
            rate = learning_rate(config, (epoch * steps + step) / (config.epochs * steps))
            total += self._step(fitting.take(rows), rate, random)
            self._average(epoch * steps + step)
        return {"rate": rate, "train_loss": total / steps}

    def _step(self, batch: Labelled, rate: float, random: torch.Generator) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        faces_n1hw = augment(as_batch(batch.faces), self.config.augment, random)
        soft = torch.from_numpy(batch.soft)
        if self.config.mixup > 0:
            faces_n1hw, soft = mixed(faces_n1hw, soft, self.config.mixup, random)
        faces_n1hw, soft = faces_n1hw.to(self.device), soft.to(self.device)
        if self.teachers:
            soft = torch.lerp(soft, self._opinion(faces_n1hw), self.config.taught)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bf16):
            logits = self.net(faces_n1hw)
        loss = soft_cross_entropy(logits, soft)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def _opinion(self, faces_n1hw: Tensor) -> Tensor:
        """Return the mean of what the teachers say."""
        with (
            torch.no_grad(),
            torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bf16),
        ):
            said = [torch.softmax(one(faces_n1hw).float(), dim=1) for one in self.teachers]
        return torch.stack(said).mean(dim=0)

    def _average(self, step: int) -> None:
        # Early steps are forgotten faster, or the random start would linger for epochs.
        decay = min(self.config.average_decay, (1 + step) / (10 + step))
        states = zip(
            self.averaged.state_dict().values(), self.net.state_dict().values(), strict=True
        )
        for average, value in states:
            if average.is_floating_point():
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(value)

    @property
    def best_epoch(self) -> int:
        """Return the epoch, from 1, with the lowest held loss."""
        losses = [row["held_loss"] for row in self.history]
        return losses.index(min(losses)) + 1

    def best_net(self) -> ExpressionNet:
        """Return the averaged net of the epoch with the lowest held loss.

        Raises:
            ValueError: before the first epoch.
        """
        if not self.history:
            raise ValueError(f"no epoch is finished in {self.work_dir}")
        net = ExpressionNet(self.config.net)
        net.load_state_dict(self.best)
        return net.eval()
