"""Passwords of cameras: learnt once, then struck out of everything that is written.

A `SecretUrl` shows itself without its password and tells it only when asked. Whatever was learnt
is struck out by `scrub`, which every writer of text uses; learning the first one also guards the
log records and the tracebacks of the whole process.

A password need not be in the URL: `{AFFECTSTREAM_DOOR}` in its place stands for the environment
variable of that name, or for the content of the file that `AFFECTSTREAM_DOOR_FILE` names.
"""

from __future__ import annotations

import base64
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote, unquote

from .errors import ConfigError

MASK = "***"
MIN_LENGTH = 4
"""A shorter password is struck out of URLs alone: elsewhere it would take ordinary words away."""

WORD_LENGTH = 8
"""A shorter one than this, such as `admin` or `pass`, is struck out as a whole word, not inside."""

_PLACE = re.compile(r"\{(\w+)\}")
_PREFIX = "AFFECTSTREAM_"
_URL = re.compile(r"^([a-zA-Z][\w+.-]*)://(.*)$", re.DOTALL)
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?(?=[/?#]|$)")
_LOGIN = re.compile(r"([a-zA-Z][\w+.-]*://[^\s/:@'\"]*):[^\s/'\"]*@(?=[\w\[])")
_QUERY = re.compile(r"(?i)([?&;](?:pass|password|passwd|pwd|token|secret|auth|key)=)([^&;\s'\"]*)")

_lock = threading.Lock()
_secrets: set[str] = set()
_pattern: re.Pattern[str] | None = None
_is_guarded = False


def learn(*secrets: str) -> None:
    """Strike these out from here on, as they are and as URLs, JSON and Basic logins write them."""
    global _is_guarded, _pattern
    forms = {
        form
        for secret in secrets
        for form in (secret, quote(secret, safe=""), quote(secret), repr(secret)[1:-1])
        if len(secret) >= MIN_LENGTH
    }
    with _lock:
        _secrets.update(forms)
        longest_first = sorted(_secrets, key=len, reverse=True)
        _pattern = re.compile("|".join(map(_struck, longest_first))) if longest_first else None
        if not _is_guarded:
            _is_guarded = True
            _guard_process()


def scrub(text: str) -> str:
    """Return the text without any password."""
    with _lock:
        pattern = _pattern
    if pattern is not None:
        text = pattern.sub(MASK, text)
    return _QUERY.sub(rf"\g<1>{MASK}", _LOGIN.sub(rf"\g<1>:{MASK}@", text))


def _struck(secret: str) -> str:
    """Return the pattern of a secret."""
    if len(secret) >= WORD_LENGTH:
        return re.escape(secret)
    return rf"(?<!\w){re.escape(secret)}(?!\w)"


def scrubbed(value: Any) -> Any:
    """Return what JSON can hold, every text in it without any password."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {scrub(key) if isinstance(key, str) else key: scrubbed(value[key]) for key in value}
    if isinstance(value, list | tuple):
        return [scrubbed(item) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class SecretUrl:
    """A URL that shows itself, by `str`, `repr` and in errors, without its password.

    `host` and `path` are plain; `port` is None where the URL names none.
    """

    scheme: str
    user: str
    _password: str
    host: str
    port: int | None
    path: str

    @classmethod
    def parse(cls, text: str) -> SecretUrl:
        """Read a URL and learn its secrets. Raises: ConfigError, which tells none of them.

        A password may be percent-encoded or not; `@`, `/`, `?`, `#` and `:` in it are understood.
        """
        found = _URL.match(text)
        if found is None:
            raise ConfigError(f"{scrub(text)}: no URL; write rtsp://user:password@host/path")
        scheme, rest = found[1].lower(), found[2]
        login, place = _split_login(rest)
        given_user, _, given = login.partition(":")
        password = _fill(given)
        if password == given:
            password = unquote(given)
        learn(given if password != given else "", password)
        learn(*(value for _, value in _QUERY.findall(place)))
        user = unquote(given_user)
        if password:
            learn(base64.b64encode(f"{user}:{password}".encode()).decode())
        host = _HOST.match(place)
        if host is None:
            shown = f"{scheme}://{user + ':' + MASK + '@' if login else ''}{scrub(place)}"
            raise ConfigError(f"{shown}: no host, or a port that is no number")
        port = None if host[2] is None else int(host[2])
        return cls(scheme, user, password, host[1].strip("[]"), port, place[host.end() :])

    def __str__(self) -> str:
        """Return it as people may see it."""
        login = quote(self.user, safe="") + (f":{MASK}" if self._password else "")
        return scrub(f"{self.scheme}://{login + '@' if login else ''}{self._place}")

    def __repr__(self) -> str:
        """Return it as people may see it."""
        return f"SecretUrl({str(self)!r})"

    def reveal(self) -> str:
        """Return the whole URL, for whoever connects; it must not be written anywhere."""
        login = quote(self.user, safe="")
        login += f":{quote(self._password, safe='')}" if self._password else ""
        return f"{self.scheme}://{login + '@' if login else ''}{self._place}"

    @property
    def _place(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}{'' if self.port is None else f':{self.port}'}{self.path}"


def _split_login(rest: str) -> tuple[str, str]:
    """Split what follows `://` into user and password, and host and path."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" not in authority and not re.search(r":(?!\d*$)", authority):
        return "", rest
    # A slash in a password that is not percent-encoded moves the host behind a later @.
    first = authority.rfind("@")
    cuts = [place.start() for place in re.finditer("@", rest) if place.start() >= first]
    for cut in cuts:
        if _HOST.match(rest[cut + 1 :]):
            return rest[:cut], rest[cut + 1 :]
    return (rest[: cuts[-1]], rest[cuts[-1] + 1 :]) if cuts else ("", rest)


def _fill(text: str) -> str:
    """Put environment variables and files in place of `{NAME}`. Raises: ConfigError."""

    def value(place: re.Match[str]) -> str:
        name = place[1]
        if not name.startswith(_PREFIX):
            raise ConfigError(f"{{{name}}}: a password's variable begins with {_PREFIX}")
        if name in os.environ:
            return os.environ[name]
        path = os.environ.get(f"{name}_FILE")
        if path is None:
            raise ConfigError(f"{{{name}}}: set {name}, or {name}_FILE to a file that holds it")
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"{name}_FILE: {path} cannot be read as text") from None

    return _PLACE.sub(value, text)


def hide_in_arguments(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return arguments without passwords, and the environment that then holds them.

    Everybody on a machine can read the arguments of a process; its environment only its user can.
    """
    hidden: list[str] = []
    held: dict[str, str] = {}
    for argument in arguments:
        found = _URL.match(argument)
        login = _split_login(found[2])[0] if found else ""
        user, colon, password = login.partition(":")
        if found and colon and password and not _PLACE.search(password):
            name = f"{_PREFIX}ARGUMENT_{len(held) + 1}"
            held[name] = unquote(password)
            place = found[2][len(login) :]
            argument = f"{found[1]}://{user}:{{{name}}}{place}"
        hidden.append(argument)
    return hidden, held


def _guard_process() -> None:
    """Strike secrets out of log records and of tracebacks that nobody catches."""
    make = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = make(*args, **kwargs)
        made.msg, made.args = scrub(_message(made)), None
        if made.exc_info:
            made.exc_text = scrub("".join(traceback.format_exception(*made.exc_info)).rstrip("\n"))
        return made

    logging.setLogRecordFactory(record)
    sys.excepthook = _print_scrubbed
    threading.excepthook = lambda told: _print_scrubbed(
        told.exc_type, told.exc_value, told.exc_traceback
    )


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return str(record.msg)


def _print_scrubbed(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if not issubclass(kind, SystemExit):
        sys.stderr.write(scrub("".join(traceback.format_exception(kind, error, trace))))
