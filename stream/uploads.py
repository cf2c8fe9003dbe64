"""Pictures that a page sends: from a sink's server to the source of kind `browser`.

Both live in one process and know only this: a slot per source in which the newest picture wins.
"""

from __future__ import annotations

import threading

from .mailbox import Mailbox


class Upload:
    """Encoded pictures of one source on their way; any thread may offer, one takes."""

    def __init__(self) -> None:
        """Start empty, with no page there."""
        self._slot: Mailbox[bytes] = Mailbox()
        self._filled = threading.Event()
        self._lock = threading.Lock()
        self.pages = 0
        self.overwritten = 0

    def join(self) -> None:
        """Note that a page has come."""
        with self._lock:
            self.pages += 1

    def leave(self) -> None:
        """Note that a page has gone."""
        with self._lock:
            self.pages -= 1

    def offer(self, jpeg: bytes) -> None:
        """Lay the newest picture down; one that nobody took is lost, and counted."""
        if self._slot.put(jpeg):
            self.overwritten += 1
        self._filled.set()

    def take(self, timeout_s: float) -> bytes | None:
        """Return the newest picture, or None after `timeout_s`."""
        if not self._filled.wait(timeout_s):
            return None
        self._filled.clear()
        return self._slot.take()


_open: dict[str, Upload] = {}


def open_upload(source_id: str) -> Upload:
    """Return a fresh slot and let a server find it under the source's name."""
    upload = _open[source_id] = Upload()
    return upload


def upload_of(source_id: str) -> Upload | None:
    """Return the slot of a source; None where it is not fed by a page."""
    return _open.get(source_id)


def close_upload(source_id: str, upload: Upload) -> None:
    """Let go of a slot, unless a later run has opened one under the name."""
    if _open.get(source_id) is upload:
        del _open[source_id]
