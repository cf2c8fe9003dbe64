"""Downloads from a server on this machine that cuts, lies and refuses on request."""

import hashlib
import itertools
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import numpy as np
import pytest

from affectstream.models import zoo
from affectstream.models.fetch import fetch
from affectstream.stream.errors import ConfigError, ModelError

DATA = (zoo.WEIGHTS / "face_mesh.onnx").read_bytes()
SHA256 = hashlib.sha256(DATA).hexdigest()
MESH = zoo.pick("mesh").entry


@dataclass
class Site:
    """What the server does: its file, where it cuts each answer in turn, what it was asked."""

    data: bytes = DATA
    cuts: list[int | None] = field(default_factory=list)
    has_ranges: bool = True
    shift: int = 0
    status: int = 200
    leads_to: str = ""
    says_length: bool = True
    asked: list[str] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site: Site = self.server.site
        wanted = self.headers.get("Range", "")
        site.asked.append(wanted)
        if site.leads_to and self.path == "/net.onnx":
            self.send_response(302)
            self.send_header("Location", site.leads_to)
            self.end_headers()
            return
        if site.status != 200:
            self.send_error(site.status)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted else 0
        if start and site.has_ranges:
            if start >= len(site.data):
                self.send_error(416)
                return
            start += site.shift
            self.send_response(206)
            span = f"bytes {start}-{len(site.data) - 1}/{len(site.data)}"
            self.send_header("Content-Range", span)
        else:
            start = 0
            self.send_response(200)
        body = site.data[start:]
        if site.says_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = site.cuts.pop(0) if site.cuts else None
        self.wfile.write(body[:cut])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(monkeypatch):
    """A server on a free port of this machine, and its site."""
    monkeypatch.setenv("no_proxy", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.site = Site()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    own = tmp_path / "models"
    monkeypatch.setenv(zoo.ENVIRONMENT, str(own))
    return own


def entry_of(url: str, sha256: str = SHA256, size: int | None = len(DATA)) -> zoo.Entry:
    file = msgspec.structs.replace(
        MESH.files["mesh"], path="net.onnx", url=url, sha256=sha256, size_bytes=size
    )
    return msgspec.structs.replace(MESH, name="net", way="fetch", files={"mesh": file})


def address(server) -> str:
    return f"http://127.0.0.1:{server.server_port}/net.onnx"


def quiet(*_: object) -> None:
    pass


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_comes_whole_and_tells_its_progress(served, folder):
    told = []
    (path,) = fetch(entry_of(address(served)), lambda *one: told.append(one))
    assert path == folder / "net.onnx" and path.read_bytes() == DATA
    assert names(folder) == ["net.onnx"]
    assert told[-1] == ("net.onnx", len(DATA), len(DATA))
    assert all(one[1] < other[1] for one, other in itertools.pairwise(told))
    zoo.check(entry_of(address(served)))


def test_what_is_here_is_not_asked_for(served, folder):
    folder.mkdir()
    (folder / "net.onnx").write_bytes(b"here")
    fetch(entry_of(address(served)), quiet)
    assert served.site.asked == []
    assert (folder / "net.onnx").read_bytes() == b"here"


@pytest.mark.parametrize("has_ranges", [True, False])
def test_a_cut_connection_goes_on_where_it_ended(served, folder, has_ranges):
    served.site.cuts = [100_000, 300_000]
    served.site.has_ranges = has_ranges
    (path,) = fetch(entry_of(address(served)), quiet)
    assert path.read_bytes() == DATA
    second = "bytes=100000-"
    third = "bytes=400000-" if has_ranges else "bytes=300000-"
    assert served.site.asked == ["", second, third]


def test_a_later_call_goes_on_where_an_earlier_one_ended(served, folder):
    served.site.cuts = [100_000, 0, 0, 0]
    with pytest.raises(ModelError, match=r"the first 100,000 bytes are kept: run it again"):
        fetch(entry_of(address(served)), quiet)
    assert names(folder) == ["net.onnx.part"]
    served.site.asked.clear()
    (path,) = fetch(entry_of(address(served)), quiet)
    assert path.read_bytes() == DATA and names(folder) == ["net.onnx"]
    assert served.site.asked == ["bytes=100000-"]


@pytest.mark.parametrize(
    "left",
    [
        pytest.param(b"x" * 1000, id="of another file"),
        pytest.param(DATA, id="the whole file"),
        pytest.param(DATA + b"more", id="longer than the file"),
        pytest.param(b"", id="empty"),
    ],
)
def test_whatever_was_left_the_result_is_right(served, folder, left):
    folder.mkdir()
    (folder / "net.onnx.part").write_bytes(left)
    (path,) = fetch(entry_of(address(served)), quiet)
    assert path.read_bytes() == DATA and names(folder) == ["net.onnx"]


def test_a_wrong_checksum_leaves_nothing(served, folder):
    served.site.data = DATA[:-1] + b"?"
    with pytest.raises(ModelError, match=f"sha256 .* not {SHA256}.* thrown away"):
        fetch(entry_of(address(served)), quiet)
    assert names(folder) == []
    assert served.site.asked == [""]


def test_a_larger_file_is_refused_before_it_fills_the_disk(served, folder):
    served.site.data = DATA * 2
    served.site.says_length = False
    with pytest.raises(ModelError, match=r"larger than 1,241,901 bytes"):
        fetch(entry_of(address(served)), quiet)
    assert "net.onnx" not in names(folder)
    served.site.data = DATA
    (path,) = fetch(entry_of(address(served)), quiet)
    assert path.read_bytes() == DATA


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_refusal_is_told(served, folder, status):
    served.site.status = status
    with pytest.raises(ModelError, match=f"the server says {status}"):
        fetch(entry_of(address(served)), quiet)
    assert names(folder) == []


def test_another_piece_than_was_asked_for_is_not_taken(served, folder):
    served.site.cuts = [100_000]
    served.site.shift = 7
    (path,) = fetch(entry_of(address(served)), quiet)
    assert path.read_bytes() == DATA
    assert served.site.asked == ["", "bytes=100000-", ""]


@pytest.mark.parametrize("cut", [None, 100_000])
def test_an_unpublished_checksum_is_recorded_on_the_first_fetch(served, folder, cut):
    served.site.cuts = [cut]
    entry = entry_of(address(served), zoo.UNKNOWN, None)
    (path,) = fetch(entry, quiet)
    assert set(served.site.asked) == {""}, "halves that nothing proves to fit are not joined"
    assert (folder / "net.onnx.sha256").read_text() == f"{SHA256}  net.onnx\n"
    zoo.check(entry)
    path.write_bytes(DATA + b"\0")
    with pytest.raises(ModelError, match="sha256"):
        zoo.check(entry)


def test_what_nobody_vouches_for_is_tried_before_it_stays(served, folder):
    served.site.data = np.random.default_rng(0).bytes(4000)
    with pytest.raises(ModelError, match=r"net\.onnx is damaged"):
        fetch(entry_of(address(served), zoo.UNKNOWN, None), quiet)
    assert names(folder) == []


def test_no_server_is_told_with_what_to_do(served, folder):
    gone = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = address(gone)
    gone.server_close()
    with pytest.raises(ModelError, match=r"cannot fetch net\.onnx from 127\.0\.0\.1.*network"):
        fetch(entry_of(url), quiet)
    with pytest.raises(ModelError, match=r"nowhere\.invalid.*Is there a network"):
        fetch(entry_of("https://nowhere.invalid/net.onnx"), quiet)
    assert names(folder) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/net.onnx",
        "http://localhost.example/net.onnx",
        "ftp://127.0.0.1/net.onnx",
        "file:///etc/passwd",
        "https:///net.onnx",
    ],
)
def test_other_addresses_are_refused_unasked(folder, url):
    with pytest.raises(ModelError, match="only https"):
        fetch(entry_of(url), quiet)


@pytest.mark.parametrize(
    "leads_to", ["http://192.0.2.1/x", "file:///etc/passwd", "ftp://192.0.2.1/"]
)
def test_a_redirect_cannot_lead_elsewhere(served, folder, leads_to):
    served.site.leads_to = leads_to
    with pytest.raises(ModelError, match=r"only https|the server says 302"):
        fetch(entry_of(address(served)), quiet)
    assert names(folder) == []


def test_a_redirect_on_this_machine_is_followed(served, folder):
    served.site.leads_to = "/other.onnx"
    (path,) = fetch(entry_of(address(served)), quiet)
    assert path.read_bytes() == DATA


def test_a_folder_that_cannot_be_written_is_told(served, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(zoo.ENVIRONMENT, str(tmp_path / "file"))
    with pytest.raises(ModelError, match="cannot write"):
        fetch(entry_of(address(served)), quiet)


@pytest.mark.parametrize("name", ["face_mesh", "yolov8n-pose"])
def test_only_what_is_published_can_be_fetched(folder, name):
    with pytest.raises(ConfigError, match=f"{name} cannot be fetched"):
        fetch(zoo.find(name), quiet)


@pytest.mark.parametrize(
    "entry", [entry for entry in zoo.listed() if entry.way == "fetch"], ids=lambda one: one.name
)
def test_listed_addresses_are_https_and_pinned(entry):
    for file in entry.files.values():
        assert re.search(r"^https://[\w.]+/.*/[0-9a-f]{40}/", file.url)
        assert file.url.endswith(f"/{file.path}")
        assert file.sha256 != zoo.UNKNOWN
