"""Who may ask: the right Host, the right Origin, and the token where there is one.

Against a foreign page that calls loopback (DNS rebinding, cross-site WebSockets) and against
anybody on the network. Source: OWASP ASVS 4.0.3, 13.2.3; Fetch Metadata (W3C).
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, QueryParams
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        *("default-src 'none'", "script-src 'self'", "style-src 'self'"),
        *("img-src 'self' blob:", "media-src 'self'", "connect-src 'self'", "font-src 'self'"),
        *("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"),
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}
"""Of every answer."""
YEAR_S = 365 * 86400


class Guard:
    """What is asked of every request. `token` is empty where none is needed."""

    def __init__(self, port: int, names: Sequence[str], token: str, any_address: bool) -> None:
        """Know the names by which the page may be called.

        With `any_address` (bound to all), any literal IP address is right too: a name of another's
        that points here is what must be kept out.
        """
        self._port = port
        self._names = {name.lower() for name in names}
        self._token = token
        self._any_address = any_address
        self.cookie = f"affectstream_{port}"

    def fault(self, scope: Scope) -> str:
        """Return why a request is refused; "" where it is not."""
        headers = Headers(scope=scope)
        if not self._is_ours(headers.get("host", "")):
            return "this page is not known by that name"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            return "asked by another page"
        by_query = self._matches(QueryParams(scope.get("query_string", b"")).get("token", ""))
        if (
            headers.get("sec-fetch-site") == "cross-site"
            and not by_query
            and not _is_visit(headers)
        ):
            return "asked by another page"
        if self._token and not (by_query or self._has_token(headers)):
            return "the token is missing or wrong: open the address that the run printed"
        return ""

    def wants_cookie(self, scope: Scope) -> bool:
        """Tell whether a visit brings the token in its address, to be kept in a cookie."""
        token = QueryParams(scope.get("query_string", b"")).get("token", "")
        return bool(self._token) and scope["path"] == "/" and self._matches(token)

    def welcome(self) -> RedirectResponse:
        """Return the answer that puts the token into a cookie and out of the address."""
        response = RedirectResponse("/", 303)
        response.set_cookie(
            self.cookie, self._token, max_age=YEAR_S, httponly=True, samesite="strict"
        )
        return response

    def _is_ours(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname or "", parts.port or 80
        except ValueError:
            return False
        if name in self._names:
            return port == self._port
        return self._any_address and port == self._port and _is_address(name)

    def _has_token(self, headers: Headers) -> bool:
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._matches(bearer):
            return True
        return self._matches(cookie_parser(headers.get("cookie", "")).get(self.cookie, ""))

    def _matches(self, given: str) -> bool:
        return bool(self._token) and hmac.compare_digest(given.encode(), self._token.encode())


class Guarded:
    """An application behind a guard: HTTP is refused by 403, a WebSocket before it opens."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        """Stand in front of `app`."""
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        fault = self._guard.fault(scope)
        if scope["type"] == "websocket":
            if fault:
                await send({"type": "websocket.close", "code": 1008, "reason": fault})
                return
            await self._app(scope, receive, send)
            return
        if fault:
            await PlainTextResponse(fault + "\n", 403)(scope, receive, _with_headers(send))
        elif self._guard.wants_cookie(scope):
            await self._guard.welcome()(scope, receive, _with_headers(send))
        else:
            await self._app(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *extra]
        await send(message)

    return sending


def _is_visit(headers: Headers) -> bool:
    """Tell whether a person follows a link to the page itself."""
    return (
        headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
