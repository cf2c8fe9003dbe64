"""The steps' own keys, from `--config` and `--set`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ..stream.config import explain
from ..stream.errors import ConfigError
from .files import read_yaml

Model = TypeVar("Model", bound=BaseModel)


class StepConfig(BaseModel):
    """Base of every step's keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def own_keys(config: Mapping[str, Any], model: type[Model], step: str) -> Model:
    """Return the keys that are a step's own. Raises: ConfigError."""
    given = {key: value for key, value in config.items() if key in model.model_fields}
    try:
        return model(**given)
    except ValidationError as error:
        raise ConfigError(explain(error, model, step)) from None


def gather(path: Path | None, words: Sequence[str]) -> dict[str, Any]:
    """Return the keys of a YAML file with those of `KEY=VALUE` over them. Raises: ConfigError."""
    if path is not None and not path.is_file():
        raise ConfigError(f"{path}: no such configuration file")
    config = read_yaml(path) if path is not None else {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set {word}: write KEY=VALUE, such as normalise=subject")
        try:
            config[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ConfigError(f"--set {word}: {value!r} cannot be read as YAML") from None
    return config


def check_keys(config: Mapping[str, Any], steps: Sequence[ModuleType]) -> None:
    """Refuse keys that are of none of the steps. Raises: ConfigError.

    A step without `Config` may take any key.
    """
    models = [getattr(step, "Config", None) for step in steps]
    if any(model is None for model in models):
        return
    known = sorted({key for model in models if model for key in model.model_fields})
    for key in config:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            there = ", ".join(known) or "none"
            hint = f"did you mean {near[0]}?" if near else f"valid: {there}"
            raise ConfigError(f"unknown key {key}; {hint}")
