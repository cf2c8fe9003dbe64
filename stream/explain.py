"""Puts what pydantic says of a wrong configuration into lines a user can act on."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import BaseModel, ValidationError

from .secrets import scrub


def explain(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """Return a line for each key at fault, behind `where`; unknown keys come with the valid ones.

    What a URL was is not repeated, since it may hold a password.
    """
    lines: dict[str, str] = {}
    for fault in error.errors(include_context=False, include_url=False):
        written = ".".join(str(part) for part in fault["loc"] if _is_written(part))
        key = written or "value"
        if fault["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, model.model_fields, 1)
            hint = f"did you mean {near[0]}?" if near else "valid: " + ", ".join(model.model_fields)
            lines[key] = f"{where}: unknown key {key}; {hint}"
        elif fault["type"] == "value_error":
            text = fault["msg"].removeprefix("Value error, ")
            lines[key] = f"{where}: {written}: {text}" if written else f"{where}: {text}"
        elif key in lines:
            lines[key] = f"{lines[key]}, or {fault['msg'][0].lower()}{fault['msg'][1:]}"
        else:
            lines[key] = f"{where}: {key}: {_got(key, fault['input'])}{fault['msg']}"
    return scrub("\n".join(lines.values()))


def _got(key: str, value: Any) -> str:
    """Tell a wrong value; what may hold a credential is not repeated."""
    if any(word in key for word in ("secret", "password", "token", "dsn", "url")):
        return ""
    is_whole = isinstance(value, dict | list | tuple)
    return f"got a {type(value).__name__}. " if is_whole else f"got {value!r}. "


def _is_written(part: str | int) -> bool:
    """Tell a key that a user wrote from what pydantic calls the member of a union it tried."""
    return not str(part).startswith(("literal[", "constrained-", "[key]", "function-"))
