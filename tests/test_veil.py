"""Covered heads: nothing of a face is left, everything else stays."""

import numpy as np
import pytest
from sink_messages import body, face, person, reading, run_info

from affectstream.models.base import COCO17, COCO17_IN
from affectstream.sinks import video
from affectstream.sinks._look.overlay import Overlay
from affectstream.sinks._look.veil import KEEP_S, SQUARES, Veil, cover_all, head_box, pixelate
from affectstream.stream.messages import Body, Frame, Person

BOX = (100.0, 80.0, 180.0, 190.0)
INSIDE = (slice(80, 190), slice(100, 180))


def noise(size=(640, 480)):
    return np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), np.uint8)


def colours(part):
    return len(np.unique(part.reshape(-1, 3), axis=0))


def changed(before, after):
    """Return the box of what differs: x1, y1, x2, y2."""
    rows, columns = np.nonzero((before != after).any(axis=2))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_a_face_is_a_few_squares_and_the_rest_stays():
    image = noise()
    covered = image.copy()
    Veil().cover(covered, reading(0, [person(face=face(BOX))]))
    assert colours(covered[INSIDE]) <= SQUARES * (SQUARES + 3)
    x1, y1, x2, y2 = changed(image, covered)
    assert 70 <= x1 < 100 and 40 <= y1 < 80 and 180 < x2 <= 210 and 190 < y2 <= 230


def test_an_older_box_covers_more():
    image = noise()
    areas = []
    for age_s in (0.0, 0.5):
        covered = image.copy()
        Veil().cover(covered, reading(0, [person(face=face(BOX))]), age_s)
        x1, y1, x2, y2 = changed(image, covered)
        areas.append((x2 - x1) * (y2 - y1))
    assert areas[1] > 1.5 * areas[0]


@pytest.mark.parametrize(
    ("pts_s", "is_covered"), [(0.0, True), (0.5, True), (KEEP_S + 0.1, False), (-1.0, False)]
)
def test_a_head_stays_covered_for_a_moment(pts_s, is_covered):
    veil, image = Veil(), noise()
    veil.cover(image.copy(), reading(0, [person(face=face(BOX))], pts_s=0.0))
    covered = image.copy()
    veil.cover(covered, reading(1, [], pts_s=pts_s))
    assert (not np.array_equal(covered[INSIDE], image[INSIDE])) == is_covered


def upright(layout, head_seen=0.9):
    """A body whose nose is at 300, 100, with shoulders 100 px apart."""
    where = dict(zip(COCO17, COCO17_IN[layout], strict=True))
    points = [(0.0, 0.0, 0.0, 0.0)] * len(body(layout).keypoints)
    for name, x, y in [("nose", 300, 100), ("left_ear", 318, 96), ("right_ear", 282, 96)]:
        points[where[name]] = (float(x), float(y), 0.0, head_seen)
    for name, x in (("left_shoulder", 350), ("right_shoulder", 250)):
        points[where[name]] = (float(x), 180.0, 0.0, 0.9)
    return Body((240.0, 60.0, 360.0, 260.0), 0.9, layout, tuple(points))


@pytest.mark.parametrize("layout", ["coco17", "blazepose33"])
def test_a_head_without_a_face_is_found_by_the_body(layout):
    x1, y1, x2, y2 = head_box(Person(1, body=upright(layout)))
    assert x1 <= 275 and x2 >= 325 and y1 <= 70 and y2 >= 125
    assert head_box(Person(1, body=upright(layout, head_seen=0.1))) is None
    assert head_box(Person(1)) is None


@pytest.mark.parametrize(
    "box", [(-50, -50, 40, 40), (600, 440, 900, 900), (10, 10, 11, 11), (700, 10, 800, 40)]
)
def test_boxes_at_the_edge(box):
    image = noise()
    pixelate(image, box, SQUARES)
    assert image.shape == (480, 640, 3)


def test_a_whole_picture_is_covered():
    image = noise()
    cover_all(image)
    assert colours(image) <= 24 * 32


def test_the_overlay_covers_before_it_draws():
    shown = person(face=face(BOX))
    image = np.full((480, 640, 3), 60, np.uint8)
    image[INSIDE] = noise((80, 110))
    bare = Overlay(10.0).draw(image, reading(0, [shown]))
    overlay = Overlay(10.0)
    overlay.is_veiled = True
    veiled = overlay.draw(image, reading(0, [shown]))
    eyes = (slice(120, 150), slice(120, 160))
    assert np.array_equal(bare[eyes], image[eyes]) and colours(veiled[eyes]) <= 16
    brackets = (slice(78, 84), slice(98, 110))
    assert colours(veiled[brackets]) > 2


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
