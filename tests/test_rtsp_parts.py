"""The pure parts of a camera on the network: when it is tried again, and its times."""

from collections.abc import Iterator

import pytest

from affectstream.stream.sources._live_clock import Lateness, LiveClock, SenderClock
from affectstream.stream.sources._retry import retry_wait_s

RETRIES = [
    # attempt, seconds away, wait in seconds
    (0, 0.0, 0.5),
    (1, 0.6, 1.0),
    (2, 2.0, 2.0),
    (3, 4.0, 4.0),
    (4, 9.0, 5.0),
    (60, 299.9, 5.0),
    (61, 300.0, 30.0),
    (100_000, 3e6, 30.0),
    (0, 300.0, 30.0),
]


@pytest.mark.parametrize("attempt, outage_s, wait_s", RETRIES)
def test_retries_double_then_grow_seldom_and_never_end(
    attempt: int, outage_s: float, wait_s: float
) -> None:
    assert retry_wait_s(attempt, outage_s, 0.0) == wait_s
    assert retry_wait_s(attempt, outage_s, 1.0) == pytest.approx(0.8 * wait_s)


SIZE = (640, 360)
HOUR_S = 3600.0

CLOCKS = {
    # name: (stamp, arrival) of each picture -> (time, epoch); arrival counts from 100
    "steady": (
        [(5.0, 100.0), (5.04, 100.04), (5.08, 100.09)],
        [(0.0, 0), (0.04, 0), (0.08, 0)],
    ),
    "the first has no stamp, as from FFmpeg": (
        [(None, 100.0), (0.0, 100.04), (0.04, 100.08)],
        [(0.0, 0), (0.04, 0), (0.08, 0)],
    ),
    "one in the middle has none": (
        [(0.0, 100.0), (0.1, 100.1), (None, 100.2), (0.3, 100.3)],
        [(0.0, 0), (0.1, 0), (0.2, 0), (0.3, 0)],
    ),
    "none has any": (
        [(None, 100.0), (None, 100.1), (None, 100.2)],
        [(0.0, 0), (0.04, 0), (0.08, 0)],
    ),
    "a burst after a hiccup is no jump": (
        [(0.0, 100.0), (0.04, 104.0), (3.9, 104.01), (3.94, 104.02)],
        [(0.0, 0), (0.04, 0), (3.9, 0), (3.94, 0)],
    ),
    "a gap that has really passed is no jump": (
        [(0.0, 100.0), (60.0, 160.0)],
        [(0.0, 0), (60.0, 0)],
    ),
    "back to zero": (
        [(5.0, 100.0), (5.04, 100.04), (0.0, 100.08), (0.04, 100.12)],
        [(0.0, 0), (0.04, 0), (0.08, 1), (0.12, 1)],
    ),
    "a wrap of 32 bits at 90 kHz": (
        [(47721.80, 100.0), (47721.84, 100.04), (0.02, 100.08)],
        [(0.0, 0), (0.04, 0), (0.08, 1)],
    ),
    "an hour ahead": (
        [(0.0, 100.0), (0.04, 100.04), (HOUR_S, 100.08), (HOUR_S + 0.04, 100.12)],
        [(0.0, 0), (0.04, 0), (0.08, 1), (0.12, 1)],
    ),
    "the same stamp twice": (
        [(0.0, 100.0), (0.04, 100.04), (0.04, 100.08), (0.08, 100.12)],
        [(0.0, 0), (0.04, 0), None, (0.08, 0)],
    ),
    "out of order by a little": (
        [(0.0, 100.0), (0.12, 100.04), (0.04, 100.08), (0.08, 100.12)],
        [(0.0, 0), (0.12, 0), (0.121, 0), (0.161, 0)],
    ),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_media_time_never_falls(name: str) -> None:
    given, wanted = CLOCKS[name]
    clock = LiveClock()
    told = []
    for stamp_s, now_s in given:
        time_s = clock.tell(stamp_s, now_s, SIZE)
        told.append(None if time_s is None else (time_s, clock.epoch))
    assert [x and pytest.approx(x) for x in wanted] == told


def test_a_new_connection_starts_an_epoch_at_the_time_that_has_passed() -> None:
    clock = LiveClock()
    clock.tell(7.0, 100.0, SIZE)
    clock.begin()
    assert (clock.tell(0.5, 130.0, SIZE), clock.epoch) == (30.0, 1)
    assert (clock.tell(0.54, 130.05, SIZE), clock.epoch) == (30.04, 1)
    clock.begin()
    assert clock.tell(None, 130.05, SIZE) == pytest.approx(30.08), "not before the last picture"


def test_another_size_starts_an_epoch() -> None:
    clock = LiveClock()
    clock.tell(7.0, 100.0, SIZE)
    assert (clock.tell(7.04, 100.04, (320, 240)), clock.epoch) == (0.04, 1)


def behind(stamps: Iterator[tuple[float, float]]) -> list[float]:
    lateness = Lateness()
    return [now_s for stamp_s, now_s in stamps if lateness.is_behind(stamp_s, now_s)]


def test_a_reader_that_falls_behind_is_noticed_after_a_second() -> None:
    slow = behind((k * 0.04, k * 0.08) for k in range(100))
    assert slow[0] == pytest.approx(3.04, abs=0.1), "a second late at 2 s, noticed a second later"
    assert slow[-1] == pytest.approx(99 * 0.08)


def test_a_burst_and_two_clocks_that_drift_apart_are_no_lateness() -> None:
    assert not behind((k * 0.04, max(k * 0.04, 3.0 if 20 < k < 75 else 0)) for k in range(200))
    day_s = 24 * HOUR_S
    assert not behind((k * 10.0, k * 10.0 * (1 + 1e-4)) for k in range(int(day_s / 10)))


def test_wall_time_is_the_camera_s_where_it_can_be_trusted() -> None:
    sender = SenderClock()
    assert sender.wall_ns(5.0, 123) == 123, "no report yet"
    sender.hear(wall_s=1000.25, stamp_s=5.0, now_wall_s=1000.5)
    assert sender.is_trusted and sender.off_s == -0.25
    assert sender.wall_ns(5.0, 123) == 1_000_250_000_000
    assert sender.wall_ns(5.04, 123) == 1_000_290_000_000
    assert sender.wall_ns(None, 123) == 123
    sender.hear(wall_s=1000.25 + HOUR_S, stamp_s=5.0, now_wall_s=1000.5)
    assert not sender.is_trusted and sender.off_s == pytest.approx(HOUR_S - 0.25)
    assert sender.wall_ns(5.0, 123) == 123, "an hour off: never set, or in another time zone"
