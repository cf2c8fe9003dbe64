"""The page in Debian's Chromium: it moves, obeys, adds up, and asks nobody else for anything."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the live page comes with [web]")
api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
from helpers import config, synthetic  # noqa: E402
from pages import Endless, await_count, live_pipeline, sink, url_of  # noqa: E402
from sink_messages import frame, reading  # noqa: E402

from affectstream.models.scripted import ScriptedVision  # noqa: E402
from affectstream.sinks.web.app import make_app  # noqa: E402
from affectstream.sinks.web.server import Server  # noqa: E402
from affectstream.sinks.web.view import FinishedDesk  # noqa: E402
from affectstream.stream.pipeline import Pipeline  # noqa: E402
from affectstream.stream.runs import Run  # noqa: E402

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).resolve().parent.parent / "web/node_modules/axe-core/axe.min.js"
PHONE = {"width": 390, "height": 844}
FAKE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
WAIT_MS = 30_000
PAINTED = "n => Number(document.querySelector('.frame')?.dataset.painted ?? 0) >= n"


@pytest.fixture(scope="module")
def playwright() -> Iterator[object]:
    if not CHROMIUM.exists():
        pytest.skip("no /usr/bin/chromium: apt-get install chromium")
    with api.sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright):
    launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield launched
    launched.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A run of two sources that goes on; `url` and `out`."""
    with contextlib.ExitStack() as stack:
        out = tmp_path_factory.mktemp("page") / "out"
        sources = [Endless("one"), Endless("two")]
        pipeline = live_pipeline(sources, out=out)
        pipeline.start()
        for source in sources:
            stack.callback(source.interrupt)
        stack.callback(pipeline.join)
        sink = dict(pipeline._made.sinks)["web"]
        yield sink.url, out
        for source in sources:
            source.interrupt()


@contextlib.contextmanager
def visit(browser, url, **options):
    """Open a page; afterwards nothing was asked of another host, and nothing was complained of."""
    context = browser.new_context(viewport=options.pop("viewport", None), **options)
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    page.complaints = complaints
    yield page
    context.close()
    host = url.split("/")[2]
    foreign = [one for one in asked if one.split("/")[2] != host and not one.startswith("blob:")]
    assert (foreign, complaints) == ([], [])


def painted(page, frames):
    page.wait_for_function(PAINTED, arg=frames)


def state(page):
    return json.loads(page.evaluate("localStorage.getItem('affectstream') ?? '{}'"))


def test_the_picture_moves(browser, live):
    with visit(browser, live[0] + "#one") as page:
        painted(page, 20)
        colours = (
            "() => [...document.querySelector('.picture').getContext('2d')"
            ".getImageData(5, 5, 1, 1).data].slice(0, 3)"
        )
        before = page.evaluate(colours)
        painted(page, 40)
        assert page.evaluate(colours) != before
        assert page.title() == "one · affectstream"


KEYS = [("b", "boxes"), ("s", "skeleton"), ("m", "marks"), ("l", "labels"), ("u", "blur")]


def test_every_toggle_obeys_the_key_and_the_mouse(browser, live):
    with visit(browser, live[0] + "#one", locale="en") as page:
        painted(page, 5)
        names = ["Boxes", "Skeleton", "Landmarks", "Labels", "Blur faces"]
        for (key, setting), name in zip(KEYS, names, strict=True):
            button = page.get_by_role("button", name=name)
            first = button.get_attribute("aria-pressed")
            page.keyboard.press(key)
            assert button.get_attribute("aria-pressed") != first
            assert str(state(page)[setting]).lower() != first
            button.click()
            assert button.get_attribute("aria-pressed") == first


@pytest.mark.slow
def test_other_keys(browser, live):
    with visit(browser, live[0] + "#one", locale="en", color_scheme="dark") as page:
        painted(page, 5)
        page.keyboard.press("2")
        page.wait_for_function("() => location.hash === '#two'")
        page.keyboard.press("w")
        await_count(page, ".tile", 2)
        page.locator(".tile").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_function("() => location.hash === '#one'")
        for _ in range(2):
            page.keyboard.press("t")
        assert page.evaluate("document.documentElement.dataset.theme") == "light"
        page.keyboard.press("r")
        assert page.get_by_role("button", name="Last 10 s").get_attribute("aria-pressed") == "true"
        page.keyboard.press("?")
        assert page.get_by_role("dialog").is_visible()
        page.keyboard.press("Escape")
        assert not page.get_by_role("dialog").is_visible()


@pytest.mark.slow
def test_the_other_language(browser, live):
    with visit(browser, live[0] + "#one", locale="en") as page:
        page.get_by_role("button", name="Deutsch").click()
        page.get_by_role("heading", name="Verlauf").wait_for()
        assert page.evaluate("document.documentElement.lang") == "de"
        page.reload()
        page.get_by_role("heading", name="Verlauf").wait_for()


@pytest.mark.slow
def test_rest_is_set_and_cleared(browser, live):
    with visit(browser, live[0] + "#one", locale="en") as page:
        button = page.locator(".person button").first
        button.click()
        assert button.inner_text() == "Clear rest"
        button.click()
        assert button.inner_text() == "Set rest"


@pytest.mark.parametrize("hash_", ["#one", "#wall"])
def test_a_phone_needs_no_sideways_scroll(browser, live, hash_):
    with visit(browser, live[0] + hash_, viewport=PHONE) as page:
        painted(page, 5)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"]


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


def found_by_axe(page):
    """Return what axe finds wrong: rule, impact, and the first element."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [(one["id"], one["impact"], one["nodes"][0]["html"][:120]) for one in found]


needs_axe = pytest.mark.skipif(not AXE.exists(), reason="axe-core comes by npm ci in web/")


@needs_axe
@pytest.mark.parametrize(
    ("hash_", "theme"),
    [("#one", "dark"), slow("#one", "light"), slow("#wall", "dark"), slow("#wall", "light")],
)
def test_nothing_is_found_by_axe(browser, live, hash_, theme):
    with visit(browser, live[0] + hash_, color_scheme=theme) as page:
        painted(page, 5)
        assert found_by_axe(page) == []
        page.keyboard.press("?")
        assert found_by_axe(page) == []


CHARTED = ("valence", "arousal")


def test_the_charts_hold_the_stored_rows_after_a_reload(browser, tmp_path):
    source = Endless("one", last=60, rate_hz=200.0)
    live_pipeline([source], out=tmp_path / "out").start().join()
    server = Server("127.0.0.1", 0)
    server.app = make_app(FinishedDesk(tmp_path / "out"))
    server.start()
    try:
        with visit(browser, server.url, locale="en") as page:
            for _ in range(2):
                page.locator(".legend .key").first.wait_for()
                page.locator(".plots").focus()
                page.keyboard.press("End")
                told = page.locator(".plots").get_attribute("aria-valuetext")
                page.reload()
            table = Run(tmp_path / "out").windows()
            group = table[table["person"] == "group"].iloc[-1]
            stored = [f"{measure.title()} {group[f'{measure}_mean']:+.2f}" for measure in CHARTED]
            shown = ", ".join([*stored, f"Movement {group['movement']:.2f}"])
            assert f"Group: {shown}".replace("-", "\N{MINUS SIGN}") in told
    finally:
        server.stop()


@pytest.mark.slow
def test_a_finished_run_is_wound(browser, tmp_path):
    options = config(out=str(tmp_path / "out"))
    Pipeline(options, vision=ScriptedVision(), sources=[synthetic(frames=75)]).start().join()
    server = Server("127.0.0.1", 0)
    server.app = make_app(FinishedDesk(tmp_path / "out"))
    server.start()
    try:
        with visit(browser, server.url, locale="en") as page:
            page.locator(".person").first.wait_for()
            page.keyboard.press("ArrowRight")
            page.wait_for_function("() => document.querySelector('.scrub').value >= 1")
            page.keyboard.press(" ")
            page.wait_for_function("() => document.querySelector('.scrub').value >= 2")
            page.get_by_text("No film at hand").wait_for()
            box = page.locator(".u-over").first.bounding_box()
            page.mouse.click(box["x"] + 2, box["y"] + 20)
            page.wait_for_function("() => document.querySelector('.scrub').value < 1")
    finally:
        server.stop()


@pytest.mark.slow
def test_a_restarted_server_is_found_again(browser):
    context = browser.new_context(locale="en")
    page = context.new_page()
    with sink() as first:
        first.write(reading(0), frame(0))
        page.goto(first.url)
        painted(page, 1)
        port = int(first.url.rstrip("/").rpartition(":")[2])
        first._server.stop()
        page.get_by_text("Connection lost").wait_for()
    with sink(port=port) as second:
        second.write(reading(1), frame(1))
        painted(page, 2)
        page.get_by_text("Connection lost").wait_for(state="hidden")
        second.close()
        page.get_by_text("The run has ended").wait_for()
    context.close()


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """What Chromium takes for a camera: 25 pictures of 320 x 240 that grow brighter."""
    path = tmp_path_factory.mktemp("camera") / "fake.y4m"
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W320 H240 F25:1 Ip A1:1 C420jpeg\n")
        for k in range(25):
            file.write(b"FRAME\n" + np.full(320 * 240, 100 + 4 * k, np.uint8).tobytes())
            file.write(np.full(320 * 240 // 2, 128, np.uint8).tobytes())
    return path


def test_the_camera_of_the_page_is_the_source(playwright, film, capfd):
    options = config(sources=["browser"], live=True, sinks=[{"kind": "web", "port": 0}])
    pipeline = Pipeline(options, vision=ScriptedVision()).start()
    url = url_of(capfd)
    arguments = ["--no-sandbox", *FAKE, f"--use-file-for-fake-video-capture={film}"]
    launched = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
    try:
        with visit(launched, url, locale="en", permissions=["camera"]) as page:
            page.get_by_role("button", name="Start my camera").click()
            painted(page, 15)
            page.get_by_role("button", name="Stop my camera").click()
            page.get_by_role("button", name="Start my camera").wait_for()
            painted_frames = int(page.locator(".frame").get_attribute("data-painted"))
            assert painted_frames >= 15
    finally:
        launched.close()
        pipeline.stop()
        summary = pipeline.join()
    assert summary.frames["browser"] >= 15


def test_the_pages_scripts_are_run_nowhere_else():
    """Nothing of npm is committed, and the lock file names no index."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(["git", "ls-files", "web"], cwd=root, capture_output=True, text=True)
    assert "node_modules" not in listed.stdout
    assert "resolved" not in (root / "web" / "package-lock.json").read_text(encoding="utf-8")
