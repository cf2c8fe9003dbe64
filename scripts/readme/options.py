"""What can be chosen: the keys of a configuration with their flags, and the sinks."""

from __future__ import annotations

import inspect
from typing import Any, Literal, get_args, get_origin

import click
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from affectstream.stream.cli import run
from affectstream.stream.config import RunConfig
from affectstream.stream.kinds import kinds, load_kind
from affectstream.stream.prepare import ALWAYS

from .markdown import code, table

NONE = "–"


def options_table() -> str:
    """Return a row per key of a configuration, then the flags that are no key."""
    flags = {key: param for param in run.params if (key := key_of(param)) is not None}
    rows = [
        [code(key), flag_text(flags.get(key)), shown(default_of(field)), field.description or ""]
        for key, field in RunConfig.model_fields.items()
    ]
    rows += [
        [NONE, flag_text(param), NONE, getattr(param, "help", "").rstrip(".")]
        for param in run.params
        if key_of(param) is None
    ]
    return table(["Key", "Flag", "Default", "Meaning"], rows)


def key_of(param: click.Parameter) -> str | None:
    """Return the key that a flag sets: the same word, with or without its unit."""
    for key in RunConfig.model_fields:
        if param.name in (key, key.rpartition("_")[0]):
            return key
    return None


def flag_text(param: click.Parameter | None) -> str:
    """Return how a flag is written, with what it takes."""
    if param is None:
        return NONE
    if isinstance(param, click.Argument):
        return code(param.metavar or str(param.name))
    takes = "" if getattr(param, "is_flag", False) else param.metavar or param.type.name.upper()
    return code(f"{param.opts[0]} {takes}".strip())


def sinks_table() -> str:
    """Return a row per kind of sink."""
    rows = []
    for kind in kinds("sinks"):
        module = load_kind("sinks", kind)
        paragraph = (inspect.getdoc(module) or "").split("\n\n")[0]
        what = " ".join(paragraph.split()).split(";")[0].rstrip(".")
        when = "always, with `--out`" if kind in ALWAYS else code(f"--sink {kind}")
        fields = module.Config.model_fields.items()
        options = "; ".join(option_text(name, field) for name, field in fields)
        rows.append([code(kind), what, when, options or NONE])
    return table(["Kind", "What it makes", "When", "Options and their defaults"], rows)


def option_text(name: str, field: FieldInfo) -> str:
    """Return an option with its default and what it may be."""
    allowed = allowed_text(field)
    return f"{code(name)} {shown(default_of(field))}" + (f" ({allowed})" if allowed else "")


def allowed_text(field: FieldInfo) -> str:
    """Return the words or the range that a field takes; "" where it says neither."""
    if get_origin(field.annotation) is Literal:
        return ", ".join(str(word) for word in get_args(field.annotation))
    bounds = {
        name: getattr(limit, name)
        for limit in field.metadata
        for name in ("ge", "le")
        if hasattr(limit, name)
    }
    if len(bounds) == 2:
        return f"{bounds['ge']} to {bounds['le']}"
    return f"from {bounds['ge']}" if "ge" in bounds else ""


def default_of(field: FieldInfo) -> Any:
    """Return the default of a field."""
    return field.get_default(call_default_factory=True)


def shown(value: Any) -> str:
    """Return a default as it would stand in a YAML file."""
    if value is PydanticUndefined:
        return "(needed)"
    if value is None or value in ((), {}, ""):
        return NONE
    if isinstance(value, tuple):
        return code(f"[{', '.join(map(str, value))}]")
    if isinstance(value, bool):
        return code(str(value).lower())
    return code(f"{value:g}" if isinstance(value, float) else str(value))
