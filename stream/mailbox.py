"""A place for one thing: the newest wins, and whoever puts it there learns what it replaced.

The exact count of what was lost is known at once, in the thread that lost it; a conflating socket
would drop silently.
"""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """One slot between two threads; a doorbell socket tells the reader to look."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._item: T | None = None

    def put(self, item: T) -> bool:
        """Lay an item down; return whether one that nobody took was overwritten."""
        with self._lock:
            overwritten = self._item is not None
            self._item = item
            return overwritten

    def take(self) -> T | None:
        """Take the item, if there is one."""
        with self._lock:
            item, self._item = self._item, None
            return item

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return self._item is None
