"""The languages that can be told in and checked, a file each, named by its code.

A file holds the grounded narrator's words and small rules of grammar, the `LEXICON` by which
`models.phrases` reads any text of that language, and the `PLAIN` words that may stand beside it. The files have the same names in them: a new
language is a copy of `en.py`, put into words.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

from ...stream.errors import ConfigError


def languages() -> tuple[str, ...]:
    """Return the codes of the languages there are."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def tongue(language: str) -> Any:
    """Return the module of a language. Raises: ConfigError naming the languages there are."""
    if language not in languages():
        known = ", ".join(languages())
        raise ConfigError(
            f"no language {language!r} can be told in and checked; there are: {known}; "
            "another is one file in models/tongues"
        )
    return import_module(f".{language}", __name__)
