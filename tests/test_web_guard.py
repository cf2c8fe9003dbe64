"""Who gets in: every route, against foreign pages, foreign names and missing tokens."""

import contextlib

import pytest

from affectstream.stream.errors import UsageError

pytest.importorskip("starlette", reason="the live page comes with [web]")
from pages import ask, sink, url_of  # noqa: E402
from starlette.routing import Mount, Route, WebSocketRoute  # noqa: E402
from websockets.exceptions import InvalidStatus  # noqa: E402
from websockets.sync.client import connect  # noqa: E402

from affectstream.sinks.web import Config, WebSink  # noqa: E402
from affectstream.sinks.web.address import address  # noqa: E402
from affectstream.sinks.web.app import make_app  # noqa: E402
from affectstream.sinks.web.server import Server, token_for  # noqa: E402

TOKEN = "0123456789abcdefghijklmn"


def routes() -> tuple[list[str], list[str]]:
    """Return a path per HTTP route and per WebSocket route, from the application itself."""
    web, sockets = [], []
    for route in make_app(None).routes:
        path = route.path.replace("{source}", "clip").replace("{name}", "source")
        if isinstance(route, WebSocketRoute):
            sockets.append(path)
        elif isinstance(route, Mount):
            web.append(path + "/page.js")
        elif isinstance(route, Route):
            web.append(path)
    return web, sockets


HTTP, SOCKETS = routes()


@pytest.fixture(scope="module")
def open_page():
    with sink() as made:
        yield made.url.rstrip("/")


@pytest.fixture(scope="module")
def locked_page():
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AFFECTSTREAM_WEB_TOKEN", TOKEN)
            made = stack.enter_context(sink())
        yield made.url.partition("/?")[0]


def test_there_are_routes_of_both_kinds():
    assert {"/", "/api/hello", "/mjpeg/clip", "/assets/page.js"} <= set(HTTP)
    assert set(SOCKETS) == {"/live", "/camera/clip"}


FOREIGN = [
    {"Host": "evil.example:{port}"},
    {"Host": "127.0.0.1:1"},
    {"Host": "127.0.0.1.evil.example:{port}"},
    {"Host": ""},
    {"Origin": "http://evil.example"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("path", HTTP)
def test_a_foreign_request_is_refused(open_page, path, headers):
    port = open_page.rpartition(":")[2]
    status, body, _ = ask(open_page + path, **{k: v.format(port=port) for k, v in headers.items()})
    assert (status, b"affectstream" in body) == (403, False)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1.evil"])
@pytest.mark.parametrize("path", SOCKETS)
def test_a_foreign_socket_is_refused(open_page, path, origin):
    with pytest.raises(InvalidStatus) as refused:
        connect(open_page.replace("http", "ws") + path, origin=origin)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", [path for path in HTTP if not path.startswith("/mjpeg")])
def test_every_answer_bears_the_policy(open_page, path):
    _, _, headers = ask(open_page + path)
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", HTTP)
def test_without_the_token_nothing_is_shown(locked_page, path):
    assert ask(locked_page + path)[0] == 403
    assert ask(locked_page + path + "?token=wrong")[0] == 403
    assert ask(locked_page + path, Authorization="Bearer wrong")[0] == 403


@pytest.mark.parametrize("path", SOCKETS)
def test_without_the_token_no_socket_opens(locked_page, path):
    with pytest.raises(InvalidStatus):
        connect(locked_page.replace("http", "ws") + path)


def test_the_token_becomes_a_cookie_and_leaves_the_address(locked_page):
    status, _, headers = ask(f"{locked_page}/?token={TOKEN}")
    assert (status, headers["location"]) == (303, "/")
    assert "HttpOnly" in headers["set-cookie"] and "SameSite=strict" in headers["set-cookie"]
    cookie = headers["set-cookie"].partition(";")[0]
    assert ask(locked_page + "/api/hello", Cookie=cookie)[0] == 200
    assert ask(locked_page + "/api/hello", Authorization=f"Bearer {TOKEN}")[0] == 200
    with connect(
        locked_page.replace("http", "ws") + "/live", additional_headers={"Cookie": cookie}
    ) as socket:
        assert "start" in socket.recv(timeout=10)


def test_a_picture_with_the_token_may_stand_anywhere(locked_page):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}
    assert ask(f"{locked_page}/api/hello?token={TOKEN}", **headers)[0] == 200


def test_a_link_from_elsewhere_opens_the_page(open_page):
    headers = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert ask(open_page + "/", **headers)[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_another_address_needs_a_token(monkeypatch, host):
    monkeypatch.delenv("AFFECTSTREAM_WEB_TOKEN", raising=False)
    with pytest.raises(UsageError, match="AFFECTSTREAM_WEB_TOKEN") as refused:
        Server(host, 0)
    assert refused.value.exit_code == 2


def test_a_short_token_is_refused(monkeypatch):
    monkeypatch.setenv("AFFECTSTREAM_WEB_TOKEN", "short")
    with pytest.raises(UsageError, match="22"):
        token_for("127.0.0.1")


def test_a_token_is_made_on_request_and_printed(monkeypatch, capsys):
    monkeypatch.setenv("AFFECTSTREAM_WEB_TOKEN", "new")
    with sink(host="0.0.0.0") as made:
        url = url_of(capsys)
        assert url == made.url
        token = url.partition("token=")[2]
        assert len(token) >= 22
        base = url.partition("/?")[0]
        port = base.rpartition(":")[2]
        assert ask(f"{base}/api/hello?token={token}", Host=f"192.0.2.7:{port}")[0] == 200
        assert ask(f"{base}/api/hello?token={token}", Host=f"evil.example:{port}")[0] == 403


def test_a_taken_port_says_what_to_do():
    with sink() as made:
        port = int(made.url.rstrip("/").rpartition(":")[2])
        with pytest.raises(UsageError, match="--web 0"):
            Server("127.0.0.1", port)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", ("127.0.0.1", 8642)),
        ("0", ("127.0.0.1", 0)),
        ("9000", ("127.0.0.1", 9000)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_addresses(written, meant):
    assert address(written) == meant


@pytest.mark.parametrize("written", ["clip.mp4", "70000", "host:", "a b:1", "-1", "http://x:1"])
def test_what_is_no_address_is_refused(written):
    with pytest.raises(UsageError, match="sources before --web"):
        address(written)


def test_unknown_keys_are_refused():
    with pytest.raises(ValueError, match="tokn"):
        Config(tokn="x")


def test_closing_twice_and_without_opening():
    from sink_messages import run_info

    made = WebSink(Config(port=0), run_info())
    made.close()
    made.close()
