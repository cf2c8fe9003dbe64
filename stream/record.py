"""Keeps the record of a run, `run.json`, in step with its sources and recordings."""

from __future__ import annotations

import logging
import time
from typing import Any

from .prepare import Prepared
from .summary import Summary

log = logging.getLogger(__name__)

RECORD_S = 1.0


class Record:
    """Written at the start, at the end, and when something changes that it tells of."""

    def __init__(self, made: Prepared, summary: Summary) -> None:
        """Take what the record tells of."""
        self._made = made
        self._summary = summary
        self._told: dict[str, Any] = {}
        self._told_s = 0.0

    def write(self) -> None:
        """Write it. Raises: OSError, AffectstreamError."""
        self._made.write_record(self._summary)

    def forget(self) -> None:
        """Have it written again: something else that it tells of has changed."""
        self._told = {}

    def keep(self) -> None:
        """Write it again when a source, a recording or a server is in another state.

        At most once a second.
        """
        run, states = self._made.run, self._summary.states
        told: dict[str, Any] = {name: health.state for name, health in states.items()}
        told[""] = (list(run.recordings.files), run.health.servers)
        now_s = time.monotonic()
        if told == self._told or now_s - self._told_s < RECORD_S:
            return
        self._told, self._told_s = told, now_s
        try:
            self.write()
        except OSError as error:
            log.warning("the record of the run cannot be written: %s", error.strerror)
