"""Finds the file behind a kind: `sinks/NAME.py`, `stream/sources/NAME.py`, or a third party's.

Only what a configuration names is imported, so that a missing optional package breaks only the
kind that needs it. Other distributions add kinds by entry points in the group
`affectstream.sinks` or `affectstream.sources`, each naming a module of the same shape.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from .errors import ConfigError
from .explain import explain

Family = Literal["sinks", "sources"]
_PACKAGES = {"sinks": "affectstream.sinks", "sources": "affectstream.stream.sources"}


def kinds(family: Family) -> list[str]:
    """Return the names of all kinds, ours and third parties'."""
    package = import_module(_PACKAGES[family])
    ours = [
        module.name
        for module in pkgutil.iter_modules(package.__path__)
        if module.name != "base" and not module.name.startswith("_")
    ]
    return sorted({*ours, *(point.name for point in _points(family))})


def load_kind(family: Family, kind: str) -> ModuleType:
    """Import the module of a kind. Raises: ConfigError naming the kinds there are."""
    for point in _points(family):
        if point.name == kind:
            module: ModuleType = point.load()
            return module
    if kind not in kinds(family):
        raise ConfigError(f"no kind {kind!r} of {family}; there are: {', '.join(kinds(family))}")
    return import_module(f"{_PACKAGES[family]}.{kind}")


def configure(module: ModuleType, options: dict[str, Any]) -> BaseModel:
    """Check a kind's options. Raises: ConfigError."""
    try:
        config: BaseModel = module.Config(**options)
    except ValidationError as error:
        where = module.__name__.rsplit(".", 1)[-1]
        raise ConfigError(explain(error, module.Config, where)) from None
    return config


def _points(family: Family) -> list[Any]:
    return list(entry_points(group=f"affectstream.{family}"))
