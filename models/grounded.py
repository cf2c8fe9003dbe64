"""The grounded narrator's options: none. What it says is in `grounded_narrator.py`.

`stream.narrator_process` makes it without this module, since pydantic costs its child 0.1 s.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """The grounded narrator has no options."""

    model_config = ConfigDict(extra="forbid", frozen=True)
