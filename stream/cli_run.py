"""A run from the command line: its signals, what it says in the end, its exit code."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from logging import WARNING
from types import FrameType

from .config import RunConfig
from .errors import EXIT_SIGINT, EXIT_SIGTERM, IncompleteError
from .logs import say
from .pipeline import Pipeline
from .secrets import scrub
from .summary import Summary

STATUS_CODES = {
    **dict.fromkeys(("done", "limited", "interrupted", "stopped"), 0),
    "incomplete": IncompleteError.exit_code,
}


def execute(config: RunConfig, load: Callable[[], RunConfig] | None = None) -> int:
    """Run to the end, or to the first Ctrl-C or SIGTERM; return the exit code.

    On SIGHUP the configuration is taken that `load` returns.
    """
    pipeline = Pipeline(config)
    picked = (f"{job} {model['name']}" for job, model in pipeline.run.models.items())
    say(f"networks: {', '.join(picked)}")
    caught = _stop_on_signals(pipeline)
    if load is not None and hasattr(signal, "SIGHUP"):
        _reload_on_hangup(pipeline, load)
    summary = pipeline.start().join()
    _tell(summary)
    if summary.status == "interrupted" and caught:
        return EXIT_SIGTERM if signal.SIGTERM in caught else EXIT_SIGINT
    return STATUS_CODES[summary.status]


def _stop_on_signals(pipeline: Pipeline) -> list[int]:
    """End the run on the first signal, leave at once on the second; return those caught."""
    caught: list[int] = []

    def handle(number: int, _: FrameType | None) -> None:
        if caught:
            os._exit(EXIT_SIGTERM if number == signal.SIGTERM else EXIT_SIGINT)
        caught.append(number)
        pipeline.stop()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
    return caught


def _reload_on_hangup(pipeline: Pipeline, load: Callable[[], RunConfig]) -> None:
    """Read the configuration anew on SIGHUP; end the run where it means that the terminal went."""

    def handle(number: int, _: FrameType | None) -> None:
        try:
            os.tcgetpgrp(0)
        except OSError as error:
            if error.errno == errno.EIO:
                pipeline.stop()
                return
        pipeline.reload(load)

    signal.signal(signal.SIGHUP, handle)


def _tell(summary: Summary) -> None:
    for source_id, health in summary.states.items():
        if health.outages or not summary.frames.get(source_id):
            why = health.detail or "it was still connecting"
            times = "once" if health.outages == 1 else f"{health.outages} times"
            told = f"lost {times}" if health.outages else f"never played: {why}"
            say(f"{source_id}: {told}", WARNING)
    for name, why in summary.lost.items():
        say(f"without the output {name} from then on: {why}", WARNING)
    for source_id, note in summary.notes.items():
        if note.startswith(("incomplete", "failed")):
            say(scrub(f"{source_id}: {note}"), WARNING)
    frames = sum(summary.frames.values())
    say(
        f"{summary.status}: {frames} frames in {summary.wall_s:.1f} s "
        f"({summary.frames_per_s:.1f} frames/s)"
    )
