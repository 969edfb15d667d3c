"""A report tells the same money as the figures, whatever was run; and asking for one changes nothing."""

import datetime as dt
from pathlib import Path

import msgspec
import polars as pl
import pytest
from tests.acceptance.test_feeds_agree import TURNS
from tests.conftest import shared_path

from velox.backtest.choose import Ask
from velox.backtest.reported import backtest
from velox.backtest.run import Result, run
from velox.report.compare import compare
from velox.report.report import Report
from velox.report.tables import charges_by_line
from velox.research.catalog import Catalog
from velox.research.days import SAMPLE_DIR
from velox.research.importer import import_recordings
from velox.research.nse_ticks import find_recordings
from velox.runtime.plan import StrategyPlan
from velox.rupees import percent
from velox.sections import AccountSettings
from velox.settings import Settings

ONE = 100_000_000
SYMBOL = "NSE:RELIANCE"
HOLDS = """
from velox import Param, Strategy, at


class Holds(Strategy):
    \"\"\"Buys once and never sells.\"\"\"

    symbol = Param("SYMBOL")

    @at("10:00")
    def enter(self) -> None:
        if self.position.quantity == 0:
            self.buy(qty=10)
"""


def exact(rupees: float) -> int:
    return round(rupees * ONE)


def agree(result: Result, report: Report) -> None:
    """Every sum of the report's trades is the figure of the result, by strategy and by line, to 1e-8."""
    trades = report.kept.trades
    assert exact(result.gross_pnl) == sum(trade.gross for trade in trades)
    assert exact(result.charges) == sum(trade.charged for trade in trades) == sum(charges_by_line(trades).values())
    assert exact(result.net_pnl) == sum(trade.net for trade in trades) == sum(day.net for day in report.kept.days)
    for told in result.strategies:
        own = [trade for trade in trades if trade.strategy == told.name]
        assert exact(told.net_pnl) == sum(trade.net for trade in own)
        assert told.round_trips == sum(not trade.is_open for trade in own)
    assert exact(result.max_drawdown) == pytest.approx(max(point.drawdown for point in report.kept.points), abs=1)
    assert max(day.drawdown for day in report.kept.days) == max(point.drawdown for point in report.kept.points)
    assert result.ticks == sum(sum(day.rows.values()) for day in report.kept.coverage)
    for day in report.kept.coverage:
        assert sum(day.verdicts.values()) == sum(day.rows.values())
    assert result.bars == sum(day.candles for day in report.kept.coverage)
    told_by_code = {group.code: group.count for group in report.kept.blocked}
    assert result.too_small == told_by_code.get("too_small", 0)
    assert result.rejected == sum(group.count for group in report.kept.blocked if group.what == "refused")


def plan(folder: Path, body: str, symbol: str = SYMBOL) -> StrategyPlan:
    file = folder / f"s{len(list(folder.iterdir()))}.py"
    file.write_text(body.replace("SYMBOL", symbol))
    return StrategyPlan(str(file))


def catalog(folder: Path, *days_on: int) -> Path:
    """The generated day's ticks again on later days."""
    sample = Catalog(SAMPLE_DIR)
    entry = next(e for e in sample.of_instrument(SYMBOL) if not e.candles)
    ticks, kept = sample.read(entry), Catalog(folder)
    for n in days_on:
        later = ticks.with_columns(pl.col("ts_ns") + n * 86_400 * 1_000_000_000)
        kept.store(msgspec.structs.replace(entry, day=entry.day + dt.timedelta(days=n)), later)
    return folder


def test_several_strategies_on_the_generated_day(tmp_path: Path) -> None:
    plans = [plan(tmp_path, TURNS, "NSE:HDFCBANK"), StrategyPlan("ema_cross"), StrategyPlan("macd_trend")]
    ask = Ask(plans=plans, catalog=SAMPLE_DIR)
    report = backtest(ask)
    result = report.result
    assert result.fills > 20
    agree(result, report)
    assert result.result_hash == run(ask, Settings()).result_hash


@pytest.mark.parametrize("on", [("SIDE",), ("CORE", "SIDE"), ("paper", "SIDE")])
def test_accounts_of_their_own_begin_with_their_own_capital(on: tuple[str, ...], tmp_path: Path) -> None:
    capitals = {"CORE": 600_000, "SIDE": 300_000}
    accounts = {name: AccountSettings(capital_rupees=rupees) for name, rupees in capitals.items()}
    first, second = plan(tmp_path, TURNS), StrategyPlan("ema_cross", {"symbol": "NSE:INFY"})
    plans = [msgspec.structs.replace(each, account=name) for each, name in zip((first, second), on, strict=False)]
    report = backtest(Ask(plans=plans, catalog=SAMPLE_DIR), Settings(accounts=accounts))
    capital = sum({"paper": 1_000_000, **capitals}[name] for name in on)
    assert sum(account.capital for account in report.result.accounts) == report.kept.capital / ONE == capital
    assert sum(report.result.daily_pnl) == pytest.approx(report.result.net_pnl, abs=1e-6)
    assert report.result.max_drawdown < 50_000
    agree(report.result, report)
    row = next(row for row in compare([("a", report.figures)]).figures if row.name == "Return on capital")
    assert row.values == [percent(report.result.net_pnl / capital)]


def test_days_in_a_row_and_days_that_begin_anew(tmp_path: Path) -> None:
    ask = Ask(plans=[plan(tmp_path, TURNS)], catalog=catalog(tmp_path / "c", 0, 1, 6))
    report = backtest(ask)
    result = report.result
    assert result.cold_starts == ["2026-07-21"]
    agree(result, report)
    assert [day.is_cold for day in report.kept.coverage] == [False, False, True]


def test_a_position_that_is_never_closed_counts_at_the_last_price(tmp_path: Path) -> None:
    ask = Ask(plans=[plan(tmp_path, HOLDS)], catalog=catalog(tmp_path / "c", 0, 1))
    report = backtest(ask)
    result = report.result
    agree(result, report)
    (trade,) = report.kept.trades
    assert trade.is_open and trade.quantity == 10
    assert (report.trades["closed"].to_list(), report.trades["net"].to_list()) == ([None], [trade.net / ONE])


@pytest.mark.parametrize("folder", ["15-April-2021", "08-June-2021"])
def test_a_recorded_day(folder: str, tmp_path: Path) -> None:
    recorded = Catalog(tmp_path / "catalog")
    import_recordings(find_recordings([shared_path("data", "nse_ticks_2021", folder)]), recorded)
    plans = [plan(tmp_path, TURNS), StrategyPlan("ema_cross", {"symbol": "NSE:INFY"})]
    report = backtest(Ask(plans=plans, catalog=recorded.root))
    result = report.result
    assert result.fills > 4
    agree(result, report)
