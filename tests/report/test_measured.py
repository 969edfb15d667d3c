"""Excursions and slippage, against what the journal of the same run says tick by tick."""

import datetime as dt
from pathlib import Path

import pytest
from tests.acceptance.test_feeds_agree import TURNS
from tests.conftest import shared_path

from velox import events
from velox.backtest.choose import Ask
from velox.backtest.reported import backtest
from velox.events import Kind
from velox.journal.payloads import Tick, TickVerdict
from velox.journal.records import records
from velox.report.report import Report
from velox.research.catalog import Catalog
from velox.research.days import SAMPLE_DIR
from velox.research.importer import import_recordings
from velox.research.nse_ticks import find_recordings
from velox.runtime.plan import StrategyPlan

_KINDS = (Kind.TICK, Kind.TICK_VERDICT, Kind.ORDER_EVENT, Kind.FILL)


class _Told:
    """What a journal says: applied prices by instrument and time, the last price before each order, all fills."""

    def __init__(self, folder: Path) -> None:
        self.ticks: list[tuple[int, int]] = []  # place in the journal and price
        self.fills: list[tuple[int, int, str]] = []  # place in the journal, kernel time, role
        self.slippage = 0
        made: dict[events.OrderId, int] = {}
        last: dict[int, int] = {}
        held: tuple[int, Tick] | None = None
        for record in records(folder, _KINDS):
            payload = record.payload
            if isinstance(payload, TickVerdict):
                held = None
                continue
            if held is not None:
                seq, tick = held
                self.ticks.append((seq, tick.price))
                last[tick.instrument] = tick.price
                held = None
            if isinstance(payload, Tick):
                held = (record.seq, payload)
            elif isinstance(payload, events.OrderEvent):
                made.setdefault(payload.order, last[payload.instrument])
            elif isinstance(payload, events.Fill):
                self.fills.append((record.seq, record.ts, payload.role))
                if payload.role == "target":
                    continue
                self.slippage += payload.side * (payload.price - made[payload.order]) * payload.quantity


def _run(catalog: Path, folder: Path, day: str = "2026-07-15") -> tuple[Report, _Told]:
    busy = folder / "busy.py"
    busy.write_text(TURNS.replace("SYMBOL", "NSE:RELIANCE"))
    first = dt.date.fromisoformat(day)
    ask = Ask(plans=[StrategyPlan(str(busy))], catalog=catalog, journal=folder / "j", first=first, last=first)
    return backtest(ask), _Told(folder / "j")


def _extremes_agree(report: Report, told: _Told) -> None:
    assert len(report.kept.trades) > 5
    for trade in report.kept.trades:
        entry = min(seq for seq, ts, role in told.fills if (ts, role) == (trade.opened_ns, trade.entry_role))
        exit_ = max(seq for seq, ts, role in told.fills if (ts, role) == (trade.closed_ns, trade.exit_role))
        between = [price for seq, price in told.ticks if entry < seq < exit_][:-1]  # the last one filled the exit
        prices = [*between, round(trade.entry_price), round(trade.exit_price or 0)]
        assert (trade.lowest, trade.highest) == (min(prices), max(prices)), trade.number


def test_excursions_and_slippage_are_those_of_the_ticks_that_the_kernel_applied(tmp_path: Path) -> None:
    report, told = _run(SAMPLE_DIR, tmp_path)
    _extremes_agree(report, told)
    assert sum(trade.slippage for trade in report.kept.trades) == told.slippage != 0


def test_so_are_those_of_a_recorded_day_in_whole_seconds_with_rows_that_the_guard_refused(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog")
    import_recordings(find_recordings([shared_path("data", "nse_ticks_2021", "26-April-2021")]), catalog)
    report, told = _run(catalog.root, tmp_path, "2021-04-26")
    _extremes_agree(report, told)
    assert sum(trade.slippage for trade in report.kept.trades) == told.slippage != 0


def test_candles_carry_the_values_of_the_strategys_nodes(tmp_path: Path) -> None:
    """An EMA of the page is the EMA of the page's closes once it has forgotten how it began."""
    report, _ = _run(SAMPLE_DIR, tmp_path)
    series = next(s for s in report.kept.series if (s.instrument, s.seconds) == ("NSE:RELIANCE", 60))
    assert [line.name for line in series.lines] == ["quick · EMA(5)", "strength · RSI(7)"]
    candles = series.days[0].candles
    value = candles[0].values[0]
    for candle in candles[1:]:
        value += (candle.close / 1e8 - value) * 2 / 6
    assert candles[-1].values[0] == pytest.approx(value, rel=1e-9)
