"""From the words of `affectstream run` to a configuration."""

from __future__ import annotations

from typing import Any

from .config import RunConfig, SinkEntry
from .errors import ConfigError
from .locate import BROWSER


def overrides(sources: tuple[str, ...], options: dict[str, Any]) -> dict[str, Any]:
    """Map the command line's words to keys; what was not given stays as the file says."""
    chosen = {}
    for text in options["models"]:
        job, equals, name = text.partition("=")
        if not equals or not job or not name:
            raise ConfigError(f"--model {text}: write JOB=NAME, such as pose=blazepose")
        chosen[job] = name
    speed = options["speed"]
    if speed not in (None, "real", "max"):
        try:
            speed = float(speed)
        except ValueError:
            raise ConfigError(f"--speed {speed}: real, max or a number") from None
    return {
        "sources": list(sources) or None,
        "out": options["out"],
        "overwrite": options["overwrite"] or None,
        "sinks": list(options["sinks"]) or None,
        "speed": speed,
        "live": options["live"] or None,
        "resolution": options["resolution"],
        "rate_hz": options["rate"],
        "window_s": options["window"],
        "narrate_s": options["narrate"],
        "language": options["language"],
        "models": chosen,
        "baseline": None if options["baseline"] is None else "start",
        "baseline_s": options["baseline"],
        "transport": options["transport"],
        "loop": options["loop"] or None,
        "limit_frames": options["limit"],
        "provider": options["provider"],
        "workers": options["workers"],
        "privacy": options["privacy"],
        "record": options["record"],
    }


def with_sink(config: RunConfig, kind: str) -> RunConfig:
    """Add a sink of this kind where there is none."""
    if any(entry.kind == kind for entry in config.sinks):
        return config
    return config.model_copy(update={"sinks": (*config.sinks, SinkEntry(kind=kind))})


def with_page(config: RunConfig, web: str | None) -> RunConfig:
    """Add the sink `web` where it is asked for; a browser's camera needs it, and is live."""
    if web is not None:
        from ..sinks.web.address import address

        host, port = address(web)
        kept = tuple(entry for entry in config.sinks if entry.kind != "web")
        given = next((entry.options for entry in config.sinks if entry.kind == "web"), {})
        entry = SinkEntry(kind="web", **{**given, "host": host, "port": port})
        config = config.model_copy(update={"sinks": (*kept, entry)})
    if BROWSER in config.sources and not any(entry.kind == "web" for entry in config.sinks):
        raise ConfigError("the source browser is the camera of the page: add --web")
    return config
