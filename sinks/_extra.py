"""Imports an optional package where it is used, or says what to install."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..stream.errors import MissingExtraError


def need(module: str, what: str, extra: str) -> Any:
    """Return a module. Raises: MissingExtraError with the pip line that brings it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError(what, extra) from error
