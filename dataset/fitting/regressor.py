"""The heads that are tried, one number out of a row: ridge regression and a small network.

Both are the same thing to whoever uses them: standardised inputs (what is absent stands at the
mean), layers of weights with ReLU between, and a last scale and shift.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..agreement import Array

BOUND = 5.0
"""Standardised inputs beyond this count as this: one wild measurement must not carry a head."""

MIN_SPREAD = 1e-4
"""A column that spreads less than this in what is fitted is left out."""


class Choice(NamedTuple):
    """A kind of head and how strongly it is held back."""

    kind: str
    penalty: float
    width: int = 0

    @property
    def words(self) -> str:
        """The choice for people."""
        if self.kind == "ridge":
            return f"ridge regression (penalty {self.penalty:g})"
        return f"network of {self.width} hidden units (penalty {self.penalty:g})"


CHOICES = (
    *(Choice("ridge", penalty) for penalty in (3.0, 30.0, 300.0, 3000.0)),
    *(Choice("network", penalty, 12) for penalty in (3.0, 30.0)),
)
"""Simplest first: of equals the first is taken. Our choice."""


@dataclass(frozen=True)
class Regressor:
    """A fitted head. `layers` are pairs of weights (in, out) and biases (out)."""

    choice: Choice
    mean: Array
    spread: Array
    layers: tuple[tuple[Array, Array], ...]
    scale: float = 1.0
    shift: float = 0.0

    def __call__(self, features: Any) -> Array:
        """Return a number for each row (N, F), on the scale of the ratings."""
        return self.scale * self.raw(features) + self.shift

    def raw(self, features: Any) -> Array:
        """Return the numbers before the last scale and shift."""
        values = standardised(features, self.mean, self.spread)
        for weights, biases in self.layers[:-1]:
            values = np.maximum(values @ weights + biases, 0.0)
        weights, biases = self.layers[-1]
        return (values @ weights + biases)[:, 0]


def standardised(features: Any, mean: Array, spread: Array) -> Array:
    """Return the rows as a head is given them."""
    known = np.where(np.isfinite(features), features, mean)
    return np.clip((known - mean) / spread, -BOUND, BOUND)


def fit(choice: Choice, features: Any, target: Array, seed: int = 0) -> Regressor:
    """Fit one head to rows (N, F) and their ratings (N), none of them NaN."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import Ridge
    from sklearn.neural_network import MLPRegressor

    table = np.asarray(features, float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # A column that nobody ever had is NaN.
        mean, spread = np.nanmean(table, axis=0), np.nanstd(table, axis=0)
    flat = ~np.isfinite(spread) | (spread < MIN_SPREAD)
    mean, spread = np.where(np.isfinite(mean), mean, 0.0), np.where(flat, np.inf, spread)
    rows = standardised(table, mean, spread)
    if choice.kind == "ridge":
        model = Ridge(alpha=choice.penalty).fit(rows, target)
        layers = ((model.coef_[:, None], np.array([model.intercept_])),)
        return Regressor(choice, mean, spread, layers)
    net = MLPRegressor(
        hidden_layer_sizes=(choice.width,),
        alpha=choice.penalty,
        solver="lbfgs",
        max_iter=150,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # Stopping early is meant.
        net.fit(rows, target)
    pairs = zip(net.coefs_, net.intercepts_, strict=True)
    return Regressor(choice, mean, spread, tuple(pairs))
