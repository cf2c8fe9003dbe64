import math
import random

import numpy as np
import pytest
from sink_messages import body, face, narration, person, reading, span, window

from affectstream.sinks._look.cards import Cards
from affectstream.sinks._look.chart import Trace
from affectstream.sinks._look.hold import HOLD_S, Hold
from affectstream.sinks._look.overlay import Overlay
from affectstream.sinks._look.palette import QUADRANT_BGR
from affectstream.sinks._look.places import Rect, place
from affectstream.sinks._look.sprites import (
    Sprite,
    Type,
    blend,
    foldable,
    from_alpha,
    rounded_panel,
    text_size_px,
)
from affectstream.stream.messages import QUADRANTS, Body, Face, Person, Reading


def picture(width=640, height=480, value=90):
    image = np.full((height, width, 3), value, np.uint8)
    image.flags.writeable = False
    return image


def crowd(count, width, height, seed=0):
    chance = random.Random(seed)
    people = []
    for number in range(1, count + 1):
        x, y = chance.uniform(0, width * 0.9), chance.uniform(0, height * 0.9)
        side = chance.uniform(0.05, 0.2) * width
        box = (x, y, min(width, x + side), min(height, y + side))
        people.append(person(number, chance.uniform(-1, 1), chance.uniform(-1, 1), face=face(box)))
    return people


def full(overlay):
    overlay.take(window(spans=[span(1), span(0)]))
    overlay.take(narration(text="Person 1 looks happy. They hardly move. " * 4))
    return overlay


@pytest.mark.parametrize("size", [(16, 16), (161, 121), (360, 640), (640, 480), (1920, 1080)])
@pytest.mark.parametrize("people", [0, 1, 5])
def test_any_size_and_the_picture_is_left_alone(size, people):
    image = picture(*size)
    before = image.copy()
    shown = reading(0, crowd(people, *size), size=size)
    drawn = full(Overlay(10.0)).draw(image, shown)
    assert drawn.shape == image.shape
    assert np.array_equal(image, before)
    assert not np.array_equal(drawn, before)


@pytest.mark.parametrize("layout", ["coco17", "blazepose33"])
def test_both_layouts_have_a_skeleton_without_the_face(layout):
    with_body = Person(1, body=body(layout))
    image = picture()
    drawn = Overlay(10.0).draw(image, reading(0, [with_body]))
    plain = Overlay(10.0).draw(image, reading(0, []))
    changed = np.argwhere((drawn != plain).any(axis=2))
    assert len(changed) > 300


def test_joints_nobody_sees_are_not_drawn():
    image = picture()
    hidden = Person(1, body=body(visibility=0.1))
    rest = Overlay(10.0)
    a = rest.draw(image, reading(0, [hidden]))
    b = Overlay(10.0).draw(image, reading(0, [Person(1, body=body(visibility=0.9))]))
    lower = slice(300, 460)
    assert np.array_equal(a[lower], image[lower])
    assert not np.array_equal(b[lower], image[lower])


@pytest.mark.parametrize("size", [(640, 480), (640, 360), (1920, 1080), (360, 640)])
@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_labels_lie_inside_and_on_no_other(size, count):
    width, height = size
    area = Rect(5, 5, width - 5, height - 5)
    cards = Cards(Type(), text_size_px(width, height))
    for seed in range(20):
        chart = Rect(width - 200, 5, width - 5, 100)
        people = crowd(count, width, height, seed)
        canvas = picture(*size).copy()
        labels = cards.draw(canvas, reading(seed, people, size=size), area, [chart])
        assert len(labels) == count
        for index, one in enumerate(labels):
            assert area.overlap_px(one) == (one.x2 - one.x1) * (one.y2 - one.y1)
            assert all(one.overlap_px(other) == 0 for other in [chart, *labels[index + 1 :]])


AREA = Rect(0, 0, 600, 400)
FACE = Rect(200, 150, 260, 220)


@pytest.mark.parametrize(
    ("anchor", "taken", "side", "where"),
    [
        (FACE, [], 0, "above"),
        (FACE, [Rect(0, 0, 600, 148)], 3, "below"),
        (Rect(200, 0, 260, 60), [], 3, "below"),
        (FACE, [Rect(0, 0, 600, 148), Rect(0, 222, 600, 400)], 6, "right"),
    ],
)
def test_a_label_stands_beside_its_face(anchor, taken, side, where):
    rect, found = place(anchor, (90, 30), AREA, taken, [anchor], None, 4)
    assert found == side
    assert {"above": rect.y2 <= anchor.y1, "below": rect.y1 >= anchor.y2}.get(
        where, rect.x1 >= anchor.x2
    )


def test_a_label_keeps_its_side_where_another_is_hardly_better():
    assert place(FACE, (90, 30), AREA, [], [], None, 4)[1] == 0
    assert place(FACE, (90, 30), AREA, [], [], 5, 4)[1] == 5
    below = Rect(180, 225, 280, 260)
    assert place(FACE, (90, 30), AREA, [], [below], 5, 4)[1] == 0


def test_a_label_goes_far_away_before_it_covers_another():
    around = Rect(20, 20, 600, 400)
    assert place(FACE, (15, 15), AREA, [around], [], None, 4)[1] is None
    assert place(FACE, (30, 30), AREA, [around], [], None, 4) is None
    assert place(FACE, (700, 30), AREA, [], [], None, 4) is None


def test_the_chart_leaves_a_face_alone():
    in_the_corner = person(1, face=face((520.0, 10.0, 600.0, 100.0)))
    drawn = Overlay(10.0).draw(picture(), reading(0, [in_the_corner]))
    left, right = drawn[20:60, 20:200], drawn[20:60, 540:580]
    assert left.mean() < 60
    assert right.mean() > 80


def test_the_rolling_line_stands_against_a_paragraph_that_comes_late():
    overlay = full(Overlay(10.0))
    overlay.take(narration(75, "Person 1 looks sad.", kind="line", line="Person 1 looks sad."))
    rolled = overlay.draw(picture(), reading(0))
    overlay.take(narration(50, "Person 1 looks happy.", line="Person 1 looks happy."))
    overlay.take(narration(75, "At first all was well.", kind="story"))
    assert np.array_equal(overlay.draw(picture(), reading(0))[440:], rolled[440:])


def test_an_empty_narration_takes_no_room():
    overlay = full(Overlay(10.0))
    told = overlay.draw(picture(), reading(0))
    overlay.take(narration(text="", gap="deadline"))
    silent = overlay.draw(picture(), reading(1))
    assert not np.array_equal(told[440:], picture()[440:])
    assert np.array_equal(silent[440:], picture()[440:])


def test_the_same_messages_give_the_same_pixels():
    def film():
        overlay = full(Overlay(10.0))
        shown = [reading(seq, crowd(5, 640, 480, seq)) for seq in range(5)]
        return [overlay.draw(picture(), each) for each in shown]

    for one, other in zip(film(), film(), strict=True):
        assert np.array_equal(one, other)


def test_the_trace_holds_the_window_and_breaks_where_nobody_was():
    """
    seconds    0 1 2 3 4 5 6 7 8 9
    people     1 1 1 - - 2 2 2 2 2      a window of 6 s at second 9: 3 to 9
    """
    trace = Trace(6.0)
    for second in range(10):
        people = [] if second in (3, 4) else [person(1, 0.5, 0.0)]
        if second >= 5:
            people.append(person(2, -0.1, 0.5))
        trace.add(reading(second, people, pts_s=float(second)))
    (run,) = trace.runs(9.0)
    assert run[:, 0].tolist() == pytest.approx([1 / 3, 1 / 2, 2 / 3, 5 / 6, 1.0])
    assert run[:, 1].tolist() == pytest.approx([0.2] * 5)
    assert trace.last() == pytest.approx((0.2, 0.25))


def test_a_gap_cuts_the_trace_in_two():
    trace = Trace(10.0)
    for second, valence in enumerate((0.1, 0.2, None, 0.4, math.nan, 0.5)):
        trace.add(reading(second, [person(1, valence, 0.0)], pts_s=float(second)))
    assert [run[:, 1].tolist() for run in trace.runs(5.0)] == [[0.1, 0.2], [0.4], [0.5]]


def test_the_trace_starts_anew_with_its_source():
    trace = Trace(10.0)
    trace.add(reading(0, [person()], pts_s=9.0))
    trace.add(reading(1, [person()], pts_s=0.0, epoch=1))
    trace.add(reading(1, [person()], pts_s=0.0, epoch=1))
    assert [len(run) for run in trace.runs(0.0)] == [1]
    assert Trace(10.0).last() == (None, None)


@pytest.mark.parametrize(
    ("text", "folded"),
    [("it’s – “fine”", 'it\'s - "fine"'), ("Zoë Müller", "Zoe Mueller"), ("日本", "??")],
)
def test_letters_the_font_lacks(text, folded):
    assert foldable(text) == folded


def test_wrapping_keeps_to_the_width_and_tells_what_is_missing():
    type_ = Type()
    lines = type_.wrap("word " * 60, 14, 200, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("...")
    assert all(type_.width_px(line, 14) <= 200 for line in lines)
    assert type_.wrap("", 14, 200, 3) == []
    (cut,) = type_.wrap("w" * 100, 14, 200, 3)
    assert type_.width_px(cut, 14) <= 200


def test_a_blend_is_what_the_opacity_says():
    image = np.full((4, 4, 3), 200, np.uint8)
    alpha = np.array([[0, 255], [128, 255]], np.uint8)
    blend(image, from_alpha(alpha, (10, 20, 30)), 1, 1)
    assert image[1, 1].tolist() == [200, 200, 200]
    assert image[1, 2].tolist() == [10, 20, 30]
    assert image[2, 1].tolist() == pytest.approx([105, 110, 115], abs=1)
    assert (image[0] == 200).all()


@pytest.mark.parametrize(("x", "y"), [(-1, -1), (3, 3), (-5, 0), (0, 9)])
def test_a_blend_is_cut_at_the_edge(x, y):
    image = np.zeros((4, 4, 3), np.uint8)
    solid: Sprite = from_alpha(rounded_panel(3, 3, 0, 1.0), (255, 255, 255))
    blend(image, solid, x, y)
    expected = [
        (row, column)
        for row in range(4)
        for column in range(4)
        if y <= row < y + 3 and x <= column < x + 3
    ]
    assert [tuple(at) for at in np.argwhere(image[..., 0])] == expected


@pytest.mark.parametrize("kind", ["all", "protan", "deutan"])
def test_the_quadrants_stay_apart_for_everybody(kind):
    """Matrices on linear RGB, complete dichromacy. Source: Vienot, Brettel and Mollon 1999."""
    seen = {
        "all": np.eye(3),
        "protan": np.array(
            [[0.1121, 0.8853, -0.0005], [0.1127, 0.8897, -0.0001], [0.0045, 0.0, 1.0019]]
        ),
        "deutan": np.array(
            [[0.292, 0.7054, -0.0003], [0.2934, 0.7089, 0.0], [-0.02098, 0.02559, 1.0019]]
        ),
    }[kind]
    colours = [
        ((seen @ (np.array(QUADRANT_BGR[name][::-1]) / 255) ** 2.2).clip(0, 1)) ** (1 / 2.2) * 255
        for name in QUADRANTS
    ]
    for index, one in enumerate(colours):
        for other in colours[index + 1 :]:
            assert np.abs(one - other).max() > 40


def test_what_a_stride_leaves_out_is_held_for_a_moment_and_no_longer() -> None:
    """Bodies on frames 0 and 2, faces on 0 to 3, then nobody.

    time      0.00  0.04  0.08  0.12  ...  0.40
    face       x     x     x     x
    body       x           x
    """
    hold = Hold()
    seen = Face((1.0, 1.0, 9.0, 9.0), 1.0)
    stood = Body((0.0, 0.0, 20.0, 40.0), 1.0, "coco17", ((1.0, 1.0, 0.0, 1.0),) * 17)

    def at(pts_s: float, *people: Person) -> tuple[Person, ...]:
        reading = Reading(
            source_id="a", seq=0, pts_s=pts_s, width_px=64, height_px=48, people=people
        )
        return hold.fill(reading).people

    for k in range(4):
        (person,) = at(k * 0.04, Person(1, seen, stood if k % 2 == 0 else None))
        assert person.body == stood and person.face == seen
    assert [person.id for person in at(0.40)] == [1]
    assert at(0.12 + HOLD_S + 0.01) == ()
    (back,) = at(1.0, Person(1, seen))
    assert back.body is None
