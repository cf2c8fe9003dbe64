"""One narration, from a task to a text that has been held against the facts.

The engine is asked; what the check finds wrong is named to it once; after that the grounded
narrator speaks in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from .base import Narrator, Task
from .grounded_narrator import GroundedNarrator
from .tongues import tongue


class Checked(NamedTuple):
    """A text, whether it is `grounded`, and what was found wrong on the way."""

    text: str
    line: str
    grounded: bool | Literal["fallback"]
    tokens: int
    faults: tuple[str, ...]


class Teller:
    """An engine, with the check and the grounded narrator behind it."""

    def __init__(self, engine: Narrator, language: str) -> None:
        """Take an engine. Raises: ConfigError where the language is unknown."""
        self._engine = engine
        self._tongue = tongue(language)
        self._grounded = GroundedNarrator(language)

    def tell(self, task: Task) -> Checked:
        """Return a text that passed the check, by whoever it came in the end.

        Raises: what the engine raises on its first try.
        """
        line = self._grounded.line(task.facts) if task.kind == "interval" else ""
        if self._engine.is_grounded:
            return Checked(self._engine.tell(task).text, line, True, 0, ())
        from .check import faults  # A third of a grounded child's imports, which needs none of it.

        found: tuple[str, ...] = ()
        tokens, rejected = 0, ""
        for _ in range(2):
            named = found[-1] if found else ""
            asked = Task(task.kind, task.facts, task.earlier, task.question, rejected, named)
            draft = self._engine.tell(asked)
            text = tidied(draft.text)
            tokens += draft.tokens
            wrong = faults(text, views_of(task), self._tongue, task.earlier, task.kind)
            if not wrong:
                return Checked(text, line, True, tokens, found)
            found, rejected = (*found, "; ".join(wrong[:3])), text
        text = self._grounded.tell(task).text
        return Checked(text, line, "fallback", tokens, found)


def views_of(task: Task) -> Sequence[Mapping[str, Any]]:
    """Return the facts that a text is held against: those of every interval it is about."""
    views: Sequence[Mapping[str, Any]] = task.facts.get("views", ())
    return views or [task.facts]


def tidied(text: str) -> str:
    """Return a model's text in one paragraph, without quotes around it.

    What follows the last full sentence is what a limit on tokens cut off, and is left out.
    """
    text = " ".join(text.split()).strip("\"'“”„ ")
    end = max(text.rfind(mark) for mark in ".!?")
    return text[: end + 1] if end > 0 else text
