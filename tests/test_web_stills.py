"""Pictures of the past: the right ones, blurred where they must be, of no other file."""

import asyncio
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers import config
from made_videos import make, noisy, number

pytest.importorskip("starlette", reason="the live page comes with [web]")
from pages import ask, get_json, pixels, url_of  # noqa: E402

from affectstream.models.scripted import ScriptedVision  # noqa: E402
from affectstream.sinks.web import Config  # noqa: E402
from affectstream.sinks.web.app import make_app  # noqa: E402
from affectstream.sinks.web.server import Server  # noqa: E402
from affectstream.sinks.web.stills import files_of  # noqa: E402
from affectstream.sinks.web.view import FinishedDesk  # noqa: E402
from affectstream.stream.errors import SourceError  # noqa: E402
from affectstream.stream.pipeline import Pipeline  # noqa: E402
from affectstream.stream.reel import Reel  # noqa: E402
from affectstream.stream.sources import video  # noqa: E402


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", {"bf": "2", "g": "8"}),
        ("a.mkv", {"bf": "2", "g": "8"}),
        ("a.avi", {"g": "4", "bf": "0"}),
        ("a.ts", {"g": "4", "bf": "0"}),
    ],
)
def test_every_moment_shows_what_a_replay_shows(tmp_path, name, options):
    path = make(tmp_path / name, 18, options=options)
    source = video.Video(video.Config(path=path), "one")
    replayed = [(one.pts_s, number(one.image_bgr)) for one in source.pictures()]
    reel = Reel(path)
    order = [*range(18), 3, 17, 0, 9, 8, 10, 2]
    shown = [number(reel.at(replayed[k][0])) for k in order]
    assert shown == pytest.approx([replayed[k][1] for k in order], abs=0.2)
    between_s = (replayed[4][0] + replayed[5][0]) / 2
    assert number(reel.at(between_s)) == pytest.approx(replayed[4][1], abs=0.2)
    reel.close()


def test_a_file_that_is_no_video_is_named(tmp_path):
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(SourceError, match=r"a\.mp4"):
        Reel(tmp_path / "a.mp4")


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return make(tmp_path_factory.mktemp("clips") / "clip.mp4", 15, options={"g": "5"})


def view(folder: Path) -> Server:
    server = Server("127.0.0.1", 0)
    server.app = make_app(FinishedDesk(folder))
    server.start()
    return server


def still(url: str, query: str):
    return ask(f"{url}still/clip?{query}")


def test_a_run_that_goes_on_shows_any_moment_and_later_passes_too(clip, tmp_path, capfd):
    """In a loop the media starts anew: 0.6 s a pass, so that second 1.4 is picture 5 again."""
    sinks = [{"kind": "web", "port": 0}]
    options = config(sources=[str(clip)], out=str(tmp_path / "out"), loop=True, sinks=sinks)
    pipeline = Pipeline(options.model_copy(update={"speed": "real"}), vision=ScriptedVision())
    with pipeline:
        url = url_of(capfd)
        assert get_json(url, "api/hello")["sources"][0]["stills"] is True
        while not get_json(url, "api/readings/clip?from=1.4&to=1.6"):
            assert not pipeline.wait(0.05)
        for time_s, shown in ((0.2, 5), (0.52, 13), (1.4, 5), (0.04, 1)):
            status, body, headers = still(url, f"from={time_s}&width=160")
            assert (status, headers["content-type"]) == (200, "image/jpeg")
            assert number(pixels(body)) == pytest.approx(shown, abs=0.45), time_s
        assert ask(url + "still/nobody?from=1")[0] == 404
        assert still(url, "from=x")[0] == 400
        pipeline.stop()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The page over a run of noise, in which blocks stand out; the folder of it."""
    place = tmp_path_factory.mktemp("stills")
    path = make(place / "clip.mp4", 50, size=(320, 240), draw=noisy, options={"crf": "10"})
    options = config(sources=[str(path)], out=str(place / "out"))
    Pipeline(options, vision=ScriptedVision()).start().join()
    server = view(place / "out")
    yield server.url, place / "out"
    server.stop()


def test_faces_are_hidden_where_the_stored_readings_have_them(finished):
    from affectstream.stream.runs import Run

    url, folder = finished
    table = Run(folder).readings()
    row = table[(table["frame"] == 30) & table["face_x1"].notna()].iloc[0]
    x1, y1, x2, y2 = (int(row[f"face_{edge}"]) for edge in ("x1", "y1", "x2", "y2"))
    clear, hidden = (
        pixels(still(url, f"from=1.2&width=320&blur={blur}")[1]).astype(float) for blur in (0, 1)
    )
    inside = np.s_[y1 + 4 : y2 - 4, x1 + 4 : x2 - 4]
    assert hidden[inside].std() < 0.6 * clear[inside].std()
    assert clear.shape == (240, 320, 3)


def test_what_nobody_looked_at_is_not_shown_blurred(finished):
    assert still(finished[0], "from=60&blur=1")[0] == 204
    assert still(finished[0], "from=60")[0] == 200, "the last picture stands"


def test_a_run_shown_blurred_gives_nothing_else(finished):
    desk = FinishedDesk(finished[1], "blurred")
    hello = desk.hello()
    assert (hello["pictures"], hello["sources"][0]["films"]) == ("blurred", [])
    asked = [asyncio.run(desk.still("clip", 1.2, 320, blurred)) for blurred in (False, True)]
    assert asked[0] == asked[1] != still(finished[0], "from=1.2&width=320")[1]
    desk.attach(None)


def test_without_pictures_there_is_no_still(finished):
    desk = FinishedDesk(finished[1], pictures="none")
    assert desk.hello()["sources"][0]["stills"] is False
    desk.attach(None)


@pytest.mark.parametrize(
    ("origins", "options", "found"),
    [
        ({"a": "a.mp4", "b": "b.mp4"}, {}, {"a", "b"}),
        ({"a": "a.mp4", "b": "gone.mp4"}, {}, {"a"}),
        ({"a": "a.mp4", "a-2": "a.mp4", "b": "b.mp4"}, {}, {"b"}),
        ({"a": "a.mp4"}, {"privacy": "blur"}, set()),
        ({"a": "a.mp4", "c": "c.mp4"}, {"cameras": [{"path": "{here}/c.mp4"}]}, {"a", "c"}),
        ({"c": "c.mp4"}, {"cameras": [{"path": "{here}/c.mp4", "privacy": True}]}, set()),
    ],
)
def test_only_files_that_are_certain_and_may_be_shown(tmp_path, clip, origins, options, found):
    for name in "abc":
        shutil.copy(clip, tmp_path / f"{name}.mp4")
    cameras = [
        {**one, "path": one["path"].format(here=tmp_path)} for one in options.get("cameras", ())
    ]
    given = [str(tmp_path / "a.mp4"), str(tmp_path / "b.mp4")]
    files = files_of(origins, {"sources": given, **options, "cameras": cameras})
    assert set(files) == found
    assert all(path.parent == tmp_path for path in files.values())


def test_the_configuration_of_the_page_knows_no_path():
    assert not [name for name in Config.model_fields if "path" in name or "folder" in name]
