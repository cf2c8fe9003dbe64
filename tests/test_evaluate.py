"""What `scripts/evaluate` measures with, and what it makes of the figures."""

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="the networks need ONNX Runtime")
SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))

import evaluate  # noqa: E402
from evaluation import cutouts, speed, still  # noqa: E402
from evaluation.bounds import Bound, exit_code, judge, read_bounds, table  # noqa: E402
from evaluation.identity import alone, follow  # noqa: E402
from evaluation.invented import share_with_people  # noqa: E402
from evaluation.parts import SkippedError  # noqa: E402
from evaluation.poses import compare  # noqa: E402
from evaluation.watch import Film, watch  # noqa: E402

from affectstream.stream.messages import Body, Person, Reading  # noqa: E402

HERE, ELSEWHERE = "the processor here", "another"
SHIPPED = evaluate.BENCHMARKS / "accuracy.toml"


def bound(direction: Any = "at most", limit: float = 1.0, unit: str = "px") -> Bound:
    return Bound(limit, limit, direction, unit, "made up", ELSEWHERE)


def reading(seq: int, pts_s: float, *ids: int) -> Reading:
    body = Body((0, 0, 10, 10), 1.0, "coco17", ())
    people = tuple(Person(number, body=body) for number in ids)
    return Reading(source_id="made", seq=seq, pts_s=pts_s, width_px=9, height_px=9, people=people)


@pytest.mark.parametrize(
    ("direction", "value", "verdict"),
    [
        ("at most", 1.0, "ok"),
        ("at most", 1.001, "worse"),
        ("at least", 1.0, "ok"),
        ("at least", 0.999, "worse"),
        ("at least", SkippedError("no clip"), "skipped"),
    ],
)
def test_a_figure_is_held_to_its_bound(direction: str, value: Any, verdict: str) -> None:
    (row,) = judge({"a": value}, {"a": bound(direction)}, HERE)
    assert row.verdict == verdict


@pytest.mark.parametrize(("cpu", "verdict"), [(HERE, "not judged"), (ELSEWHERE, "worse")])
def test_times_are_judged_only_on_the_processor_of_their_bound(cpu: str, verdict: str) -> None:
    (row,) = judge({"a": 2.0}, {"a": bound(unit="ms")}, cpu)
    assert row.verdict == verdict


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([0.5, 0.5], 0),
        ([0.5, SkippedError("no clip")], 5),
        ([2.0, SkippedError("no clip")], 1),
        ([2.0, 0.5], 1),
    ],
)
def test_the_exit_code_tells_the_worst(values: list[Any], code: int) -> None:
    rows = judge(dict(zip("ab", values, strict=True)), {"a": bound(), "b": bound()}, HERE)
    assert exit_code(rows) == code


def test_the_table_shows_red_and_why_something_was_skipped() -> None:
    measured: Any = {"a": 2.0, "b": SkippedError("no clip")}
    text = table(judge(measured, {"a": bound(), "b": bound()}, HERE))
    assert "WORSE" in text and "skipped (no clip)" in text


def test_every_figure_has_a_bound_and_every_bound_a_figure() -> None:
    figures = [name for part in evaluate.PARTS for name in part.figures]
    assert len(figures) == len(set(figures))
    assert set(read_bounds(SHIPPED)) == set(figures)


@pytest.mark.parametrize(
    ("name", "direction", "limit"),
    [
        ("ferplus_accuracy", "at least", 88.5),
        ("ferplus_ece", "at most", 0.05),
        ("valence_jitter", "at most", 0.15),
        ("still_flips_steady", "at most", 3),
        ("invented_cartoon", "at most", 0.5),
        ("invented_cars", "at most", 0.5),
        ("pose_apart", "at most", 0.5),
        ("ms_expression_net_1t", "at most", 1.0),
    ],
)
def test_promised_bounds_are_not_lowered(name: str, direction: str, limit: float) -> None:
    promised = read_bounds(SHIPPED)[name]
    assert (promised.direction, promised.bound) == (direction, limit)


def test_without_data_all_is_skipped_and_the_run_is_incomplete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "accuracy.jsonl"
    only = [
        word for part in evaluate.PARTS if part.name != "made" for word in ("--only", part.name)
    ]
    code = evaluate.main(["--data", str(tmp_path), "--results", str(results), *only])
    printed = capsys.readouterr()
    (line,) = [json.loads(text) for text in results.read_text().splitlines()]
    assert code == 5 and line["figures"] == {} and line["worse"] == []
    assert "pyfeat_no_face.mp4 is absent" in line["skipped"]["invented_cartoon"]
    assert printed.out.count("skipped (") == len(line["skipped"])
    assert "invented: measuring" in printed.err


@pytest.mark.parametrize(
    ("labels", "expected"), [("", 0), ("aaaa", 0), ("aabb", 1), ("abab", 3), ("abc", 2)]
)
def test_flips_are_changes_from_one_label_to_the_next(labels: str, expected: int) -> None:
    assert still.changes(labels) == expected


def test_the_share_of_frames_with_people() -> None:
    readings = [reading(0, 0.0), reading(1, 0.1, 1), reading(2, 0.2, 1, 2), reading(3, 0.3)]
    assert share_with_people(readings) == 0.5


BOX, FAR, NEAR = (0.0, 0.0, 10.0, 20.0), (50.0, 0.0, 60.0, 20.0), (1.0, 0.0, 11.0, 20.0)


@pytest.mark.parametrize(
    ("frames", "switches", "seen"),
    [
        # Owners 7 and 8 keep their numbers while the boxes move a little.
        ([({7: BOX, 8: FAR}, {1: BOX, 2: FAR}), ({7: BOX, 8: FAR}, {1: NEAR, 2: FAR})], 0, 1.0),
        # They swap them.
        ([({7: BOX, 8: FAR}, {1: BOX, 2: FAR}), ({7: BOX, 8: FAR}, {2: BOX, 1: FAR})], 2, 1.0),
        # One is lost and comes back as another; a stranger counts for nobody.
        ([({7: BOX}, {1: BOX}), ({7: BOX}, {3: FAR}), ({7: BOX}, {2: BOX})], 1, 2 / 3),
        ([({}, {1: BOX})], 0, 0.0),
    ],
)
def test_switches_of_identity(frames: Any, switches: int, seen: float) -> None:
    assert follow(frames) == (switches, pytest.approx(seen))


@pytest.mark.parametrize(
    ("ids", "switches", "seen"),
    [
        ([1, 1, 0, 2, 2], 0, 1.0),
        ([1, 2, 0, 3, 3], 1, 1.0),  # a second number within a passage
        ([1, 1, 0, 1, 1], 1, 1.0),  # the next one gets the number of the one before
        ([1, 1, 9, 2, 2], 1, 1.0),  # somebody where nobody is
        ([1, 0, 0, 2, 2], 0, 0.75),
    ],
)
def test_switches_of_people_who_pass_alone(ids: list[int], switches: int, seen: float) -> None:
    readings = [reading(k, float(k), *([number] if number else [])) for k, number in enumerate(ids)]
    assert alone(readings, [(0.0, 1.5), (2.5, 4.0)]) == (switches, seen)


def test_poses_are_compared_joint_by_joint() -> None:
    joints = [(3.0, 4.0, 0.0, 1.0), (100.0, 0.0, 0.0, 1.0)]
    expected = [
        {"box_xyxy": [0, 0, 10, 10], "keypoints": [[0, 0, 0.9], [0, 0, 0.1]]},
        {"box_xyxy": [90, 90, 99, 99], "keypoints": [[0, 0, 0.9], [0, 0, 0.9]]},
    ]
    bodies = [Body((0, 0, 10, 10), 1.0, "coco17", tuple(joints))]
    assert compare(bodies, expected) == ([5.0], 1), "the doubtful joint does not count"
    assert compare(bodies, []) == ([], 1)


def test_who_is_cut_out_moves_hides_and_is_hidden() -> None:
    room = np.full((200, 400, 3), 90, np.uint8)
    people = []
    for level, scale in ((0, 0.5), (255, 0.5)):
        picture = room.copy()
        cv2.rectangle(picture, (100, 20), (139, 179), (level,) * 3, -1)
        people.append(cutouts.cut(picture, room, scale))
    assert [one.mask.shape for one in people] == [(80, 20)] * 2
    scene = cutouts.Scene(((0.25, 0.75), (0.75, 0.25)), 2.0, pillar=0.1)
    shots = list(cutouts.shoot(scene, cutouts.Cut(room, tuple(people))))
    assert len(shots) == 50 and shots[0].visible.keys() == shots[-1].visible.keys() == {0, 1}
    assert shots[25].visible == {}, "both are behind the pillar"
    left = shots[0].visible[0]
    assert left == (90.0, 104.0, 110.0, 184.0) and shots[-1].visible[0][0] > 280
    assert (shots[0].image_bgr[110:180, 92:108] == 0).all()
    assert (shots[25].image_bgr == room).sum() > 0.9 * room.size


def test_made_pictures_go_through_the_pipeline() -> None:
    pictures = [(k / 10, np.full((48, 64, 3), 40, np.uint8)) for k in range(5)]
    none = dict.fromkeys(("face", "mesh", "expression", "pose"), "none")
    readings = watch(Film(pictures), models=none)
    assert [(one.seq, one.pts_s) for one in readings] == [(k, k / 10) for k in range(5)]


@pytest.mark.parametrize("threads", [1, 2])
def test_every_thread_makes_every_call(threads: int) -> None:
    made: list[int] = []
    assert speed.best_ms(lambda: made.append(1), threads, calls=3, repeats=2) >= 0
    assert len(made) == 3 * 2 * threads
