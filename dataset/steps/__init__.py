"""The steps, one file each: `run(options)` does the step. They are listed here in their order.

A step file may hold `Config` (pydantic): the keys of `StepOptions.config` that are its own.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

FLOW = {
    "explore": "Look at every video and rating file, and say what looks wrong.",
    "match": "Pair videos with their ratings; doubtful pairs are asked for in pairs.yaml.",
    "extract": "Run the pipeline over every video and lay the ratings over its frames.",
    "combine": "Put the features of all videos into one table.",
    "label": "Bring valence and arousal to 0..1 and to the four categories and neutral.",
    "summarize": "Summarise every video and every person in it.",
    "describe": "Describe every interval in words, from the facts.",
    "story": "Show sampled frames with what was measured and said.",
    "narrate": "Tell every video as one smooth story.",
    "plots": "Draw the plots, and the report that works offline.",
    "export": "Gather tables, plots and a card into a zip with a manifest.",
}
"""The eleven steps in their order, which `all` follows."""

EXTRA = {
    "evaluate": "Measure how far the pipeline agrees with the ratings.",
    "fit": "Fit a head to the ratings, from frozen features.",
}
"""What can be asked of a finished flow."""


def available(names: dict[str, str]) -> list[str]:
    """Return those of the names that have a file here, in order."""
    there = {module.name for module in pkgutil.iter_modules(__path__)}
    return [name for name in names if name in there]


def load_step(name: str) -> ModuleType:
    """Import the file of a step."""
    return import_module(f".{name}", __name__)
