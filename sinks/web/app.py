"""The routes. No request names a path, an address or a command: only a source of the run."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from .desk import Desk

STATIC = Path(__file__).parent / "static"
SPAN_S = 60.0
"""The longest span of readings in one answer."""
MOST_OFFER_BYTES = 1 << 16
THIN_HELP = 'pictures over WebRTC need further packages: pip install "affectstream[web,webrtc]"'
_BOUNDARY = "frame"


class Json(Response):
    """JSON that is never cached."""

    media_type = "application/json"

    def __init__(self, content: Any) -> None:
        """Encode."""
        super().__init__(msgspec.json.encode(content), headers={"cache-control": "no-store"})


class Routes:
    """Answers requests from one desk."""

    def __init__(self, desk: Desk) -> None:
        """Take the desk."""
        self._desk = desk

    async def page(self, _: Request) -> Response:
        """Return the page."""
        return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})

    async def hello(self, _: Request) -> Response:
        """Return what a page must know first."""
        return Json(await run_in_threadpool(self._desk.hello))

    async def history(self, request: Request) -> Response:
        """Return windows, events and narrations of a source."""
        from_s, to_s = _span(request)
        found = await run_in_threadpool(self._desk.history, self._source(request), from_s, to_s)
        return Json(found)

    async def readings(self, request: Request) -> Response:
        """Return the readings of a span of at most a minute."""
        from_s, to_s = _span(request)
        to_s = min(to_s, from_s + SPAN_S)
        found = await run_in_threadpool(self._desk.readings, self._source(request), from_s, to_s)
        return Json(found)

    async def film(self, request: Request) -> Response:
        """Return a film of a finished run, in parts where the player asks for them."""
        path = self._desk.film(self._source(request), request.path_params["name"])
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, headers={"cache-control": "no-store"})

    async def still(self, request: Request) -> Response:
        """Return the picture of a moment; 204 where there is none to show."""
        at_s, _ = _span(request)
        blurred = request.query_params.get("blur") == "1"
        source, width_px = self._source(request), _width_px(request)
        jpeg = await self._desk.still(source, at_s, width_px, blurred)
        headers = {"cache-control": "no-store"}
        if not jpeg:
            return Response(status_code=204, headers=headers)
        return Response(jpeg, media_type="image/jpeg", headers=headers)

    async def thin(self, request: Request) -> Response:
        """Answer an offer (SDP) to send the picture over WebRTC."""
        source, offer = self._source(request), b""
        async for part in request.stream():
            offer += part
            if len(offer) > MOST_OFFER_BYTES:
                raise HTTPException(413)
        blurred = request.query_params.get("blur") == "1"
        try:
            answer = await self._desk.thin(source, offer.decode(), blurred)
        except ValueError as error:
            raise HTTPException(400, str(error)) from None
        if not answer:
            raise HTTPException(404, THIN_HELP)
        return Response(answer, media_type="application/sdp")

    async def mjpeg(self, request: Request) -> Response:
        """Return the live picture for an `<img>`."""
        width_px = _width_px(request)
        pictures = await self._desk.mjpeg(self._source(request), width_px)
        if pictures is None:
            raise HTTPException(404)
        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        return StreamingResponse(
            _parts(pictures), media_type=kind, headers={"cache-control": "no-store"}
        )

    async def talk(self, socket: WebSocket) -> None:
        """Serve one page."""
        await self._desk.talk(socket)

    async def upload(self, socket: WebSocket) -> None:
        """Take pictures of a browser's camera."""
        source = socket.path_params["source"]
        if source not in self._desk.sources:
            await socket.close(1008)
            return
        await self._desk.upload(socket, source)

    def _source(self, request: Request) -> str:
        source: str = request.path_params["source"]
        if source not in self._desk.sources:
            raise HTTPException(404, "no such source")
        return source


def make_app(desk: Desk) -> Starlette:
    """Return the application over a desk."""
    routes = Routes(desk)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        desk.attach(asyncio.get_running_loop())
        try:
            yield
        finally:
            await desk.end()
            desk.attach(None)

    return Starlette(
        routes=[
            Route("/", routes.page),
            Route("/api/hello", routes.hello),
            Route("/api/history/{source}", routes.history),
            Route("/api/readings/{source}", routes.readings),
            Route("/film/{source}/{name}", routes.film),
            Route("/mjpeg/{source}", routes.mjpeg),
            Route("/still/{source}", routes.still),
            Route("/thin/{source}", routes.thin, methods=["POST"]),
            WebSocketRoute("/live", routes.talk),
            WebSocketRoute("/camera/{source}", routes.upload),
            Mount("/assets", StaticFiles(directory=STATIC / "assets", check_dir=False)),
        ],
        lifespan=lifespan,
    )


async def _parts(pictures: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for jpeg in pictures:
        head = f"--{_BOUNDARY}\r\ncontent-type: image/jpeg\r\ncontent-length: {len(jpeg)}\r\n\r\n"
        yield head.encode() + jpeg + b"\r\n"


def _width_px(request: Request) -> int:
    try:
        return min(3840, max(160, int(request.query_params.get("width", "960"))))
    except ValueError:
        raise HTTPException(400, "width: a number") from None


def _span(request: Request) -> tuple[float, float]:
    try:
        from_s = float(request.query_params.get("from", "0"))
        to_s = float(request.query_params.get("to", "1e12"))
    except ValueError:
        raise HTTPException(400, "from and to: seconds") from None
    if not (math.isfinite(from_s) and math.isfinite(to_s)):
        raise HTTPException(400, "from and to: seconds")
    return from_s, to_s
