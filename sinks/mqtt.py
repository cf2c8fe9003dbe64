"""Valence, arousal, quadrant, people and the last narration by MQTT, found by Home Assistant.

Every source is a device there. It is available while `BASE/status` says `online`, which the
broker's last will ends, and `BASE/SOURCE/status` too: a camera that is lost, paused or off is not.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from pydantic import field_validator

from ..stream.messages import GROUP, Delivery, Event, Frame, Narration, Window
from ..stream.tables import UNIT_DECIMALS, rounded
from ._mqtt import OFFLINE, ONLINE, Broker, MqttLink
from .base import Policy, RunInfo

log = logging.getLogger(__name__)

STATUS = "status"
HOME_ASSISTANT_STATE_CHARS = 255
"""Source: Home Assistant, `homeassistant.const.MAX_LENGTH_STATE_STATE`."""

_SENSORS: dict[str, dict[str, Any]] = {
    "valence": {"icon": "mdi:emoticon-outline", "state_class": "measurement"},
    "arousal": {"icon": "mdi:pulse", "state_class": "measurement"},
    "quadrant": {"icon": "mdi:axis-arrow"},
    "people": {"icon": "mdi:account-multiple", "state_class": "measurement"},
    "narration": {"icon": "mdi:text"},
}


class Config(Broker):
    """The broker, `discovery` (Home Assistant's prefix; empty: none), `events` also sent."""

    discovery: str = "homeassistant"
    events: bool = True

    @field_validator("discovery")
    @classmethod
    def _prefix(cls, discovery: str) -> str:
        if any(sign in discovery for sign in "+#\0 "):
            raise ValueError("a topic without +, # and spaces")
        return discovery.strip("/")


class MqttSink:
    """Publishes a state per window, retained, so that a display has it at once."""

    policy: Policy = "every"
    wants_readings = False
    wants_frames = False

    def __init__(self, config: Config, run: RunInfo) -> None:
        """Prepare the client. Raises: MissingExtraError."""
        self._config = config
        self._run = run
        self._link = MqttLink(config, run.run_id, STATUS)
        self._connections = 0
        self._introduced: set[str] = set()
        self._lost: set[str] = set()
        self._told: dict[str, str] = {}
        self._health = run.health
        self._fault = ""

    def open(self) -> None:
        """Begin to connect; a broker that is not there yet is waited for. Raises: SinkError."""
        self._link.begin()

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Publish a window, a narration or an event; they are lost while the broker is away."""
        if isinstance(message, Window):
            self._link.publish(f"{message.source_id}/state", _state(message), retain=True)
        elif isinstance(message, Narration):
            told = msgspec.json.encode({"text": message.text, "timestamp": message.pts_s})
            self._link.publish(f"{message.source_id}/narration", told, retain=True)
        elif isinstance(message, Event):
            if message.kind == "source_state":
                is_lost = message.after != "playing"
                (self._lost.add if is_lost else self._lost.discard)(message.source_id)
                self._tell(message.source_id)
            if self._config.events:
                self._link.publish(f"{message.source_id}/event", msgspec.json.encode(message))

    def tick(self) -> None:
        """Introduce new cameras, and take leave of those that are removed.

        All are introduced anew to a broker that is back: it may have forgotten everything.
        """
        if self._link.fault != self._fault:
            self._fault = self._link.fault
            where = f"{self._config.host}:{self._config.port}"
            log.warning("mqtt: %s: %s", where, self._fault or "reachable")
            self._health.tell_server("mqtt", self._fault)
        if self._link.connections != self._connections:
            self._connections = self._link.connections
            self._introduced.clear()
            self._told.clear()
        if not self._connections:
            return
        there = self._health.names(self._run.sources)
        for source in there:
            if source not in self._introduced:
                self._introduce(source)
            self._tell(source)
        for source in self._introduced - set(there):
            self._forget(source)

    def close(self) -> None:
        """Say that nobody is there any more, and leave."""
        self._link.close()

    def _tell(self, source: str) -> None:
        """Say whether pictures of a source come, where that has changed."""
        is_there = self._health.is_watched(source) and source not in self._lost
        state = ONLINE if is_there else OFFLINE
        if self._told.get(source) != state:
            self._told[source] = state
            self._link.publish(f"{source}/{STATUS}", state, retain=True)

    def _introduce(self, source: str) -> None:
        self._introduced.add(source)
        if self._config.discovery:
            for name, looks in _SENSORS.items():
                payload = msgspec.json.encode(self._sensor(source, name) | looks)
                self._link.publish(self._discovery(source, name), payload, retain=True)

    def _forget(self, source: str) -> None:
        """Take a removed camera from the broker: what is empty is retained no longer."""
        self._introduced.discard(source)
        self._told.pop(source, None)
        for kind in ("state", "narration", STATUS):
            self._link.publish(f"{source}/{kind}", "", retain=True)
        if self._config.discovery:
            for name in _SENSORS:
                self._link.publish(self._discovery(source, name), "", retain=True)

    def _discovery(self, source: str, name: str) -> str:
        return f"/{self._config.discovery}/sensor/affectstream_{source}/{name}/config"

    def _sensor(self, source: str, name: str) -> dict[str, Any]:
        base = self._config.base
        is_text = name == "narration"
        topic = f"{base}/{source}/{'narration' if is_text else 'state'}"
        template = f"{{{{ value_json.{name} }}}}"
        if is_text:
            template = f"{{{{ value_json.text[:{HOME_ASSISTANT_STATE_CHARS}] }}}}"
        sensor = {
            "name": name.capitalize(),
            "unique_id": f"affectstream_{source}_{name}",
            "state_topic": topic,
            "value_template": template,
            "availability": [{"topic": f"{base}/{STATUS}"}, {"topic": f"{base}/{source}/{STATUS}"}],
            "availability_mode": "all",
            "device": {
                "identifiers": [f"affectstream_{source}"],
                "name": f"affectstream {source}",
                "manufacturer": "affectstream",
            },
        }
        return {**sensor, "json_attributes_topic": topic} if is_text else sensor


def _state(window: Window) -> bytes:
    group = next((span for span in window.spans if span.person == GROUP), None)
    cells: dict[str, Any] = {"timestamp": window.pts_s, "valence": None, "arousal": None}
    cells |= {"quadrant": None, "people": 0}
    if group is not None:
        cells["valence"] = rounded(group.valence_mean, UNIT_DECIMALS)
        cells["arousal"] = rounded(group.arousal_mean, UNIT_DECIMALS)
        cells["quadrant"] = group.quadrant
        cells["people"] = rounded(group.people_mean, 2) or 0
    return msgspec.json.encode(cells)


def build(config: Config, run: RunInfo) -> MqttSink:
    """Return the sink. Raises: MissingExtraError."""
    return MqttSink(config, run)
