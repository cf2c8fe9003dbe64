"""A connection to an MQTT broker that says by its last will when it is gone."""

from __future__ import annotations

import threading
from typing import Any

from pydantic import Field, SecretStr, field_validator

from ..stream.errors import SinkError
from ._backlog import Unreachable
from ._extra import need
from .base import SinkConfig

ONLINE, OFFLINE = "online", "offline"
CONNECT_S = 5.0
ACKNOWLEDGE_S = 5.0
KEEP_ALIVE_S = 15


class Broker(SinkConfig):
    """Where the broker is; everything is published below `base`. `tls` checks certificates."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    tls: bool = False
    base: str = "affectstream"

    @field_validator("base")
    @classmethod
    def _plain(cls, base: str) -> str:
        if not base or any(sign in base for sign in "+#\0 ") or base.startswith("$"):
            raise ValueError("a topic without +, #, $ and spaces")
        return base.rstrip("/")


class MqttLink:
    """A client of a broker; paho's own thread reconnects it."""

    def __init__(self, broker: Broker, name: str, availability: str = "") -> None:
        """Prepare; nothing is connected yet. Raises: MissingExtraError."""
        mqtt = need("paho.mqtt.client", "MQTT", "mqtt")
        self._success = mqtt.MQTT_ERR_SUCCESS
        self._broker = broker
        self._availability = availability
        self._refused = ""
        self.fault = ""
        self._connected = threading.Event()
        self._is_running = False
        self.connections = 0
        self._client: Any = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=f"affectstream-{name}"
        )
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.reconnect_delay_set(1, 15)
        if broker.username is not None:
            password = broker.password.get_secret_value() if broker.password else None
            self._client.username_pw_set(broker.username, password)
        if broker.tls:
            self._client.tls_set()
        if availability:
            self._client.will_set(self._topic(availability), OFFLINE, qos=1, retain=True)

    def begin(self) -> None:
        """Connect in the background, as often as it takes; `fault` says what is wrong meanwhile.

        Raises: SinkError where the address is none.
        """
        try:
            self._client.connect_async(self._broker.host, self._broker.port, KEEP_ALIVE_S)
        except ValueError as error:
            raise SinkError(f"mqtt: {error}") from None
        self._client.loop_start()
        self._is_running = True

    def connect(self) -> None:
        """Connect, unless connected. Raises: Unreachable, SinkError where it is refused."""
        if not self._is_running:
            try:
                self._client.connect(self._broker.host, self._broker.port, KEEP_ALIVE_S)
            except (OSError, ValueError) as error:
                raise Unreachable(
                    getattr(error, "strerror", None) or type(error).__name__
                ) from None
            self._client.loop_start()
            self._is_running = True
        if not self._connected.wait(CONNECT_S):
            if self._refused:
                raise SinkError(f"mqtt: the broker refuses: {self._refused}")
            raise Unreachable("the broker does not answer")

    def publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Hand a message on; it is lost while the broker is away."""
        if self._connected.is_set():
            self._client.publish(self._topic(topic), payload, qos=0, retain=retain)

    def publish_surely(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Send with QoS 1 and wait until the broker has it. Raises: Unreachable."""
        info = self._client.publish(self._topic(topic), payload, qos=1, retain=retain)
        try:
            info.wait_for_publish(ACKNOWLEDGE_S)
            arrived = info.is_published()
        except (RuntimeError, ValueError):
            arrived = False
        if not arrived:
            self.close()
            raise Unreachable("the broker did not acknowledge")

    def close(self) -> None:
        """Say that nobody is there any more, and leave; may be called twice."""
        if not self._is_running:
            return
        if self._availability and self._connected.is_set():
            will = self._client.publish(self._topic(self._availability), OFFLINE, 1, True)
            try:
                will.wait_for_publish(1.0)
            except (RuntimeError, ValueError):
                pass
        self._client.disconnect()
        self._client.loop_stop()
        self._is_running = False
        self._connected.clear()

    def _topic(self, topic: str) -> str:
        return topic[1:] if topic.startswith("/") else f"{self._broker.base}/{topic}"

    def _on_connect(self, client: Any, data: Any, flags: Any, code: Any, props: Any) -> None:
        if code.is_failure:
            self._refused = str(code)
            self.fault = f"the broker refuses: {code}"
            return
        self.connections += 1
        self._refused = self.fault = ""
        self._connected.set()
        if self._availability:
            client.publish(self._topic(self._availability), ONLINE, qos=1, retain=True)

    def _on_disconnect(self, *_: Any) -> None:
        self._connected.clear()
        self.fault = self.fault or "the broker is away; what comes meanwhile is not sent"

    def _on_connect_fail(self, *_: Any) -> None:
        self.fault = "the broker cannot be reached; what comes meanwhile is not sent"
