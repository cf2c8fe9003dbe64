"""Heads are covered in what is drawn: the overlay, and the film."""

import numpy as np
import pytest
from sink_messages import face, person, reading, run_info

from affectstream.sinks import video
from affectstream.sinks._look.blur import veil_of
from affectstream.sinks._look.overlay import Overlay
from affectstream.stream.messages import Frame

BOX = (100.0, 80.0, 180.0, 190.0)
INSIDE = (slice(80, 190), slice(100, 180))


def noise(size=(640, 480)):
    return np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), np.uint8)


def colours(part):
    return len(np.unique(part.reshape(-1, 3), axis=0))


def test_the_overlay_covers_before_it_draws():
    shown = person(face=face(BOX))
    image = np.full((480, 640, 3), 60, np.uint8)
    image[INSIDE] = noise((80, 110))
    bare = Overlay(10.0).draw(image, reading(0, [shown]))
    overlay = Overlay(10.0, veil_of({}, {"face": {}}))
    overlay.is_veiled = True
    veiled = overlay.draw(image, reading(0, [shown]))
    eyes = (slice(120, 150), slice(120, 160))
    assert np.array_equal(bare[eyes], image[eyes]) and colours(veiled[eyes]) <= 16
    brackets = (slice(78, 84), slice(98, 110))
    assert colours(veiled[brackets]) > 2


def test_without_a_veil_or_a_network_for_faces_all_of_it_is_covered():
    image = noise()
    for veil in (None, veil_of({}, {}), veil_of({"privacy": "blur"}, {"pose": {}})):
        overlay = Overlay(10.0, veil)
        overlay.is_veiled = True
        drawn = overlay.draw(image, reading(0))
        assert colours(drawn[240:, :320]) < colours(image[240:, :320]) / 4


@pytest.mark.parametrize(("blur", "is_private"), [(False, False), (True, False), (False, True)])
def test_the_film_covers_heads_where_asked(tmp_path, blur, is_private):
    import av

    sink = video.build(video.Config(blur=blur, crf=1), run_info(tmp_path))
    sink.open()
    image = np.full((480, 640, 3), 60, np.uint8)
    image[110:160:4, 110:170] = 250
    sink.write(
        reading(0, [person(face=face(BOX))]),
        Frame("clip", 0, 0, 0.0, 0, 0, image, is_private=is_private),
    )
    sink.close()
    with av.open(str(tmp_path / "overlay.mp4")) as film:
        picture = next(film.decode(video=0)).to_ndarray(format="gray")
    rows = picture[112:160, 120:160].mean(axis=1)
    assert (np.abs(np.diff(rows)).max() > 80) == (not blur and not is_private)
