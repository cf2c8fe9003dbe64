"""A camera that is added while a run goes on has its place on the page and in the window."""

import numpy as np
import pytest
from sink_messages import frame, person, reading, run_info
from test_show import FakeScreen, Wishes

from affectstream.sinks import show
from affectstream.sinks.base import Health
from affectstream.stream.messages import SourceInfo

DOOR = SourceInfo("door", "door")


def join(health: Health, state: str = "running") -> None:
    health.joined, health.cameras = (DOOR,), {"clip": "running", "door": state}


def test_the_window_makes_room_for_it_and_says_when_it_is_removed():
    run = run_info(is_live=True)
    screen = FakeScreen("x", "x", "x", "x")
    sink = show.ShowSink(show.Config(), run, screen)
    script = screen.keys

    def keys():
        """What happens before each look at the keys."""
        turn = 4 - len(screen._script)
        if turn == 1:
            join(run.health)
            sink.see(frame(0, "clip", value=60))
            sink.see(frame(0, "door", value=200))
        if turn == 2:
            join(run.health, "removed")
        return script()

    screen.keys = keys
    sink.attend(Wishes(), screen.is_over)
    before, both, removed = screen.shown[0], screen.shown[1], screen.shown[-1]
    assert not (before == 200).all(axis=2).any()
    assert (both == 60).all(axis=2).any() and (both == 200).all(axis=2).any()
    assert not np.array_equal(both, removed)
    assert [tile.standing for tile in sink._tiles.values()] == ["", "this camera was removed"]


def test_the_page_has_it_with_its_pictures_and_says_how_it_is():
    pytest.importorskip("starlette", reason="the live page comes with [web]")
    from pages import get_json, sink
    from test_web_live import news, picture, talk

    run = run_info(is_live=True)
    with sink(run) as made, talk(made) as page:
        news(page, "start")
        made.write(reading(0, source="door"), frame(0, "door"))
        assert "door" not in [one["id"] for one in get_json(made.url, "api/hello")["sources"]]
        join(run.health)
        made.write(reading(1, [person(1)], source="door"), frame(1, "door"))
        assert news(page, "sources")
        assert [one["id"] for one in get_json(made.url, "api/hello")["sources"]] == ["clip", "door"]
        assert picture(page, "door")[0]["seq"] == 1
        assert get_json(made.url, "api/history/door")["windows"] == []
        join(run.health, "removed")
        run.health.notes = {"door": "interrupted"}
        made.tick()
        state = news(page, "health")["sources"]["door"]
        assert (state["state"], state["note"]) == ("removed", "interrupted")
        join(run.health)
        made.tick()
        assert news(page, "health")["sources"]["door"]["note"] is None
