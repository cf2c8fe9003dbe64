import itertools
import random

import numpy as np
import pytest

from affectstream.models.assign import best_pairs


def best_sum(table: list[list[float]]) -> float:
    """Try every pairing."""
    rows, columns = len(table), len(table[0])
    if rows > columns:
        return best_sum([list(column) for column in zip(*table, strict=True)])
    return max(
        sum(max(table[i][j], 0.0) for i, j in enumerate(order))
        for order in itertools.permutations(range(columns), rows)
    )


SIZES = [(1, 1), (1, 5), (5, 1), (2, 2), (3, 4), (4, 3), (5, 5), (6, 6), (3, 7), (7, 3)]


@pytest.mark.parametrize(("rows", "columns"), SIZES)
@pytest.mark.parametrize("low", [-1.0, 0.2])
def test_no_other_pairing_is_worth_more(rows: int, columns: int, low: float) -> None:
    chance = random.Random(rows * 10 + columns)
    for _ in range(20):
        table = [[chance.uniform(low, 1) for _ in range(columns)] for _ in range(rows)]
        pairs = best_pairs(table)
        assert sum(table[i][j] for i, j in pairs) == pytest.approx(best_sum(table))
        assert all(table[i][j] > 0 for i, j in pairs)
        assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
        assert pairs == sorted(pairs)


@pytest.mark.parametrize(
    ("table", "pairs"),
    [
        ([[0.9, 0.8], [0.8, 0.1]], [(0, 1), (1, 0)]),  # the greedy way is worth 1.0 only
        ([[0.9, 0.0], [0.0, 0.9]], [(0, 0), (1, 1)]),
        ([[-1.0, -2.0], [-3.0, 0.5]], [(1, 1)]),
        ([[0.5, 0.9], [0.9, 0.0], [0.9, 0.8]], [(0, 1), (1, 0)]),
        ([[0.0, 0.0]], []),
        ([[]], []),
        (np.zeros((0, 3)), []),
        (np.zeros((3, 0)), []),
    ],
)
def test_pairs(table: list[list[float]], pairs: list[tuple[int, int]]) -> None:
    found = best_pairs(table)
    if (0, 1) in pairs and len(table) == 3:  # rows 1 and 2 are worth the same
        assert len(found) == 2
    else:
        assert found == pairs


def test_ties_fall_the_same_way_each_time() -> None:
    chance = random.Random(3)
    table = [[float(chance.randrange(3)) for _ in range(8)] for _ in range(8)]
    assert len({tuple(best_pairs(table)) for _ in range(10)}) == 1


def test_many_are_paired_with_the_ones_they_are_meant_for() -> None:
    order = np.random.default_rng(1).permutation(60)
    table = np.random.default_rng(2).uniform(0, 1, (60, 60))
    table[np.arange(60), order] += 10
    assert best_pairs(table) == list(enumerate(order.tolist()))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        best_pairs([[1.0, bad]])
