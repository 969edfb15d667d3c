"""Charges by line: the worked example, both sides of each change of rates, and what must hold for any trade."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velox.market.amounts import ONE, RATE_ONE, scaled
from velox.market.charges import (
    PRODUCTS,
    ChargeLines,
    OrderCharges,
    charge_rates,
    contract_note,
    exercise_rate,
    loaded_rates,
)
from velox.market.records import ChargeRates

D = dt.date
TODAY = D(2026, 7, 15)


def rates_of(product: str, day: dt.date = TODAY) -> ChargeRates:
    found = charge_rates(product, day)
    assert found is not None
    return found


def percent(text: str) -> int:
    return scaled(text, RATE_ONE // 100)


def round_trip(rates: ChargeRates, quantity: int, bought: int, sold: int) -> ChargeLines:
    buy, sell = OrderCharges(rates, buy=True), OrderCharges(rates, buy=False)
    return buy.fill(bought * ONE, quantity) + sell.fill(sold * ONE, quantity)


def test_the_worked_example_of_65_options() -> None:
    lines = round_trip(rates_of("options", D(2026, 4, 1)), 65, 100, 110)
    assert lines.brokerage == 40 * ONE
    assert lines.stt == scaled("10.725", ONE)
    assert lines.transaction == scaled("4.849845", ONE)
    assert lines.sebi == scaled("0.01365", ONE)
    assert lines.stamp == scaled("0.195", ONE)
    assert lines.gst == scaled("8.0754291", ONE)
    assert lines.total == scaled("63.8589241", ONE)
    assert round((650 * ONE - lines.total) / ONE, 2) == 586.14


def test_the_worked_example_on_a_contract_note() -> None:
    lines = round_trip(rates_of("options", D(2026, 4, 1)), 65, 100, 110)
    rupees = contract_note(lines, paise=False)
    assert (rupees.stt, rupees.stamp) == (11 * ONE, 0)
    assert round(rupees.total / ONE, 3) == 63.939
    assert round((650 * ONE - rupees.total) / ONE, 2) == 586.06
    note = contract_note(lines)
    assert note == ChargeLines(
        brokerage=40 * ONE,
        stt=11 * ONE,
        transaction=scaled("4.85", ONE),
        sebi=scaled("0.01", ONE),
        stamp=0,
        gst=scaled("8.08", ONE),
    )
    assert note.total == scaled("63.94", ONE)


def test_an_intraday_trade_of_2021() -> None:
    lines = round_trip(rates_of("cash-intraday", D(2021, 4, 26)), 100, 1000, 1010)
    assert lines.brokerage == 40 * ONE  # 0.03 % would be 30.00 and 30.30
    assert lines.stt == scaled("25.25", ONE)
    assert lines.transaction == scaled("6.9345", ONE)
    assert lines.sebi == scaled("0.201", ONE)
    assert lines.stamp == scaled("3", ONE)
    assert lines.gst == scaled("8.48439", ONE)


@pytest.mark.parametrize(
    ("product", "day", "stt_sell"),
    [
        ("futures", D(2024, 10, 1), "0.02"),
        ("futures", D(2026, 3, 31), "0.02"),
        ("futures", D(2026, 4, 1), "0.05"),
        ("options", D(2024, 10, 1), "0.10"),
        ("options", D(2026, 3, 31), "0.10"),
        ("options", D(2026, 4, 1), "0.15"),
        ("cash-intraday", D(2021, 4, 26), "0.025"),
        ("cash-intraday", D(2026, 3, 31), "0.025"),
        ("cash-intraday", D(2026, 4, 1), "0.025"),
        ("cash-delivery", D(2026, 4, 1), "0.1"),
    ],
)
def test_the_tax_on_sales_changes_with_the_budgets(product: str, day: dt.date, stt_sell: str) -> None:
    rates = rates_of(product, day)
    assert rates.stt_sell == percent(stt_sell)
    assert rates.stt_buy == (percent(stt_sell) if product == "cash-delivery" else 0)


@pytest.mark.parametrize(
    ("day", "rate"), [(D(2024, 9, 30), "0.125"), (D(2026, 3, 31), "0.125"), (D(2026, 4, 1), "0.15")]
)
def test_the_tax_on_exercise_changes_in_april_2026(day: dt.date, rate: str) -> None:
    assert exercise_rate(day) == percent(rate)


@pytest.mark.parametrize(
    ("product", "crore_rupees"),
    [("cash-intraday", 307), ("cash-delivery", 307), ("futures", 183), ("options", 3553)],
)
def test_the_transaction_charge_is_restated_not_changed_in_march_2026(product: str, crore_rupees: int) -> None:
    for day in (D(2024, 10, 1), D(2026, 2, 28), D(2026, 3, 1), TODAY):
        assert rates_of(product, day).transaction * 10**7 == crore_rupees * RATE_ONE


def test_cash_paid_another_transaction_charge_in_2021() -> None:
    assert rates_of("cash-intraday", D(2021, 6, 30)).transaction == percent("0.00345")


def test_rates_that_nobody_stated_are_not_guessed() -> None:
    assert charge_rates("futures", D(2021, 4, 26)) is None
    assert charge_rates("cash-intraday", D(2024, 9, 30)) is None
    assert exercise_rate(D(2021, 4, 26)) is None
    assert charge_rates("cash-intraday", TODAY, plan="none such") is None
    assert [rates.name for rates in loaded_rates(TODAY)] == list(PRODUCTS)


@pytest.mark.parametrize(
    ("product", "brokerage_rate", "cap"),
    [("cash-intraday", "0.03", 20), ("cash-delivery", "0", 0), ("futures", "0.03", 20), ("options", "0", 20)],
)
def test_the_discount_plan(product: str, brokerage_rate: str, cap: int) -> None:
    rates = rates_of(product)
    assert (rates.brokerage_rate, rates.brokerage_cap) == (percent(brokerage_rate), cap * ONE)


def test_a_small_order_pays_the_percentage_and_a_large_one_the_cap() -> None:
    order = OrderCharges(rates_of("cash-intraday"), buy=True)
    assert order.fill(1000 * ONE, 50).brokerage == 15 * ONE
    assert order.fill(1000 * ONE, 50).brokerage == 5 * ONE
    assert order.fill(1000 * ONE, 50).brokerage == 0


def test_a_flat_fee_falls_on_the_first_fill() -> None:
    order = OrderCharges(rates_of("options"), buy=True)
    assert [order.fill(100 * ONE, 65).brokerage for _ in range(3)] == [20 * ONE, 0, 0]


def test_each_line_of_a_fill_rounds_half_to_even() -> None:
    rates = ChargeRates("odd", 0, RATE_ONE // 2, RATE_ONE // 2, 0, 0, 0, 0, 0)
    sold = [OrderCharges(rates, buy=False).fill(price, 1) for price in (1, 2, 3)]
    assert [lines.stt for lines in sold] == [0, 1, 2]
    assert [lines.transaction for lines in sold] == [0, 1, 2]


FILLS = st.lists(st.tuples(st.integers(1, 50_000 * ONE), st.integers(1, 100_000)), min_size=1, max_size=8)
DAYS = st.sampled_from([D(2021, 4, 26), D(2026, 1, 5), D(2026, 3, 2), D(2026, 4, 1), D(2026, 8, 3)])


@given(FILLS, st.booleans(), DAYS, st.sampled_from(PRODUCTS))
def test_the_lines_of_an_order_are_the_sum_of_its_fills(
    fills: list[tuple[int, int]], buy: bool, day: dt.date, product: str
) -> None:
    rates = charge_rates(product, day) or rates_of("cash-intraday", day)
    order = OrderCharges(rates, buy=buy)
    parts = [order.fill(price, quantity) for price, quantity in fills]
    assert sum((part.total for part in parts), 0) == order.lines.total
    assert all(getattr(part, line) >= 0 for part in parts for line in part.__struct_fields__)
    assert order.lines.brokerage <= rates.brokerage_cap


@given(FILLS, DAYS)
def test_how_an_order_is_filled_changes_no_brokerage_and_hardly_the_rest(
    fills: list[tuple[int, int]], day: dt.date
) -> None:
    rates = rates_of("cash-intraday", day)
    split, whole = OrderCharges(rates, buy=False), OrderCharges(rates, buy=False)
    for price, quantity in fills:
        split.fill(price, quantity)
    whole.fill(sum(price * quantity for price, quantity in fills), 1)
    assert split.lines.brokerage == whole.lines.brokerage
    for line in ("stt", "transaction", "sebi", "stamp", "gst"):
        assert abs(getattr(split.lines, line) - getattr(whole.lines, line)) <= len(fills) + 1


@given(FILLS, st.booleans())
def test_only_the_side_that_owes_a_tax_pays_it(fills: list[tuple[int, int]], buy: bool) -> None:
    order = OrderCharges(rates_of("cash-intraday"), buy=buy)
    for price, quantity in fills:
        order.fill(price, quantity)
    assert (order.lines.stt == 0) if buy else (order.lines.stamp == 0)


@given(st.tuples(*[st.integers(0, 10**14)] * 6))
def test_a_contract_note_moves_no_line_by_more_than_half_its_unit(amounts: tuple[int, ...]) -> None:
    lines = ChargeLines(*amounts)
    note = contract_note(lines)
    for name in lines.__struct_fields__:
        unit = ONE if name in ("stt", "stamp") else ONE // 100
        assert getattr(note, name) % unit == 0
        assert 2 * abs(getattr(note, name) - getattr(lines, name)) <= unit
