"""Readings, windows, events and narrations on a ZeroMQ socket, for programs outside.

`docs/messages.md` describes what is sent. The address is loopback or ipc unless `keys` are given.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import time
from pathlib import Path
from typing import Literal

import msgspec
from pydantic import Field

from ..stream.bus import Broadcast
from ..stream.errors import SinkError, UsageError
from ..stream.messages import Delivery, Frame
from ._wire import HEARTBEAT_TOPIC, Heartbeat, Kind, Sequence, topic_of
from .base import Policy, RunInfo, SinkConfig

log = logging.getLogger(__name__)

IPC = "ipc://"


class Config(SinkConfig):
    """Where to publish, and what: `kinds` reading, window, event, narration.

    `keys` is a folder of `affectstream keys new`; `capacity` messages wait for a slow subscriber.
    """

    address: str = "tcp://127.0.0.1:5599"
    encoding: Literal["json", "msgpack"] = "json"
    kinds: tuple[Kind, ...] = ("reading", "window", "event", "narration")
    keys: Path | None = None
    capacity: int = Field(default=1000, ge=1)


def check_address(address: str, has_keys: bool) -> None:
    """Refuse what others on the network could read. Raises: UsageError."""
    if address.startswith(IPC):
        return
    found = re.fullmatch(r"tcp://(\[[0-9a-fA-F:]+\]|[^/:\s]+):(\d{1,5}|\*)", address)
    if found is None:
        raise UsageError(
            f"zmq_pub: {address}: write tcp://127.0.0.1:PORT (* is any free one) or ipc:///PATH"
        )
    host = found[1].strip("[]")
    if not has_keys and not is_loopback(host):
        raise UsageError(
            f"zmq_pub: {address} can be reached from the network: make keys by "
            "`affectstream keys new FOLDER` and give `keys: FOLDER`, or publish on 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class ZmqPubSink:
    """Publishes; a late subscriber gets the last message of every topic it asks for."""

    policy: Policy = "every"
    wants_frames = False

    def __init__(self, config: Config, run: RunInfo) -> None:
        """Take the address. Raises: UsageError."""
        check_address(config.address, config.keys is not None)
        self._config = config
        self.wants_readings = "reading" in config.kinds
        self._run = run
        self._sequence = Sequence(run.run_id)
        self._encode = msgspec.json.encode if config.encoding == "json" else msgspec.msgpack.encode
        self._last: dict[str, bytes] = {}
        self._out: Broadcast | None = None
        self._lock = -1
        self._told_refused = 0

    @property
    def address(self) -> str:
        """Where it publishes, with the port that a `*` became; "" while closed."""
        return "" if self._out is None else self._out.address

    def open(self) -> None:
        """Bind. Raises: SinkError."""
        address = self._config.address
        try:
            if address.startswith(IPC):
                self._guard(Path(address.removeprefix(IPC)))
            self._out = Broadcast(address, self._config.capacity, self._config.keys)
            if address.startswith(IPC):
                os.chmod(address.removeprefix(IPC), 0o600)
        except OSError as error:
            self.close()
            raise SinkError(f"zmq_pub: {address}: {error.strerror or error}") from None

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Publish a message."""
        topic = topic_of(message)
        if topic.rpartition("/")[2] in self._config.kinds:
            self._publish(topic, message)

    def tick(self) -> None:
        """Tell that the publisher lives, and who was refused."""
        self._beat("running")
        refused = 0 if self._out is None else self._out.refused
        if refused > self._told_refused:
            log.warning("zmq_pub: %d handshakes refused: a wrong key, or none", refused)
            self._told_refused = refused

    def close(self) -> None:
        """Say that the run has ended, and close."""
        if self._out is not None:
            self._beat("ended")
            self._out.close()
            self._out = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _guard(self, path: Path) -> None:
        """Take the lock beside an ipc path: ZeroMQ would silently take the path of another."""
        import fcntl

        lock = path.with_name(path.name + ".lock")
        self._lock = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SinkError(f"zmq_pub: {path} is in use by another run") from None

    def _beat(self, state: Literal["running", "ended"]) -> None:
        if self._out is None:
            return
        seqs = {t: n for t, n in self._sequence.last.items() if t != HEARTBEAT_TOPIC}
        sources = self._run.health.names(self._run.sources)
        beat = Heartbeat(time.time_ns(), state, sources, seqs, self._out.refused)
        self._publish(HEARTBEAT_TOPIC, beat)

    def _publish(self, topic: str, data: Delivery | Heartbeat) -> None:
        assert self._out is not None
        for asked in self._out.asked():
            for known, payload in self._last.items():
                if f"{known} ".startswith(asked):
                    self._out.send(known, payload)
        payload = self._last[topic] = self._encode(self._sequence.wrap(topic, data))
        self._out.send(topic, payload)


def build(config: Config, run: RunInfo) -> ZmqPubSink:
    """Return the sink. Raises: UsageError where the address is open and there are no keys."""
    return ZmqPubSink(config, run)
