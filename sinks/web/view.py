"""`affectstream view RUN_DIR`: a finished run in the same page, from its store and its films."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from starlette.websockets import WebSocket

from ...stream import tables
from .._look.blur import finds_faces
from .app import make_app
from .server import Server
from .shapes import look, source_shape
from .stills import Stills, files_of
from .store import Store

Mode = Literal["clear", "blurred", "none"]
FILM_TYPES = frozenset({".mp4", ".m4v", ".webm", ".mov", ".mkv"})
"""What browsers may play; where one does not, the page takes the next film."""


class FinishedDesk:
    """See `Desk`."""

    def __init__(self, folder: Path, pictures: Mode = "clear") -> None:
        """Read what is known of the run. Raises: UsageError where there is none.

        `pictures` says what may be shown; a film is not blurred, so that only `clear` shows any.
        """
        self._store = Store(folder / tables.STORE_NAME)
        self._meta = self._store.meta()
        self._sources = self._store.sources()
        self.sources = tuple(str(source["source_id"]) for source in self._sources)
        config = self._meta.get("config", {})
        origins = {source["source_id"]: str(source["origin"]) for source in self._sources}
        files = {} if pictures == "none" else files_of(origins, config)
        self._films = {
            source: self._find_films(folder, source, files.get(source))
            if pictures == "clear"
            else {}
            for source in self.sources
        }
        layout = str(self._meta.get("keypoint_layout", ""))
        looks = finds_faces(self._meta.get("models", {}))
        self._stills = Stills(self._store, files, layout, looks, bool(config.get("loop")))
        self._pictures = pictures

    def hello(self) -> dict[str, Any]:
        """Return what a page must know first."""
        meta = self._meta
        layout = str(meta.get("keypoint_layout", ""))
        return {
            "run": meta.get("run_id", ""),
            "version": version("affectstream"),
            "finished": True,
            "live": bool(meta.get("is_live")),
            "window_s": meta.get("window_s", 10.0),
            "layout": layout,
            "pictures": self._pictures,
            "stored": True,
            "thin": False,
            "mesh": False,
            "models": {job: model.get("name", "") for job, model in meta.get("models", {}).items()},
            "sources": [
                source_shape(source, source["source_id"])
                | {"camera": False, "films": list(self._films[source["source_id"]])}
                | {"stills": source["source_id"] in self._stills.files}
                for source in self._sources
            ],
            "look": look(layout),
            "health": self._health(),
        }

    def _health(self) -> dict[str, Any]:
        """Return what became of frames, how many a second, and the time of each step."""
        frames: dict[str, dict[str, int]] = {name: {} for name in self.sources}
        for scope, name, reason, count in self._store.ledger():
            if scope == "source" and name in frames:
                frames[name][reason] = count
        record = self._store.record()
        wall_s, told = record.get("wall_s") or 0.0, record.get("sources", {})
        return {
            "sources": {
                name: {
                    "frames": counts,
                    "rate_hz": round(counts.get("inferred", 0) / wall_s, 1) if wall_s else None,
                    "note": told.get(name, {}).get("note") or None,
                }
                for name, counts in frames.items()
            },
            "stages": {
                name: stage.get("steps", {}) for name, stage in record.get("stages", {}).items()
            },
        }

    def history(self, source: str, from_s: float, to_s: float) -> dict[str, Any]:
        """Return rows of windows, events and narrations."""
        return self._store.history(source, from_s, to_s)

    def readings(self, source: str, from_s: float, to_s: float) -> list[dict[str, Any]]:
        """Return the readings of a span."""
        return self._store.readings(source, from_s, to_s)

    def film(self, source: str, name: str) -> Path | None:
        """Return the file of a film, by the source's name and `source` or `overlay`."""
        return self._films[source].get(name)

    async def still(self, source: str, time_s: float, width_px: int, blurred: bool) -> bytes:
        """Return the picture of a moment."""
        blurred = blurred or self._pictures == "blurred"
        return await self._stills.jpeg(source, time_s, width_px, blurred)

    def _find_films(self, folder: Path, source: str, own: Path | None) -> dict[str, Path]:
        """Return the films of a source that are there: its own, then the one with the overlay."""
        name = "overlay.mp4" if len(self._sources) == 1 else f"overlay-{source}.mp4"
        found = (
            {"overlay": folder / name} if own is None else {"source": own, "overlay": folder / name}
        )
        return {
            what: path
            for what, path in found.items()
            if path.suffix.lower() in FILM_TYPES and path.is_file()
        }

    def attach(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Let go of files at the end."""
        if loop is None:
            self._stills.close()

    async def thin(self, source: str, offer_sdp: str, blurred: bool) -> str:
        """Return nothing: nothing is live."""
        return ""

    async def end(self) -> None:
        """Have nothing to end."""

    async def talk(self, socket: WebSocket) -> None:
        """Refuse: nothing is live."""
        await socket.close(1008)

    async def upload(self, socket: WebSocket, source: str) -> None:
        """Refuse: nothing is live."""
        await socket.close(1008)

    async def mjpeg(self, source: str, width_px: int) -> AsyncIterator[bytes] | None:
        """Return None: nothing is live."""
        return None


def serve(folder: Path, host: str, port: int, pictures: Mode) -> None:
    """Serve the page until Ctrl-C or SIGTERM. Raises: UsageError."""
    server = Server(host, port)
    server.app = make_app(FinishedDesk(folder, pictures))

    def stop(_: int, __: FrameType | None) -> None:
        server.ask_to_stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    server.start()
    server.announce()
    try:
        server.wait()
    finally:
        server.stop()
