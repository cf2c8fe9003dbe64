"""A finished run in the page: the rows are the stored ones, the films are those of the run."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import config, synthetic

pytest.importorskip("starlette", reason="the live page comes with [web]")
from pages import ask, get_json  # noqa: E402

from affectstream.models.scripted import ScriptedVision  # noqa: E402
from affectstream.sinks.web.app import make_app  # noqa: E402
from affectstream.sinks.web.server import Server  # noqa: E402
from affectstream.sinks.web.stills import file_of  # noqa: E402
from affectstream.sinks.web.store import MOST_POINTS, Store  # noqa: E402
from affectstream.sinks.web.view import FinishedDesk  # noqa: E402
from affectstream.stream.errors import UsageError  # noqa: E402
from affectstream.stream.pipeline import Pipeline  # noqa: E402
from affectstream.stream.runs import Run  # noqa: E402

FRAMES = 100


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A run of four seconds, with a film of its own name beside it."""
    out = tmp_path_factory.mktemp("view") / "out"
    sources = [synthetic(frames=FRAMES)]
    Pipeline(config(out=str(out)), vision=ScriptedVision(), sources=sources).start().join()
    (out / "overlay.mp4").write_bytes(bytes(range(256)) * 4)
    return out


@pytest.fixture(scope="module")
def page(folder):
    server = Server("127.0.0.1", 0)
    server.app = make_app(FinishedDesk(folder))
    server.start()
    yield server.url
    server.stop()


def test_what_the_page_is_told_first(page, folder):
    hello = get_json(page, "api/hello")
    assert (hello["finished"], hello["pictures"]) == (True, "clear")
    (source,) = hello["sources"]
    assert (source["id"], source["films"]) == ("made", ["overlay"])
    assert source["duration_s"] == pytest.approx((FRAMES - 1) / 25)
    health = hello["health"]["sources"]["made"]
    assert health["frames"]["captured"] == FRAMES
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert health["rate_hz"] == pytest.approx(FRAMES / record["wall_s"], abs=0.06)
    assert set(hello["health"]["stages"]) == set(record["stages"])
    assert hello["health"]["stages"]["sink-sqlite"]["write"]["n"] > 0
    assert str(folder) not in str(hello)


def test_windows_are_the_stored_rows(page, folder):
    hello = get_json(page, "api/hello")
    rows = get_json(page, "api/history/made")["windows"]
    table = Run(folder).windows()
    columns = hello["look"]["columns"]["windows"]
    for name in ("timestamp", "valence_mean", "arousal_mean", "movement"):
        sent = [row[columns.index(name)] for row in rows]
        group_last = table.sort_values(["timestamp", "person"], key=_group_first)
        stored = [None if v != v else v for v in group_last[name]]
        assert sent == stored


def _group_first(column):
    return column.map(lambda value: 0 if value == "group" else value).astype(float)


def test_readings_of_a_span(page):
    readings = get_json(page, "api/readings/made?from=1&to=1.99")
    assert [one["seq"] for one in readings] == list(range(25, 50))
    assert all(one["people"] for one in readings)
    assert {len(who["joints"]) for who in readings[0]["people"] if who["joints"]} == {17}


def test_a_film_is_sent_in_parts(page):
    status, body, headers = ask(page + "film/made/overlay", Range="bytes=256-511")
    assert (status, body) == (206, bytes(range(256)))
    assert headers["content-type"] == "video/mp4"
    for name in ("source", "run.db", "..%2frun.db", "overlay.mp4"):
        assert ask(f"{page}film/made/{name}")[0] == 404


def test_where_pictures_are_not_to_be_shown_no_film_is(folder):
    desk = FinishedDesk(folder, pictures="none")
    assert desk.hello()["sources"][0]["films"] == []
    assert desk.film("made", "overlay") is None


@pytest.mark.parametrize("text", [None, "", "[]", "{"])
def test_without_a_record_the_page_opens_all_the_same(folder, tmp_path, text):
    shutil.copy(folder / "run.db", tmp_path)
    if text is not None:
        (tmp_path / "run.json").write_text(text, encoding="utf-8")
    health = FinishedDesk(tmp_path).hello()["health"]
    assert (health["stages"], health["sources"]["made"]["rate_hz"]) == ({}, None)


def test_a_long_run_is_thinned_to_stored_rows(tmp_path):
    import sqlite3

    from sink_messages import run_info, window, write_all

    from affectstream.sinks.sqlite import SqliteSink

    write_all(SqliteSink(run_info(tmp_path)), [window(k, pts_s=float(k)) for k in range(9000)])
    rows = Store(tmp_path / "run.db").history("clip", 0, 1e12)["windows"]
    groups = [row for row in rows if row[2] == 0]
    assert MOST_POINTS / 2 < len(groups) <= MOST_POINTS + 1
    assert (groups[0][1], groups[-1][1]) == (0.0, pytest.approx(8999.0, abs=3))
    with sqlite3.connect(tmp_path / "run.db") as store:
        stored = set(store.execute("SELECT timestamp, valence_mean FROM windows WHERE person = 0"))
    store.close()
    assert {(row[1], row[5]) for row in groups} <= stored


@pytest.mark.parametrize("given", ["{here}/a.mp4", "{here}", "{here}/*.mp4", "{here}/b.mp4"])
def test_the_file_of_a_run_is_found_by_what_the_run_was_given(tmp_path, given):
    (tmp_path / "a.mp4").touch()
    (tmp_path / "b.mp4").touch()
    found = file_of("a.mp4", [given.format(here=tmp_path)])
    expected = Path("a.mp4") if "b.mp4" in given else tmp_path / "a.mp4"
    assert found == expected


def test_what_is_no_run_is_named(tmp_path):
    with pytest.raises(UsageError, match="is no run"):
        FinishedDesk(tmp_path)
    (tmp_path / "run.db").write_text("no database")
    with pytest.raises(UsageError, match="cannot be read"):
        FinishedDesk(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_interrupted(folder, number):
    command = [sys.executable, "-m", "affectstream.stream", "view", str(folder), "--web", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    url = process.stderr.readline().removeprefix("page: ").strip()
    assert get_json(url, "api/hello")["finished"] is True
    os.kill(process.pid, number)
    _, rest = process.communicate(timeout=30)
    assert (process.returncode, rest) == (0, "")
