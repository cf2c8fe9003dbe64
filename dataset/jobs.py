"""Items over the cores, each worker a process of its own: one that crashes loses its item only.

A worker is `python -m affectstream.dataset.worker MODULE`; items go to it and results come back as
lines of JSON. It keeps what it has opened (networks) from item to item.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..stream.errors import UsageError
from ..stream.worker import end_child, start_child
from .progress import Progress

_WORKER = "affectstream.dataset.worker"
_MODULES = __name__.rpartition(".")[0]

ITEMS_PER_WORKER = 200
"""After so many items a worker makes way for a fresh one, so that what libraries hold on to stays
bounded: 300 short videos left 10 MB behind."""

Taken = Callable[[str, dict[str, Any]], None]
"""Takes the result of an item, in this process, as it comes."""


@dataclass
class _Worker:
    child: subprocess.Popen[bytes]
    item: str = ""
    items: int = 0
    waiting: bytearray = field(default_factory=bytearray)


def run_items(
    step: str,
    items: Mapping[str, dict[str, Any]],
    *,
    jobs: int,
    weights: Mapping[str, float] | None = None,
    unit: str = "",
    taken: Taken = lambda item, result: None,
    per_worker: int = ITEMS_PER_WORKER,
) -> dict[str, str]:
    """Do `work(item)` of the step's file for all items; return why items failed.

    Several items are worked on at once, in the order given; `jobs` 0 is one per core. `weights`
    say how long items take beside the others, counted in `unit`.
    Raises: UsageError, at once, where no item can succeed (a network or a package is missing).
    """
    failed: dict[str, str] = {}
    waiting = deque(items)
    weighed = {item: (weights or {}).get(item, 1.0) for item in items}
    progress = Progress(step, weighed, unit=unit)
    with _Crew(f"{_MODULES}.steps.{step}", per_worker) as crew:
        while waiting or crew.is_busy:
            if waiting:
                crew.refresh(worker_count(jobs, len(items)))
            for worker in crew.idle():
                if waiting:
                    item = waiting.popleft()
                    _send(worker, item, items[item])
            for item, result in crew.results():
                if "share" in result:
                    progress.begun(item, float(result["share"]))
                    continue
                if result.get("is_fatal"):
                    raise UsageError(str(result["error"]))
                if "error" in result:
                    failed[item] = str(result["error"])
                else:
                    taken(item, result)
                progress.count(item, failed="error" in result)
            if crew.is_busy:
                progress.show()
    return dict(sorted(failed.items()))


class _Crew:
    """The workers of one step."""

    def __init__(self, module: str, per_worker: int) -> None:
        self._module, self._per_worker = module, per_worker
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            end_child(worker.child)
        self._selector.close()

    @property
    def is_busy(self) -> bool:
        return any(worker.item for worker in self._workers)

    def idle(self) -> list[_Worker]:
        return [worker for worker in self._workers if not worker.item]

    def refresh(self, count: int) -> None:
        """Let those go that have done enough, and fill up to `count`."""
        for worker in self.idle():
            if worker.items >= self._per_worker:
                self._dismiss(worker)
        while len(self._workers) < count:
            worker = _Worker(start_child(_WORKER, [self._module], answers=True))
            assert worker.child.stdout is not None
            self._selector.register(worker.child.stdout, selectors.EVENT_READ, worker)
            self._workers.append(worker)

    def results(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Wait a second at most; yield what came in, and the items of workers that died.

        A result with `share` tells how far an item is; the worker is still at it.
        """
        for key, _ in self._selector.select(timeout=1.0):
            worker: _Worker = key.data
            answers, is_alive = _receive(worker)
            if not is_alive:
                self._dismiss(worker)
                answers.append({"error": _death(worker.child.returncode)})
            for answer in answers:
                item = worker.item
                if "share" not in answer:
                    worker.item = ""
                if item:
                    yield item, answer

    def _dismiss(self, worker: _Worker) -> None:
        assert worker.child.stdout is not None
        self._selector.unregister(worker.child.stdout)
        self._workers.remove(worker)
        end_child(worker.child)


def worker_count(jobs: int, items: int) -> int:
    """Return how many processes are worth it."""
    return max(1, min(jobs or os.cpu_count() or 1, items))


def _send(worker: _Worker, item: str, content: Mapping[str, Any]) -> None:
    worker.item = item
    worker.items += 1
    line = json.dumps(content, default=str).encode() + b"\n"
    try:
        assert worker.child.stdin is not None
        worker.child.stdin.write(line)
        worker.child.stdin.flush()
    except BrokenPipeError:
        pass  # It has died; its output ends, and the item is counted as failed then.


def _receive(worker: _Worker) -> tuple[list[dict[str, Any]], bool]:
    """Return the worker's answers that are complete, and whether it is alive."""
    assert worker.child.stdout is not None
    data = os.read(worker.child.stdout.fileno(), 1 << 16)
    *lines, worker.waiting = (worker.waiting + data).split(b"\n")
    return [json.loads(line) for line in lines], bool(data)


def _death(code: int) -> str:
    if code < 0:
        name = signal.Signals(-code).name
        why = ", perhaps for want of memory: try fewer --jobs" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{why}"
    return f"its process ended with code {code}"
