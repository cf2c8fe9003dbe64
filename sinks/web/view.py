"""`affectstream view RUN_DIR`: a finished run in the same page, from its store and its films."""

from __future__ import annotations

import asyncio
import glob
import signal
from collections.abc import AsyncIterator, Sequence
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

from starlette.websockets import WebSocket

from ...stream import tables
from .app import make_app
from .server import Server
from .shapes import look, source_shape
from .store import Store

FILM_TYPES = frozenset({".mp4", ".m4v", ".webm", ".mov", ".mkv"})
"""What browsers may play; where one does not, the page takes the next film."""


class FinishedDesk:
    """See `Desk`."""

    def __init__(self, folder: Path, with_films: bool) -> None:
        """Read what is known of the run. Raises: UsageError where there is none."""
        self._store = Store(folder / tables.STORE_NAME)
        self._meta = self._store.meta()
        self._sources = self._store.sources()
        self.sources = tuple(str(source["source_id"]) for source in self._sources)
        self._films = {
            source["source_id"]: self._find_films(folder, source) if with_films else {}
            for source in self._sources
        }
        self._pictures = "clear" if with_films else "none"

    def hello(self) -> dict[str, Any]:
        """Return what a page must know first."""
        meta = self._meta
        layout = str(meta.get("keypoint_layout", ""))
        ledger: dict[str, dict[str, int]] = {}
        for scope, name, reason, count in self._store.ledger():
            ledger.setdefault(f"{scope}:{name}", {})[reason] = count
        return {
            "run": meta.get("run_id", ""),
            "version": version("affectstream"),
            "finished": True,
            "live": bool(meta.get("is_live")),
            "window_s": meta.get("window_s", 10.0),
            "layout": layout,
            "pictures": self._pictures,
            "stored": True,
            "models": {job: model.get("name", "") for job, model in meta.get("models", {}).items()},
            "sources": [
                source_shape(source, source["source_id"])
                | {"camera": False, "films": list(self._films[source["source_id"]])}
                for source in self._sources
            ],
            "look": look(layout),
            "health": {
                "sources": {
                    name: {"frames": ledger.get(f"source:{name}", {})} for name in self.sources
                },
                "stages": {},
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

    def _find_films(self, folder: Path, source: dict[str, Any]) -> dict[str, Path]:
        """Return the films of a source that are there: its own, then the one with the overlay."""
        name = "overlay.mp4" if len(self._sources) == 1 else f"overlay-{source['source_id']}.mp4"
        given = self._meta.get("config", {}).get("sources", ())
        found = {"source": file_of(str(source["origin"]), given), "overlay": folder / name}
        return {
            what: path
            for what, path in found.items()
            if path.suffix.lower() in FILM_TYPES and path.is_file()
        }

    def attach(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Need no loop."""

    async def talk(self, socket: WebSocket) -> None:
        """Refuse: nothing is live."""
        await socket.close(1008)

    async def upload(self, socket: WebSocket, source: str) -> None:
        """Refuse: nothing is live."""
        await socket.close(1008)

    async def mjpeg(self, source: str, width_px: int) -> AsyncIterator[bytes] | None:
        """Return None: nothing is live."""
        return None


def file_of(origin: str, given: Sequence[str]) -> Path:
    """Return the file that a run replayed: by its name, among what the run was given."""
    for text in given:
        path = Path(text).expanduser()
        tried = [path / origin] if path.is_dir() else [path]
        if glob.has_magic(text) and not path.exists():
            tried = [Path(found) for found in glob.iglob(str(path), recursive=True)]
        for file in tried:
            if file.name == Path(origin).name and file.is_file():
                return file
    return Path(origin)


def serve(folder: Path, host: str, port: int, *, with_films: bool) -> None:
    """Serve the page until Ctrl-C or SIGTERM. Raises: UsageError."""
    server = Server(host, port)
    server.app = make_app(FinishedDesk(folder, with_films))

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
