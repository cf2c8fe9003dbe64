"""Runs with a live page, of scripted parts, and what a browser would send to it."""

import contextlib
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import config
from sink_messages import run_info

from affectstream.models.scripted import ScriptedVision
from affectstream.stream.messages import SourceInfo
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.sources.base import Picture, PlainSource

pytest.importorskip("starlette", reason="the live page comes with [web]")
pytest.importorskip("uvicorn", reason="the live page comes with [web]")
pytest.importorskip("websockets", reason="the live page comes with [web]")
from affectstream.sinks.web import Config, WebSink  # noqa: E402


class Endless(PlainSource):
    """Pictures without end, or until `last` were given; each after the one before was asked for."""

    def __init__(self, source_id: str = "made", last: int = 1 << 30, rate_hz: float = 25.0) -> None:
        self.info = SourceInfo(source_id, "made", 160, 120, rate_hz)
        self.decode_errors = 0
        self.stopped = threading.Event()
        self._last = last
        self._step_s = 1 / rate_hz

    def pictures(self) -> Iterator[Picture]:
        for k in range(self._last):
            if self.stopped.wait(self._step_s):
                return
            image = np.full((120, 160, 3), k % 256, np.uint8)
            yield Picture(k * self._step_s, image)

    def interrupt(self) -> None:
        self.stopped.set()

    def close(self) -> None:
        self.stopped.set()


@contextlib.contextmanager
def sink(run=None, **options) -> Iterator[WebSink]:
    """A sink that serves, fed by the test."""
    made = WebSink(Config(**{"port": 0, **options}), run or run_info())
    try:
        made.open()
        yield made
    finally:
        made.close()


def live_pipeline(sources, *, out: Path | None = None, port: int = 0, **web) -> Pipeline:
    options = {"sinks": [{"kind": "web", "port": port, **web}], "live": True, "speed": "max"}
    if out is not None:
        options |= {"out": str(out), "overwrite": True}
    return Pipeline(config(**options), vision=ScriptedVision(), sources=sources)


def url_of(capfd: pytest.CaptureFixture[str]) -> str:
    """Return the address that a run prints once its page is there.

    The address is written at once, the end of its line apart. What is written while `readouterr`
    empties its file is lost, so that it must not be called all the time, nor be relied on for both.
    """
    text, end_s = "", time.monotonic() + 60
    while "page: " not in text:
        assert time.monotonic() < end_s, f"no address of a page: {text}"
        time.sleep(0.02)
        text += capfd.readouterr().err
    return [line for line in text.splitlines() if line.startswith("page: ")][-1][6:]


def ask(url: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """Return status, body and headers (lower case); redirects are not followed."""
    request = urllib.request.Request(url, headers=headers)
    opener = urllib.request.build_opener(_Stay)
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.headers.items()}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), {k.lower(): v for k, v in error.headers.items()}


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def get_json(url: str, path: str):
    status, body, _ = ask(url + path)
    assert status == 200, body
    return json.loads(body)


def split(message: bytes) -> tuple[dict, bytes]:
    """Return the reading and the JPEG of a message."""
    length = int.from_bytes(message[:4], "big")
    return json.loads(message[4 : 4 + length]), message[4 + length :]


def pixels(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def await_count(page, selector: str, number: int) -> None:
    """Wait until the page shows so many of something: it draws after the event that changed it."""
    page.wait_for_function(
        "([selector, number]) => document.querySelectorAll(selector).length === number",
        arg=[selector, number],
    )
