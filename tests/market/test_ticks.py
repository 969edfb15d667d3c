"""Price steps by kind, date and price."""

import csv
import datetime as dt
import gzip
from pathlib import Path

import pytest

from velox.market.amounts import ONE, PAISA, scaled
from velox.market.calendar import NotCovered
from velox.market.ticks import band_reference_day, tick_size, valid_ticks

D = dt.date


@pytest.mark.parametrize(
    ("kind", "day", "price", "tick"),
    [
        ("cash", D(2021, 4, 26), "100", "0.05"),
        ("cash", D(2021, 4, 26), "30000", "0.05"),
        ("cash", D(2024, 6, 9), "249.95", "0.05"),
        ("cash", D(2024, 6, 10), "249.95", "0.01"),
        ("cash", D(2024, 6, 10), "250", "0.05"),
        ("cash", D(2025, 4, 14), "30000", "0.05"),
        ("cash", D(2025, 4, 15), "30000", "5"),
        ("cash", D(2026, 7, 15), "249.99", "0.01"),
        ("cash", D(2026, 7, 15), "250", "0.05"),
        ("cash", D(2026, 7, 15), "1000", "0.05"),
        ("cash", D(2026, 7, 15), "1000.05", "0.1"),
        ("cash", D(2026, 7, 15), "5000", "0.1"),
        ("cash", D(2026, 7, 15), "5000.1", "0.5"),
        ("cash", D(2026, 7, 15), "10000.5", "1"),
        ("cash", D(2026, 7, 15), "20000", "1"),
        ("cash", D(2026, 7, 15), "20001", "5"),
        ("stock-futures", D(2026, 7, 15), "1500", "0.1"),
        ("index-futures", D(2026, 7, 15), "14999.95", "0.05"),
        ("index-futures", D(2026, 7, 15), "15000", "0.1"),
        ("index-futures", D(2026, 7, 15), "30000", "0.1"),
        ("index-futures", D(2026, 7, 15), "30000.05", "0.2"),
        ("index-options", D(2026, 7, 15), "24000", "0.05"),
        ("stock-options", D(2025, 11, 2), "200", "0.05"),
        ("stock-options", D(2025, 11, 3), "200", "0.01"),
        ("stock-options", D(2025, 11, 3), "250", "0.05"),
        ("index", D(2021, 4, 26), "14500", "0.05"),
    ],
)
def test_the_tick_follows_date_and_price(kind: str, day: dt.date, price: str, tick: str) -> None:
    assert tick_size(kind, scaled(price, ONE), day) == scaled(tick, ONE)


def test_valid_ticks_name_every_step_of_the_table() -> None:
    assert valid_ticks("cash", D(2021, 4, 26)) == {5 * PAISA}
    assert valid_ticks("cash", D(2026, 7, 15)) == {PAISA * step for step in (1, 5, 10, 50, 100, 500)}


def test_ticks_that_nobody_stated_are_not_guessed() -> None:
    with pytest.raises(LookupError, match="index-futures on 2021-04-26"):
        tick_size("index-futures", ONE, D(2021, 4, 26))


def test_the_band_is_decided_by_the_last_close_of_the_month_before() -> None:
    assert band_reference_day(D(2026, 8, 31)) == D(2026, 7, 31)
    assert band_reference_day(D(2026, 4, 1)) == D(2026, 3, 30)  # the 31st is a holiday
    with pytest.raises(NotCovered):
        band_reference_day(D(2026, 1, 15))


def test_recorded_prices_of_2021_are_multiples_of_the_tick(shared: Path) -> None:
    day = D(2021, 4, 26)
    files = sorted((shared / "data" / "nse_ticks_2021" / "26-April-2021" / "stocks").glob("*.csv.gz"))
    assert files
    for path in files[:5]:
        with gzip.open(path, "rt") as text:
            for row in csv.DictReader(text):
                price = scaled(row["ltp"], ONE)
                in_session = "09:15:00" <= row["timestamp"][-8:] < "15:30:00"
                assert not in_session or price % tick_size("cash", price, day) == 0, (path.name, row)
