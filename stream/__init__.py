"""Capture, infer, aggregate, narrate, deliver: the pipeline of affectstream.

`Pipeline` runs a configuration; `readings` yields what is seen in one video. Both are imported on
first use, so that importing a message or an error stays cheap.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import RunConfig
    from .pipeline import Pipeline
    from .tap import readings

__all__ = ["Pipeline", "RunConfig", "readings"]


def __getattr__(name: str) -> Any:
    if name == "Pipeline":
        from .pipeline import Pipeline

        return Pipeline
    if name == "readings":
        from .tap import readings

        return readings
    if name == "RunConfig":
        from .config import RunConfig

        return RunConfig
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
