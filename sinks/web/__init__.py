"""A live page in the browser: picture with overlay, charts, narration, health; loopback by default.

One process with the run: the sink's thread lays the newest of everything down in a `Hub`, a server
in a thread of its own hands it out to whoever asks, newest only, so that a client that is slow or
asleep costs the run nothing. Pictures are encoded when a client asks for the next one.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...stream.errors import MissingExtraError
from ...stream.messages import Delivery, Frame, Reading
from ..base import Policy, RunInfo, Sink, SinkConfig
from .address import HOST, PORT


class Config(SinkConfig):
    """Where the page is and what it may show.

    An address other than loopback needs a token in `AFFECTSTREAM_WEB_TOKEN`. With port 0, any free
    one is taken. `pictures` says what leaves the process: `clear`, `blurred` (every face that was
    found, now or a moment ago, is made unrecognisable before it is encoded) or `none`. `hosts` are
    further names by which the page may be called.
    """

    host: str = HOST
    port: int = Field(default=PORT, ge=0, le=65535)
    pictures: Literal["clear", "blurred", "none"] = "clear"
    width_px: int = Field(default=1280, ge=160, le=3840)
    jpeg_quality: int = Field(default=80, ge=10, le=95)
    hosts: tuple[str, ...] = ()


class WebSink:
    """Lays what comes down for the server, and says once where the page is."""

    policy: Policy = "latest"
    wants_readings = True

    def __init__(self, config: Config, run: RunInfo) -> None:
        """Bind the address. Raises: UsageError where that is not possible or not allowed."""
        from .app import make_app
        from .hub import Hub
        from .live import LiveDesk
        from .server import Server

        self.wants_frames = config.pictures != "none"
        self._hub = Hub(run)
        self._server = Server(config.host, config.port, config.hosts)
        desk = LiveDesk(self._hub, run, config)
        self._server.app = make_app(desk)

    @property
    def url(self) -> str:
        """Where the page is, with the token if there is one."""
        return self._server.url

    def open(self) -> None:
        """Start serving and print the address. Raises: SinkError."""
        self._server.start()
        self._server.announce()

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Lay a message down; never waits for a client."""
        if isinstance(message, Reading):
            self._hub.see(message, frame)
        else:
            self._hub.tell(message)

    def tick(self) -> None:
        """Tell how the run goes."""
        self._hub.tell_health()

    def close(self) -> None:
        """Tell that the run has ended, and stop serving."""
        self._hub.end()
        self._server.stop()


def build(config: Config, run: RunInfo) -> Sink:
    """Return the sink. Raises: MissingExtraError, UsageError."""
    require_extra("the live page")
    return WebSink(config, run)


def require_extra(what: str) -> None:
    """Raise MissingExtraError where the packages of the extra `web` are absent."""
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
        import websockets  # noqa: F401
    except ImportError:
        raise MissingExtraError(what, "web") from None
