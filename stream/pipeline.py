"""The pipeline: build, start, stop, join. Its threads are kept by `supervisor.py`.

`Pipeline(config).start()`, then `join()`, which raises what a stage raised.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ..models.base import Vision
from ..sinks.base import Attended, RunInfo, Sink
from .config import RunConfig
from .prepare import prepare
from .sources.base import Source
from .stage import Command
from .summary import Summary as Summary
from .supervisor import Supervisor


class Pipeline:
    """One run, from its sources to its sinks. Used once."""

    def __init__(
        self,
        config: RunConfig,
        *,
        vision: Vision | None = None,
        sources: Sequence[Source] | None = None,
        sinks: Sequence[tuple[str, Sink]] = (),
    ) -> None:
        """Open models and sources, and make the sinks; nothing runs yet.

        A ready `vision`, ready `sources` and further `sinks` may be given instead of names.
        Raises: UsageError, SourceError, ModelError.
        """
        self.summary = Summary()
        self._made = prepare(config, vision, sources, sinks)
        settled = config.model_copy(update={"live": self._made.run.is_live})
        self._supervisor = Supervisor(self._made, settled, self.summary)
        self._thread: threading.Thread | None = None

    @property
    def run(self) -> RunInfo:
        """What the sinks are told of the run."""
        return self._made.run

    def start(self) -> Pipeline:
        """Start all stages, capture last; return when pictures flow.

        The record of the run is written at once, with status `running`, and again at the end.
        """
        self._thread = self._supervisor.start()
        self._supervisor.ready.wait()
        return self

    def stop(self) -> None:
        """End the sources as if the media had ended; what is under way is completed."""
        self._supervisor.finish.set()

    def pause(self) -> None:
        """Take no pictures until `resume`; a saved video waits, a camera's are let go."""
        self._supervisor.wishes.put(Command("pause"))

    def resume(self) -> None:
        """Take pictures again: a camera's newest."""
        self._supervisor.wishes.put(Command("resume"))

    def reload(self, load: Callable[[], RunConfig]) -> None:
        """Take what can change from the configuration that `load` returns; it may raise ours."""
        self._supervisor.reloads.put(load)

    def restart_baseline(self) -> None:
        """Learn every resting face anew, from what is seen next."""
        self._supervisor.wishes.put(Command("baseline"))

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end for a while; return whether the run is over."""
        return self._supervisor.done.wait(timeout_s)

    def join(self) -> Summary:
        """Wait for the end and return what the run came to. Raises what a stage raised.

        A sink with a window shows it meanwhile, in this thread: macOS wants it to be the main one.
        """
        try:
            for _, sink in self._made.sinks:
                if isinstance(sink, Attended) and not self._supervisor.done.is_set():
                    sink.attend(self, self._supervisor.done.is_set)
        except Exception as error:
            self._supervisor.fail(error)
            self.stop()
        while not self.wait(0.1):
            pass
        if self._thread is not None:
            self._thread.join()
        if self._supervisor.error is not None:
            raise self._supervisor.error
        return self.summary

    def __enter__(self) -> Pipeline:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop, and wait for the end."""
        self.stop()
        self.join()
