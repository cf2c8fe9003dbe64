"""The story of a whole source, as the grounded narrator tells it. Pure."""

from __future__ import annotations

from typing import Any


class Story:
    """Placeholder."""

    def __init__(self, facts: Any, words: Any) -> None:
        self._facts = facts

    def text(self) -> str:
        return ""
