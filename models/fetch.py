"""Get the files of a model from where it was published: whole and checked, or not at all.

A download lies beside its place as `NAME.part` until its sha256 is right; a cut one is kept there
and goes on where it ended.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import ipaddress
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ..stream.errors import ConfigError, ModelError
from . import zoo
from .trial import inspect

CHUNK_BYTES = 1 << 16
TIMEOUT_S = 30.0
"""How long a server may say nothing."""
TRIES = 3
"""Cut connections in a row, none of which brought a byte, before a download is given up."""
MAX_BYTES = 1 << 30
"""The largest file that is taken where the list names no size."""

Progress = Callable[[str, int, int | None], None]
"""Called with the file's name, the bytes that are here, and those of the whole if known."""


def fetch(entry: zoo.Entry, progress: Progress) -> list[Path]:
    """Download what is absent of a model into the user's folder; return its files.

    A file that nobody published a sha256 for is taken as it comes, and its sha256 recorded.

    Raises:
        ConfigError: the model is not one to be fetched.
        ModelError: no network, no such file, a wrong one, or no room; nothing is left under the
            file's name.
    """
    if entry.way != "fetch" or not all(file.url for file in entry.files.values()):
        raise ConfigError(f"{entry.name} cannot be fetched; {zoo.remedy(entry)}")
    targets = []
    for part, file in entry.files.items():
        target = zoo.path(entry, part)
        targets.append(target)
        if target.is_file():
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            digest = _Download(file, target, progress).run()
            if file.sha256 == zoo.UNKNOWN:
                _try_it(target)
                record = f"{digest}  {target.name}\n"
                zoo.record_of(target).write_text(record, encoding="utf-8")
        except OSError as error:
            raise ModelError(f"cannot write {target}: {error.strerror or error}") from error
    return targets


def download(url: str, target: Path, sha256: str, size_bytes: int | None, tell: Progress) -> None:
    """Put one file in its place; `sha256` may be `unknown`, and is recorded then.

    Raises: ModelError, see `fetch`.
    """
    file = Wanted(target.name, url, sha256, size_bytes)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = _Download(file, target, tell).run()
        if sha256 == zoo.UNKNOWN:
            record = f"{digest}  {target.name}\n"
            zoo.record_of(target).write_text(record, encoding="utf-8")
    except OSError as error:
        raise ModelError(f"cannot write {target}: {error.strerror or error}") from error


def _try_it(target: Path) -> None:
    """Open a file that nobody vouches for in a process of its own, or take it away again."""
    try:
        inspect(target)
    except ModelError:
        target.unlink()
        raise


class Wanted(NamedTuple):
    """A file to be had; `zoo.File` is another."""

    path: str
    url: str
    sha256: str
    size_bytes: int | None


class _Cut(Exception):
    """The network was not there, or went before the file was whole."""


class _Download:
    """One file on its way to its place."""

    def __init__(self, file: zoo.File | Wanted, target: Path, progress: Progress) -> None:
        self._file, self._target, self._progress = file, target, progress
        self._part = target.with_name(f"{target.name}.part")
        self._can_resume = file.sha256 != zoo.UNKNOWN  # Else nothing proves that halves fit.
        self._opener = urllib.request.build_opener(_Redirects())

    def run(self) -> str:
        """Put the whole file in its place; return its sha256."""
        _check_address(self._file.url)
        was_begun = self._can_resume and self._have_bytes() > 0
        self._to_the_end(fresh=not was_begun)
        digest = self._digest()
        if was_begun and digest != self._file.sha256:
            self._to_the_end(fresh=True)  # The first half was of another file.
            digest = self._digest()
        if self._file.sha256 not in (digest, zoo.UNKNOWN):
            self._part.unlink()
            raise ModelError(
                f"{self._file.url} gave another file than the list of models names "
                f"(sha256 {digest}, not {self._file.sha256}); it was thrown away"
            )
        os.replace(self._part, self._target)
        return digest

    def _to_the_end(self, fresh: bool) -> None:
        failures = 0
        while True:
            if fresh or not self._can_resume:
                self._part.unlink(missing_ok=True)
            fresh = False
            before_bytes = self._have_bytes()
            try:
                return self._once()
            except _Cut as error:
                advanced = self._can_resume and self._have_bytes() > before_bytes
                failures = 0 if advanced else failures + 1
                if failures == TRIES:
                    raise ModelError(self._advice(error)) from error

    def _once(self) -> None:
        """Ask once for what is missing, and append it to the part. Raises: _Cut."""
        start = self._have_bytes()
        headers = {"User-Agent": "affectstream", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        request = urllib.request.Request(self._file.url, headers=headers)
        try:
            response = self._opener.open(request, timeout=TIMEOUT_S)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
                return  # Nothing is missing, or the part is of another file: the sha256 tells.
            told = f"{error.code} {error.msg}"
            raise ModelError(f"{self._file.url}: the server says {told}") from None
        except (OSError, http.client.HTTPException) as error:
            raise _Cut(getattr(error, "reason", None) or error) from error
        with contextlib.closing(response):
            is_rest = response.status == http.HTTPStatus.PARTIAL_CONTENT
            if is_rest and _first_byte(response.headers) != start:
                self._part.unlink(missing_ok=True)
                raise _Cut("the server sent another piece than was asked for")
            self._receive(response, start if is_rest else 0)

    def _receive(self, response: Any, start: int) -> None:
        length = response.headers.get("Content-Length")
        whole = start + int(length) if length and length.isdigit() else None
        limit = self._file.size_bytes or MAX_BYTES
        have = start
        with self._part.open("ab" if start else "wb") as part:
            while chunk := _read(response):
                have += len(chunk)
                if have > limit:
                    part.truncate(0)
                    raise ModelError(f"{self._file.url} is larger than {limit:,} bytes")
                part.write(chunk)
                self._progress(self._target.name, have, whole or self._file.size_bytes)
            part.flush()
            os.fsync(part.fileno())
        if whole is not None and have < whole:
            raise _Cut(f"the connection was cut after {have:,} of {whole:,} bytes")

    def _have_bytes(self) -> int:
        return self._part.stat().st_size if self._part.is_file() else 0

    def _digest(self) -> str:
        with self._part.open("rb") as part:
            return hashlib.file_digest(part, "sha256").hexdigest()

    def _advice(self, reason: Exception) -> str:
        host = urllib.parse.urlsplit(self._file.url).hostname
        kept = self._have_bytes() if self._can_resume else 0
        rest = f"the first {kept:,} bytes are kept: run it again to go on" if kept else "try again"
        return (
            f"cannot fetch {self._file.path} from {host} ({reason}). Is there a network? When "
            f"there is, {rest}; or put {self._file.url} at {self._target} yourself"
        )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to addresses that could have been asked for in the first place."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """Return the next request. Raises: ModelError when its address is refused."""
        _check_address(newurl)
        if newurl.startswith("http:") and req.full_url.startswith("https:"):
            raise ModelError(f"{req.full_url} leads from https to http: refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_address(url: str) -> None:
    """Raise ModelError unless an address is https, or http on this very machine."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http":
        with contextlib.suppress(ValueError):
            if ipaddress.ip_address(parts.hostname or "").is_loopback:
                return
    raise ModelError(f"{url}: only https addresses are fetched from")


def _first_byte(headers: Any) -> int | None:
    """Return where a piece begins, from `Content-Range: bytes FIRST-LAST/SIZE`."""
    unit, _, span = str(headers.get("Content-Range", "")).partition(" ")
    first = span.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdigit() else None


def _read(response: Any) -> bytes:
    """Return the next piece, b"" at the end. Raises: _Cut."""
    try:
        return bytes(response.read(CHUNK_BYTES))
    except (OSError, http.client.HTTPException) as error:
        raise _Cut(error) from error
