"""Puts what pydantic says of a wrong configuration into lines a user can act on."""

from __future__ import annotations

import difflib

from pydantic import BaseModel, ValidationError


def explain(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """Return a line per fault, each behind `where`; unknown keys come with the valid ones."""
    lines = []
    for fault in error.errors(include_context=False, include_url=False):
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, model.model_fields, 1)
            hint = f"did you mean {near[0]}?" if near else "valid: " + ", ".join(model.model_fields)
            lines.append(f"{where}: unknown key {key}; {hint}")
        elif fault["type"] == "value_error":
            text = fault["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: {key}: {text}" if key else f"{where}: {text}")
        else:
            got = "" if "url" in key else f", got {fault['input']!r}"  # it may hold a password
            lines.append(f"{where}: {key or 'value'}: {fault['msg']}{got}")
    return "\n".join(lines)
