"""Where an alert goes: a webhook, an MQTT broker, the desktop, the log."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field, SecretStr

from ..stream.errors import UsageError
from . import _http
from ._backlog import Unreachable
from ._mqtt import Broker, MqttLink
from .base import SinkConfig

log = logging.getLogger(__name__)

Alert = dict[str, Any]
DESKTOP_S = 5.0
SHORTEST_S = 0.1
"""What a post is given at least."""


class WebhookChannel(SinkConfig):
    """A signed POST; `secret` is shared with the receiver."""

    to: Literal["webhook"]
    url: SecretStr
    secret: SecretStr | None = None
    allow_http: bool = False


class MqttChannel(Broker):
    """A message with QoS 1 on `BASE/alerts/RULE`."""

    to: Literal["mqtt"]


class DesktopChannel(SinkConfig):
    """A notification by `notify-send`."""

    to: Literal["desktop"]


class LogChannel(SinkConfig):
    """A line in the log."""

    to: Literal["log"]


Channel = Annotated[
    WebhookChannel | MqttChannel | DesktopChannel | LogChannel, Field(discriminator="to")
]


class Sender:
    """Sends alerts to one channel; used by one thread."""

    def __init__(self, channel: Channel, run_id: str) -> None:
        """Check the channel. Raises: UsageError, MissingExtraError."""
        self._channel = channel
        self._name = f"{run_id}-alerts"
        self._link: MqttLink | None = None
        if isinstance(channel, WebhookChannel):
            _http.check_url(channel.url.get_secret_value(), channel.allow_http)
        elif isinstance(channel, MqttChannel):
            self._link = MqttLink(channel, self._name)
        elif isinstance(channel, DesktopChannel) and shutil.which("notify-send") is None:
            raise UsageError("alerts: the desktop needs notify-send (Debian: libnotify-bin)")

    def send(self, alert: Alert, left_s: Callable[[], float]) -> None:
        """Send once, not when `left_s` says that its time is over.

        Raises: Unreachable to be asked again, `_http.Refused`.
        """
        channel, body = self._channel, msgspec.json.encode(alert)
        if isinstance(channel, WebhookChannel):
            secret = channel.secret.get_secret_value() if channel.secret else ""
            timeout_s = min(_http.TIMEOUT_S, max(SHORTEST_S, left_s()))
            _http.post(channel.url.get_secret_value(), body, alert["id"], secret, timeout_s)
        elif isinstance(channel, MqttChannel):
            self._publish(channel, f"alerts/{alert['rule']}", body, left_s)
        elif isinstance(channel, DesktopChannel):
            _notify(alert)
        else:
            log.warning("alert: %s", alert["text"])

    def _publish(
        self, broker: Broker, topic: str, body: bytes, left_s: Callable[[], float]
    ) -> None:
        if self._link is None:
            self._link = MqttLink(broker, self._name)
        try:
            self._link.connect()
            if left_s() <= 0:
                raise Unreachable("the broker came too late")
            self._link.publish_surely(topic, body)
        except Unreachable:
            # A client that failed would send what it still holds when the broker is back: late.
            self._link.close()
            self._link = None
            raise

    def close(self) -> None:
        """Close what is open."""
        if self._link is not None:
            self._link.close()


def _notify(alert: Alert) -> None:
    command = ["notify-send", "--app-name=affectstream", "--", alert["rule"], alert["text"]]
    try:
        done = subprocess.run(command, timeout=DESKTOP_S, capture_output=True, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreachable(f"notify-send: {type(error).__name__}") from None
    if done.returncode:
        raise Unreachable("notify-send: no desktop answers")
