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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..stream.errors import UsageError
from ..stream.worker import end_child, start_child
from .progress import Progress

_WORKER = "affectstream.dataset.worker"
_MODULES = __name__.rpartition(".")[0]

Taken = Callable[[str, dict[str, Any]], None]
"""Takes the result of an item, in this process, as it comes."""


@dataclass
class _Worker:
    child: subprocess.Popen[bytes]
    item: str = ""
    waiting: bytearray = field(default_factory=bytearray)


def run_items(
    step: str,
    items: Mapping[str, dict[str, Any]],
    *,
    jobs: int,
    weights: Mapping[str, float] | None = None,
    taken: Taken = lambda item, result: None,
) -> dict[str, str]:
    """Do `work(item)` of the step's file for all items; return why items failed.

    Several items are worked on at once, in the order given; `jobs` 0 is one per core.
    Raises: UsageError, at once, where no item can succeed (a network or a package is missing).
    """
    failed: dict[str, str] = {}
    waiting = deque(items)
    progress = Progress(step, {item: (weights or {}).get(item, 1.0) for item in items})
    selector = selectors.DefaultSelector()
    workers: list[_Worker] = []

    def settle(worker: _Worker, result: dict[str, Any]) -> None:
        item, worker.item = worker.item, ""
        if result.get("is_fatal"):
            raise UsageError(str(result["error"]))
        if "error" in result:
            failed[item] = str(result["error"])
        else:
            taken(item, result)
        progress.count(item, failed="error" in result)

    try:
        while waiting or any(worker.item for worker in workers):
            while waiting and len(workers) < worker_count(jobs, len(items)):
                worker = _Worker(start_child(_WORKER, [f"{_MODULES}.steps.{step}"], answers=True))
                workers.append(worker)
                assert worker.child.stdout is not None
                selector.register(worker.child.stdout, selectors.EVENT_READ, worker)
            for worker in [worker for worker in workers if not worker.item]:
                if waiting:
                    _send(worker, waiting.popleft(), items)
            for key, _ in selector.select(timeout=1.0):
                worker = key.data
                if _receive(worker, settle):
                    continue
                selector.unregister(key.fileobj)
                workers.remove(worker)
                end_child(worker.child)
                if worker.item:
                    settle(worker, {"error": _death(worker.child.returncode)})
    finally:
        for worker in workers:
            end_child(worker.child)
        selector.close()
    return dict(sorted(failed.items()))


def worker_count(jobs: int, items: int) -> int:
    """Return how many processes are worth it."""
    return max(1, min(jobs or os.cpu_count() or 1, items))


def _send(worker: _Worker, item: str, items: Mapping[str, dict[str, Any]]) -> None:
    worker.item = item
    line = json.dumps(items[item], default=str).encode() + b"\n"
    try:
        assert worker.child.stdin is not None
        worker.child.stdin.write(line)
        worker.child.stdin.flush()
    except BrokenPipeError:
        pass  # It has died; its output ends, and the item is counted as failed then.


def _receive(worker: _Worker, settle: Callable[[_Worker, dict[str, Any]], None]) -> bool:
    """Take what a worker wrote; False when it is gone."""
    assert worker.child.stdout is not None
    data = os.read(worker.child.stdout.fileno(), 1 << 16)
    worker.waiting += data
    while (end := worker.waiting.find(b"\n")) >= 0:
        line = bytes(worker.waiting[:end])
        del worker.waiting[: end + 1]
        settle(worker, json.loads(line))
    return bool(data)


def _death(code: int) -> str:
    if code < 0:
        name = signal.Signals(-code).name
        why = ", perhaps for want of memory: try fewer --jobs" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{why}"
    return f"its process ended with code {code}"
