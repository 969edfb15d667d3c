"""P&L and charges of scripted trades equal contract notes that were reckoned by hand, line by line, in dated rates."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import msgspec
import polars as pl
import pytest
from tests.backtest.scripted import SCRIPT

from velox import journal
from velox.backtest.choose import Ask
from velox.backtest.notes import ContractNote
from velox.backtest.run import Result, run
from velox.market.amounts import ONE
from velox.market.calendar import ist_ns
from velox.market.charges import OrderCharges, charge_rates, contract_note
from velox.research.catalog import Catalog, Entry
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings

D = Decimal
LINES = ("brokerage", "stt", "transaction", "sebi", "stamp", "gst")

# Percent of value as published: NSE's and the states' for each product and year.
PUBLISHED = {
    "2021": {"transaction": D("0.00345"), "sebi": D("0.0001"), "gst": D(18)},
    "2026": {"transaction": D("0.00307"), "sebi": D("0.0001"), "gst": D(18)},
}
INTRADAY = {"stt_buy": D(0), "stt_sell": D("0.025"), "stamp": D("0.003"), "cap": D(20), "rate": D("0.03")}
DELIVERY = {"stt_buy": D("0.1"), "stt_sell": D("0.1"), "stamp": D("0.015"), "cap": D(0), "rate": D(0)}


def _run(
    folder: Path,
    days: dict[dt.date, list[tuple[str, int, int]]],
    deals: dict[tuple[dt.date, str], int],
    session: str = "",
) -> Result:
    """A back-test of ticks made by hand: clock, price and units traded of each."""
    catalog = Catalog(folder / "catalog")
    for day, rows in days.items():
        times = [ist_ns(day, dt.time.fromisoformat(clock)) for clock, _, _ in rows]
        prices = [price * ONE for _, price, _ in rows]
        volume = pl.Series([units for _, _, units in rows]).cum_sum()
        frame = pl.DataFrame({"ts_ns": times, "price": prices, "volume": volume, "last_qty": [q for _, _, q in rows]})
        catalog.store(Entry(instrument="NSE:SBIN", day=day, tick=5_000_000), frame)
    told = {ist_ns(day, dt.time.fromisoformat(clock)): units for (day, clock), units in deals.items()}
    file = folder / "script.py"
    file.write_text(SCRIPT.replace("DEALS", repr(told)).replace("SESSION", session))
    paper = msgspec.structs.replace(Settings().paper, slippage_ticks=0, partial=True)
    settings = msgspec.structs.replace(Settings(), paper=paper)
    ask = Ask(plans=[StrategyPlan(str(file))], catalog=catalog.root, journal=folder / "journal")
    return run(ask, settings)


def _by_hand(
    year: str, orders: list[tuple[int, list[tuple[int, str]]]], kind: dict[str, Decimal]
) -> dict[str, Decimal]:
    """A note's lines from orders as (side, [(units, price)]): sums first, each rounded once, halves up."""
    rates, sums = PUBLISHED[year], dict.fromkeys(LINES, D(0))
    for side, fills in orders:
        value = sum((units * D(price) for units, price in fills), D(0))
        sums["brokerage"] += min(kind["cap"], value * kind["rate"] / 100)
        sums["stt"] += value * kind["stt_buy" if side > 0 else "stt_sell"] / 100
        sums["stamp"] += value * (kind["stamp"] if side > 0 else D(0)) / 100
        sums["transaction"] += value * rates["transaction"] / 100
        sums["sebi"] += value * rates["sebi"] / 100
    sums["gst"] = (sums["brokerage"] + sums["transaction"] + sums["sebi"]) * rates["gst"] / 100
    return {line: _rounded(line, amount) for line, amount in sums.items()}


def _rounded(line: str, amount: Decimal) -> Decimal:
    unit = D(1) if line in ("stt", "stamp") else D("0.01")
    return (amount / unit).quantize(D(1), ROUND_HALF_UP) * unit


def _lines(note: ContractNote) -> dict[str, Decimal]:
    return {line: D(str(getattr(note, line))) for line in LINES}


def _fills(folder: Path) -> list[tuple[int, int, str]]:
    rows = journal.fills(folder / "journal").to_dicts()
    return [(row["side"] * row["quantity"], row["price"] // ONE, row["role"]) for row in rows]


# Three orders of a morning; the purchase of 100 fills in two parts of 60 and 40.
MORNING = [
    ("09:15:55", 1000, 50),
    ("09:16:05", 1000, 60),
    ("09:16:20", 1002, 40),
    ("09:16:55", 1004, 500),
    ("09:17:05", 1004, 500),
    ("09:18:55", 1010, 500),
    ("09:19:05", 1010, 500),
]
# Their notes written out: bought for 1,00,080 and 50,200, sold for 1,51,500.
WRITTEN = {
    dt.date(2021, 4, 26): {
        "brokerage": "55.06", "stt": "38", "transaction": "10.41", "sebi": "0.30", "stamp": "5", "gst": "11.84",
    },
    dt.date(2026, 7, 15): {
        "brokerage": "55.06", "stt": "38", "transaction": "9.26", "sebi": "0.30", "stamp": "5", "gst": "11.63",
    },
}  # fmt: skip


@pytest.mark.parametrize("day", WRITTEN, ids=["2021", "2026"])
def test_a_morning_of_several_orders_and_a_partial_fill(day: dt.date, tmp_path: Path) -> None:
    deals = {(day, "09:15"): 100, (day, "09:16"): 50, (day, "09:18"): -150}
    result = _run(tmp_path, {day: MORNING}, deals, 'session = intraday("09:15")')
    assert [units for units, _, _ in _fills(tmp_path)] == [60, 40, 50, -150]
    (note,) = result.contract_notes
    assert (note.orders, note.bought, note.sold, note.delivered) == (3, 150, 150, 0)
    assert (D(str(note.bought_value)), D(str(note.sold_value))) == (D(60_000) + 40 * 1002 + 50 * 1004, D(150) * 1010)
    orders = [(1, [(60, "1000"), (40, "1002")]), (1, [(50, "1004")]), (-1, [(150, "1010")])]
    assert _lines(note) == _by_hand(str(day.year), orders, INTRADAY)
    assert _lines(note) == {line: D(amount) for line, amount in WRITTEN[day].items()}
    assert D(str(note.net)) == D(str(note.sold_value)) - D(str(note.bought_value)) - sum(_lines(note).values())
    assert result.charges == pytest.approx(note.charges, abs=1.0)
    assert result.gross_pnl == note.sold_value - note.bought_value


def test_shares_that_are_kept_over_a_night_pay_for_delivery_on_both_days(tmp_path: Path) -> None:
    """Bought 100, sold 30 the same day; the other 70 go the next day, and cost no brokerage but ten times the tax."""
    first, second = dt.date(2026, 7, 15), dt.date(2026, 7, 16)
    kept = [("09:15:55", 1000, 500), ("09:16:05", 1000, 500), ("09:16:55", 1010, 500), ("09:17:05", 1010, 500)]
    gone = [("09:15:55", 1020, 500), ("09:16:05", 1020, 500), ("15:29:00", 1020, 5)]
    days = {first: [*kept, ("15:29:00", 1010, 5)], second: gone}
    result = _run(tmp_path, days, {(first, "09:15"): 100, (first, "09:16"): -30, (second, "09:15"): -70})
    assert [units for units, _, _ in _fills(tmp_path)] == [100, -30, -70]
    bought, sold = result.contract_notes
    assert (bought.delivered, sold.delivered) == (70, -70)
    # 30 of the purchase and their sale were of the day, brokerage of the order of 1,00,000 in proportion; 70 delivered.
    day = {line: D(0) for line in LINES}
    day["brokerage"] = D(20) * 30 / 100 + 30 * D(1010) * D("0.0003")
    day["stt"] = 30 * D(1010) * D("0.00025") + 70 * D(1000) * D("0.001")
    day["transaction"] = (100 * D(1000) + 30 * D(1010)) * D("0.0000307")
    day["sebi"] = (100 * D(1000) + 30 * D(1010)) * D("0.000001")
    day["stamp"] = 30 * D(1000) * D("0.00003") + 70 * D(1000) * D("0.00015")
    day["gst"] = (day["brokerage"] + day["transaction"] + day["sebi"]) * D("0.18")
    assert _lines(bought) == {line: _rounded(line, amount) for line, amount in day.items()}
    assert _lines(sold) == _by_hand("2026", [(-1, [(70, "1020")])], DELIVERY)
    # Written out: value 71,400, tax 71.40, transaction 2.19198, fee 0.0714, GST 0.4074084.
    assert [getattr(sold, line) for line in LINES] == [0.0, 71.0, 2.19, 0.07, 0.0, 0.41]
    assert [getattr(bought, line) for line in LINES] == [15.09, 78.0, 4.0, 0.13, 11.0, 3.46]


@pytest.mark.parametrize(
    ("product", "stt", "transaction", "stamp", "cap", "rate"),
    [("futures", "0.05", "0.00183", "0.002", "20", "0.03"), ("options", "0.15", "0.03553", "0.003", "20", None)],
)
def test_a_note_of_a_contract(product: str, stt: str, transaction: str, stamp: str, cap: str, rate: str | None) -> None:
    """Two purchases, one of them in parts, and a sale, on 15 July 2026."""
    rates = charge_rates(product, dt.date(2026, 7, 15))
    assert rates is not None
    orders = [(1, [(65, "120.35"), (65, "121.05")]), (1, [(130, "118.9")]), (-1, [(260, "125.45")])]
    lines, sums = OrderCharges(rates, buy=True).lines, dict.fromkeys(LINES, D(0))
    for side, fills in orders:
        order = OrderCharges(rates, buy=side > 0)
        for units, price in fills:
            lines += order.fill(int(D(price) * ONE), units)
        value = sum((units * D(price) for units, price in fills), D(0))
        sums["brokerage"] += D(cap) if rate is None else min(D(cap), value * D(rate) / 100)
        sums["stt"] += value * D(stt) / 100 if side < 0 else 0
        sums["stamp"] += value * D(stamp) / 100 if side > 0 else 0
        sums["transaction"] += value * D(transaction) / 100
        sums["sebi"] += value * D("0.0001") / 100
    sums["gst"] = (sums["brokerage"] + sums["transaction"] + sums["sebi"]) * D("0.18")
    note = contract_note(lines)
    for line in LINES:
        assert D(getattr(note, line)) / ONE == _rounded(line, sums[line]), line
