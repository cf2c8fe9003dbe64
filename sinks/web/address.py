"""Where the page shall be, as it is written after `--web`."""

from __future__ import annotations

import re

from ...stream.errors import UsageError

HOST, PORT = "127.0.0.1", 8642
_WRITTEN = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:.%]+\]|[A-Za-z0-9.-]+):)?(?P<port>\d{1,5})")


def address(text: str) -> tuple[str, int]:
    """Return host and port of `[HOST:]PORT`; the default where the text is empty.

    Raises: UsageError.
    """
    if not text:
        return HOST, PORT
    found = _WRITTEN.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        raise UsageError(f"--web {text}: write [HOST:]PORT, and sources before --web")
    return (found["host"] or HOST).strip("[]"), int(found["port"])
