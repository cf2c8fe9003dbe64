"""The clock of a replay: from the stamps of the media to times that never fall."""

import pytest

from affectstream.stream.sources._clock import MediaClock

NOWHERE = float("inf")
CLOCK = [
    # what                start  gap      stamps and None          times                    epochs
    ("steady", 0.0, NOWHERE, [0, 1, 2], [0, 1, 2], [0, 0, 0]),
    ("starts late", 5.0, NOWHERE, [6, 7], [1, 2], [0, 0]),
    ("start untold", None, NOWHERE, [6, 7], [0, 1], [0, 0]),
    ("before its start", 5.0, NOWHERE, [4, 5, 6], [0, 0, 1], [0, 0, 0]),
    ("equal", 0.0, NOWHERE, [0, 1, 1, 2], [0, 1, 1, 2], [0, 0, 0, 0]),
    ("missing", 0.0, NOWHERE, [0, 2, None, 6], [0, 2, 4, 6], [0, 0, 0, 0]),
    ("first missing", None, NOWHERE, [None, 7, 8], [0, 0.04, 1.04], [0, 0, 0]),
    ("all missing", None, NOWHERE, [None] * 3, [0, 0.04, 0.08], [0, 0, 0]),
    ("falls", 0.0, NOWHERE, [0, 1, 2, 0, 1], [0, 1, 2, 3, 4], [0, 0, 0, 1, 1]),
    ("falls twice", 0.0, NOWHERE, [0, 1, 0, 1, 0], [0, 1, 2, 3, 4], [0, 0, 1, 1, 2]),
    ("a long gap", 0.0, NOWHERE, [0, 1, 99], [0, 1, 99], [0, 0, 0]),
    ("a jump", 0.0, 10.0, [0, 1, 99, 100], [0, 1, 2, 3], [0, 0, 1, 1]),
]


@pytest.mark.parametrize("what, start_s, gap_s, stamps, times, epochs", CLOCK)
def test_clock(
    what: str,
    start_s: float | None,
    gap_s: float,
    stamps: list[float | None],
    times: list[float],
    epochs: list[int],
) -> None:
    clock = MediaClock()
    clock.begin(start_s, gap_s)
    told = [(clock.tell(stamp, 0.0), clock.epoch) for stamp in stamps]
    assert told == [(pytest.approx(t), e) for t, e in zip(times, epochs, strict=True)]
