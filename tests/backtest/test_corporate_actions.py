"""Positions over an ex-date: what is earned is what the market gave, whatever the shares are counted in."""

import datetime as dt
import itertools
import math
from pathlib import Path
from typing import TypeAlias

import msgspec
import polars as pl
import pytest

from velox import journal
from velox.backtest.choose import Ask
from velox.backtest.reported import backtest
from velox.backtest.run import Result, run
from velox.events import Fill, Kind
from velox.market.amounts import ONE
from velox.market.calendar import ist_ns
from velox.market.corporate_actions import Action, Actions
from velox.research.catalog import Catalog, Entry
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings

D = dt.date
_Fill: TypeAlias = tuple[int, int, int, float, str]  # time, side, units, price, role
NAME, OLD = "NSE:SBIN", "NSE:SBINOLD"
DAYS = [D(2026, 7, 13), D(2026, 7, 14), D(2026, 7, 15), D(2026, 7, 16), D(2026, 7, 17)]
EX = DAYS[2]

CROSS = """
from velox import EMA, SMA, Bar, Bars, Param, State, Strategy, crossed, on, points


class Cross(Strategy):
    \"\"\"Always in the market on one side after the first crossing, over the nights too.\"\"\"

    symbol = Param("NSE:SBIN")
    bars = Bars(symbol, "1m")
    quick = EMA(bars.close, 3)
    slow = SMA(bars.close, 20)
    turns = State(0)

    @on(bars)
    def turn(self, bar: Bar) -> None:
        times = TIMES if bar.ts_open_ns < EX_NS else 1
        if crossed.above(self.quick, self.slow):
            self.turns += 1
            self.go_long(qty=60 // times, stop=points(30.0 * times))
        elif crossed.below(self.quick, self.slow):
            self.turns += 1
            self.go_flat()
"""

HOLD = """
from velox import Bar, Bars, Param, Strategy, on


class Hold(Strategy):
    \"\"\"Buys at the first candle and keeps it, guarded.\"\"\"

    symbol = Param("NSE:SBIN")
    bars = Bars(symbol, "1m")

    @on(bars)
    def keep(self, bar: Bar) -> None:
        if bar.n == 1 and bar.ts_open_ns < FIRST_NS:
            self.go_long(qty=UNITS, stop=STOP)
"""


def prices(place: int) -> list[float]:
    """Two prices a minute for 100 minutes, in steps of 0.05; nights without a jump."""
    return [round(100 - 4 * math.sin((place * 200 + i) / 23) + 0.4 * math.sin(i / 3), 1) for i in range(200)]


def catalog_of(
    folder: Path,
    times: int = 1,
    *,
    more: float = 0.0,
    name: str = NAME,
    without: tuple[D, ...] = (),
    renamed: D = EX,
) -> Catalog:
    """The days as they were traded: before the ex-date so many times the price and `more` rupees, by a name."""
    catalog = Catalog(folder)
    for place, day in enumerate(DAYS):
        if day in without:
            continue
        before = day < EX
        begin = ist_ns(day, dt.time(9, 15))
        made = [round((price * (times if before else 1) + (more if before else 0)) * ONE) for price in prices(place)]
        rows = len(made)
        frame = pl.DataFrame(
            {
                "ts_ns": [begin + i * 30_000_000_000 + 1_000_000_000 for i in range(rows)],
                "price": made,
                "volume": [(i + 1) * 1_000 for i in range(rows)],
            }
        )
        catalog.store(Entry(instrument=name if day < renamed else NAME, day=day, tick=5_000_000), frame)
    return catalog


def act(kind: str, ex: D = EX, **words: str) -> Action:
    return Action(name=NAME, ex=ex, kind=kind, source="test", **words)  # type: ignore[arg-type]


def ask_of(folder: Path, catalog: Catalog, text: str, actions: list[Action], **words: object) -> Ask:
    folder.mkdir(exist_ok=True)
    for word, value in words.items():
        text = text.replace(word, str(value))
    file = folder / "strategy.py"
    file.write_text(text)
    return Ask(
        plans=[StrategyPlan(str(file))], catalog=catalog.root, journal=folder / "journal", actions=Actions(actions)
    )


SETTINGS = msgspec.structs.replace(
    Settings(), paper=msgspec.structs.replace(Settings().paper, slippage_ticks=0, brokerage_rupees=0.0)
)


def crossing(folder: Path, catalog: Catalog, times: int, *actions: Action) -> tuple[Result, list[_Fill]]:
    """A run, and its fills in the shares and prices of after the ex-date."""
    ex_ns = ist_ns(EX, dt.time())
    ask = ask_of(folder, catalog, CROSS, list(actions), TIMES=times, EX_NS=ex_ns)
    result = run(ask, SETTINGS)
    fills: list[_Fill] = []
    for record in journal.records(folder / "journal", {Kind.FILL}):
        fill, k = record.payload, times if record.ts < ex_ns else 1
        assert isinstance(fill, Fill)
        fills.append((record.ts, fill.side, fill.quantity * k, fill.price / k, fill.role))
    return result, fills


@pytest.mark.parametrize(
    ("times", "actions"),
    [
        (1, []),
        (5, [act("split", ratio="1:5")]),
        (2, [act("bonus", ratio="1:1")]),
        (10, [act("split", ratio="1:5"), act("bonus", ratio="1:1")]),
        (1, [act("rename", was=OLD)]),
    ],
    ids=["nothing", "split", "bonus", "both", "rename"],
)
def test_a_strategy_trades_over_an_ex_date_as_if_there_were_none(
    tmp_path: Path, times: int, actions: list[Action]
) -> None:
    plain, expected = crossing(tmp_path / "plain", catalog_of(tmp_path / "days"), 1)
    name = OLD if any(action.was for action in actions) else NAME
    traded = catalog_of(tmp_path / "traded", times, name=name)
    result, fills = crossing(tmp_path / "own", traded, times, *actions)
    assert len(expected) > 10
    assert any(a[0] < ist_ns(EX, dt.time()) < b[0] and a[1] > 0 for a, b in itertools.pairwise(expected))
    assert fills == expected
    assert result.gross_pnl == plain.gross_pnl
    assert result.daily_pnl == pytest.approx(plain.daily_pnl, abs=1e-6)
    assert result.max_drawdown == pytest.approx(plain.max_drawdown, abs=1e-6)
    assert result.charges == pytest.approx(plain.charges, abs=1e-6)
    assert result.days == len(DAYS)
    assert len(result.corporate_actions) == (times > 1)


def test_a_split_before_a_rename_is_booked_in_a_run_over_both(tmp_path: Path) -> None:
    _, expected = crossing(tmp_path / "plain", catalog_of(tmp_path / "days"), 1)
    traded = catalog_of(tmp_path / "traded", 5, name=OLD, renamed=DAYS[3])
    split = msgspec.structs.replace(act("split", ratio="1:5"), name=OLD)
    result, fills = crossing(tmp_path / "own", traded, 5, split, act("rename", DAYS[3], was=OLD))
    assert fills == expected
    assert [(line.ex, line.instrument) for line in result.corporate_actions] == [(EX.isoformat(), NAME)]


def holding(folder: Path, catalog: Catalog, units: int, stop: float, *actions: Action) -> Result:
    first_ns = ist_ns(DAYS[1], dt.time())
    return run(ask_of(folder, catalog, HOLD, list(actions), UNITS=units, STOP=stop, FIRST_NS=first_ns), SETTINGS)


def test_a_dividend_makes_up_for_the_fall_that_it_causes(tmp_path: Path) -> None:
    plain = holding(tmp_path / "plain", catalog_of(tmp_path / "days"), 60, 90.0)
    traded = catalog_of(tmp_path / "traded", more=10.0)
    result = holding(tmp_path / "own", traded, 60, 90.0, act("dividend", amount="10"))
    assert (plain.fills, result.fills) == (1, 1)
    assert result.daily_pnl[1:] == pytest.approx(plain.daily_pnl[1:], abs=1e-6)
    assert result.daily_pnl[0] == pytest.approx(plain.daily_pnl[0], abs=1), "charges of a dearer purchase"
    assert result.gross_pnl == plain.gross_pnl
    assert (result.dividends, result.strategies[0].dividends, result.accounts[0].dividends) == (600.0, 600.0, 600.0)
    (line,) = result.corporate_actions
    assert (line.day, line.strategy, line.before, line.after, line.dividend) == (EX.isoformat(), "Hold", 60, 60, 600.0)


def test_a_dividend_moves_no_stop(tmp_path: Path) -> None:
    traded = catalog_of(tmp_path / "traded", more=10.0)
    result = holding(tmp_path / "own", traded, 60, 104.0, act("dividend", amount="10"))
    assert (result.fills, result.dividends) == (2, 600.0), (
        "the fall meets it on the ex-date, the dividend is paid before"
    )


def test_a_part_of_a_share_is_paid_in_cash(tmp_path: Path) -> None:
    # 61 shares at 2 for 3: 40 and two thirds.
    result = holding(tmp_path / "own", catalog_of(tmp_path / "days"), 61, 50.0, act("split", ratio="3:2"))
    (line,) = result.corporate_actions
    last = prices(1)[-1]
    assert (line.before, line.after) == (61, 40)
    assert line.fraction == pytest.approx(last, abs=1e-6), "two thirds of a share at one and a half of the last price"


def test_an_ex_date_without_a_session_takes_effect_with_the_next_one(tmp_path: Path) -> None:
    days = catalog_of(tmp_path / "days", 5, without=(EX,))
    result = holding(tmp_path / "own", days, 12, 450.0, act("split", ratio="1:5"))
    (line,) = result.corporate_actions
    assert (line.day, line.ex, line.after) == (DAYS[3].isoformat(), EX.isoformat(), 60)
    assert result.fills == 1


def test_a_report_tells_the_trade_over_an_ex_date(tmp_path: Path) -> None:
    traded = catalog_of(tmp_path / "traded", 5)
    ask = ask_of(tmp_path / "own", traded, CROSS, [act("split", ratio="1:5")], TIMES=5, EX_NS=ist_ns(EX, dt.time()))
    report = backtest(ask, SETTINGS)
    result = report.result
    trades = report.trades
    assert trades["gross"].sum() == pytest.approx(result.gross_pnl, abs=1e-6)
    report.save(tmp_path / "page.html")
    assert "Corporate actions" in (tmp_path / "page.html").read_text()
