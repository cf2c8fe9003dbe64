"""Every format is read as it is, and what is wrong in it is named by file, line and column."""

import json
from collections.abc import Callable
from pathlib import Path

import made_ratings
import numpy as np
import pytest

from affectstream.dataset.rating_facts import rating_facts, with_common_scales
from affectstream.dataset.ratings import RatingError, RatingTrack
from affectstream.dataset.readers import READERS, RatingGroup, assign
from affectstream.dataset.readers.generic import with_common_scales as with_common_scales_of
from affectstream.stream.errors import ConfigError

Make = Callable[[Path], tuple[Path, ...]]
INF = float("inf")


def read_all(root: Path, settings: dict[str, object] | None = None) -> list[RatingTrack]:
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return [track for group in assign(paths) for track in group.read(settings or {})]


@pytest.mark.parametrize(
    ("make", "reader", "base", "first", "scales"),
    [
        (made_ratings.veatic, "veatic", "frames", (0, 0.0, 0.1), ((-1, 1), (-1, 1))),
        (made_ratings.afew_va, "afew_va", "frames", (0, 0, 1), ((-10, 10), (-10, 10))),
        (made_ratings.case, "case", "seconds", (0.0, 5.0, 6.0), ((0.5, 9.5), (0.5, 9.5))),
        (made_ratings.liris, "liris_accede", "seconds", (0.0, 0.0, 0.1), ((-1, 1), (-1, 1))),
        (made_ratings.liris_clips, "liris_clips", "intervals", (0.0, 2.5, 3.5), ((1, 5), (1, 5))),
        (made_ratings.mediaeval, "liris_clips", "intervals", (0.0, -1, 1), ((-1, 1), (-1, 1))),
        (made_ratings.recola, "recola", "seconds", (0.0, 0.06, 0.16), ((-1, 1), (-1, 1))),
        (made_ratings.omg, "omg", "intervals", (0.5, -0.5, 0.25), ((-1, 1), (0, 1))),
        (made_ratings.deap, "deap", "intervals", (0.0, 7.71, 7.6), ((1, 9), (1, 9))),
    ],
)
def test_a_format_is_recognised_and_read(
    tmp_path: Path, make: Make, reader: str, base: str, first: tuple, scales: tuple
) -> None:
    make(tmp_path)
    track = read_all(tmp_path)[0]
    assert (track.reader, track.time_base) == (reader, base)
    found = (track.start[0], track.valence[0], track.arousal[0])
    np.testing.assert_allclose(found, first, atol=1e-9)
    assert (track.valence_scale, track.arousal_scale) == scales


def test_a_person_who_rated_many_videos_gives_a_track_for_each(tmp_path: Path) -> None:
    made_ratings.case(tmp_path)
    tracks = read_all(tmp_path)
    assert [(track.item, track.subject) for track in tracks] == [("3", "sub_1"), ("7", "sub_1")]
    for track in tracks:
        np.testing.assert_allclose(track.start, [0.0, 0.05, 0.1])
        np.testing.assert_allclose(track.valence, [5.0, 5.5, 6.0])


def test_raters_are_averaged_and_counted_where_they_rated(tmp_path: Path) -> None:
    made_ratings.recola(tmp_path)
    (track,) = read_all(tmp_path)
    np.testing.assert_allclose(track.raters, 5)
    np.testing.assert_allclose(track.valence, np.asarray(made_ratings.VALENCE) + 0.06)


def test_utterances_are_intervals_and_may_be_videos(tmp_path: Path) -> None:
    made_ratings.omg(tmp_path)
    (track,) = read_all(tmp_path)
    assert track.end is not None
    assert (track.end.tolist(), track.parts) == ([2.0, 3.5], ("utterance_1", "utterance_2"))


def test_trials_are_named_as_their_videos(tmp_path: Path) -> None:
    made_ratings.deap(tmp_path)
    tracks = read_all(tmp_path)
    assert [track.item for track in tracks] == ["s01_trial01", "s01_trial02"]
    assert all(track.is_clip and track.subject == "s01" for track in tracks)


@pytest.mark.parametrize(
    ("text", "base", "start", "scale", "item"),
    [
        ("time,valence,arousal\n0,0.1,0.2\n0.5,-0.3,0.4\n", "seconds", [0, 0.5], (-1, 1), "mine"),
        ("t;v;a\n0;1;2\n100;5;9\n", "seconds", [0, 0.1], (1, 5), "mine"),
        ("Timestamp_ms\tValence\n0\t3\n40\t9\n", "seconds", [0, 0.04], (1, 9), "mine"),
        ("frame,valence,arousal\n3,10,20\n7,90,5\n", "frames", [3, 7], (0, 100), "mine"),
        ("valence,arousal\n0.5,0.5\n0.6,0.1\n", "frames", [0, 1], (0, 1), "mine"),
        ("start,end,valence\n0,2,0.5\n2,4,-0.5\n", "intervals", [0, 2], (-1, 1), "mine"),
        ("video,valence,arousal\nclip_a.mp4,3,4\n", "intervals", [0], (1, 5), "clip_a"),
    ],
)
def test_an_unknown_table_is_guessed_and_the_guess_is_told(
    tmp_path: Path, text: str, base: str, start: list[float], scale: tuple, item: str
) -> None:
    made_ratings.write(tmp_path / "mine.csv", text)
    (track,) = read_all(tmp_path)
    assert (track.reader, track.time_base, track.item) == ("generic", base, item)
    assert (track.start.tolist(), track.valence_scale) == (start, scale)
    low, high = scale
    assert f"valence on a scale of {low}..{high}" in track.guesses


def test_what_was_guessed_can_be_set(tmp_path: Path) -> None:
    made_ratings.write(tmp_path / "mine.csv", "when,valence,joy\n0,0,1\n2000,100,7\n")
    said = {"valence": "joy", "time": "when", "time_unit": "ms", "valence_scale": [1, 7]}
    (track,) = read_all(tmp_path, said)
    assert (track.start.tolist(), track.valence.tolist()) == ([0, 2], [1, 7])
    assert track.valence_scale == (1, 7)
    with pytest.raises(ConfigError, match="did you mean valence"):
        read_all(tmp_path, {"valense": "joy"})


def test_several_raters_in_one_table_are_tracks_of_their_own(tmp_path: Path) -> None:
    text = "rater,time,valence\nann,0,0.5\nann,1,0.6\nbob,0,-0.5\nbob,1,0\n"
    made_ratings.write(tmp_path / "mine.csv", text)
    assert [(t.item, t.subject) for t in read_all(tmp_path)] == [("mine", "ann"), ("mine", "bob")]


def test_files_of_other_things_are_left_alone(tmp_path: Path) -> None:
    made_ratings.write(tmp_path / "physiological" / "sub_1.csv", "daqtime,ecg,bvp\n0,1,2\n")
    made_ratings.write(tmp_path / "notes.txt", "be kind\n")
    made_ratings.write(tmp_path / "config.json", '{"a": 1}')
    assert read_all(tmp_path) == []


@pytest.mark.parametrize(
    ("make", "old", "new", "words"),
    [
        (made_ratings.veatic, "2,0.5", "2,high", "0_valence.csv, line 3, column 2: 'high' is no"),
        (made_ratings.veatic, "2,0.5\n", "2\n", "0_valence.csv, line 3, column 2: the line has 1"),
        (made_ratings.veatic, "3,-0.5\n", "", "0_arousal.csv, line 4, column 2: has 4 rows"),
        (
            made_ratings.afew_va,
            '"valence": 2',
            '"valence": "x"',
            "001.json, line 1, column frames.00001.valence: 'x'",
        ),
        (made_ratings.afew_va, '{"00000"', '"00000"', "001.json, line 1, column 38: is no JSON"),
        (made_ratings.case, "1050,5.5", "soon,5.5", "sub_1.csv, line 3, column jstime: 'soon' is"),
        (made_ratings.case, ",video", ",film", "line 1, column video: there is no such column"),
        (
            made_ratings.liris,
            "2\t0.5",
            "x\t0.5",
            "Movie_Valence.txt, line 4, column Time: 'x' is no",
        ),
        (made_ratings.liris_clips, "\t2.5\t", "\tfine\t", "line 2, column valenceValue: 'fine'"),
        (made_ratings.recola, "0.04;", "0.05;", "arousal/train_1.csv, line 3, column time: its"),
        (made_ratings.omg, "0.5,2.0", "2.5,2.0", "omg_TrainVideos.csv, line 2, column end: the ut"),
        (
            made_ratings.deap,
            "7.71",
            "7,71",
            "participant_ratings.csv, line 2, column 10: the line has 10 cells",
        ),
        (made_ratings.deap, "7.71", "inf", "line 2, column Valence: inf is not finite"),
    ],
)
def test_a_fault_is_named_by_file_line_and_column(
    tmp_path: Path, make: Make, old: str, new: str, words: str
) -> None:
    first = make(tmp_path)[0]
    text = first.read_text(encoding="utf-8")
    assert old in text
    first.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RatingError) as caught:
        read_all(tmp_path)
    assert words in str(caught.value)


def test_a_fault_in_json_is_named_by_its_line(tmp_path: Path) -> None:
    (path,) = made_ratings.afew_va(tmp_path)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["frames"]["00002"]["arousal"] = "much"
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next(k for k, text in enumerate(lines, 1) if "much" in text)
    with pytest.raises(RatingError, match=f"line {line}, column frames.00002.arousal: 'much'"):
        read_all(tmp_path)


def test_two_files_of_different_length_are_named_by_the_first_line_too_many(
    tmp_path: Path,
) -> None:
    valence, _ = made_ratings.liris(tmp_path)
    with valence.open("a", encoding="utf-8") as file:
        file.write("4\t0.1\t0.1\n")
    with pytest.raises(RatingError, match=r"Movie_Valence\.txt, line 6, column Time: its times"):
        read_all(tmp_path)


def test_a_table_of_one_dimension_lacks_nothing(tmp_path: Path) -> None:
    path = made_ratings.write(tmp_path / "a_valence.csv", "time,valence\n0,1\n1,9\n2,4\n")
    facts = rating_facts(RatingGroup("generic", (path,)), {})
    assert (facts["looks_wrong"], facts["missing_share"]) == ([], 0)
    assert (facts["valence_scale"], facts["arousal_scale"]) == ("1..9", None)


def test_the_scale_that_is_told_is_the_one_that_is_taken(tmp_path: Path) -> None:
    """A file that uses the middle of a scale has that of its folder."""
    made_ratings.write(tmp_path / "a.csv", "time,valence\n0,2\n1,4\n")
    made_ratings.write(tmp_path / "b.csv", "time,valence\n0,1\n1,9\n")
    rows = [
        {"reader": "generic", "path": name, **rating_facts(RatingGroup("generic", (path,)), {})}
        for name in ("a.csv", "b.csv")
        for path in [tmp_path / name]
    ]
    assert rows[0]["valence_scale"] == "1..5"
    told = with_common_scales(rows)
    taken = with_common_scales_of(read_all(tmp_path))
    for row, track in zip(told, taken, strict=True):
        assert (row["valence_scale"], track.valence_scale) == ("1..9", (1, 9))
        assert "valence on a scale of 1..9" in row["guessed"]
        assert "valence on a scale of 1..9" in track.guesses


@pytest.mark.parametrize("make", [made_ratings.veatic, made_ratings.liris, made_ratings.recola])
def test_half_of_a_pair_is_not_enough(tmp_path: Path, make: Make) -> None:
    make(tmp_path)[1].unlink()
    with pytest.raises(RatingError, match="other half is missing"):
        read_all(tmp_path)


def test_a_missing_value_is_missing_and_two_of_one_time_are_refused(tmp_path: Path) -> None:
    made_ratings.write(tmp_path / "mine.csv", "time,valence,arousal\n0,,0.2\n1,nan,0.4\n")
    (track,) = read_all(tmp_path)
    assert np.isnan(track.valence).all() and track.arousal.tolist() == [0.2, 0.4]
    made_ratings.write(tmp_path / "mine.csv", "time,valence\n1,0.1\n1,0.4\n")
    words = r"mine\.csv, line 3, column time: two samples of mine are at 1"
    with pytest.raises(RatingError, match=words):
        read_all(tmp_path)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    made_ratings.write(tmp_path / "mine.csv", "time,valence\n0,0.1\n")
    with (tmp_path / "mine.csv").open("ab") as file:
        file.write(b"\xff\xfe")
    with pytest.raises(RatingError, match=r"mine\.csv, line 3: is no text in UTF-8"):
        READERS["generic"].read((tmp_path / "mine.csv",), {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,valence\n" + "".join(f"{k},0.3\n" for k in range(60)), "unchanged for 59 s"),
        ("time,valence\n0,0.1\n1,0.2\n2,-0.3\n9,0.4\n", "1 gaps, the longest 7 s"),
        ("time,valence,arousal\n0,,1\n1,,2\n2,1,3\n", "67% of the samples are missing"),
        ("frame,valence,arousal\n0,0.1,1\n5,-0.2,1\n", "4 pictures between others are not rated"),
        ("time,arousal,valence\n0,0.1,\n1,0.3,\n", "no valence"),
    ],
)
def test_what_looks_wrong_in_ratings_is_told(tmp_path: Path, text: str, words: str) -> None:
    path = made_ratings.write(tmp_path / "mine.csv", text)
    facts = rating_facts(RatingGroup("generic", (path,)), {})
    assert words in facts["looks_wrong"], facts["looks_wrong"]


def test_good_ratings_look_fine(tmp_path: Path) -> None:
    paths = made_ratings.recola(tmp_path)
    facts = rating_facts(RatingGroup("recola", paths), {})
    assert (facts["looks_wrong"], facts["rate_hz"], facts["samples"]) == ([], 25.0, 4)
