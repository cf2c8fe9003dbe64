"""What is decoded under load: packets, levels and how they are chosen."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from made_videos import make

from affectstream.stream.shed import Shedder
from affectstream.stream.sources._shed import DEEPEST, PacketChoice
from affectstream.stream.sources.base import Picture
from affectstream.stream.sources.video import Config, Video

GROUP = "#" + "." * 11


def taken(pattern: str, level: int) -> str:
    """Choose packets of a stream: `#` a key frame, `.` another one; after two groups to learn."""
    choice = PacketChoice()
    for mark in pattern * 2:
        choice.takes(mark == "#")
    choice.level = level
    return "".join(mark if choice.takes(mark == "#") else " " for mark in pattern)


@pytest.mark.parametrize(
    ("pattern", "level", "expected"),
    [
        (GROUP * 2, 0, GROUP * 2),
        (GROUP * 2, 1, GROUP * 2),
        (GROUP * 2, 2, "#.....      " * 2),
        (GROUP * 2, 3, "#..         " * 2),
        (GROUP * 2, 4, "#           " * 2),
        ("#.." * 4, 3, "#  " * 4),
        ("########" * 2, 2, " ####    ####   "),
        ("########" * 2, 4, " #       #      "),
    ],
)
def test_levels_take_the_head_of_each_group(pattern: str, level: int, expected: str) -> None:
    assert taken(pattern, level) == expected


def test_a_level_that_falls_waits_for_the_next_key_frame() -> None:
    choice = PacketChoice()
    for mark in GROUP * 2:
        choice.takes(mark == "#")
    choice.level = DEEPEST
    assert [choice.takes(mark == "#") for mark in "#..."] == [True, False, False, False]
    choice.level = 0
    assert [choice.takes(mark == "#") for mark in "..#.."] == [False, False, True, True, True]


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


@pytest.mark.parametrize(("level", "kept"), [(0, 24), (1, 24), (2, 12), (3, 6), (4, 3)])
def test_a_video_decodes_less_and_keeps_its_time(clip: Path, level: int, kept: int) -> None:
    video = Video(Config(path=clip, loop=True), "clip")
    looped = passes(video, 3)
    assert len(next(looped)) == 24
    video.shed(level)
    next(looped)
    before = video.shed_frames
    last = next(looped)
    assert len(last) == kept
    assert video.shed_frames - before == 24 - kept
    assert last[0].pts_s == pytest.approx(2 * 24 / 25, abs=1e-3), "the tail has passed unseen"
    assert video.kept[level] == pytest.approx(kept / 24)


def test_pictures_that_none_refers_to_are_left_out_first(tmp_path: Path) -> None:
    path = tmp_path / "b.mp4"
    make(path, 24, options={"bf": "1", "b_adapt": "0", "sc_threshold": "0", "g": "8"})
    video = Video(Config(path=path, loop=True), "b")
    video.shed(1)
    looped = passes(video, 2)
    next(looped)
    kept = len(next(looped))
    assert 0 < kept <= 16
    assert video.shed_frames == 2 * (24 - kept)


KEPT = (1.0, 1.0, 0.5, 0.25, 0.1)


def levels(per_period: list[tuple[int, int]]) -> list[int]:
    """Tell a shedder, per two seconds, of pictures decoded and of those nobody saw."""
    shedder, decoded, unseen = Shedder(), 0, 0
    shedder.tell(0.0, 0, 0, KEPT)
    found = []
    for number, (of, lost) in enumerate(per_period, 1):
        decoded, unseen = decoded + of, unseen + lost
        found.append(shedder.tell(2.0 * number, decoded, unseen, KEPT))
    return found


@pytest.mark.parametrize(
    ("per_period", "expected"),
    [
        pytest.param([(30, 0)] * 4, [0, 0, 0, 0], id="everything is seen"),
        pytest.param([(30, 5)] * 4, [0, 0, 0, 0], id="a little waste is let be"),
        pytest.param([(30, 20), (30, 20), (15, 5)], [1, 2, 2], id="a third seen: half is decoded"),
        pytest.param([(30, 15)] * 4, [1, 1, 1, 1], id="half seen: half of it would be too few"),
        pytest.param(
            [(30, 28), (30, 28), (15, 13), (8, 6), (3, 1)], [1, 2, 3, 4, 4], id="two a period"
        ),
        pytest.param([(30, 20)] * 2 + [(15, 0)] * 4, [1, 2, 2, 1, 1, 0], id="the load goes away"),
        pytest.param([(2, 2)] * 4, [0, 0, 0, 1], id="eight pictures make a decision"),
        pytest.param([(0, 0)] * 6, [0] * 6, id="no picture, no decision"),
    ],
)
def test_a_level_follows_what_is_seen(
    per_period: list[tuple[int, int]], expected: list[int]
) -> None:
    assert levels(per_period) == expected


def test_a_level_that_was_lowered_too_soon_is_kept_longer_the_next_time() -> None:
    shedder, now_s, decoded, unseen = Shedder(), 0.0, 0, 0
    shedder.tell(now_s, 0, 0, KEPT)
    rises: list[int] = []
    for period in range(60):
        of, lost = (15, 0) if shedder.level == 2 else (30, 20)
        now_s, decoded, unseen = now_s + 2.0, decoded + of, unseen + lost
        before = shedder.level
        if shedder.tell(now_s, decoded, unseen, KEPT) > before == 1:
            rises.append(period)
    gaps = [b - a for a, b in zip(rises, rises[1:], strict=False)]
    assert gaps == sorted(gaps) and gaps[-1] >= 3 * gaps[0]
