"""Log records on standard error: as plain lines, or as JSON for programs that collect them."""

from __future__ import annotations

import json
import logging
import sys
import time

from .errors import ConfigError

FORMS = ("plain", "json")


class JsonLines(logging.Formatter):
    """An object a line: time (UTC), level, thread, logger, text, and the error if any."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{moment}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "thread": record.threadName,
            "logger": record.name,
            "text": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = f"{record.exc_info[0].__name__}: {record.exc_info[1]}"
        return json.dumps(line, ensure_ascii=False)


def say(text: str, level: int = logging.INFO) -> None:
    """Tell on standard error: in words, or by a record where records go there as JSON."""
    if any(isinstance(one.formatter, JsonLines) for one in logging.getLogger().handlers):
        logging.getLogger("affectstream").log(level, "%s", text)
    else:
        print(text, file=sys.stderr)


def log_as(form: str) -> None:
    """Write records of level INFO and above. Raises: ConfigError."""
    if form not in FORMS:
        raise ConfigError(f"--log {form}: one of {', '.join(FORMS)}")
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if form == "json" else plain)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
