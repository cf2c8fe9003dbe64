"""What is past, in Chromium: a look back in a run that goes on, the wall of a finished one."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from helpers import config
from made_videos import make

pytest.importorskip("starlette", reason="the live page comes with [web]")
pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
from pages import await_count, sink, url_of  # noqa: E402
from sink_messages import frame, narration, person, reading, run_info  # noqa: E402
from test_joined_cameras import join  # noqa: E402
from test_page import (  # noqa: E402, F401
    PHONE,
    browser,
    found_by_axe,
    needs_axe,
    painted,
    playwright,
    visit,
)

from affectstream.models.scripted import ScriptedVision  # noqa: E402
from affectstream.sinks.web.app import make_app  # noqa: E402
from affectstream.sinks.web.server import Server  # noqa: E402
from affectstream.sinks.web.view import FinishedDesk  # noqa: E402
from affectstream.stream.pipeline import Pipeline  # noqa: E402

FRAMES = 75
GREY = (
    "() => { const c = document.querySelector('.picture'); "
    "return c.getContext('2d').getImageData(c.width - 4, 4, 1, 1).data[0] }"
)


def ramp(k: int, width_px: int, height_px: int) -> np.ndarray:
    """Picture k is of the grey level 20 + 2 k."""
    return np.full((height_px, width_px, 3), 20 + 2 * k, np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("past")


@contextlib.contextmanager
def replayed(folder: Path, names: list[str], **options) -> Iterator[Pipeline]:
    paths = [make(folder / f"{name}.mp4", FRAMES, size=(320, 240), draw=ramp) for name in names]
    chosen = config(sources=[str(path) for path in paths], out=str(folder / "out"), **options)
    with Pipeline(chosen, vision=ScriptedVision()) as pipeline:
        yield pipeline


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Iterator[str]:
    """A finished run of three sources; the files are at hand."""
    place = tmp_path_factory.mktemp("finished")
    with replayed(place, ["one", "two", "three"]) as pipeline:
        pipeline.join()
    server = Server("127.0.0.1", 0)
    server.app = make_app(FinishedDesk(place / "out"))
    server.start()
    yield server.url
    server.stop()


def test_a_click_looks_back_and_a_button_returns(browser, folder, capfd):  # noqa: F811
    web = [{"kind": "web", "port": 0}]
    with replayed(folder, ["clip"], speed="real", loop=True, sinks=web) as pipeline:
        with visit(browser, url_of(capfd), locale="en") as page:
            painted(page, 60)
            page.wait_for_function(
                "() => Number(document.querySelector('.plots').getAttribute('aria-valuemax')) >= 3"
            )
            box = page.locator(".u-over").first.bounding_box()
            end_s = float(page.locator(".plots").get_attribute("aria-valuemax"))
            page.mouse.click(box["x"] + box["width"] * 1.0 / end_s, box["y"] + 20)
            page.get_by_text("Looking back").wait_for()
            shown_s = float(page.locator(".scrub").input_value())
            assert 0.3 < shown_s < 2.5
            grey = 20 + 2 * 25 * shown_s
            page.wait_for_function(f"() => Math.abs(({GREY})() - {grey}) < 8")
            page.locator(".person").first.wait_for()
            page.keyboard.press(" ")
            page.wait_for_function(
                f"() => document.querySelector('.scrub').value > {shown_s + 0.2}"
            )
            still = int(page.locator(".frame").get_attribute("data-painted"))
            page.get_by_role("button", name="Live").click()
            page.get_by_text("Looking back").wait_for(state="detached")
            painted(page, still + 10)
            page.locator(".plots").focus()
            for key in ("Home", "Enter"):
                page.keyboard.press(key)
            page.get_by_text("Looking back").wait_for()
            page.keyboard.press("n")
            painted(page, still + 20)
        pipeline.stop()


def test_a_camera_that_joins_has_a_tile_and_says_when_it_is_removed(browser):  # noqa: F811
    run = run_info(is_live=True)
    with sink(run) as made, visit(browser, made.url, locale="en") as page:
        made.write(reading(0, [person(1)]), frame(0))
        painted(page, 1)
        join(run.health)
        made.write(reading(0, [person(1)], source="door"), frame(0, "door"))
        page.get_by_role("link", name="Wall").click()
        await_count(page, ".tile", 2)
        page.locator(".tile", has_text="door").locator("[data-painted]").wait_for()
        join(run.health, "removed")
        made.tick()
        page.locator(".tile").get_by_text("This camera was removed").wait_for()


def test_the_wall_of_a_finished_run(browser, finished):  # noqa: F811
    titles = "() => [...document.querySelectorAll('.tile strong')].map(one => one.textContent)"
    with visit(browser, finished, locale="en") as page:
        page.locator(".tile").first.wait_for()
        assert page.evaluate(titles) == ["one", "three", "two"]
        page.keyboard.press("ArrowRight")
        page.wait_for_function(f"() => Math.abs(({GREY})() - 70) < 8")
        page.get_by_text("People: 2").first.wait_for()
        page.get_by_role("button", name="1", exact=True).click()
        await_count(page, ".tile", 1)
        page.get_by_role("button", name="by what happens").click()
        await_count(page, ".tile", 1)
        page.get_by_role("button", name="Play").click()
        page.wait_for_function("() => document.querySelector('.scrub').value > 1.5")
        page.locator(".tile").first.click()
        page.wait_for_function("() => location.hash.length > 1")
        page.locator(".person").first.wait_for()


def test_a_finished_wall_on_a_phone(browser, finished):  # noqa: F811
    with visit(browser, finished, viewport=PHONE) as page:
        page.locator(".tile").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_blurred_stills_stand_in_for_the_film(browser, finished):  # noqa: F811
    with visit(browser, finished + "#one", locale="en") as page:
        page.locator(".person").first.wait_for()
        page.keyboard.press("u")
        page.keyboard.press("ArrowRight")
        page.wait_for_function(f"() => Math.abs(({GREY})() - 70) < 8")
        assert not page.locator("video").is_visible()


@needs_axe
@pytest.mark.slow
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("hash_", ["#one", "#wall"])
def test_axe_finds_nothing_in_a_finished_run(browser, finished, hash_, theme):  # noqa: F811
    with visit(browser, finished + hash_, color_scheme=theme) as page:
        page.locator(".person, .tile").first.wait_for()
        page.keyboard.press("ArrowRight")
        assert found_by_axe(page) == []


def test_the_mesh_is_drawn_where_it_is_wanted(browser):  # noqa: F811
    from test_mesh_shown import with_mesh

    white = (
        "() => { const c = document.querySelector('.overlay');"
        "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;"
        "for (let k = 0; k < d.length; k += 4)"
        " n += d[k] > 200 && d[k + 1] > 200 && d[k + 2] > 200; return n }"
    )
    run = replace(run_info(), models={"mesh": {"name": "face_mesh"}})
    with sink(run) as made, visit(browser, made.url, locale="en") as page:
        made.write(with_mesh(0), frame(0))
        painted(page, 1)
        before = page.evaluate(white)
        page.keyboard.press("f")
        for seq in (1, 2):  # The first was asked for before the key was pressed.
            made.write(with_mesh(seq), frame(seq))
            painted(page, seq + 1)
        page.wait_for_function(f"() => ({white})() > {before} + 400")
        assert page.get_by_role("button", name="Face mesh").get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize(
    ("grounded", "said"),
    [(True, "checked against the numbers"), (False, "not checked"), ("fallback", "fallback")],
)
def test_words_say_whether_they_were_checked(browser, grounded, said):  # noqa: F811
    with sink() as made, visit(browser, made.url, locale="en") as page:
        made.write(reading(0), frame(0))
        painted(page, 1)
        made.write(msgspec.structs.replace(narration(50), grounded=grounded), None)
        page.locator(".told").get_by_text(said, exact=True).wait_for()
        assert page.locator(".told .when").inner_text().count("checked") == (grounded != "fallback")
