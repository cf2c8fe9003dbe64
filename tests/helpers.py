"""Pipelines of scripted parts, for the tests of everything around the networks."""

import threading
from typing import Any

from affectstream.models.base import Vision
from affectstream.models.scripted import ScriptedVision
from affectstream.sinks.base import RunInfo, Sink
from affectstream.sinks.memory import Config as MemoryConfig
from affectstream.sinks.memory import MemorySink
from affectstream.stream.config import RunConfig, load
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.sources.synthetic import Config, Synthetic


def synthetic(source_id: str = "made", **options: Any) -> Synthetic:
    return Synthetic(Config(**options), source_id)


def config(**options: Any) -> RunConfig:
    return load(None, **{"speed": "max", "models": {"narrator": "scripted"}, **options})


def pipeline(
    sources: list[Synthetic],
    *sinks: tuple[str, Sink],
    vision: Vision | None = None,
    **options: Any,
) -> Pipeline:
    return Pipeline(
        config(**options), vision=vision or ScriptedVision(), sources=sources, sinks=sinks
    )


def memory(**options: Any) -> MemorySink:
    run = RunInfo("test", None, (), "coco17", 10.0, False)
    return MemorySink(MemoryConfig(**options), run)


def threads() -> list[str]:
    """The names of the threads alive, but the one that a progress bar keeps for the process."""
    return [each.name for each in threading.enumerate() if each.name != "tqdm_monitor"]
