"""A configuration that is read anew while the run goes on: what can change does, the rest is named.

Cameras come, go, pause and are opened anew; alert rules and the time between narrations change.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..sinks.base import Adjustable, Sink
from .cameras import Camera
from .config import RunConfig, SinkEntry
from .desk import Narrating
from .errors import AffectstreamError, UsageError
from .kinds import configure, load_kind
from .locate import unique_ids
from .prepare import shown
from .purpose import check_purpose
from .recording import check_recording
from .roster import Roster
from .seats import named_cameras, seat_of

log = logging.getLogger(__name__)


class Reload:
    """Lives in the supervisor. `config` is what the run goes by at the moment."""

    def __init__(
        self, config: RunConfig, sinks: Sequence[tuple[str, Sink]], narration: Narrating
    ) -> None:
        """Take what the run was started with."""
        self.config = config
        self._sinks = dict(sinks)
        self._narration = narration
        self._changed: list[str] = []
        self._kept: list[str] = []

    def take(self, load: Callable[[], RunConfig], roster: Roster | None) -> dict[str, Any]:
        """Read and apply; return what the record of the run tells of it."""
        self._changed, self._kept = [], []
        told: dict[str, Any] = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        try:
            wanted = load()
            check_purpose(wanted)
            check_recording(wanted)
            shown(wanted)
        except AffectstreamError as error:
            log.warning("the configuration is not taken over, the run goes on as it was: %s", error)
            return told | {"refused": str(error)}
        for key in RunConfig.model_fields:
            if getattr(wanted, key) != getattr(self.config, key):
                self._take_key(key, wanted, roster)
        if self._changed or not self._kept:
            log.info("configuration: changed %s", ", ".join(self._changed) or "nothing")
        if self._kept:
            log.warning("configuration: a restart is needed for %s", ", ".join(self._kept))
        return told | {"changed": self._changed, "needs_restart": self._kept}

    def _take_key(self, key: str, wanted: RunConfig, roster: Roster | None) -> None:
        if key == "narrate_s":
            self._narration.every_s = wanted.narrate_s
            self._changed.append(key)
        elif key == "cameras" and roster is not None:
            self._take_cameras(wanted, roster)
        elif key == "sinks":
            self._take_sinks(wanted)
            return
        else:
            self._kept.append(key)
            return
        self.config = self.config.model_copy(update={key: getattr(wanted, key)})

    def _take_cameras(self, wanted: RunConfig, roster: Roster) -> None:
        old = named_cameras(self.config)
        new = named_cameras(self.config.model_copy(update={"cameras": wanted.cameras}))
        for name, camera in new.items():
            if name not in old:
                self._try(partial(self._add, roster, name, camera))
            elif camera != old[name]:
                self._try(partial(self._change, roster, name, old[name], camera))
        for name in old.keys() - new.keys():
            self._try(partial(roster.remove, name))

    def _try(self, change: Callable[[], str]) -> None:
        try:
            self._changed.append(f"camera {change()}")
        except AffectstreamError as error:
            self._kept.append(f"cameras ({error})")

    def _add(self, roster: Roster, name: str, camera: Camera) -> str:
        if unique_ids([name], roster.seats) != [name]:
            raise UsageError(f"there is a camera {name!r} already")
        if not camera.enabled:
            raise UsageError(f"{name} is off; add it by affectstream ctl, or enabled")
        return roster.add(seat_of(camera, name, self.config))

    def _change(self, roster: Roster, name: str, old: Camera, new: Camera) -> str:
        seat = seat_of(new, name, self.config)
        if not new.enabled:
            roster.renew(seat, is_now=False)
            return roster.pause(name) if old.enabled else f"{name}: changed"
        told = roster.renew(seat, is_now=old.enabled)
        return told if old.enabled else roster.resume(name)

    def _take_sinks(self, wanted: RunConfig) -> None:
        """Sinks that can change do; another set of sinks needs a restart."""
        old = {entry.kind: entry for entry in self.config.sinks}
        new = {entry.kind: entry for entry in wanted.sinks}
        taken: dict[str, SinkEntry] = {}
        for kind in sorted(old.keys() | new.keys()):
            sink = self._sinks.get(kind)
            if old.get(kind) == new.get(kind):
                continue
            if kind in new and kind in old and isinstance(sink, Adjustable):
                module = load_kind("sinks", kind)
                left = sink.adjust(configure(module, new[kind].options))
                self._kept += [f"sinks {kind} {option}" for option in left]
                self._changed.append(f"sinks {kind}")
                if not left:
                    taken[kind] = new[kind]
            else:
                self._kept.append(f"sinks {kind}")
        sinks = tuple(taken.get(entry.kind, entry) for entry in self.config.sinks)
        self.config = self.config.model_copy(update={"sinks": sinks})
