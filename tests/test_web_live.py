"""A run with a page: what is sent, who is kept waiting, and what is left at the end."""

import json
import socket as net
import time

import numpy as np
import pytest
from helpers import threads
from sink_messages import event, face, frame, narration, person, reading, run_info, window

pytest.importorskip("starlette", reason="the live page comes with [web]")
from pages import Endless, ask, get_json, live_pipeline, pixels, sink, split, url_of  # noqa: E402
from websockets.exceptions import ConnectionClosed, InvalidStatus  # noqa: E402
from websockets.sync.client import connect  # noqa: E402

from affectstream.stream import tables  # noqa: E402
from affectstream.stream.errors import MissingExtraError  # noqa: E402
from affectstream.stream.messages import SourceHealth  # noqa: E402
from affectstream.stream.runs import Run  # noqa: E402


def talk(made, **options):
    return connect(made.url.replace("http", "ws") + "live", max_size=None, **options)


def picture(page, source="clip", after=-1, **wish):
    page.send(json.dumps({"source": source, "after": after, **wish}))
    while not isinstance(message := page.recv(timeout=10), bytes):
        pass
    return split(message)


def news(page, kind):
    while True:
        message = page.recv(timeout=10)
        if isinstance(message, str) and (found := json.loads(message))["kind"] == kind:
            return found


def noisy(seq, size=(640, 480)):
    shot = frame(seq, size=size)
    image = np.random.default_rng(seq).integers(0, 255, (size[1], size[0], 3), np.uint8)
    return type(shot)(shot.source_id, seq, 0, shot.pts_s, 1, 1, image)


def test_a_picture_comes_with_its_reading():
    with sink() as made, talk(made) as page:
        made.write(reading(7, [person(3, face=face())]), frame(7, value=200))
        head, jpeg = picture(page)
        assert (head["seq"], head["t"], head["width"], head["height"]) == (7, 0.28, 640, 480)
        columns = get_json(made.url, "api/hello")["look"]["columns"]["people"]
        row = dict(zip(columns, head["people"][0]["row"], strict=True))
        assert (row["person"], row["valence"], row["face_x1"]) == (3, 0.5, 100.0)
        assert abs(int(pixels(jpeg).mean()) - 200) <= 2


def test_only_the_newest_is_sent():
    with sink() as made, talk(made) as page:
        for seq in range(5):
            made.write(reading(seq), frame(seq))
        assert picture(page)[0]["seq"] == 4
        page.send(json.dumps({"source": "clip", "after": 4}))
        made.write(reading(5), frame(5))
        assert split(page.recv(timeout=10))[0]["seq"] == 5


def test_pictures_are_made_smaller_never_larger():
    with sink() as made, talk(made) as page:
        made.write(reading(0, size=(640, 480)), noisy(0))
        assert pixels(picture(page, width=300)[1]).shape == (240, 320, 3)
        assert pixels(picture(page, width=4000)[1]).shape == (480, 640, 3)


def test_faces_are_blurred_where_they_are_and_were():
    who = [person(1, face=face((100.0, 80.0, 180.0, 190.0)))]
    with sink(pictures="blurred") as made, talk(made) as page:
        shot = noisy(0)
        made.write(reading(0, who), shot)
        made.write(reading(1, []), type(shot)("clip", 1, 0, 0.04, 1, 1, shot.image_bgr))
        blurred = pixels(picture(page, blur=False, width=640)[1]).astype(float)
        sharp = shot.image_bgr.astype(float)
        inside, outside = np.s_[90:180, 110:170], np.s_[300:400, 400:500]
        assert blurred[inside].std() < 0.5 * sharp[inside].std()
        assert blurred[outside].std() > 0.5 * sharp[outside].std()


def test_blur_on_demand_is_for_the_one_who_asks():
    who = [person(1, face=face((100.0, 80.0, 180.0, 190.0)))]
    with sink() as made, talk(made) as first, talk(made) as second:
        made.write(reading(0, who), noisy(0))
        spread = [
            pixels(picture(page, blur=blur, width=640)[1])[90:180, 110:170].std()
            for page, blur in ((first, True), (second, False))
        ]
        assert spread[0] < 0.6 * spread[1]


def test_without_pictures_only_readings_leave():
    with sink(pictures="none") as made, talk(made) as page:
        assert made.wants_frames is False
        made.write(reading(0, [person(1)]), None)
        head, jpeg = picture(page)
        assert (len(head["people"]), jpeg) == (1, b"")
        assert ask(made.url + "mjpeg/clip")[0] == 404


def test_an_invalid_reading_says_why_and_is_not_shown_unblurred():
    with sink(pictures="blurred") as made, talk(made) as page:
        made.write(reading(0, valid=False, reason="broken"), frame(0))
        head, jpeg = picture(page)
        assert (head["reason"], jpeg) == ("broken", b"")


def test_news_is_told_as_it_is_stored():
    with sink() as made, talk(made) as page:
        news(page, "start")
        made.write(window(25), None)
        made.write(event(10), None)
        made.write(narration(50), None)
        made.tick()
        for kind, message, rows in (
            ("windows", window(25), tables.window_rows(window(25))),
            ("events", event(10), [tables.event_row(event(10))]),
            ("narrations", narration(50), [tables.narration_row(narration(50))]),
        ):
            told = news(page, kind)
            assert told["source"] == message.source_id
            assert told["rows"] == [list(row) for row in rows]
        assert set(news(page, "health")["sources"]) == {"clip"}
        history = get_json(made.url, "api/history/clip")
        assert history["windows"] == [list(row) for row in tables.window_rows(window(25))]
        assert len(history["events"]) == len(history["narrations"]) == 1


def test_a_client_far_behind_finds_a_gap_and_the_present():
    from affectstream.sinks.web.hub import NEWS_KEPT, Hub

    hub = Hub(run_info())
    for seq in range(NEWS_KEPT + 10):
        hub.tell(window(seq))
    texts, number, lost = hub.after(3)
    assert (len(texts), number, lost) == (NEWS_KEPT, NEWS_KEPT + 10, True)
    assert hub.after(number) == ([], number, False)


def test_a_sleeping_client_keeps_nobody_waiting():
    """One page asks for pictures and never reads; the other gets every one it asks for."""
    with sink() as made, talk(made) as awake:
        host, port = made.url.removeprefix("http://").rstrip("/").split(":")
        asleep = net.create_connection((host, int(port)))
        asleep.setsockopt(net.SOL_SOCKET, net.SO_RCVBUF, 4096)
        shot = noisy(0, (1280, 720))
        with talk(made, sock=asleep, max_queue=1, close_timeout=0.1) as sleeper:
            for seq in range(60):
                made.write(reading(seq), type(shot)("clip", seq, 0, 0.0, 1, 1, shot.image_bgr))
                made.write(narration(seq, text="words " * 2000), None)
                sleeper.send(json.dumps({"source": "clip", "after": -1}))
                assert picture(awake, after=seq - 1, width=320)[0]["seq"] == seq


def test_a_bad_wish_ends_only_its_own_connection():
    with sink() as made, talk(made) as good:
        for bad in ("{", '{"source": "nobody"}', '{"source": "clip", "path": "/etc/passwd"}', "[]"):
            with talk(made) as page:
                page.send(bad)
                with pytest.raises(ConnectionClosed):
                    while True:
                        page.recv(timeout=10)
        made.write(reading(0), frame(0))
        assert picture(good)[0]["seq"] == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("api/history/nobody", 404),
        ("api/history/..%2f..%2fetc", 404),
        ("api/history/clip?from=x", 400),
        ("api/history/clip?from=nan", 400),
        ("api/readings/clip?to=inf", 400),
        ("mjpeg/clip?width=x", 400),
        ("film/clip/source", 404),
        ("film/clip/..%2f..%2frun.db", 404),
        ("assets/..%2f__init__.py", 404),
        ("assets/nothing.js", 404),
    ],
)
def test_what_is_not_there(path, status):
    with sink() as made:
        assert ask(made.url + path)[0] == status


def test_the_camera_of_a_page_is_for_a_source_that_wants_one():
    with sink() as made:
        for source in ("clip", "nobody"):
            with pytest.raises(InvalidStatus):
                connect(made.url.replace("http", "ws") + f"camera/{source}")


def test_mjpeg_sends_whole_pictures():
    with sink() as made:
        made.write(reading(0), frame(0, value=90))
        host, port = made.url.removeprefix("http://").rstrip("/").split(":")
        with net.create_connection((host, int(port)), timeout=10) as stream:
            stream.sendall(f"GET /mjpeg/clip HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            received = b""
            while received.count(b"--frame") < 1 or b"\xff\xd9" not in received:
                received += stream.recv(65536)
        assert b"multipart/x-mixed-replace" in received
        start = received.index(b"\xff\xd8")
        jpeg = received[start : received.index(b"\xff\xd9") + 2]
        assert abs(int(pixels(jpeg).mean()) - 90) <= 2


def test_the_page_is_told_of_the_end():
    with sink() as made, talk(made) as page:
        made.write(reading(0), frame(0))
        picture(page)
        made.close()
        assert news(page, "end")
        with pytest.raises(ConnectionClosed):
            page.recv(timeout=10)


def test_a_whole_run(tmp_path, capsys):
    """The page's history is what is stored; the ledger is even; no thread is left."""
    before = threads()
    source = Endless()
    pipeline = live_pipeline([source], out=tmp_path / "out").start()
    url = url_of(capsys)
    with connect(url.replace("http", "ws") + "live", max_size=None) as page:
        seq = -1
        for _ in range(30):
            head, _ = picture(page, "made", seq)
            assert head["seq"] > seq
            seq = head["seq"]
        health = news(page, "health")
        assert health["sources"]["made"]["rate_hz"] > 0
        assert health["sources"]["made"]["lost_since_s"] is None
        hello = get_json(url, "api/hello")
        assert (hello["live"], hello["finished"], hello["stored"]) == (True, False, True)
        assert "config" not in hello and str(tmp_path) not in json.dumps(hello)
        source.interrupt()
        assert news(page, "end")
    summary = pipeline.join()
    assert summary.status == "done"
    assert all(row.get("pending", 0) == 0 for row in summary.ledger.values())
    assert threads() == before
    assert len(Run(tmp_path / "out").windows()) > 0


def test_why_a_camera_is_lost_is_told_without_where_it_is():
    run = run_info(is_live=True)
    with sink(run) as made:
        hub = made._hub
        detail = "cam.example:554 refuses the login: check user and password"
        run.health.states = {"clip": SourceHealth("refused", 1, detail=detail)}
        told = hub.health()["sources"]["clip"]
        assert told["fault"] == "refused"
        assert 0 < told["lost_since_s"] <= time.time(), "it never gave a picture"
        assert "cam.example" not in json.dumps(hub.health())
        made.write(reading(0), None)
        run.health.states = {"clip": SourceHealth("playing", 2)}
        told = hub.health()["sources"]["clip"]
        assert (told["fault"], told["lost_since_s"]) == ("", None)


def test_a_source_that_falls_silent_is_lost_since_then():
    from affectstream.sinks.web.health import LOST_NS, Pulse

    pulse = Pulse()
    assert pulse.state(10**12)["lost_since_s"] is None
    for k in range(11):
        pulse.beat(k * 100_000_000, k * 100_000_000 - 40_000_000 if k else 0)
    state = pulse.state(1_000_000_000)
    assert (state["rate_hz"], state["age_p50_ms"]) == (10.0, 40.0)
    assert state["lost_since_s"] is None
    later = pulse.state(1_000_000_000 + LOST_NS + 1)
    assert later["lost_since_s"] > 0


def test_a_source_whose_frames_come_but_are_shed_is_not_lost():
    from affectstream.sinks.web.health import HEARD_NS, LATE_NS, LOST_NS, Pulse

    pulse, last_ns = Pulse(), 10**12
    pulse.beat(last_ns, 0)
    pulse.hear(last_ns + LOST_NS, 50)
    later_ns = last_ns + LOST_NS + HEARD_NS
    assert pulse.state(later_ns)["lost_since_s"] is None
    stalled = SourceHealth("stalled", 1)
    assert pulse.state(later_ns, stalled)["lost_since_s"], "it says so itself"
    pulse.hear(later_ns, 50)
    assert pulse.state(later_ns + 1)["lost_since_s"], "no frame since it was heard last"
    for k in range(20):
        pulse.hear(last_ns + k * 10**9, 100 + k)
    assert pulse.state(last_ns + LATE_NS + 1)["lost_since_s"], "nobody looks at what it gives"


def test_without_the_extra_the_line_is_named(monkeypatch):
    import sys

    from affectstream.sinks import web

    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match=r'pip install "affectstream\[web\]"'):
        web.build(web.Config(), run_info())
