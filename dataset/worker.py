"""A process that works on items: lines of JSON come in, one line of JSON goes out for each.

Before it there may be lines with `share`, which tell how much of the item is done so far.

It leaves at once when its standard input closes, since whoever asked is gone then.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import traceback
from importlib import import_module
from typing import Any

from ..stream.errors import AffectstreamError, ConfigError, MissingExtraError, ModelError

TELL = "tell"
"""Key of an item under which `work` finds whom to tell how much of it (0..1) is done so far."""

_FATAL = (ConfigError, MissingExtraError, ModelError)
"""What would fail for every other item too."""


def main() -> None:
    """Work on items until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # Whatever a library prints goes to standard error, not among the answers.
    work = import_module(sys.argv[1]).work
    items: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(items,), name="items", daemon=True).start()

    def put(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer, default=str).encode() + b"\n")

    while True:
        put(_answer(work, {**items.get(), TELL: lambda share: put({"share": share})}))


def _listen(items: queue.Queue[dict[str, Any]]) -> None:
    for line in sys.stdin.buffer:
        items.put(json.loads(line))
    os._exit(0)


def _answer(work: Any, item: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(work(item))
    except AffectstreamError as error:
        return {"error": str(error), "is_fatal": isinstance(error, _FATAL)}
    except Exception as error:
        if os.environ.get("AFFECTSTREAM_DEBUG"):
            traceback.print_exc()
        return {"error": f"internal fault, {type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
