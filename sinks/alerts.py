"""Tells somebody when a rule becomes true: by webhook, MQTT, on the desktop, in the log.

An alert is committed to `alerts.db` before it is sent; it is sent at least once before it expires
(60 s) or marked expired, always with the same id, and never late.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from ..stream.errors import SinkError
from ..stream.messages import GROUP, Delivery, Event, Frame, Window
from ._alert_store import AlertStore
from ._backlog import Unreachable
from ._channels import Channel, Sender
from ._http import Refused
from ._lines import folder_of
from ._look.words import clock
from ._rules import parse
from ._watch import Hit, Watch
from .base import Policy, RunInfo, SinkConfig

log = logging.getLogger(__name__)

FILE_NAME = "alerts.db"
RETRY_S = (1.0, 2.0, 4.0, 8.0)
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class RuleConfig(SinkConfig):
    """A rule; `quiet` are hours of local time, `sources` the cameras it is for (all, if empty)."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")
    when: str
    every_s: float = Field(default=60.0, ge=0)
    expires_s: float = Field(default=60.0, gt=0, le=3600)
    quiet: str | None = None
    sources: tuple[str, ...] = ()

    @field_validator("when")
    @classmethod
    def _readable(cls, when: str) -> str:
        parse(when)
        return when

    @field_validator("quiet")
    @classmethod
    def _hours(cls, quiet: str | None) -> str | None:
        if quiet is not None and not _HOURS.fullmatch(quiet):
            raise ValueError("hours such as 22:00-07:00")
        return quiet

    def is_quiet(self, wall_s: float) -> bool:
        """Tell whether nobody wants to be told at this time."""
        found = _HOURS.fullmatch(self.quiet or "")
        if found is None:
            return False
        h1, m1, h2, m2 = map(int, found.groups())
        now = datetime.fromtimestamp(wall_s)
        minute, start, end = now.hour * 60 + now.minute, h1 * 60 + m1, h2 * 60 + m2
        return start <= minute < end if start <= end else minute >= start or minute < end


class Config(SinkConfig):
    """Rules, and where alerts go; `store` keeps them where a later run finds those not yet sent."""

    rules: tuple[RuleConfig, ...] = ()
    to: tuple[Channel, ...] = ()
    store: Path | None = None
    grace_s: float = Field(default=5.0, ge=0)

    @field_validator("rules")
    @classmethod
    def _one_name_each(cls, rules: tuple[RuleConfig, ...]) -> tuple[RuleConfig, ...]:
        names = [rule.name for rule in rules]
        if len(set(names)) < len(names):
            raise ValueError("two rules have the same name")
        return rules


class RuleState:
    """One rule over all its sources, with its limit on how often it speaks."""

    def __init__(self, rule: RuleConfig) -> None:
        """Start with nothing seen."""
        self.rule = rule
        self._condition = parse(rule.when)
        self._watches: dict[str, Watch] = {}
        self._told_s: dict[tuple[str, int], float] = {}

    def take(self, message: Delivery) -> list[Hit]:
        """Return for whom the rule has just become true."""
        if not isinstance(message, Window | Event):
            return []
        if self.rule.sources and message.source_id not in self.rule.sources:
            return []
        watch = self._watches.setdefault(message.source_id, Watch(self._condition))
        return watch.take(message)

    def is_limited(self, source: str, person: int, now_s: float) -> bool:
        """Tell whether the rule spoke within `every_s`; if not, it speaks at `now_s`."""
        told_s = self._told_s.get((source, person))
        if told_s is not None and now_s - told_s < self.rule.every_s:
            return True
        self._told_s[source, person] = now_s
        return False


def wording(rule: str, source: str, hit: Hit, pts_s: float) -> str:
    """Return an alert in words."""
    who = "" if hit.person == GROUP else f", person {hit.person}"
    values = ", ".join(
        f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}"
        for name, value in hit.values.items()
    )
    return f"{rule}: {source}{who} at {clock(pts_s)}: {values}"


class AlertsSink:
    """Follows the rules in its thread; a courier per channel sends."""

    policy: Policy = "every"
    wants_readings = False
    wants_frames = False

    def __init__(
        self, config: Config, run: RunInfo, wall_ns: Callable[[], int] = time.time_ns
    ) -> None:
        """Check rules and channels. Raises: UsageError, MissingExtraError."""
        self._config = config
        self._run_id = run.run_id
        self._listeners = run.alert_listeners
        self._wall_ns = wall_ns
        self._path = config.store or folder_of(run, "alerts") / FILE_NAME
        self._rules = [RuleState(rule) for rule in config.rules]
        names = [channel.to for channel in config.to]
        self._senders = {
            f"{name}-{names[:n].count(name) + 1}": Sender(channel, run.run_id)
            for n, (name, channel) in enumerate(zip(names, config.to, strict=True))
        }
        self._store: AlertStore | None = None
        self._couriers: list[_Courier] = []

    def adjust(self, config: Config) -> list[str]:
        """Take other rules; one that stays the same keeps what it has seen."""
        known = {state.rule: state for state in self._rules}
        self._rules = [known.get(rule) or RuleState(rule) for rule in config.rules]
        return [
            name
            for name in Config.model_fields
            if name != "rules" and getattr(config, name) != getattr(self._config, name)
        ]

    def open(self) -> None:
        """Open the store and go on with what an earlier run left. Raises: SinkError."""
        self._store = AlertStore(self._path)
        self._couriers = [
            _Courier(name, self._store, sender, self._wall_ns)
            for name, sender in self._senders.items()
        ]

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Look whether a rule has become true. Raises: SinkError."""
        for state in self._rules:
            for hit in state.take(message):
                assert isinstance(message, Window | Event)
                self._raise(state, message, hit)

    def tick(self) -> None:
        """Do nothing: an alert is committed when it is raised."""

    def close(self) -> None:
        """Give what waits a little time, and close. Raises: SinkError."""
        store, self._store = self._store, None
        if store is None:
            return
        end_s = time.monotonic() + self._config.grace_s
        for courier in self._couriers:
            courier.close(end_s)
        counts = store.counts()
        if counts.get("pending"):
            log.warning("alerts: %d not sent; they are in %s", counts["pending"], self._path)
        if not any(courier.is_alive for courier in self._couriers):
            store.close()

    def _raise(self, state: RuleState, message: Window | Event, hit: Hit) -> None:
        now_ns, rule = self._wall_ns(), state.rule
        fate = "pending"
        if rule.is_quiet(now_ns / 1e9):
            fate = "quiet"
        elif state.is_limited(message.source_id, hit.person, now_ns / 1e9):
            fate = "limited"
        alert = {
            "id": uuid.uuid4().hex,
            "run_id": self._run_id,
            "rule": rule.name,
            "source": message.source_id,
            "person": hit.person,
            "pts_s": message.pts_s,
            "created_ns": now_ns,
            "expires_ns": now_ns + int(rule.expires_s * 1e9),
            "text": wording(rule.name, message.source_id, hit, message.pts_s),
            "values": hit.values,
        }
        assert self._store is not None
        self._store.add(alert, list(self._senders) or ["none"], fate)
        for courier in self._couriers:
            courier.wake()
        for listener in self._listeners if fate != "limited" else ():
            listener(message, f"alert {rule.name}")


class _Courier:
    """Sends what is pending for one channel, oldest first, until it expires."""

    def __init__(
        self, channel: str, store: AlertStore, sender: Sender, wall_ns: Callable[[], int]
    ) -> None:
        self._channel = channel
        self._store = store
        self._sender = sender
        self._wall_ns = wall_ns
        self._wanted = threading.Event()
        self._leave = threading.Event()
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"alerts-{channel}", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def wake(self) -> None:
        self._wanted.set()

    def close(self, end_s: float) -> None:
        """Leave when nothing is pending, at the latest at `end_s` (monotonic)."""
        self._leave.set()
        self._wanted.set()
        self._thread.join(max(0.0, end_s - time.monotonic()))
        self._gone.set()
        self._thread.join(0.2)

    def _run(self) -> None:
        tries = 0
        try:
            while not self._gone.is_set():
                alert = self._store.next_pending(self._channel, self._wall_ns())
                if alert is None:
                    if self._leave.is_set():
                        return
                    self._wanted.wait()
                    self._wanted.clear()
                    continue
                if self._try(alert):
                    tries = 0
                else:
                    self._gone.wait(RETRY_S[min(tries, len(RETRY_S) - 1)])
                    tries += 1
        except SinkError as error:
            log.error("%s", error)
        finally:
            self._sender.close()

    def _try(self, alert: dict[str, Any]) -> bool:
        state, error = "sent", ""
        try:
            self._sender.send(alert, lambda: (alert["expires_ns"] - self._wall_ns()) / 1e9)
        except Unreachable as reason:
            state, error = "pending", str(reason)
        except (Refused, SinkError) as reason:
            state, error = "refused", str(reason)
        if error:
            log.warning("alerts: %s: %s", self._channel, error)
        self._store.mark(alert["id"], self._channel, state, self._wall_ns(), error)
        return state != "pending"


def build(config: Config, run: RunInfo) -> AlertsSink:
    """Return the sink. Raises: UsageError, MissingExtraError."""
    return AlertsSink(config, run)
