"""What may be recorded of the original streams, and where the packets come from."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from ..sinks.base import RunInfo, Sink
from .config import RunConfig
from .errors import ConfigError
from .sources.base import Source, Tap, Tapped

log = logging.getLogger(__name__)

NO_PACKETS = "it gives pictures and no packets, so there is no stream to keep"


@runtime_checkable
class Recorder(Protocol):
    """A sink that keeps packets of the sources."""

    def tap(self, source_id: str, is_paused: Callable[[], bool]) -> Tap:
        """Return what is shown the packets of a source."""
        ...


def check_recording(config: RunConfig) -> None:
    """Refuse to keep the original of what is to be hidden. Raises: ConfigError."""
    if config.record == "never":
        return
    if config.privacy != "none":
        raise ConfigError(
            f"record {config.record} keeps the original pictures, which privacy {config.privacy} "
            "hides: leave one of them out; --sink video keeps the hidden picture"
        )
    if config.out is None:
        raise ConfigError(f"record {config.record} writes files: say where with --out DIR")


def recording_of(
    config: RunConfig, run: RunInfo, sources: Sequence[Source | None]
) -> list[tuple[str, Sink]]:
    """Return the sink that records, or nothing. Raises: ConfigError where no source can be."""
    if config.record == "never":
        return []
    opened = [source for source in sources if source is not None]
    if opened and not any(isinstance(source, Tapped) for source in opened):
        raise ConfigError(
            f"record {config.record}: {', '.join(source.info.source_id for source in opened)}: "
            f"{NO_PACKETS}; --sink video keeps a film"
        )
    from ..sinks._recording import Recording

    spans_s = (config.record_before_s, config.record_after_s)
    return [("recording", Recording(config.record, spans_s, run))]


def attach(
    recorder: Recorder | None, source: Source, is_private: bool, is_paused: Callable[[], bool]
) -> None:
    """Let the recorder have the packets of a source, unless its people are to be hidden."""
    if recorder is None:
        return
    name = source.info.source_id
    if is_private:
        log.warning("%s: not recorded: it is private", name)
    elif isinstance(source, Tapped):
        source.tap = recorder.tap(name, is_paused)
    else:
        log.warning("%s: not recorded: %s", name, NO_PACKETS)
