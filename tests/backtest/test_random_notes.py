"""Trades by chance on every covered stretch of dates: each line of their contract notes by a calculator of its own.

The calculator shares nothing with the product: rates are written out here as they were published, money is decimal,
orders and fills are those of the journal.
"""

import datetime as dt
import zlib
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from tests.backtest.scripted import SCRIPT

from velox import journal
from velox.backtest.charges import costs
from velox.backtest.choose import Ask
from velox.backtest.run import Result, run
from velox.market.calendar import ist_ns, trading_days
from velox.research.catalog import Catalog, Entry
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings

D = Decimal
ONE = 100_000_000
LINES = ("brokerage", "stt", "transaction", "sebi", "stamp", "gst")

# First date, and percent of (tax of a purchase, tax of a sale, exchange, stamp of a purchase). The exchange's circulars
# of 2024 and 2026, the finance acts of 2024 and 2026, the uniform stamp duty of 2020.
PUBLISHED = {
    "share": [("2021-04-01", "0", "0.025", "0.00345", "0.003"), ("2026-01-01", "0", "0.025", "0.00307", "0.003")],
    "future": [("2026-01-01", "0", "0.02", "0.00183", "0.002"), ("2026-04-01", "0", "0.05", "0.00183", "0.002")],
    "option": [("2026-01-01", "0", "0.1", "0.03553", "0.003"), ("2026-04-01", "0", "0.15", "0.03553", "0.003")],
}
FEE, TAX = D("0.0001") / 100, D("0.18")
# First and last date, instrument, its lot, and a price.
STRETCHES = [
    ("share", "2021-04-01", "2021-06-30", "NSE:SBIN", 1, 380),
    ("share", "2026-01-01", "2026-03-31", "NSE:INFY", 1, 1_500),
    ("share", "2026-04-01", "2026-08-31", "NSE:TCS", 1, 3_200),
    ("future", "2026-01-01", "2026-03-20", "NFO:NIFTY26MARFUT", 65, 25_300),
    ("future", "2026-04-01", "2026-06-20", "NFO:BANKNIFTY26JUNFUT", 30, 56_000),
    ("future", "2026-06-01", "2026-08-20", "NFO:NIFTY26AUGFUT", 65, 24_800),
    ("option", "2026-03-02", "2026-03-20", "NFO:NIFTY26MAR25000CE", 65, 240),
    ("option", "2026-04-01", "2026-06-20", "NFO:NIFTY26JUN25000PE", 65, 310),
]
CHARGED = {"discount": (D(20), True), "statutory": (D(0), True), "none": (D(0), False)}


def _deals(product: str, lot: int, dice: np.random.Generator) -> list[int]:
    """Units of twenty orders; an option is only sold after it was bought, and nothing stays."""
    held, deals = 0, list[int]()
    for _ in range(20):
        most = 3 * lot if product != "share" else 400
        units = int(dice.integers(1, most // lot, endpoint=True)) * lot * int(dice.choice((1, -1)))
        if product == "option" and held + units < 0:
            units = -units
        if abs(held + units) > 2 * most:
            units = -units
        held += units
        deals.append(units)
    return [*deals, -held] if held else deals


def _day(folder: Path, place: tuple[dt.date, str, int], deals: list[int], dice: np.random.Generator) -> dict[int, int]:
    """Ticks before and after the close of each minute, at prices by chance; the deals by the candle that is closed."""
    day, name, price = place
    paise, times, prices = price * 100, list[int](), list[int]()
    begin = ist_ns(day, dt.time(9, 15))
    for minute in range(len(deals) + 1):
        for second in (5, 58):
            paise += int(dice.integers(-price // 10, price // 10, endpoint=True)) // 5 * 5
            times.append(begin + (minute * 60 + second) * 1_000_000_000)
            prices.append(paise * (ONE // 100))
    volume = pl.Series(range(1, len(times) + 1)) * 10_000
    frame = pl.DataFrame({"ts_ns": times, "price": prices, "volume": volume, "last_qty": [10_000] * len(times)})
    Catalog(folder / "catalog").store(Entry(instrument=name, day=day, tick=5_000_000), frame)
    return {begin + minute * 60_000_000_000: units for minute, units in enumerate(deals)}


def _run(folder: Path, name: str, deals: dict[int, int], charges: str) -> Result:
    file = folder / "script.py"
    script = SCRIPT.replace("NSE:SBIN", name).replace("SESSION", 'session = intraday("09:15")')
    file.write_text(script.replace("DEALS", repr(deals)))
    paper = msgspec.structs.replace(Settings().paper, capital_rupees=1e8)
    limits = msgspec.structs.replace(Settings().limits, order_value_rupees=1e9, position_value_rupees=1e9)
    settings = costs(msgspec.structs.replace(Settings(), paper=paper, limits=limits), charges)
    ask = Ask(plans=[StrategyPlan(str(file))], catalog=folder / "catalog", charges=charges, journal=folder / "journal")  # type: ignore[arg-type]
    return run(ask, settings)


def _orders(folder: Path) -> list[tuple[int, Decimal]]:
    """Side and value of each order that filled."""
    orders: dict[str, tuple[int, Decimal]] = {}
    for fill in journal.fills(folder / "journal").to_dicts():
        value = orders.get(fill["order"], (0, D(0)))[1] + fill["quantity"] * D(fill["price"]) / ONE
        orders[fill["order"]] = (fill["side"], value)
    return list(orders.values())


def _by_hand(product: str, day: dt.date, orders: list[tuple[int, Decimal]], charges: str) -> dict[str, Decimal]:
    """The lines of a note: sums first, each rounded once, halves up."""
    (_, *percents) = max(rate for rate in PUBLISHED[product] if rate[0] <= day.isoformat())
    bought_tax, sold_tax, exchange, stamp = (D(percent) / 100 for percent in percents)
    cap, is_taxed = CHARGED[charges]
    sums = dict.fromkeys(LINES, D(0))
    for side, value in orders:
        sums["brokerage"] += cap if product == "option" else min(cap, value * D("0.0003"))
        if is_taxed:
            sums["stt"] += value * (bought_tax if side > 0 else sold_tax)
            sums["stamp"] += value * stamp if side > 0 else 0
            sums["transaction"] += value * exchange
            sums["sebi"] += value * FEE
    sums["gst"] = (sums["brokerage"] + sums["transaction"] + sums["sebi"]) * TAX
    units = {line: D(1) if line in ("stt", "stamp") else D("0.01") for line in LINES}
    return {line: (sums[line] / units[line]).quantize(D(1), ROUND_HALF_UP) * units[line] for line in LINES}


@pytest.mark.parametrize("charges", CHARGED)
@pytest.mark.parametrize("stretch", STRETCHES, ids=lambda stretch: f"{stretch[3]} {stretch[1]}")
def test_each_line_is_that_of_a_calculator_of_its_own(
    stretch: tuple[str, str, str, str, int, int], charges: str, tmp_path: Path
) -> None:
    product, first, last, name, lot, price = stretch
    dice = np.random.default_rng(zlib.crc32(f"{name} {first} {charges}".encode()))
    days = trading_days(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    day = days[int(dice.integers(len(days)))]
    deals = _deals(product, lot, dice)
    result = _run(tmp_path, name, _day(tmp_path, (day, name, price), deals, dice), charges)
    orders = _orders(tmp_path)
    assert len(orders) >= len(deals)  # what crosses zero is two of them
    (note,) = result.contract_notes
    wanted = _by_hand(product, day, orders, charges)
    assert {line: D(str(getattr(note, line))) for line in LINES} == wanted, day
    received = sum(-side * value for side, value in orders)
    assert D(str(note.net)) == received - sum(wanted.values())
    assert D(str(result.gross_pnl)) == received
