"""What the application asks of a run, whether it goes on (`live.py`) or is finished (`view.py`)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Protocol

from starlette.websockets import WebSocket


class Desk(Protocol):
    """Answers about one run. What blocks is called in a thread."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the sources there are."""
        ...

    def hello(self) -> dict[str, Any]:
        """Return what a page must know first."""
        ...

    def history(self, source: str, from_s: float, to_s: float) -> dict[str, Any]:
        """Return rows of windows, events and narrations; blocks."""
        ...

    def readings(self, source: str, from_s: float, to_s: float) -> list[dict[str, Any]]:
        """Return the readings of a span, from the store; blocks."""
        ...

    def film(self, source: str, name: str) -> Path | None:
        """Return the file of a film that may be shown."""
        ...

    async def still(self, source: str, time_s: float, width_px: int, blurred: bool) -> bytes:
        """Return the picture of a moment as a JPEG; empty where there is none to show."""
        ...

    def attach(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Be told the server's loop, and None at its end."""
        ...

    async def thin(self, source: str, offer_sdp: str, blurred: bool) -> str:
        """Answer an offer to send the picture over WebRTC; "" where that cannot be.

        Raises: ValueError for what is no offer.
        """
        ...

    async def end(self) -> None:
        """End what the server does not know of."""
        ...

    async def talk(self, socket: WebSocket) -> None:
        """Serve one page as long as it is there."""
        ...

    async def upload(self, socket: WebSocket, source: str) -> None:
        """Take pictures of a browser's camera."""
        ...

    async def mjpeg(self, source: str, width_px: int) -> Any:
        """Return an iterator over JPEGs, or None where no picture is shown."""
        ...
