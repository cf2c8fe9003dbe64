"""Where a curve turns, its chapters, and which videos belong together."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from affectstream.dataset.curve import (
    CHANGING,
    NOBODY,
    UNREAD,
    Curve,
    chapters_of,
    curve_of,
    moments_of,
)
from affectstream.dataset.drawing.frames import annotated
from affectstream.dataset.drawing.style import gapped
from affectstream.dataset.groups import groups_of
from affectstream.dataset.moments import Moment
from affectstream.dataset.options import StepOptions
from affectstream.dataset.results import Results
from affectstream.dataset.steps import story
from affectstream.stream.errors import UsageError
from affectstream.stream.messages import Body, Person, Reading

STEP_S = 0.1
NAN = float("nan")


def curve(*parts: tuple[float, float, float, int]) -> Curve:
    """Stretches of seconds, valence, arousal, people, one after another."""
    rows = [part[1:] for part in parts for _ in range(round(part[0] / STEP_S))]
    valence, arousal, people = (np.array(column, float) for column in zip(*rows, strict=True))
    frame = np.arange(len(rows), dtype=float)
    return Curve(frame, frame * STEP_S, people, valence, arousal)


def test_moments_are_where_it_turns() -> None:
    #   0 ___/4\___ ... \_10_/ ... 20 s
    times_s = np.arange(0, 20, STEP_S)
    valence = np.interp(times_s, [0, 3, 4, 5, 9, 10, 11, 20], [0, 0, 0.8, 0, 0, -0.7, 0, 0])
    frame = np.arange(len(times_s), dtype=float)
    made = Curve(frame, times_s, np.ones(len(frame)), valence, np.zeros(len(frame)))
    shown_s = [times_s[row] for row in moments_of(made, 6)]
    assert any(abs(at - 4) < 0.15 for at in shown_s)
    assert any(abs(at - 10) < 0.15 for at in shown_s)
    assert shown_s == sorted(shown_s) and len(shown_s) == 6
    assert min(np.diff(shown_s)) > 0.5


@pytest.mark.parametrize("count", [2, 6, 24])
def test_moments_of_what_never_turns_or_was_not_read(count: int) -> None:
    for made in (
        curve((10.0, 0.1, 0.1, 1)),
        curve((10.0, NAN, 0.1, 1)),
        curve((10.0, NAN, NAN, 0)),
    ):
        rows = moments_of(made, count)
        assert len(rows) == count == len(set(rows))
        assert rows == sorted(rows) and 0 <= rows[0] and rows[-1] < 100


def test_moments_of_very_short_videos() -> None:
    assert moments_of(curve((0.1, 0.5, 0.5, 1)), 6) == [0]
    assert moments_of(curve((0.2, 0.5, 0.5, 1)), 6) == [0, 1]


@pytest.mark.parametrize(
    ("parts", "moods"),
    [
        ([(10, 0.5, 0.5, 1)], ["excited"]),
        ([(5, 0.5, 0.5, 1), (5, -0.5, -0.5, 1)], ["excited", "sad"]),
        ([(5, NAN, NAN, 0), (5, NAN, 0.1, 1), (5, 0.5, -0.5, 1)], [NOBODY, UNREAD, "calm"]),
        # a flicker of half a second is no chapter
        ([(5, 0.5, 0.5, 1), (0.5, -0.5, 0.5, 1), (5, 0.5, 0.5, 1)], ["excited"]),
        # what turns all the time has no one mood
        ([(0.5, 0.5, 0.5, 1), (0.5, -0.5, 0.5, 1)] * 10, [CHANGING]),
    ],
)
def test_chapters(parts: list[tuple[float, float, float, int]], moods: list[str]) -> None:
    made = curve(*parts)
    chapters = chapters_of(made, 12)
    assert [chapter.mood for chapter in chapters] == moods
    assert chapters[0].start_s == 0.0
    assert chapters[-1].end_s == made.end_s
    for one, after in zip(chapters, chapters[1:], strict=False):
        assert one.end_s == after.start_s


def test_no_more_chapters_than_wanted() -> None:
    made = curve(*[(5, 0.5, 0.5, 1), (5, -0.5, -0.5, 1)] * 6)
    assert len(chapters_of(made, 4)) <= 4


def test_lines_break_at_gaps() -> None:
    times_s, values = gapped([0.0, 0.5, 3.0, 3.5], [1.0, 2.0, 3.0, 4.0])
    assert np.isnan(values).tolist() == [False, False, True, False, False]
    assert (np.diff(times_s) > 0).all()


def folder(tmp_path: Path, **columns: list[str]) -> Results:
    ids = columns["video_id"]
    table = pd.DataFrame({"path": [f"{one}.mp4" for one in ids], **columns})
    table.to_csv(tmp_path / "pairs.csv", index=False)
    (tmp_path / "features").mkdir()
    for one in ids:
        (tmp_path / "features" / f"{one}.csv").write_text("", encoding="utf-8")
    return Results(StepOptions(tmp_path, tmp_path))


IDS = ["anna-1", "anna-1_cut", "anna-2-shifted3", "bob-1_part-2", "cutter"]


@pytest.mark.parametrize(
    ("columns", "config", "wanted"),
    [
        ({}, {}, ["anna-1", "anna-1", "anna-2", "bob-1", "cutter"]),
        ({}, {"group_by": r"^(\w+?)-"}, ["anna", "anna", "anna", "bob", "cutter"]),
        ({"subject": list("aabbc")}, {}, list("aabbc")),
        (
            {"subject": ["a", "a", "b", "b", ""]},
            {},
            ["anna-1", "anna-1", "anna-2", "bob-1", "cutter"],
        ),
        (
            {"rating_path": ["r1", "r1", "r2", "r3", "r2"], "rating_item": [""] * 5},
            {},
            ["anna-1", "anna-1", "anna-2", "bob-1", "anna-2"],
        ),
        (
            {"rating_path": ["all"] * 5, "rating_item": list("12345")},
            {},
            ["anna-1", "anna-1", "anna-2", "bob-1", "cutter"],
        ),
    ],
)
def test_copies_and_subjects_belong_together(
    tmp_path: Path, columns: dict[str, list[str]], config: dict[str, str], wanted: list[str]
) -> None:
    results = folder(tmp_path, video_id=IDS, **columns)
    groups, _ = groups_of(results, config)
    assert [groups[one] for one in IDS] == wanted


def test_groups_from_a_file(tmp_path: Path) -> None:
    results = folder(tmp_path, video_id=IDS)
    path = tmp_path / "groups.csv"
    path.write_text("video_id,group\n" + "".join(f"{one},g\n" for one in IDS), encoding="utf-8")
    assert set(groups_of(results, {"groups": str(path)})[0].values()) == {"g"}
    path.write_text("video_id,group\nanna-1,g\n", encoding="utf-8")
    with pytest.raises(UsageError, match="anna-1_cut"):
        groups_of(results, {"groups": str(path)})


def test_bodies_that_are_looked_for_on_every_second_frame_are_there_all_the_time() -> None:
    frame = np.arange(100)
    person = np.where((frame >= 30) & (frame < 70) & (frame % 2 == 0), 1.0, NAN)
    table = pd.DataFrame({"frame": frame, "timestamp": frame * 0.1, "person": person})
    table[["valence", "arousal", "movement"]] = NAN
    made = curve_of(table)
    assert made.people[30:69].tolist() == [1.0] * 39
    assert (made.people[:27] == 0).all() and (made.people[73:] == 0).all()
    assert [chapter.mood for chapter in chapters_of(made, 12)] == [NOBODY, UNREAD, NOBODY]


@pytest.mark.parametrize(
    ("made", "people", "words"),
    [
        (curve((2.0, 0.1, 0.1, 1)), 1, "of 2.0 s: where valence and arousal turn"),
        (curve((2.0, NAN, NAN, 0)), 0, "evenly spread: there is no course to follow. Nobody"),
    ],
)
def test_a_story_says_which_moments_it_shows(made: Curve, people: int, words: str) -> None:
    assert words in story.told_of(made, people, [])


def test_what_a_moment_measured_is_told_where_somebody_is_there() -> None:
    one = Moment(
        *(1, 0, 0.0, "0.0 s", "calm", "neutral", "open", 0.1, 0.1, 0.25, 2, (None, None), ""),
        image_bgr=np.zeros((1, 1, 3), np.uint8),
    )
    assert one.metrics == "movement 0.25 torso lengths/s, open, 2 people"
    assert one._replace(movement=None, people=1).metrics == "movement not measured, open"
    assert one._replace(people=0).metrics == ""


def test_landmarks_beside_the_skeleton_are_drawn() -> None:
    """The nose is no joint of the skeleton; it is in white where it can be seen."""
    for visibility, is_drawn in ((0.9, True), (0.1, False)):
        points = [(160.0, 120.0, 0.0, 0.0)] * 33
        points[0] = (160.0, 80.0, 0.0, visibility)
        shown = Body((100.0, 10.0, 220.0, 230.0), 0.9, "blazepose33", tuple(points))
        reading = Reading(
            source_id="clip",
            seq=0,
            pts_s=0.0,
            width_px=320,
            height_px=240,
            people=(Person(id=1, body=shown),),
        )
        picture = annotated(np.zeros((240, 320, 3), np.uint8), reading)
        assert (picture[80, 160] == 255).all() == is_drawn
