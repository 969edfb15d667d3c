"""Two strategies of one account on one share: refused, kept apart, or netted, and what a contract note says of it."""

import datetime as dt
from pathlib import Path
from typing import Literal

import msgspec
import polars as pl
import pytest

from velox import journal
from velox.backtest.choose import Ask
from velox.backtest.run import Result, run
from velox.errors import BadInput
from velox.events import Kind
from velox.market.amounts import ONE
from velox.market.calendar import ist_ns
from velox.research.catalog import Catalog, Entry
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings

DAY = dt.date(2026, 7, 15)
SCRIPT = """
from velox import Bar, Bars, Param, Strategy, intraday


class NAME(Strategy):
    \"\"\"One trade, at the first candle.\"\"\"

    symbol = Param("NSE:SBIN")
    bars = Bars(symbol, "1m")
    session = intraday("09:15")

    def on_bar(self, bar: Bar) -> None:
        if bar.n == 1:
            self.DEAL
"""
TICKS = [("09:15:55", 1000), ("09:16:05", 1000), ("09:16:10", 1002), ("15:14:50", 1010), ("15:15:01", 1010)]


def _run(folder: Path, same_instrument: Literal["refuse", "wait", "net"]) -> Result:
    catalog = Catalog(folder / "catalog")
    clocks = [*TICKS, ("15:15:02", 1010), ("15:15:03", 1010), ("15:29:00", 1010)]
    times = [ist_ns(DAY, dt.time.fromisoformat(clock)) for clock, _ in clocks]
    prices, volume = [price * ONE for _, price in clocks], [100 * (place + 1) for place in range(len(clocks))]
    frame = pl.DataFrame({"ts_ns": times, "price": prices, "volume": volume, "last_qty": [100] * len(clocks)})
    catalog.store(Entry(instrument="NSE:SBIN", day=DAY, tick=5_000_000), frame)
    plans = []
    for name, deal in (("Buyer", "buy(qty=100)"), ("Seller", "sell(qty=60)")):
        file = folder / f"{name.lower()}.py"
        file.write_text(SCRIPT.replace("NAME", name).replace("DEAL", deal))
        plans.append(StrategyPlan(str(file)))
    paper = msgspec.structs.replace(Settings().paper, slippage_ticks=0, same_instrument=same_instrument)
    ask = Ask(plans=plans, catalog=catalog.root, journal=folder / "journal")
    return run(ask, msgspec.structs.replace(Settings(), paper=paper))


def test_a_fill_says_whether_it_was_netted(tmp_path: Path) -> None:
    _run(tmp_path, "net")
    rows = journal.fills(tmp_path / "journal").to_dicts()
    sides = [(row["side"] * row["quantity"], row["netted"]) for row in rows]
    assert sides == [(60, True), (-60, True), (40, False), (-60, True), (60, True), (-40, False)]
    assert all(row["netted"] == (row["brokerage"] == 0) for row in rows)


def _fills(folder: Path) -> list[tuple[int, int]]:
    rows = journal.fills(folder / "journal").to_dicts()
    return [(row["side"] * row["quantity"], row["price"] // ONE) for row in rows]


def test_by_default_the_second_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"would both trade NSE:SBIN on one account: .*same_instrument"):
        _run(tmp_path, "refuse")


def test_the_later_of_two_opposite_entries_fills_a_tick_later(tmp_path: Path) -> None:
    result = _run(tmp_path, "wait")
    assert _fills(tmp_path)[:2] == [(100, 1000), (-60, 1002)]
    (note,) = result.contract_notes
    assert (note.orders, note.bought, note.sold) == (4, 160, 160)


def test_what_is_netted_is_on_no_contract_note_and_costs_nothing(tmp_path: Path) -> None:
    result = _run(tmp_path, "net")
    assert _fills(tmp_path)[:3] == [(60, 1000), (-60, 1000), (40, 1000)]
    kinds = [record.kind for record in journal.records(tmp_path / "journal")]
    assert kinds.count(Kind.NETTED) == 2, "entries, and the square-off"
    (note,) = result.contract_notes
    assert (note.orders, note.bought, note.sold, note.delivered) == (2, 40, 40, 0)
    assert note.net == pytest.approx(note.sold_value - note.bought_value - note.charges)
    assert result.charges == pytest.approx(note.charges, abs=1.0)
    assert result.gross_pnl == pytest.approx(40 * 10.0), "what one lost of the rest the other won"
