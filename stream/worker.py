"""The only creator of threads and child processes.

A thread's `Stage` is made, used and closed inside it. Whatever the loop raises is kept in
`Workers.errors` and reported; the supervisor then stops the others.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

from .bus import Bus
from .stage import Stage, Stopped

log = logging.getLogger(__name__)

Loop = Callable[[Stage], None]

NICENESS = 10
"""Of threads that give way: a tenth of an ordinary one's share. Source: sched(7), nice values."""


class Workers:
    """The threads of one pipeline."""

    def __init__(self, bus: Bus) -> None:
        """Start with none."""
        self._bus = bus
        self._threads: list[threading.Thread] = []
        self.errors: list[BaseException] = []

    def start(self, name: str, loop: Loop, *, gives_way: bool = False) -> None:
        """Run a loop in a thread; thread, stage and log records bear the same name.

        One that gives way lets the others have the processor first, where threads can (Linux).
        """
        run = self._run_last if gives_way else self._run
        thread = threading.Thread(target=run, args=(name, loop), name=name, daemon=False)
        self._threads = [one for one in self._threads if one.is_alive()]
        self._threads.append(thread)
        thread.start()

    def start_bare(self, name: str, target: Callable[[], None]) -> threading.Thread:
        """Run the supervisor, which has no stage of its own."""
        thread = threading.Thread(target=target, name=name, daemon=False)
        thread.start()
        return thread

    @property
    def alive(self) -> list[str]:
        """Names of the threads that run."""
        return [thread.name for thread in self._threads if thread.is_alive()]

    def join(self, timeout_s: float) -> list[str]:
        """Wait for all threads; return the names of those still running."""
        end_s = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, end_s - time.monotonic()))
        return self.alive

    def _run_last(self, name: str, loop: Loop) -> None:
        if sys.platform == "linux":
            # There, unlike in POSIX, this is of the thread. Source: setpriority(2).
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        self._run(name, loop)

    def _run(self, name: str, loop: Loop) -> None:
        stage = Stage(self._bus, name)
        try:
            loop(stage)
        except Stopped:
            log.debug("%s stopped", name)
        except Exception as error:
            self.errors.append(error)
            log.debug("%s failed", name, exc_info=True)
            stage.report("failed", note=f"{type(error).__name__}: {error}")
        else:
            stage.report("end")
        finally:
            stage.close()


def start_child(
    module: str, arguments: Sequence[str], *, answers: bool = False
) -> subprocess.Popen[bytes]:
    """Start `python -m module arguments…` in the same process session.

    Its standard input is a pipe that closes when this process dies, by whatever cause, so that
    the child can leave too; with `answers` its standard output is a pipe as well. One thread per
    numeric library.
    """
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if answers else subprocess.DEVNULL,
        env=environment,
    )


def end_child(child: subprocess.Popen[bytes]) -> None:
    """Kill a child if it still runs, and reap it."""
    if child.poll() is None:
        child.kill()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    child.wait(timeout=10)
