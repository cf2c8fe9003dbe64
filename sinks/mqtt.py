"""Valence, arousal, quadrant, people and the last narration by MQTT, found by Home Assistant.

Every source is a device there; `BASE/status` is its availability, by the broker's last will.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from pydantic import field_validator

from ..stream.messages import GROUP, Delivery, Event, Frame, Narration, Window
from ..stream.tables import UNIT_DECIMALS, rounded
from ._mqtt import Broker, MqttLink
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
        self._sources = [source.source_id for source in run.sources]
        self._link = MqttLink(config, run.run_id, STATUS)
        self._introduced = 0
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
        elif self._config.events and isinstance(message, Event):
            told = msgspec.json.encode(message)
            self._link.publish(f"{message.source_id}/event", told)

    def tick(self) -> None:
        """Introduce the sensors when the broker is there, or back: it may have forgotten them."""
        if self._link.fault != self._fault:
            self._fault = self._link.fault
            where = f"{self._config.host}:{self._config.port}"
            log.warning("mqtt: %s: %s", where, self._fault or "reachable")
            self._health.tell_server("mqtt", self._fault)
        if self._link.connections != self._introduced:
            self._introduce()

    def close(self) -> None:
        """Say that nobody is there any more, and leave."""
        self._link.close()

    def _introduce(self) -> None:
        self._introduced = self._link.connections
        if not self._config.discovery:
            return
        for source in self._sources:
            for name, looks in _SENSORS.items():
                topic = f"/{self._config.discovery}/sensor/affectstream_{source}/{name}/config"
                payload = msgspec.json.encode(self._sensor(source, name) | looks)
                self._link.publish(topic, payload, retain=True)

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
            "availability_topic": f"{base}/{STATUS}",
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
