"""Crossings: rule 4 of the strategy API."""

import math

import pytest
from tests.strategy.fake_core import FakeSeries

from velox import crossed


def test_above_is_true_on_exactly_one_candle() -> None:
    fast, slow = [1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 2.0, 2.5, 3.0, 4.0]
    seen = [crossed.above(FakeSeries(*fast[:n]), FakeSeries(*slow[:n])) for n in range(1, 6)]
    assert seen == [False, False, True, False, False]


def test_below_is_true_on_exactly_one_candle() -> None:
    fast, slow = [5.0, 2.0, 1.0, 0.5], [2.0, 2.0, 2.0, 2.0]
    seen = [crossed.below(FakeSeries(*fast[:n]), FakeSeries(*slow[:n])) for n in range(1, 5)]
    assert seen == [False, False, True, False]


def test_touching_counts_as_not_yet_crossed() -> None:
    assert crossed.above(FakeSeries(2.0, 3.0), FakeSeries(2.0, 2.0))
    assert not crossed.above(FakeSeries(1.0, 2.0), FakeSeries(2.0, 2.0))


@pytest.mark.parametrize("values", [(math.nan, 3.0), (1.0, math.nan)])
def test_nan_never_crosses(values: tuple[float, float]) -> None:
    for a, b in ((FakeSeries(*values), 2.0), (2.0, FakeSeries(*values))):
        assert not crossed.above(a, b)
        assert not crossed.below(a, b)


def test_a_level_can_be_crossed() -> None:
    assert crossed.above(FakeSeries(29.0, 31.0), 30)
    assert crossed.below(FakeSeries(71.0, 69.0), 70)


def test_session_refuses_a_crossing_over_the_night() -> None:
    first_of_day, second_of_day = FakeSeries(1.0, 3.0, n=1), FakeSeries(1.0, 3.0, n=2)
    assert crossed.above(first_of_day, 2.0)
    assert not crossed.above(first_of_day, 2.0, session=True)
    assert crossed.above(second_of_day, 2.0, session=True)
    assert not crossed.below(4.0, first_of_day, session=True)
