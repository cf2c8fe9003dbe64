"""Tables in Markdown, and the marked places of a text that are generated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; `|` in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines
    )


def code(text: str) -> str:
    """Return a text set as code."""
    return f"`{text}`"


def replaced(text: str, name: str, part: str) -> str:
    """Return the text with the part between the two markers of a name replaced.

    Raises: ValueError where the text has not exactly one such place.
    """
    begin, end = (f"<!-- {name}: {word} -->" for word in ("begin", "end"))
    place = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
    if len(place.findall(text)) != 1:
        raise ValueError(f"there must be one place marked {begin} ... {end}")
    return place.sub(lambda _: f"{begin}\n{part}\n{end}", text)
