import numpy as np
import pytest

from affectstream.dataset.agreement import (
    Series,
    agree,
    best_lag,
    ccc_of,
    metrics_of,
    shifted,
    sums_of,
)
from affectstream.dataset.chance import LEAST_GROUPS, PAIRINGS, chance_of, paired_sums

pytest.importorskip("scipy", reason='needs pip install "affectstream[dataset]"')

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


def test_the_course_over_lags_peaks_at_the_best_lag() -> None:
    """A short video: at far lags a few frames agree by chance, and are not told."""
    times_s, values = course(8.0)
    rated = np.interp(times_s - 0.5, times_s, values)
    sums = sums_of(Series(times_s, values, rated), LAGS_S)
    found, over_lags = agree(sums, LAGS_S, 200, 0, True), ccc_of(sums.sum(axis=0))
    assert found is not None
    assert np.isnan(over_lags[[0, -1]]).all()
    assert LAGS_S[int(np.nanargmax(over_lags))] == found.lag_s
    assert np.nanmax(over_lags) == pytest.approx(found.values["ccc"])


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


@pytest.mark.parametrize(("groups", "choose_lag"), [(3, False), (6, False), (12, False), (6, True)])
def test_unrelated_ratings_have_zero_in_their_interval_about_as_often_as_it_says(
    groups: int, choose_lag: bool
) -> None:
    """Of 120 datasets, 6 are expected to leave 0 out of a 95 % interval; more than 14 in 1 of 1000.

    A dataset is some people with a level of their own, whose ratings have nothing to do with them.
    """
    lags_s = LAGS_S[::10] if choose_lag else (0.0,)
    left_out = 0
    for seed in range(120):
        found = agree(np.stack(totals(people(groups, seed), lags_s)), lags_s, 200, 0, choose_lag)
        assert found is not None
        left_out += not found.low["ccc"] <= 0 <= found.high["ccc"]
    assert left_out <= 14


def test_an_interval_of_few_groups_holds_a_high_agreement_about_as_often_as_it_says() -> None:
    truth = metrics_of(np.sum(totals(people(2000, 0, 0.9), (0.0,)), axis=0))[0, 0]
    assert truth > 0.8
    left_out = 0
    for seed in range(120):
        blocks = np.stack(totals(people(5, seed, 0.9), (0.0,)))
        found = agree(blocks, (0.0,), 200, 0, False)
        assert found is not None
        left_out += not found.low["ccc"] <= truth <= found.high["ccc"]
    assert left_out <= 14


@pytest.mark.parametrize("choose_lag", [False, True])
def test_p_of_unrelated_ratings_is_even(choose_lag: bool) -> None:
    """p is at most 0.2 in a fifth of all datasets: 16 of 80, more than 27 in 1 of 1000."""
    lags_s = LAGS_S[::20] if choose_lag else (0.0,)
    found = np.array([p_of(people(6, seed), lags_s, choose_lag) for seed in range(80)])
    assert 5 <= (found <= 0.2).sum() <= 27
    assert (found <= 0.05).sum() <= 11


def test_p_of_related_ratings_is_the_least_there_is() -> None:
    made = people(8, 0, 0.9)
    assert p_of(made, (0.0,), False) == pytest.approx(1 / (1 + PAIRINGS))
    assert np.isnan(p_of(made[: LEAST_GROUPS - 1], (0.0,), False))


def test_ratings_of_another_group_end_where_they_end() -> None:
    """Videos of other lengths, starts and rates, one of them a single frame."""
    short, long = people(2, 3)
    late = Series(short.time_s + 100.0, short.measured, short.rated)
    one = Series(long.time_s[:1], long.measured[:1], long.rated[:1])
    fast = Series(np.arange(len(long.time_s)) / 25, long.measured, long.rated)
    groups = {"a": [late, one], "b": [long], "c": [fast], "d": [short], "e": [one]}
    sums = paired_sums(groups, (0.0,))
    assert np.isfinite(sums).all()
    assert 0 < sums[:, 0, 0].min() <= sums[:, 0, 0].max() <= 4 * len(long.time_s)


def people(count: int, seed: int, related: float = 0.0) -> list[Series]:
    rng = np.random.default_rng([seed, count])
    made = []
    for _ in range(count):
        own, other = (wander(rng) + 0.15 * rng.normal() for _ in range(2))
        rated = related * own + np.sqrt(1 - related**2) * other
        made.append(Series(np.arange(len(own)) / 5, own, rated))
    return made


def wander(rng: np.random.Generator, count: int = 120, width: int = 10) -> np.ndarray:
    kernel = np.exp(-0.5 * (np.arange(-3 * width, 3 * width + 1) / width) ** 2)
    moves = np.convolve(rng.normal(size=count + 6 * width), kernel, "valid")
    return 0.3 * moves / np.sqrt((kernel**2).sum())


def totals(made: list[Series], lags_s: tuple[float, ...]) -> list[np.ndarray]:
    return [sums_of(series, lags_s).sum(axis=0) for series in made]


def p_of(made: list[Series], lags_s: tuple[float, ...], choose_lag: bool) -> float:
    found = agree(np.stack(totals(made, lags_s)), lags_s, 100, 0, choose_lag)
    assert found is not None
    paired = paired_sums({str(k): [one] for k, one in enumerate(made)}, lags_s)
    return chance_of(paired, lags_s, found.values["ccc"], choose_lag)
