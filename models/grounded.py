"""The grounded narrator as an engine; what it says is in `grounded_narrator.py`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from .base import Manner
from .grounded_narrator import GroundedNarrator


class Config(BaseModel):
    """The grounded narrator has no options."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def build(config: Config, manner: Manner) -> GroundedNarrator:
    """Return the narrator. Raises: ConfigError where there is no such language."""
    return GroundedNarrator(manner.language)
