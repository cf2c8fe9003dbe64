"""A signed POST to one address: no redirects, certificates checked, a limit on time."""

from __future__ import annotations

import hashlib
import hmac
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from ..stream.errors import UsageError
from ._backlog import Unreachable

TIMEOUT_S = 5.0
SIGNATURE = "X-Affectstream-Signature"
IDENTITY = "Idempotency-Key"
_LOCAL = ("localhost", "127.0.0.1", "::1")
_LATER = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


class Refused(Exception):
    """The other end will never take this; the text holds no address."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def check_url(url: str, allow_http: bool) -> None:
    """Refuse addresses that would tell the network. Raises: UsageError without the address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError("webhook: `url` must begin with https://HOST")
    if parts.scheme == "http" and parts.hostname not in _LOCAL and not allow_http:
        raise UsageError(
            f"webhook: http:// to {parts.hostname} can be read on the way: use https://, "
            "or say `allow_http: true`"
        )


def signature(secret: str, body: bytes, unix_s: int) -> str:
    """Return `t=SECONDS,v1=HEX`, HEX being the HMAC-SHA256 of `SECONDS.BODY` under the secret."""
    signed = hmac.new(secret.encode(), b"%d.%s" % (unix_s, body), hashlib.sha256)
    return f"t={unix_s},v1={signed.hexdigest()}"


def post(
    url: str, body: bytes, identity: str, secret: str = "", timeout_s: float = TIMEOUT_S
) -> None:
    """Send JSON once. Raises: Unreachable to be asked again, Refused."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "affectstream",
        IDENTITY: identity,
    }
    if secret:
        headers[SIGNATURE] = signature(secret, body, int(time.time()))
    request = urllib.request.Request(url, body, headers, method="POST")
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=timeout_s):
            return
    except urllib.error.HTTPError as error:
        error.close()
        answer = f"the server answers {error.code}"
        if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code in _LATER:
            raise Unreachable(answer) from None
        raise Refused(answer) from None
    except urllib.error.URLError as error:
        reason = getattr(error.reason, "strerror", None) or type(error.reason).__name__
        raise Unreachable(reason) from None
    except (OSError, ValueError) as error:
        raise Unreachable(getattr(error, "strerror", None) or type(error).__name__) from None
