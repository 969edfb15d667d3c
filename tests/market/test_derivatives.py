"""Lots, freeze quantities and expiry days, on both sides of each change."""

import datetime as dt

import pytest

from velox.market.calendar import why_closed
from velox.market.derivatives import (
    cash_freeze_applies,
    expiry_weekday,
    freeze_quantity,
    largest_slice,
    lot_size,
    moved_expiries,
    weekly_index,
)

D = dt.date


@pytest.mark.parametrize(
    ("index", "contract", "last_old", "old", "first_new", "new"),
    [
        ("NIFTY", "weekly", D(2025, 12, 30), 75, D(2026, 1, 6), 65),
        ("NIFTY", "monthly", D(2025, 12, 30), 75, D(2026, 1, 27), 65),
        ("BANKNIFTY", "monthly", D(2025, 12, 30), 35, D(2026, 1, 27), 30),
        ("FINNIFTY", "monthly", D(2025, 12, 30), 65, D(2026, 1, 27), 60),
        ("MIDCPNIFTY", "monthly", D(2025, 12, 30), 140, D(2026, 1, 27), 120),
        ("NIFTYNXT50", "monthly", D(2025, 12, 30), 25, D(2026, 1, 27), 25),
    ],
)
def test_index_lots_change_with_the_expiries_of_january_2026(
    index: str, contract: str, last_old: dt.date, old: int, first_new: dt.date, new: int
) -> None:
    assert lot_size(index, last_old, contract) == old
    assert lot_size(index, first_new, contract) == new


def test_a_lot_that_nobody_stated_is_not_guessed() -> None:
    assert lot_size("NIFTY", D(2021, 4, 29)) is None
    assert lot_size("BANKNIFTY", D(2026, 7, 28), "weekly") is None


@pytest.mark.parametrize(
    ("index", "day", "quantity"),
    [
        ("NIFTY", D(2026, 8, 3), 1800),
        ("NIFTY", D(2026, 8, 2), None),
        ("BANKNIFTY", D(2025, 8, 31), None),
        ("BANKNIFTY", D(2025, 9, 1), 900),
        ("BANKNIFTY", D(2025, 10, 31), 900),
        ("BANKNIFTY", D(2025, 11, 1), None),
        ("BANKNIFTY", D(2026, 8, 3), 600),
        ("FINNIFTY", D(2026, 8, 3), 1800),
        ("MIDCPNIFTY", D(2026, 8, 3), 2800),
        ("NIFTYNXT50", D(2026, 8, 3), 600),
    ],
)
def test_freeze_quantities_by_date(index: str, day: dt.date, quantity: int | None) -> None:
    assert freeze_quantity(index, day) == quantity


@pytest.mark.parametrize(("freeze", "lot", "slice_"), [(1800, 65, 1755), (600, 30, 570), (601, 30, 600), (30, 30, 0)])
def test_a_slice_stays_below_the_freeze_quantity(freeze: int, lot: int, slice_: int) -> None:
    assert largest_slice(freeze, lot) == slice_


def test_a_freeze_quantity_of_a_share_is_no_rule_in_2021() -> None:
    assert not cash_freeze_applies(D(2021, 6, 30))
    assert not cash_freeze_applies(D(2025, 12, 31))
    assert cash_freeze_applies(D(2026, 1, 1))


@pytest.mark.parametrize(
    ("exchange", "day", "weekday"),
    [
        ("NSE", D(2025, 8, 31), "Thursday"),
        ("NSE", D(2025, 9, 1), "Tuesday"),
        ("BSE", D(2025, 8, 31), "Tuesday"),
        ("BSE", D(2025, 9, 1), "Thursday"),
        ("MCX", D(2025, 9, 1), None),
    ],
)
def test_expiry_days_swap_in_september_2025(exchange: str, day: dt.date, weekday: str | None) -> None:
    assert expiry_weekday(exchange, day) == weekday


def test_only_nifty_has_weekly_contracts_since_november_2024() -> None:
    assert weekly_index("NSE", D(2024, 11, 19)) is None
    assert weekly_index("NSE", D(2024, 11, 20)) == "NIFTY"


def test_the_moved_expiries_of_2026_are_the_tuesdays_that_are_holidays() -> None:
    year = [D(2026, 1, 1) + dt.timedelta(days=n) for n in range(365)]
    tuesdays = [day for day in year if f"{day:%A}" == expiry_weekday("NSE", day)]
    expected = []
    for day in tuesdays:
        if why_closed(day) is None:
            continue
        actual = day
        while why_closed(actual) is not None:
            actual -= dt.timedelta(days=1)
        monthly = (day + dt.timedelta(days=7)).month != day.month
        expected.append((day, actual, "monthly" if monthly else "weekly"))
    assert [(m.scheduled, m.actual, m.contract) for m in moved_expiries()] == expected
    assert len(expected) == 6
