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
from affectstream.dataset.drawing.style import gapped
from affectstream.dataset.groups import groups_of
from affectstream.dataset.options import StepOptions
from affectstream.dataset.results import Results
from affectstream.stream.errors import UsageError

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
