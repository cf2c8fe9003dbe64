"""What the page makes of news: none is lost, faults have words, charts stay readable."""

import pytest

pytest.importorskip("starlette", reason="the live page comes with [web]")
pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
from pages import await_count, sink  # noqa: E402
from sink_messages import frame, narration, reading, run_info, span, window  # noqa: E402
from test_page import browser, painted, playwright, visit  # noqa: E402, F401

from affectstream.stream.messages import SourceHealth  # noqa: E402

HISTORY = "**/api/history/*"
NOTHING = {"windows": [], "events": [], "narrations": []}


def listening(page):
    """Wait until the page is told what happens from then on."""
    page.locator(".status").get_by_text("/s").wait_for()


def test_what_comes_while_the_past_is_read_stays(browser):  # noqa: F811
    with sink() as made, visit(browser, made.url, locale="en") as page:
        held = []
        page.route(HISTORY, lambda route: held.append(route))
        page.on("websocket", lambda _: held.clear())  # What the page before asked for.
        with page.expect_websocket():
            page.reload()
        listening(page)
        if not held:
            page.wait_for_event("request", lambda request: "/api/history/" in request.url)
        made.write(narration(50, text="This came first."), None)
        page.get_by_text("This came first.").wait_for()
        with page.expect_response(HISTORY):
            held[-1].fulfill(json=NOTHING)
        made.write(narration(75, text="This came later."), None)
        page.get_by_text("This came later.").wait_for()
        told = page.locator(".told li p").all_inner_texts()
        assert told == ["This came later.", "This came first."]


def test_a_lost_camera_says_why_and_is_marked(browser):  # noqa: F811
    run = run_info(is_live=True)
    with sink(run) as made, visit(browser, made.url, locale="en") as page:
        listening(page)
        run.health.states = {"clip": SourceHealth("refused", 1, detail="cam.example refuses")}
        made.tick()
        page.locator(".stage-note.bad").get_by_text("the login is refused").wait_for()
        assert "No picture since" in page.locator(".alarm").inner_text()
        assert "cam.example" not in page.content()
        run.health.states = {"clip": SourceHealth("playing", 2)}
        made.write(reading(0), frame(0))
        made.tick()
        painted(page, 1)
        page.locator(".stage-note.bad").wait_for(state="detached")
        assert page.locator(".stage-note").inner_text() == ""


def test_a_chart_of_many_people_shows_eight_and_counts_the_others(browser):  # noqa: F811
    with sink() as made, visit(browser, made.url, locale="en") as page:
        made.write(window(spans=[*(span(number) for number in range(1, 13)), span(0)]), None)
        page.get_by_text("and 4 more, seen shorter").wait_for()
        await_count(page, ".legend .key", 9)
