"""The camera of a page as a source: newest only, nothing that is no JPEG, never without a page."""

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from helpers import config
from made_videos import make

from affectstream.stream.cli import main
from affectstream.stream.locate import means_camera
from affectstream.stream.seats import open_seats
from affectstream.stream.sources.browser import MOST_PX, Config, build, decode
from affectstream.stream.uploads import open_upload, upload_of


def jpeg(level=120, size=(48, 64)):
    image = np.full((*size, 3), level, np.uint8)
    return cv2.imencode(".jpg", image)[1].tobytes()


@pytest.fixture
def source():
    made = build(Config(), "browser")
    yield made
    made.close()


def test_pictures_come_as_they_are_sent(source):
    upload = upload_of("browser")
    pictures = source.pictures()
    assert next(pictures) is None
    upload.offer(jpeg(50))
    first = next(pictures)
    upload.offer(jpeg(200))
    second = next(pictures)
    assert (first.image_bgr.shape, int(first.image_bgr.mean())) == ((48, 64, 3), 50)
    assert (first.pts_s, int(second.image_bgr.mean())) == (0.0, 200)
    assert second.pts_s > 0


def test_the_newest_wins(source):
    upload = upload_of("browser")
    for level in (10, 90, 170):
        upload.offer(jpeg(level))
    assert int(next(source.pictures()).image_bgr.mean()) == 170
    assert upload.overwritten == 2


def _bomb():
    """A JPEG of 64 x 48 that says to be of 65500 x 65500."""
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = (65500).to_bytes(2, "big") * 2
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [b"", b"no picture", jpeg()[:20], cv2.imencode(".png", np.zeros((4, 4, 3)))[1].tobytes()]
    + [_bomb()],
    ids=["empty", "words", "cut", "png", "bomb"],
)
def test_what_is_no_picture_is_counted(source, data):
    assert decode(data) is None
    upload_of("browser").offer(data)
    assert next(source.pictures()) is None
    assert source.decode_errors == 1


def test_the_largest_picture():
    assert 1920 * 1080 < MOST_PX < 65500 * 65500


def test_interrupting_ends_it(source):
    pictures = source.pictures()
    next(pictures)
    source.interrupt()
    assert list(pictures) == []


def test_closing_frees_the_name_but_not_a_later_one(source):
    later = open_upload("browser")
    source.close()
    assert upload_of("browser") is later
    source.close()


def test_it_is_live_beside_others(tmp_path):
    make(tmp_path / "clip.mp4", 2)
    seats = open_seats(config(sources=["browser", str(tmp_path / "clip.mp4")], speed="real"))
    assert [(seat.source_id, seat.speed) for seat in seats] == [("browser", None), ("clip", 1.0)]
    assert means_camera("browser")
    for seat in seats:
        seat.source.close()


def test_it_needs_a_page():
    result = CliRunner().invoke(main, ["run", "browser"])
    assert result.exit_code == 2
    assert "add --web" in result.output
