"""Which ratings belong to which video."""

from pathlib import PurePath

import pytest

from affectstream.dataset.matching import Item, match


def items(*names: str, reader: str = "generic") -> list[Item]:
    return [Item(f"{k}", PurePath(name).stem, (name,), reader) for k, name in enumerate(names)]


def found(videos: dict[str, str], rated: list[Item]) -> dict[str, tuple[str, list[str], list[str]]]:
    matches = match({name: PurePath(path) for name, path in videos.items()}, rated)
    return {
        name: (one.by, [i.paths[0] for i in one.items], [i.paths[0] for i in one.candidates])
        for name, one in matches.items()
    }


@pytest.mark.parametrize(
    ("video", "rating", "by"),
    [
        ("video/7.mp4", "7.csv", "id"),
        ("Movie_A.mp4", "movie_a.csv", "id"),
        ("clip 03.mp4", "clip_3_ratings.csv", "name"),
        ("P16.avi", "annotation-P16-valence.csv", "name"),
        ("walk.mp4", "walk_mean_ratings.csv", "name"),
        ("a1.mp4", "a2.csv", ""),
        ("kitchen.mp4", "garage.csv", ""),
    ],
)
def test_names_that_are_the_same_are_paired(video: str, rating: str, by: str) -> None:
    one = found({"v": video}, items(rating))["v"]
    assert one == (by, [rating] if by else [], [])


def test_names_that_are_only_alike_are_asked_for() -> None:
    one = found({"v": "interview_anna.mp4"}, items("interview_ana.csv", "kitchen.csv"))["v"]
    assert one == ("", [], ["interview_ana.csv"])


def test_an_id_goes_before_a_name() -> None:
    both = found({"a": "clip_1.mp4", "b": "clip_01.mp4"}, items("clip_01.csv", "clip_1.csv"))
    assert both == {"a": ("id", ["clip_1.csv"], []), "b": ("id", ["clip_01.csv"], [])}


def test_the_nearest_folder_wins_and_two_as_near_are_asked_for() -> None:
    videos = {"a": "anna/1.mp4", "b": "bob/1.mp4"}
    both = found(videos, items("anna/1.csv", "bob/1.csv"))
    assert both == {"a": ("id", ["anna/1.csv"], []), "b": ("id", ["bob/1.csv"], [])}
    alone = found(videos, items("ratings/1.csv"))
    assert alone == {"a": ("", [], ["ratings/1.csv"]), "b": ("", [], ["ratings/1.csv"])}


def test_several_raters_of_one_video_belong_together() -> None:
    rated = [
        Item("0", "3", ("sub_1.csv",), "case"),
        Item("1", "3", ("sub_2.csv",), "case"),
        Item("2", "4", ("sub_1.csv",), "case"),
    ]
    both = found({"3": "3.mp4", "4": "4.mp4"}, rated)
    assert both["3"][1] == ["sub_1.csv", "sub_2.csv"] and both["4"][1] == ["sub_1.csv"]


def test_an_utterance_may_be_a_video_of_its_own() -> None:
    whole = Item("0", "abc", ("omg.csv",), "omg")
    parts = [Item(f"0/{k}", f"abc/utterance_{k}", ("omg.csv",), "omg", "0") for k in (1, 2)]
    videos = {"u1": "abc/utterance_1.mp4", "u3": "other/utterance_1.mp4"}
    matches = match({k: PurePath(v) for k, v in videos.items()}, [whole, *parts])
    assert [item.key for item in matches["u1"].items] == ["0/1"]
    assert matches["u3"].items == []
