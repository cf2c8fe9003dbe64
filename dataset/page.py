"""Pages that need nothing but themselves: Jinja2, everything escaped, styles inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..stream.errors import MissingExtraError
from .files import text_file


def page(path: Path, template: str, **values: Any) -> None:
    """Write a page from a template of this package. Raises: MissingExtraError, SinkError."""
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise MissingExtraError(path.name, "dataset") from None
    environment = Environment(
        loader=PackageLoader("affectstream.dataset"), autoescape=True, undefined=StrictUndefined
    )
    with text_file(path) as file:
        for piece in environment.get_template(template).generate(**values):
            file.write(piece)
