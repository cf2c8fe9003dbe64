"""What is decoded under load: packets, levels and how they are chosen."""

from collections.abc import Iterator
from fractions import Fraction
from math import inf
from pathlib import Path

import pytest
from made_videos import make

from affectstream.stream.demand import Demand
from affectstream.stream.sources._shed import PacketChoice
from affectstream.stream.sources.base import Picture
from affectstream.stream.sources.video import Config, Video

GROUP = "#" + "." * 11


def taken(pattern: str, share: float) -> str:
    """Choose packets of a stream: `#` a key frame, `.` another one; after two groups to learn."""
    choice = PacketChoice()
    for mark in pattern * 2:
        choice.takes(mark == "#")
    choice.share = share
    return "".join(mark if choice.takes(mark == "#") else " " for mark in pattern)


@pytest.mark.parametrize(
    ("pattern", "share", "expected"),
    [
        (GROUP * 2, 1.0, GROUP * 2),
        (GROUP * 2, 0.5, "#.....      " * 2),
        (GROUP * 2, 0.25, "#..         " * 2),
        (GROUP * 2, 0.0, "#           " * 2),
        ("#.." * 4, 0.25, "#  " * 4),
        ("########" * 2, 0.5, " ####    ####   "),
        ("########" * 2, 0.0, " #       #      "),
    ],
)
def test_a_share_takes_the_head_of_each_group(pattern: str, share: float, expected: str) -> None:
    assert taken(pattern, share) == expected


def test_what_rounding_takes_of_a_group_is_made_good() -> None:
    heads = taken(GROUP * 10, 0.3).replace(" ", "").split("#")[1:]
    assert {len(head) for head in heads} == {2, 3}
    assert sum(1 + len(head) for head in heads) == 0.3 * 12 * 10


def test_all_of_groups_that_differ_are_taken() -> None:
    assert taken("#....#..........#..#......", 1.0) == "#....#..........#..#......"


def test_a_share_that_rises_waits_for_the_next_key_frame() -> None:
    choice = PacketChoice()
    for mark in GROUP * 2:
        choice.takes(mark == "#")
    choice.share = 0.0
    assert [choice.takes(mark == "#") for mark in "#..."] == [True, False, False, False]
    choice.share = 1.0
    assert [choice.takes(mark == "#") for mark in "..#.."] == [False, False, True, True, True]


def test_key_frames_alone_are_taken_before_a_group_is_known() -> None:
    choice = PacketChoice()
    choice.share = 0.0
    assert [choice.takes(mark == "#") for mark in "#...#."] == [True, *[False] * 3, True, False]


def test_what_a_decoder_skips_by_itself_is_counted_at_the_next_key_frame() -> None:
    choice = PacketChoice()
    choice.decoded(-1)  # The decoder holds one picture back to put them in order.
    for mark in "#bPbP" * 2:
        choice.takes(mark == "#")
        choice.decoded(1)
    choice.share = 0.99
    for mark in "#bPbP#":
        choice.takes(mark == "#")
        choice.decoded(mark != "b")
    assert choice.left_out == 2


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Three groups of eight pictures, no picture of it is one that none refers to."""
    path = tmp_path / "clip.mp4"
    options = {"g": "8", "keyint_min": "8", "sc_threshold": "0", "bf": "0"}
    make(path, 24, rate=Fraction(25), options=options)
    return path


def passes(video: Video, count: int) -> Iterator[list[Picture]]:
    pictures = video.pictures()
    picture = next(pictures)
    for epoch in range(count):
        seen = []
        while picture.epoch == epoch:
            seen.append(picture)
            picture = next(pictures)
        yield seen


@pytest.mark.parametrize(
    ("share", "kept"), [(1.0, 24), (0.875, 21), (0.5, 12), (0.25, 6), (0.0, 3)]
)
def test_a_video_decodes_less_and_keeps_its_time(clip: Path, share: float, kept: int) -> None:
    video = Video(Config(path=clip, loop=True), "clip")
    looped = passes(video, 3)
    assert len(next(looped)) == 24
    video.keep(share)
    next(looped)
    before = video.shed_frames
    last = next(looped)
    assert len(last) == kept
    assert video.shed_frames - before == 24 - kept
    assert last[0].pts_s == pytest.approx(2 * 24 / 25, abs=1e-3), "the tail has passed unseen"


def test_pictures_that_none_refers_to_are_left_out_first(tmp_path: Path) -> None:
    path = tmp_path / "b.mp4"
    make(path, 24, options={"bf": "1", "b_adapt": "0", "sc_threshold": "0", "g": "8"})
    video = Video(Config(path=path, loop=True), "b")
    video.keep(0.99)
    looped = passes(video, 2)
    next(looped)
    kept = len(next(looped))
    assert 0 < kept <= 16
    assert video.shed_frames == 2 * (24 - kept)


@pytest.mark.parametrize(
    ("periods", "expected"),
    [
        pytest.param([(30, 30)] * 3, [inf, inf, inf], id="everything is seen"),
        pytest.param([(30, 26)] * 3, [inf, inf, inf], id="a little waste is let be"),
        pytest.param([(30, 14)], [17.5], id="half is seen"),
        pytest.param([(30, 0)], [15], id="it falls by half at most"),
        pytest.param([(1, 0)] * 2, [0.5, 0.5], id="not quite nothing is asked"),
        pytest.param([(30, 8), (14, 8), (10, 4)], [15, 10, 5], id="it falls"),
        pytest.param(
            [(30, 16)] + [(20, 20)] * 7,
            [20, 25, 31.25, 39.06, 48.83, 61.04, 76.29, inf],
            id="the load goes away",
        ),
        pytest.param([(0, 0)], [inf], id="no picture, no decision"),
    ],
)
def test_the_budget_follows_what_is_seen(
    periods: list[tuple[float, float]], expected: list[float]
) -> None:
    demand = Demand()
    found = [
        demand.tell(decoded_hz, seen_hz, busy=0.9 if seen_hz < decoded_hz else 0.6)
        for decoded_hz, seen_hz in periods
    ]
    assert found == pytest.approx(expected, abs=0.01)


def test_pictures_that_come_at_once_are_no_overload() -> None:
    demand = Demand()
    assert demand.tell(30, 10, busy=0.4) == inf
    assert demand.tell(30, 10, busy=0.9) == 15
    assert demand.tell(14, 10, busy=0.8) == 15
    assert demand.tell(14, 10, busy=0.5) == 18.75
