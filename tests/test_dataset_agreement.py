import numpy as np
import pytest

from affectstream.dataset.agreement import (
    Series,
    agree,
    best_lag,
    metrics_of,
    shifted,
    sums_of,
)

LAGS_S = tuple(round(0.1 * k, 1) for k in range(-50, 51))


def course(duration_s: float = 60.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A smooth course at 10 Hz that never repeats."""
    rng = np.random.default_rng(seed)
    times_s = np.arange(round(duration_s * 10)) / 10
    waves = sum(
        np.sin(2 * np.pi * f * times_s + rng.uniform(0, 6)) for f in rng.uniform(0.03, 0.3, 6)
    )
    return times_s, 0.8 * waves / np.abs(waves).max()


def test_metrics_are_those_of_their_formulas() -> None:
    times_s, rated = course()
    measured = 0.5 * rated + 0.2 + 0.1 * np.random.default_rng(1).normal(size=len(rated))
    whole = sums_of(Series(times_s, measured, rated), (0.0,)).sum(axis=0)
    ccc, pearson, rmse, sign = metrics_of(whole)[0]
    cov = np.mean((measured - measured.mean()) * (rated - rated.mean()))
    spread = measured.var() + rated.var() + (measured.mean() - rated.mean()) ** 2
    assert ccc == pytest.approx(2 * cov / spread)
    assert pearson == pytest.approx(np.corrcoef(measured, rated)[0, 1])
    assert rmse == pytest.approx(np.sqrt(np.mean((measured - rated) ** 2)))
    assert sign == pytest.approx(np.mean(measured * rated > 0))


@pytest.mark.parametrize("late_s", [-3.0, 0.0, 1.7, 4.2])
def test_the_best_lag_is_how_late_the_ratings_are(late_s: float) -> None:
    times_s, values = course()
    rated = np.interp(times_s - late_s, times_s, values)
    found = agree(sums_of(Series(times_s, values, rated), LAGS_S), LAGS_S, 200, 0, True)
    assert found is not None
    assert found.lag_s == pytest.approx(late_s)
    assert found.values["ccc"] > 0.999


def test_lag_zero_is_not_moved() -> None:
    times_s, values = course()
    rated = np.interp(times_s - 2.0, times_s, values)
    found = agree(sums_of(Series(times_s, values, rated), LAGS_S), LAGS_S, 200, 0, False)
    assert found is not None
    assert found.lag_s == 0.0
    assert found.values["ccc"] < 0.95


def test_missing_stretches_are_not_bridged() -> None:
    times_s, values = course(20.0)
    values = values.copy()
    values[50:100] = np.nan
    moved = shifted(Series(times_s, values, values), 1.0)
    assert np.isnan(moved[40:90]).all()
    assert np.isfinite(moved[:39]).all()
    assert np.isfinite(moved[90:190]).all()
    assert np.isnan(moved[190:]).all(), "there is no rating after the end"


def test_the_interval_holds_the_truth_and_narrows_with_more() -> None:
    def interval(duration_s: float) -> tuple[float, float, float]:
        times_s, values = course(duration_s, 3)
        noisy = values + 0.3 * np.random.default_rng(4).normal(size=len(values))
        blocks = sums_of(Series(times_s, noisy, values), (0.0,))
        found = agree(blocks, (0.0,), 500, 0, False)
        assert found is not None
        return found.low["ccc"], found.values["ccc"], found.high["ccc"]

    short, long = interval(30.0), interval(600.0)
    assert short[0] < short[1] < short[2]
    assert long[2] - long[0] < (short[2] - short[0]) / 2


def test_what_has_nothing_to_do_with_the_ratings_has_zero_in_its_interval() -> None:
    times_s, values = course(300.0, 5)
    other = course(300.0, 6)[1]
    found = agree(sums_of(Series(times_s, other, values), (0.0,)), (0.0,), 500, 0, False)
    assert found is not None
    assert found.low["ccc"] < 0 < found.high["ccc"]


@pytest.mark.parametrize(
    ("measured", "rated"),
    [
        (np.full(100, np.nan), np.zeros(100)),
        (np.zeros(100), np.full(100, np.nan)),
        (np.zeros(10), np.zeros(10)),
        (np.zeros(100), np.zeros(100)),
    ],
)
def test_too_little_says_nothing(measured: np.ndarray, rated: np.ndarray) -> None:
    series = Series(np.arange(len(measured)) / 10, measured, rated)
    assert agree(sums_of(series, LAGS_S), LAGS_S, 100, 0, True) is None


def test_a_lag_that_leaves_little_to_compare_is_not_the_best() -> None:
    times_s, values = course(6.0)
    rated = np.where(times_s < 1.0, np.nan, -values)
    whole = sums_of(Series(times_s, values, rated), LAGS_S).sum(axis=0)
    at = int(best_lag(whole, 50))
    assert whole[at, 0] >= 0.5 * whole[50, 0]
