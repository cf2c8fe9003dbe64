"""The points of the face mesh: to a page that asks, and to nobody else."""

import base64
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from sink_messages import face, frame, person, reading, run_info

from affectstream.models.face_mesh import packed
from affectstream.models.vision import Config as VisionConfig
from affectstream.models.vision import LocalVision, Networks
from affectstream.sinks._wire import Sequence
from affectstream.stream.messages import Face, Frame, Observation, stamp_of
from affectstream.stream.region import moved

POINTS = np.stack([np.linspace(-3, 700, 468), np.linspace(0, 470.2, 468)], axis=1)


def unpacked(mesh: bytes) -> np.ndarray:
    return np.frombuffer(mesh, "<i2").reshape(-1, 2) / 4


def with_mesh(seq=0):
    return reading(seq, [person(1, face=msgspec.structs.replace(face(), mesh=packed(POINTS)))])


def test_points_are_kept_to_an_eighth_of_a_px_and_bounded():
    assert np.abs(unpacked(packed(POINTS)) - POINTS).max() <= 0.125
    assert len(packed(POINTS)) == 468 * 4
    assert unpacked(packed(np.array([[1e9, -1e9]]))).tolist() == [[8191.75, -8192.0]]


def test_no_socket_gets_them():
    sequence = Sequence("run")
    sent = sequence.wrap("clip/reading", with_mesh()).data
    assert with_mesh().people[0].face != face()
    assert sent.people[0].face == face()
    bare = reading(1, [person(1)])
    assert sequence.wrap("clip/reading", bare).data is bare


def test_they_move_with_the_region_that_was_looked_at():
    shot = Frame("clip", 0, 0, 0.0, 0, 0, np.zeros((480, 640, 3), np.uint8))
    one = Face((10.0, 10.0, 20.0, 20.0), 0.9, mesh=packed(POINTS[:5]))
    seen = Observation(**stamp_of(shot), width_px=100, height_px=100, faces=(one,))
    (face_moved,) = moved(seen, 100, 50, 640, 480).faces
    assert np.allclose(unpacked(face_moved.mesh), unpacked(one.mesh) + (100, 50))


class OneFace:
    providers = ()

    def detect(self, image_bgr):
        return [Face((10.0, 10.0, 60.0, 60.0), 0.9)]

    def measure(self, image_bgr, faces):
        return [msgspec.structs.replace(one, mesh=packed(POINTS)) for one in faces]


@pytest.mark.parametrize("is_private", [False, True])
def test_a_private_camera_has_none(is_private):
    vision = LocalVision(VisionConfig(), Networks(face=OneFace(), mesh=OneFace()))
    image = np.zeros((120, 160, 3), np.uint8)
    shot = Frame("clip", 0, 0, 0.0, 0, 0, image, is_private=is_private)
    (found,) = vision.see(shot, None).faces
    assert bool(found.mesh) is not is_private


def test_stores_hold_the_same_with_and_without():
    from affectstream.stream import tables

    bare = reading(0, [person(1)])
    assert tables.reading_rows(with_mesh()) == tables.reading_rows(bare)


def test_a_page_gets_them_where_it_asks_and_the_picture_is_clear():
    pytest.importorskip("starlette", reason="the live page comes with [web]")
    from pages import get_json, sink
    from test_web_live import picture, talk

    run = replace(run_info(), models={"mesh": {"name": "face_mesh"}})
    with sink(run) as made, talk(made) as page:
        assert get_json(made.url, "api/hello")["mesh"] is True
        made.write(with_mesh(), frame(0))
        assert "mesh" not in picture(page)[0]["people"][0]
        sent = picture(page, mesh=True)[0]["people"][0]["mesh"]
        assert np.array_equal(unpacked(base64.b64decode(sent)), unpacked(packed(POINTS)))
        assert "mesh" not in picture(page, mesh=True, blur=True)[0]["people"][0]
    with sink(run, pictures="blurred") as made, talk(made) as page:
        assert get_json(made.url, "api/hello")["mesh"] is False
        made.write(with_mesh(), frame(0))
        assert "mesh" not in picture(page, mesh=True)[0]["people"][0]
