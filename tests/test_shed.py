"""What is decoded under load: packets, levels and how they are chosen."""

from collections.abc import Iterator
from fractions import Fraction
from math import inf
from pathlib import Path

import pytest
from made_videos import make

from affectstream.stream.demand import MOST_LEAN, Balance, Demand
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
        pytest.param([((15, 15), (15, 15))] * 3, [inf, inf, inf], id="everything is seen"),
        pytest.param([((15, 15), (13, 13))] * 3, [inf, inf, inf], id="a little waste is let be"),
        pytest.param([((15, 15), (7, 7))], [8.75], id="half is seen"),
        pytest.param([((15, 5), (8, 5))], [10], id="a slower camera is all seen"),
        pytest.param([((15, 15), (0, 0))], [7.5], id="it falls by half at most"),
        pytest.param([((1, 1), (0, 0))] * 2, [0.5, 0.5], id="not quite nothing is asked"),
        pytest.param(
            [((15, 15), (4, 4)), ((7, 7), (4, 4)), ((5, 5), (2, 2))], [7.5, 5, 2.5], id="it falls"
        ),
        pytest.param(
            [((15, 15), (8, 8))] + [((10, 10), (10, 10))] * 8,
            [10, 15, 22.5, 33.75, inf, inf, inf, inf, inf],
            id="the load goes away",
        ),
        pytest.param([((), ()), ((0, 0), (0, 0))], [inf, inf], id="no picture, no decision"),
    ],
)
def test_the_target_follows_what_is_seen(
    periods: list[tuple[tuple[float, ...], tuple[float, ...]]], expected: list[float]
) -> None:
    demand = Demand()
    found = [
        demand.tell(decoded, seen, busy=0.9 if sum(seen) < sum(decoded) else 0.6)
        for decoded, seen in periods
    ]
    assert found == pytest.approx(expected, abs=0.01)


def test_pictures_that_come_at_once_are_no_overload() -> None:
    demand = Demand()
    assert demand.tell([15, 15], [5, 5], busy=0.4) == inf
    assert demand.tell([15, 15], [5, 5], busy=0.9) == 7.5
    assert demand.tell([7, 7], [5, 5], busy=0.8) == 7.5
    assert demand.tell([7, 7], [5, 5], busy=0.5) == 11.25


def test_a_camera_is_not_looked_at_more_than_another_of_its_rate() -> None:
    """Three cameras and 30 looks a second: what each decodes settles on the same."""
    demand, decoded = Demand(), [25.0, 25.0, 5.0]
    for _ in range(40):
        share = 30 / max(30.0, sum(decoded))
        target = demand.tell(decoded, [rate * share for rate in decoded], busy=1.0)
        decoded = [min(25.0, target), min(25.0, target), min(5.0, target)]
    assert decoded[0] == decoded[1] and decoded[2] == 5.0
    assert 12 < decoded[0] <= 25


def test_who_is_seen_less_decodes_more_until_all_are_seen_alike() -> None:
    """Of two cameras whose pictures collide, each loses what the third does not."""
    balance, target = Balance(), {"a": 6.0, "b": 6.0, "c": 6.0}
    for _ in range(12):
        rates = {name: (hz, hz if name == "c" else hz / 2) for name, hz in target.items()}
        target = balance.tell(6.0, rates)
    seen = [target["a"] / 2, target["b"] / 2, target["c"]]
    assert max(seen) < 1.1 * min(seen)
    assert sum(target.values()) == pytest.approx(18.0)


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        pytest.param({"a": (6, 3), "b": (6, 3)}, [6, 6], id="alike"),
        pytest.param({"a": (6, 3), "b": (6, 3), "slow": (1, 1)}, [6, 6, 6], id="a slow one"),
        pytest.param({"a": (6, 3), "b": (6, 0)}, [3.708, 8.292], id="none seen"),
        pytest.param({}, [], id="nobody"),
    ],
)
def test_a_balance_leaves_alone_who_cannot_give_more(
    rates: dict[str, tuple[float, float]], expected: list[float]
) -> None:
    assert list(Balance().tell(6.0, rates).values()) == pytest.approx(expected, abs=1e-3)


def test_a_balance_is_bounded_and_forgotten_when_all_is_decoded() -> None:
    balance = Balance()
    for _ in range(30):
        told = balance.tell(4.0, {"a": (9, 4), "b": (9, 0)})
    assert told["b"] <= 4.0 * MOST_LEAN and told["a"] >= 4.0 / MOST_LEAN
    assert set(balance.tell(inf, {"a": (9, 4), "b": (9, 0)}).values()) == {inf}
    assert balance.tell(4.0, {"a": (5, 4), "b": (5, 4)}) == {"a": 4.0, "b": 4.0}
