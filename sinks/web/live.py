"""A run that goes on: news and pictures over one WebSocket per page, history from the store.

The page asks for each picture; it gets the newest, with its reading in front. News (windows,
events, narrations, health) is sent as it comes. A page that does not read holds up only itself: its
own tasks wait, and what it missed it reads from the store.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from ...stream import tables
from ...stream.uploads import Upload, upload_of
from .._look.blur import finds_faces
from ..base import RunInfo
from . import Config
from .hub import Hub
from .pictures import Pictures, jpeg_of
from .server import MOST_CLIENTS
from .shapes import look, source_shape
from .stills import Stills, files_of
from .store import Store

if TYPE_CHECKING:
    from .thin import Thin


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page sends: the next picture of a source newer than `after`, about `width` px wide.

    With a width of 0 the reading comes alone: its picture goes another way.
    """

    source: str
    after: Annotated[int, msgspec.Meta(ge=-1)] = -1
    width: Annotated[int, msgspec.Meta(ge=0, le=8192)] = 640
    blur: bool = False
    mesh: bool = False


_decode = msgspec.json.Decoder(Wish).decode


class LiveDesk:
    """See `Desk`."""

    def __init__(self, hub: Hub, run: RunInfo, config: Config) -> None:
        """Take what the sink fills."""
        self._hub = hub
        self._run = run
        self._mode: Literal["clear", "blurred", "none"] = config.pictures
        self._pictures = Pictures(hub, config.pictures, config.width_px, config.jpeg_quality)
        self._store = None if run.folder is None else Store(run.folder / tables.STORE_NAME)
        self._thin: Thin | None = None
        self._stills = None if self._store is None else self._open_stills(self._store, config)
        self._clients = 0

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of the run, with the cameras that were added to it."""
        return tuple(source.source_id for source in self._hub.sources)

    def hello(self) -> dict[str, Any]:
        """Return what a page must know first."""
        run = self._run
        return {
            "run": run.run_id,
            "version": version("affectstream"),
            "finished": False,
            "live": run.is_live,
            "window_s": run.window_s,
            "layout": run.keypoint_layout,
            "pictures": self._mode,
            "stored": self._store is not None,
            "thin": self._mode != "none" and find_spec("aiortc") is not None,
            "mesh": self._mode == "clear" and "mesh" in run.models,
            "models": {job: model.get("name", "") for job, model in run.models.items()},
            "sources": [
                source_shape(source, source.source_id)
                | {"camera": upload_of(source.source_id) is not None, "films": []}
                | {"stills": self._stills is not None and source.source_id in self._stills.files}
                for source in self._hub.sources
            ],
            "look": look(run.keypoint_layout),
            "health": self._hub.health(),
        }

    def history(self, source: str, from_s: float, to_s: float) -> dict[str, Any]:
        """Return rows from the store, or of what is remembered where there is none."""
        if self._store is not None:
            return self._store.history(source, from_s, to_s)
        return {
            table: [row for row in self._hub.rows(table, source) if from_s <= row[at] <= to_s]  # type: ignore[operator]
            for table, at in (("windows", 1), ("events", 2), ("narrations", 2))
        }

    def readings(self, source: str, from_s: float, to_s: float) -> list[dict[str, Any]]:
        """Return the readings of a span; none where nothing is stored."""
        return [] if self._store is None else self._store.readings(source, from_s, to_s)

    def film(self, source: str, name: str) -> Path | None:
        """Return None: a run that goes on has no film."""
        return None

    async def still(self, source: str, time_s: float, width_px: int, blurred: bool) -> bytes:
        """Return the picture of a moment that has passed, where the source is a file."""
        if self._stills is None:
            return b""
        blurred = blurred or self._mode == "blurred"
        return await self._stills.jpeg(source, time_s, width_px, blurred)

    def attach(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Let the hub ring in this loop."""
        self._hub.attach(loop)
        if loop is None:
            self._pictures.close()
            if self._stills is not None:
                self._stills.close()

    async def thin(self, source: str, offer_sdp: str, blurred: bool) -> str:
        """Answer a page that wants the picture over WebRTC. Raises: ValueError."""
        if self._thin is None:
            if self._mode == "none" or find_spec("aiortc") is None:
                return ""
            from .thin import Thin  # It takes a third of a second to import.

            self._thin = Thin(self._pictures)
        return await self._thin.answer(source, offer_sdp, blurred)

    async def end(self) -> None:
        """End what the server does not know of."""
        if self._thin is not None:
            await self._thin.close()

    async def talk(self, socket: WebSocket) -> None:
        """Serve one page until it leaves or the run ends."""
        if self._clients >= MOST_CLIENTS:
            await socket.close(1013)
            return
        await socket.accept()
        self._clients += 1
        try:
            await _Client(socket, self._hub, self._pictures).serve()
        finally:
            self._clients -= 1

    async def upload(self, socket: WebSocket, source: str) -> None:
        """Take pictures of a browser's camera; answer each, so that the page sends the next."""
        upload = upload_of(source)
        if upload is None:
            await socket.close(1008)
            return
        await socket.accept()
        await _receive_pictures(socket, upload)

    async def mjpeg(self, source: str, width_px: int) -> AsyncIterator[bytes] | None:
        """Return the pictures of a source."""
        return None if self._mode == "none" else self._jpegs(source, width_px)

    def _open_stills(self, store: Store, config: Config) -> Stills:
        run = self._run
        origins = {source.source_id: source.origin for source in run.sources}
        files = {} if self._mode == "none" else files_of(origins, run.config)
        loops = bool(run.config.get("loop")) and not run.is_live
        looks = finds_faces(run.models)
        layout, width_px, quality = run.keypoint_layout, config.width_px, config.jpeg_quality
        return Stills(store, files, layout, looks, loops, width_px, quality)

    async def _jpegs(self, source: str, width_px: int) -> AsyncIterator[bytes]:
        after = -1
        while (sight := await self._pictures.newer(source, after)) is not None:
            after = sight.reading.seq
            message = await self._pictures.message(source, sight, width_px, False)
            if jpeg := jpeg_of(message):
                yield jpeg


class _Client:
    """One page: a task for news, and at most one per source for its next picture."""

    def __init__(self, socket: WebSocket, hub: Hub, pictures: Pictures) -> None:
        self._socket = socket
        self._hub = hub
        self._pictures = pictures
        self._turn = asyncio.Lock()
        self._showing: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        news = asyncio.create_task(self._send_news())
        listening = asyncio.create_task(self._listen())
        tasks = {news, listening}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks.update(self._showing.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await self._socket.close()

    async def _listen(self) -> None:
        while True:
            try:
                wish = _decode(await self._socket.receive_text())
            except (WebSocketDisconnect, msgspec.DecodeError, KeyError, RuntimeError):
                return
            if wish.source not in self._hub.pulses:
                return
            under_way = self._showing.get(wish.source)
            if under_way is None or under_way.done():
                self._showing[wish.source] = asyncio.create_task(self._show(wish))

    async def _show(self, wish: Wish) -> None:
        message = await self._pictures.next(
            wish.source, wish.after, wish.width, wish.blur, wish.mesh
        )
        if message is not None:
            async with self._turn:
                with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                    await self._socket.send_bytes(message)

    async def _send_news(self) -> None:
        _, number, _ = self._hub.after(0)
        await self._send('{"kind": "start"}')
        while True:
            # Asked before: the last news may come while others are being sent.
            has_ended = self._hub.ended
            texts, number, lost = self._hub.after(number)
            if lost:
                await self._send('{"kind": "gap"}')
            for text in texts:
                await self._send(text)
            if has_ended:
                return
            if not texts:
                await self._hub.news_bell.wait()

    async def _send(self, text: str) -> None:
        async with self._turn:
            await self._socket.send_text(text)


async def _receive_pictures(socket: WebSocket, upload: Upload) -> None:
    upload.join()
    try:
        while True:
            upload.offer(await socket.receive_bytes())
            await socket.send_text("next")
    except (WebSocketDisconnect, KeyError, RuntimeError):
        return
    finally:
        upload.leave()
