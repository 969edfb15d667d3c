"""What an instrument's prices were: before a decision, between two of them, without what the guard refused."""

import numpy as np

from velox.report.prices import PricePath

# Rows 0 to 6 of a day; the instrument's are 1, 2, 4 and 6.
PRICE = np.array([7, 100, 101, 7, 999, 7, 98], dtype=np.int64)
ROWS = np.array([1, 2, 4, 6])


def test_the_price_of_a_decision_is_the_last_one_that_it_had_seen() -> None:
    prices = PricePath.of(ROWS, PRICE, [])
    assert [prices.before(place) for place in (0, 1, 2, 3, 4, 5, 7)] == [None, None, 100, 101, 101, 999, 98]


def test_extremes_lie_behind_the_row_of_one_decision_and_before_the_row_of_the_other() -> None:
    prices = PricePath.of(ROWS, PRICE, [])
    assert prices.between(2, 7) == (101, 999)  # behind row 1, before row 6
    assert prices.between(0, 8) == (98, 999)
    assert prices.between(5, 7) is None


def test_refused_rows_are_no_prices() -> None:
    prices = PricePath.of(ROWS, PRICE, [4, 5])
    assert prices.before(5) == 101
    assert prices.between(0, 8) == (98, 101)
