"""What an instrument's prices were: before a decision, between two moments, without what the guard refused."""

from collections.abc import Sequence

import numpy as np

from velox.report.prices import PricePath


def path(rows: Sequence[tuple[int, int]], refused: Sequence[tuple[int, int]] = ()) -> PricePath:
    at, price = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return PricePath.of(at, price, at, refused)


def test_the_price_of_a_decision_is_the_last_one_up_to_it() -> None:
    prices = path([(10, 100), (20, 101), (20, 102), (30, 99)])
    assert [prices.before(at) for at in (9, 10, 19, 20, 99)] == [None, 100, 100, 102, 99]


def test_extremes_lie_strictly_between() -> None:
    prices = path([(10, 50), (20, 101), (25, 98), (30, 200)])
    assert prices.between(10, 30) == (98, 101)
    assert prices.between(20, 25) is None


def test_refused_rows_are_no_prices() -> None:
    prices = path([(10, 100), (15, 0), (20, 999), (30, 101)], refused=[(20, 999), (15, 0)])
    assert prices.between(0, 99) == (100, 101)


def test_a_row_that_came_again_and_was_refused_the_second_time_was_seen() -> None:
    assert path([(10, 100), (20, 105), (20, 105)], refused=[(20, 105)]).between(0, 99) == (100, 105)
    assert path([(10, 100), (20, 105), (20, 105)], refused=[(20, 105)] * 2).between(0, 99) == (100, 100)
