import itertools
import random

import pytest

from affectstream.models.base import COCO17, COCO17_IN, LAYOUTS
from affectstream.models.tracking import Tracked, Tracker, belonging, best_pairs, iou
from affectstream.stream.messages import Body, Box, Face, Keypoint


def face(x: float, y: float = 50, size: float = 40) -> Face:
    half = size / 2
    return Face(box_xyxy=(x - half, y - half, x + half, y + half), score=0.9)


def body(x: float, y: float = 50, layout: str = "coco17", head: bool = True) -> Body:
    """A body 100 wide and 300 high whose head is at x, y."""
    points: list[Keypoint] = [(x, y + 100, 0.0, 0.9)] * len(LAYOUTS[layout])
    for name in ("nose", "left_eye", "right_eye"):
        points[COCO17_IN[layout][COCO17.index(name)]] = (x, y, 0.0, 0.9 if head else 0.1)
    return Body((x - 50, y - 50, x + 50, y + 250), 0.8, layout, tuple(points))


def ids(people: list[Tracked]) -> list[int]:
    return [person.id for person in people]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 15, 10), 1 / 3),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0.0),
        ((0, 0, 10, 10), (20, 20, 30, 30), 0.0),
        ((5, 5, 5, 5), (5, 5, 5, 5), 0.0),
    ],
)
def test_iou(a: Box, b: Box, expected: float) -> None:
    assert iou(a, b) == pytest.approx(expected)


def test_best_pairs_takes_the_best_first_and_breaks_ties_by_index() -> None:
    table = [[0.5, 0.9], [0.9, 0.0], [0.9, 0.8]]
    assert best_pairs(3, 2, lambda i, j: table[i][j]) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("layout", list(LAYOUTS))
@pytest.mark.parametrize(
    ("at", "head", "belongs"),
    [
        ((100, 50), True, True),
        ((115, 50), True, True),  # within 0.6 face sizes of the nose
        ((130, 50), True, False),
        ((100, 150), True, False),  # on the chest: somebody else's face
        ((100, 60), False, True),  # no head seen: the upper half of the box
        ((100, 240), False, False),
        ((170, 60), False, False),
    ],
)
def test_a_face_belongs_to_a_head(
    layout: str, at: tuple[float, float], head: bool, belongs: bool
) -> None:
    assert (belonging(face(*at), body(100, layout=layout, head=head)) > 0) is belongs


def test_a_visible_head_wins_over_a_box() -> None:
    here = face(100)
    assert belonging(here, body(105)) > belonging(here, body(100, head=False))


def test_face_and_body_of_one_person_are_one_person() -> None:
    first, second = Tracker().update(0.0, [face(100), face(400)], [body(402), body(99)])
    assert (first.id, second.id) == (1, 2)
    assert first.body == body(99)
    assert second.body == body(402)


def test_only_measured_people_are_returned() -> None:
    tracker = Tracker()
    tracker.update(0.0, [face(100), face(400)], [])
    assert ids(tracker.update(0.1, [face(400)], [])) == [2]
    assert tracker.update(0.2, None, None) == []
    assert ids(tracker.update(0.3, [face(400), face(100)], [])) == [1, 2]


# frame     0    1    2    3    4         F faces looked for, B bodies looked for
# jobs      F    B    F    FB   B
# one person at the same place all the time
def test_a_job_left_out_does_not_split_a_person() -> None:
    tracker = Tracker()
    jobs = [("F",), ("B",), ("F",), ("F", "B"), ("B",)]
    seen = [
        ids(
            tracker.update(
                i / 10, [face(100)] if "F" in job else None, [body(100)] if "B" in job else None
            )
        )
        for i, job in enumerate(jobs)
    ]
    assert seen == [[1]] * 5


@pytest.mark.parametrize(
    ("gap_s", "same"), [(0.5, True), (1.0, True), (1.01, False), (600.0, False), (-1.0, False)]
)
def test_a_track_survives_a_gap_of_a_second(gap_s: float, same: bool) -> None:
    tracker = Tracker()
    tracker.update(5.0, [face(100)], None)
    assert ids(tracker.update(5.0 + gap_s, [face(100)], None)) == [1 if same else 2]


def test_an_id_is_never_used_again() -> None:
    tracker = Tracker()
    given = [ids(tracker.update(10.0 * i, [face(100)], None))[0] for i in range(20)]
    assert given == list(range(1, 21))


def test_two_people_walking_past_each_other_keep_their_bodies() -> None:
    tracker = Tracker()
    for step in range(60):
        a, b = 100 + 5.0 * step, 400 - 5.0 * step
        people = tracker.update(step / 25, [face(a, 40), face(b, 90)], [body(b, 90), body(a, 40)])
        assert [(p.id, p.face, p.body) for p in people] == [
            (1, face(a, 40), body(a, 40)),
            (2, face(b, 90), body(b, 90)),
        ]


def test_a_body_with_a_misplaced_head_is_no_second_person() -> None:
    tracker = Tracker()
    tracker.update(0.0, [face(100)], [body(100)])
    astray = Body(body(100).box_xyxy, 0.8, "coco17", body(100, 200).keypoints)
    assert ids(tracker.update(0.04, [face(100)], [astray])) == [1]
    assert ids(tracker.update(0.08, [face(100)], [body(100)])) == [1]


def test_a_face_that_turned_away_comes_back_to_its_body() -> None:
    tracker = Tracker()
    tracker.update(0.0, [face(100)], [body(100)])
    for step in range(1, 30):
        assert ids(tracker.update(step / 10, [], [body(100 + 10.0 * step)])) == [1]
    assert ids(tracker.update(3.0, [face(395)], None)) == [1]


def test_a_face_not_looked_for_is_remembered() -> None:
    tracker = Tracker()
    tracker.update(0.0, [face(100)], [body(100)])
    tracker.update(0.1, None, [body(130)])
    assert ids(tracker.update(0.2, [face(100)], None)) == [1]


def test_another_face_before_the_same_body_is_another_person() -> None:
    tracker = Tracker()
    tracker.update(0.0, [face(65)], [body(100, head=False)])
    assert ids(tracker.update(0.1, [face(140)], None)) == [2]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_the_detections_does_not_move_ids(order: tuple[int, ...]) -> None:
    tracker = Tracker()
    tracker.update(0.0, [face(100), face(300), face(500)], None)
    moved = [face(110), face(310), face(510)]
    people = tracker.update(0.1, [moved[i] for i in order], None)
    assert [(p.id, p.face) for p in people] == [(i + 1, f) for i, f in enumerate(moved)]


def test_the_same_input_gives_the_same_output() -> None:
    def run() -> list[list[Tracked]]:
        chance, tracker = random.Random(7), Tracker()
        result = []
        for step in range(200):
            faces = [face(chance.uniform(0, 500), 60, 60) for _ in range(chance.randrange(4))]
            bodies = [body(chance.uniform(0, 500)) for _ in range(chance.randrange(4))]
            people = tracker.update(step / 25, faces, bodies)
            result.append(people)
            assert len(ids(people)) == len(set(ids(people)))
            assert all(p.face or p.body for p in people)
            assert sum(p.face is not None for p in people) == len(faces)
            assert sum(p.body is not None for p in people) == len(bodies)
        return result

    assert run() == run()
