"""Ratings at the times of pictures."""

from pathlib import Path

import numpy as np
import pytest

from affectstream.dataset.ratings import RatingTrack, clip_track, to_unit, track
from affectstream.dataset.resample import at_frames

NAN = float("nan")
FRAME = np.arange(5.0)
TIME_S = FRAME / 2  # 0, 0.5, 1, 1.5, 2


def of(base: str, start: list[float], values: list[float], **more: object) -> RatingTrack:
    return track("x", "r", [Path("x.csv")], base, start, values, values, **more)  # type: ignore[arg-type]


# time      0    0.5    1    1.5    2
@pytest.mark.parametrize(
    ("rated", "offset_s", "expected"),
    [
        (of("frames", [0, 1, 2, 3, 4], [1, 2, 3, 4, 5]), 0.0, [1, 2, 3, 4, 5]),
        (of("frames", [1, 3], [1, 2]), 0.0, [NAN, 1, NAN, 2, NAN]),
        (of("frames", [0, 1, 2, 3, 4], [1, 2, 3, 4, 5]), 0.5, [NAN, 1, 2, 3, 4]),
        (of("frames", [0, 1, 2, 3, 4], [1, 2, 3, 4, 5]), -0.5, [2, 3, 4, 5, NAN]),
        (of("frames", [0, 1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7]), 0.0, [1, 2, 3, 4, 5]),
        (of("seconds", [0, 1, 2], [0, 1, 4]), 0.0, [0, 0.5, 1, 2.5, 4]),
        (of("seconds", [0, 1, 2], [0, 1, 4]), 1.0, [NAN, NAN, 0, 0.5, 1]),
        (of("seconds", [0, 1], [0, 1]), 0.0, [0, 0.5, 1, 1, NAN]),  # the last holds for a step
        (of("seconds", [0.25, 0.75], [3, 5]), 0.0, [NAN, 4, 5, NAN, NAN]),
        (of("seconds", [0, 0.25, 0.5, 2], [1, 2, 3, 9]), 0.0, [1, 3, NAN, NAN, 9]),  # a gap
        (of("seconds", [0, 1, 2], [0, NAN, 4]), 0.0, [0, 0, NAN, NAN, 4]),
        (of("seconds", [1], [7]), 0.0, [NAN, NAN, 7, 7, NAN]),
        (of("intervals", [0, 1], [3, 4], end=[0.9, 2]), 0.0, [3, 3, 4, 4, NAN]),
        (of("intervals", [0, 1], [3, 4], end=[0.9, 2]), 0.5, [NAN, 3, 3, 4, 4]),
        (clip_track("x", "r", Path("x.csv"), 6, 6), 0.5, [6, 6, 6, 6, 6]),
    ],
)
def test_a_track_is_laid_over_pictures(
    rated: RatingTrack, offset_s: float, expected: list[float]
) -> None:
    found = at_frames([rated], FRAME, TIME_S, offset_s)
    np.testing.assert_allclose(found.valence, expected)
    np.testing.assert_allclose(found.arousal, expected)
    np.testing.assert_array_equal(found.raters, ~np.isnan(expected))


def test_several_tracks_are_averaged_and_counted() -> None:
    tracks = [
        of("frames", [0, 1], [1, 2]),
        of("frames", [1, 2], [4, 6], raters=[3, 3]),
    ]
    found = at_frames(tracks, FRAME, TIME_S)
    np.testing.assert_allclose(found.valence, [1, 3, 6, NAN, NAN])
    np.testing.assert_array_equal(found.raters, [1, 4, 3, 0, 0])


def test_no_tracks_are_no_ratings() -> None:
    found = at_frames([], FRAME, TIME_S)
    assert np.isnan(found.valence).all() and not found.raters.any()


@pytest.mark.parametrize(
    ("values", "scale", "unit"),
    [
        ([1, 5, 9], (1, 9), [0, 0.5, 1]),
        ([-10, 0, 12], (-10, 10), [0, 0.5, 1]),
        ([0], (-1, 1), [0.5]),
    ],
)
def test_any_scale_becomes_0_to_1(values: list[float], scale: tuple, unit: list[float]) -> None:
    np.testing.assert_allclose(to_unit(np.asarray(values, float), scale), unit)
