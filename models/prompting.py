"""Prompts from templates: files that a user can edit, rendered in a sandbox.

A template has the blocks `system` and `user`. It sees facts, texts and options, and can neither
read files beyond its folder nor call anything of Python's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox

from ..stream.errors import ConfigError
from .base import Draft, Task

OURS = Path(__file__).parent / "prompts"
KEPT = 2
"""Earlier texts that a prompt holds."""

Message = dict[str, str]


TRIAL = ({"role": "user", "content": "Say in one sentence how a calm person looks. " * 8},)
TRIAL_TOKENS = 6
USUAL_PROMPT = 3.0
"""A usual prompt has so many times the tokens of the trial's. Our choice."""


def expected_s(write: Callable[[Sequence[Message], int], Draft], max_new_tokens: int) -> float:
    """Return how long a text will take in s, from a few short trials; the first warms up."""
    write(TRIAL, 1)
    started_s = time.perf_counter()
    write(TRIAL, 1)
    reading_s = time.perf_counter() - started_s
    made = max(2, write(TRIAL, TRIAL_TOKENS).tokens)
    writing_s = (time.perf_counter() - started_s - 2 * reading_s) / (made - 1)
    return USUAL_PROMPT * reading_s + max(0.0, writing_s) * max_new_tokens


class Prompter:
    """Renders the messages of a task."""

    def __init__(self, language: str, style: str, prompts: str = "") -> None:
        """Take the name of the language in English, the style, and the user's folder, "" for none.

        Raises: ConfigError where the folder is absent.
        """
        folder = Path(prompts) if prompts else None
        if folder is not None and not folder.is_dir():
            raise ConfigError(f"prompts: {folder} is no folder")
        self._language, self._style, self._folder = language, style, folder
        folders = [str(one) for one in (folder, OURS) if one is not None]
        self._jinja = jinja2.sandbox.ImmutableSandboxedEnvironment(
            loader=jinja2.FileSystemLoader(folders),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            keep_trailing_newline=False,
        )

    def messages(self, task: Task, plain: str) -> list[Message]:
        """Return the system's and the user's message; `plain` is the grounded narrator's text.

        Raises: ConfigError naming the template, its line and what is wrong with it.
        """
        name = f"{task.kind}.jinja"
        known: Mapping[str, Any] = {
            "facts": task.facts,
            "plain": plain,
            "earlier": task.earlier[-KEPT:],
            "question": task.question,
            "language": self._language,
            "style": self._style,
            "fault": task.fault,
            "rejected": task.rejected,
        }
        try:
            template = self._jinja.get_template(name)
            context = template.new_context(dict(known))
            return [
                {"role": role, "content": "".join(template.blocks[role](context)).strip()}
                for role in ("system", "user")
            ]
        except jinja2.TemplateSyntaxError as error:
            where = f"{error.filename or name}:{error.lineno}"
            raise ConfigError(f"prompt {where}: {error.message}") from error
        except KeyError as error:
            raise ConfigError(f"prompt {name} has no block {error}") from error
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise ConfigError(f"prompt {name}: {error}") from error
