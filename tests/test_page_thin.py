"""The picture over WebRTC, in Chromium: it moves, is small, and stays below its bit rate."""

import sys
import threading
import urllib.error
import urllib.request
from itertools import count

import pytest

pytest.importorskip("starlette", reason="the live page comes with [web]")
pytest.importorskip("aiortc", reason="pictures over WebRTC come with [webrtc]")
pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
from pages import ask, get_json, sink  # noqa: E402
from sink_messages import person, reading  # noqa: E402
from test_page import browser, playwright, visit  # noqa: E402, F401
from test_web_live import noisy  # noqa: E402

from affectstream.sinks.web.thin import BIT_RATE, WIDTH_PX, without_names  # noqa: E402

VIDEO = "document.querySelector('video.film')"


def post(url: str, body: bytes) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_the_picture_comes_as_video_and_readings_as_always(browser):  # noqa: F811
    stop = threading.Event()
    with sink() as made, visit(browser, made.url, locale="en") as page:

        def feed():
            for seq in count():
                if stop.wait(0.04):
                    return
                made.write(reading(seq, [person(1)], size=(1280, 720)), noisy(seq % 9, (1280, 720)))

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            page.get_by_role("button", name="Thin link").click()
            page.wait_for_function(f"() => {VIDEO}?.videoWidth > 0")
            assert page.evaluate(f"{VIDEO}.videoWidth") == WIDTH_PX
            page.evaluate(f"window.start = {VIDEO}.currentTime")
            page.wait_for_function(f"() => {VIDEO}.currentTime > window.start + 1")
            still = int(page.locator(".frame").get_attribute("data-painted"))
            page.wait_for_function(
                "n => Number(document.querySelector('.frame').dataset.painted) > n + 10", arg=still
            )
            page.get_by_role("button", name="Thin link").click()
            page.locator("video.film").wait_for(state="detached")
        finally:
            stop.set()
            feeder.join()


def test_what_is_no_offer_is_refused():
    with sink() as made:
        assert get_json(made.url, "api/hello")["thin"] is True
        assert post(made.url + "thin/clip", b"v=0 nonsense") == 400
        assert post(made.url + "thin/clip", b"\xff\xfe") == 400
        assert post(made.url + "thin/clip", b"x" * 70_000) == 413
        assert post(made.url + "thin/nobody", b"v=0") == 404
        assert ask(made.url + "thin/clip")[0] == 405
    with sink(pictures="none") as made:
        assert get_json(made.url, "api/hello")["thin"] is False
        assert post(made.url + "thin/clip", b"v=0") == 404


def test_the_encoder_keeps_to_the_limit():
    from aiortc.codecs.vpx import Vp8Encoder

    encoder = Vp8Encoder()
    encoder.target_bitrate = 5_000_000
    assert encoder.target_bitrate == BIT_RATE


def test_names_of_the_network_are_left_out_of_an_offer():
    offer = "a=candidate:1 1 udp 1 a-b.local 5 typ host\na=candidate:2 1 udp 1 10.0.0.1 5 typ host"
    assert without_names(offer) == "a=candidate:2 1 udp 1 10.0.0.1 5 typ host\r\n"


def test_without_the_extra_the_line_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "aiortc", None)
    with sink() as made:
        assert get_json(made.url, "api/hello")["thin"] is False
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(made.url + "thin/clip", b"v=0"))
        with caught.value as answer:
            assert answer.code == 404
            assert 'pip install "affectstream[web,webrtc]"' in answer.read().decode()
