"""Posts events, narrations or windows as signed JSON to an address of yours.

Each post is the envelope of `docs/messages.md`; `Idempotency-Key` stays the same over all tries.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import msgspec
from pydantic import Field, SecretStr

from ..stream.messages import Delivery, Frame
from . import _http
from ._backlog import Backlog, Courier
from ._wire import Kind, Sequence, topic_of
from .base import Policy, RunInfo, SinkConfig

log = logging.getLogger(__name__)


class Config(SinkConfig):
    """Where to post and what; `secret` signs, `waiting_mb` bounds what waits on disk."""

    url: SecretStr
    secret: SecretStr | None = None
    kinds: tuple[Kind, ...] = ("event", "narration")
    allow_http: bool = False
    waiting_mb: int = Field(default=64, ge=1)
    grace_s: float = Field(default=5.0, ge=0)


class WebhookSink:
    """Numbers messages; a courier beside it posts them in order, as often as it takes."""

    policy: Policy = "every"
    wants_frames = False

    def __init__(self, config: Config, run: RunInfo) -> None:
        """Check the address. Raises: UsageError."""
        self._url = config.url.get_secret_value()
        _http.check_url(self._url, config.allow_http)
        self._config = config
        self._run_id = run.run_id
        self.wants_readings = "reading" in config.kinds
        self._folder = run.folder or Path(tempfile.gettempdir())
        self._sequence = Sequence(run.run_id)
        self._courier: Courier | None = None
        self._lost = 0
        self.refused = 0

    def open(self) -> None:
        """Start the courier."""
        spill = self._folder / f"webhook-{self._run_id}.spill"
        self._backlog = Backlog(spill, limit_bytes=self._config.waiting_mb << 20)
        self._courier = Courier("webhook", self._backlog, self._post)

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Take a message of the kinds wanted."""
        topic = topic_of(message)
        if topic.rpartition("/")[2] not in self._config.kinds:
            return
        body = msgspec.json.encode(self._sequence.wrap(topic, message))
        identity = f"{self._run_id}-{topic}-{self._sequence.last[topic]}".encode()
        self._lost += not self._backlog.put(identity + b"\n" + body)

    def tick(self) -> None:
        """Do nothing: the courier sends when it can."""

    def close(self) -> None:
        """Give what waits a little time, and say what was not sent."""
        courier, self._courier = self._courier, None
        if courier is None:
            return
        left = courier.close(self._config.grace_s) + self._lost
        self._backlog.discard()
        if left or self.refused:
            log.warning("webhook: %d not sent, %d refused by the server", left, self.refused)

    def _post(self, payload: bytes) -> None:
        identity, _, body = payload.partition(b"\n")
        secret = self._config.secret.get_secret_value() if self._config.secret else ""
        try:
            _http.post(self._url, body, identity.decode(), secret)
        except _http.Refused as reason:
            self.refused += 1
            log.warning("webhook: %s", reason)


def build(config: Config, run: RunInfo) -> WebhookSink:
    """Return the sink. Raises: UsageError where the address would tell the network."""
    return WebhookSink(config, run)
