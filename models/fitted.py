"""A head for valence and arousal that was fitted to a user's own ratings.

`affectstream dataset fit` makes the file. It is one ONNX network from a row of `features.COLUMNS`
to valence and arousal, with what must be known of it in its own metadata, as JSON under
`added.METADATA`: the columns, the version of their meaning, and what cross-validation measured.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ..stream.errors import ConfigError, ModelError
from ..stream.messages import Person
from .affect import Affect
from .features import COLUMNS, VERSION, Features
from .ort import Net, Provider, Shape
from .trial import inspect

SOURCE = "fitted"
"""The `affect_source` of its values."""

JOB = "affect"
DERIVED = "derived"
"""The name of having no fitted head: valence and arousal by `affect.measure`."""

METADATA = "affectstream"
"""The key of the file's own metadata; see `added.METADATA`."""


class About(msgspec.Struct, frozen=True):
    """What a file says of itself.

    `*_sd` are the standard deviations of its errors, in [-1, 1], and `*_ccc` its concordance with
    ratings it was not fitted to, both by cross-validation; `lag_s` is how late the ratings came,
    which the head does not repeat.
    """

    job: str
    version: int
    columns: tuple[str, ...]
    kind: str
    lag_s: float
    valence_sd: float
    arousal_sd: float
    valence_ccc: float
    arousal_ccc: float
    groups: int
    licence: str = ""


class FittedHead:
    """The network of one file; several sources may share it. Used in one thread."""

    def __init__(self, path: Path, provider: Provider = "cpu") -> None:
        """Open a file, the first time in a process of its own.

        Raises: ConfigError where it is absent; ModelError where it is no head, or one that was
        fitted to other columns; MissingExtraError.
        """
        if not path.is_file():
            raise ConfigError(
                f"--model affect={path}: no such file; name an affect.onnx that "
                f"`affectstream dataset fit` made, or {DERIVED}"
            )
        self.path = path
        self.about = _about(path, inspect(path).metadata)
        rows: Shape = ("n", len(COLUMNS))
        self._net = Net(path, {"features": rows}, {"affect": ("n", 2)}, provider)
        self._net.warm_up()

    @property
    def record(self) -> dict[str, Any]:
        """What `run.json` says of it."""
        about = self.about
        return {
            "name": self.path.stem,
            "why": f"asked for by name; {about.kind} fitted to ratings, cross-validated CCC "
            f"{about.valence_ccc:.2f} valence, {about.arousal_ccc:.2f} arousal "
            f"over {about.groups} groups",
            "providers": list(self._net.providers),
            "sha256": {self.path.name: hashlib.sha256(self.path.read_bytes()).hexdigest()},
        }

    def start(self) -> FittedSource:
        """Return the head of one source, with nobody known."""
        return FittedSource(self)

    def read(self, rows: np.ndarray[Any, np.dtype[np.float32]]) -> Any:
        """Return valence and arousal (N, 2) in [-1, 1] of rows (N, `COLUMNS`)."""
        return np.clip(self._net.run({"features": rows})[0], -1.0, 1.0)


class FittedSource:
    """Follows the people of one source."""

    def __init__(self, head: FittedHead) -> None:
        """Start with nobody."""
        self._head = head
        self._features = Features()

    def measure(self, pts_s: float, person: Person) -> Affect | None:
        """Return the reading of a person in a frame; None where no face was read of late.

        The emotions, head pose, movement and posture of `person` are used, their affect is not.
        """
        row = self._features.add(pts_s, person)
        if not np.isfinite(row[0]):
            return None
        valence, arousal = map(float, self._head.read(row[None])[0])
        about = self._head.about
        return Affect(valence, arousal, about.valence_sd, about.arousal_sd, SOURCE)


def _about(path: Path, metadata: dict[str, str]) -> About:
    try:
        about = msgspec.convert(json.loads(metadata.get(METADATA, "")), About)
    except (ValueError, msgspec.ValidationError) as error:
        raise ModelError(
            f"{path.name} is no head of `affectstream dataset fit` ({error})"
        ) from error
    if about.job != JOB or about.version != VERSION or about.columns != COLUMNS:
        raise ModelError(
            f"{path.name} was fitted to other features than this version makes; fit it anew by "
            "`affectstream dataset fit`"
        )
    return about
