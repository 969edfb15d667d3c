"""Numbers are grouped as in India: the last three digits, then pairs."""

import math

import pytest

from velox.rupees import briefly, counted, grouped, money, percent


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0, 0, "0"),
        (999, 0, "999"),
        (1_000, 0, "1,000"),
        (123_456, 0, "1,23,456"),
        (12_345_678.905, 2, "1,23,45,678.90"),
        (-1_00_000, 0, "-1,00,000"),
        (-0.004, 2, "0.00"),
        (math.nan, 2, "–"),
        (math.inf, 0, "–"),
    ],
)
def test_a_number_is_grouped(value: float, decimals: int, text: str) -> None:
    assert grouped(value, decimals) == text


def test_money_and_shares_carry_their_signs() -> None:
    assert (money(-123_456.5), money(7), money(math.nan)) == ("-₹1,23,456.50", "₹7.00", "–")
    assert (percent(-0.01234), percent(math.nan)) == ("-1.23 %", "–")


def test_what_somebody_has_set_keeps_its_decimals_and_no_more() -> None:
    told = {1_00_000: "1,00,000", 2.5: "2.5", 0.0: "0", -12_34_567.25: "-12,34,567.25"}
    assert {value: briefly(value) for value in told} == told


def test_one_is_not_many() -> None:
    assert [counted(number, "day") for number in (0, 1, 12_345)] == ["0 days", "1 day", "12,345 days"]
