"""A back-test of a day trades what the day traded on paper: the same orders, fills and charges to the last digit."""

import datetime as dt
import functools
from collections.abc import Callable
from pathlib import Path

import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.acceptance.product import engine
from tests.acceptance.test_feeds_agree import TURNS
from tests.conftest import shared_path

import velox_core
from velox import journal
from velox.backtest.choose import Ask
from velox.backtest.run import run
from velox.events import Kind, UserValue
from velox.journal.payloads import CandleClosed
from velox.market.calendar import ist_ns
from velox.research.catalog import Catalog
from velox.research.days import SAMPLE_DIR, open_day
from velox.research.importer import import_recordings
from velox.research.nse_ticks import find_recordings
from velox.runtime.choose import SHIPPED, shipped_on
from velox.runtime.plan import Plan, StrategyPlan
from velox.settings import Settings

KEEPS = """
from velox import EMA, Bar, Bars, Param, State, Strategy


class Keeps(Strategy):
    \"\"\"Buys once in its life and keeps it.\"\"\"

    symbol = Param("SYMBOL")
    bars = Bars(symbol, "5m")
    slow = EMA(bars.close, 60)
    bought = State(0)

    def on_bar(self, bar: Bar) -> None:
        if not self.bought:
            self.bought = bar.n
            self.go_long(stop=bar.low * 0.9, qty=10)
"""
_RECORDED = {"15-April-2021": "2021-04-15", "26-April-2021": "2021-04-26"}
Recorded = Callable[[str], Path]
# Examples beside those that the demo runs, and the symbols on which they run together.
EXAMPLES = {
    "opening_range": ["NSE:WIPRO"],
    "supertrend_two": ["NSE:TECHM"],
    "rsi_best_three": [],
    "vwap_pullback": ["NSE:SBILIFE"],
    "momentum_thirds": ["NSE:HDFC"],
    "cash_pair": ["NSE:BAJFINANCE", "NSE:BAJAJFINSV"],
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The catalogue of a recorded day, imported once."""

    @functools.cache
    def imported(folder: str) -> Path:
        catalog = Catalog(tmp_path_factory.mktemp("catalog") / folder)
        import_recordings(find_recordings([shared_path("data", "nse_ticks_2021", folder)]), catalog)
        return catalog.root

    return imported


def _agree(catalog: Path, date: str, plans: list[StrategyPlan], folder: Path, *late: str) -> int:
    """Run a day both ways and compare all that was traded; gives the fills. `late` are what hooks may choose."""
    day = f"{catalog}@{date}"
    watched = [item.name for item in open_day(day).instruments]
    paper = Plan(journal=str(folder / "paper"), strategies=plans, date=date, day=day, feed="direct", watched=watched)
    told = engine(paper).figures["strategies"]
    session = open_day(day).date
    ask = Ask(plans=plans, catalog=catalog, first=session, last=session, journal=folder / "back", watched=[*late])
    result = run(ask, Settings())
    figures = ("name", "instrument", "orders", "fills", "round_trips", "gross_pnl", "charges", "net_pnl")
    for mine, theirs in zip(result.strategies, told, strict=True):
        assert {name: getattr(mine, name) for name in figures} == {name: theirs[name] for name in figures}
    for read in (journal.orders, journal.fills, journal.positions):
        back, forth = (read(folder / way).drop("run", "seq") for way in ("back", "paper"))
        assert_frame_equal(back, forth)
    return result.fills


@pytest.mark.parametrize("place", range(len(SHIPPED)), ids=SHIPPED)
def test_a_shipped_strategy_on_the_generated_day(place: int, tmp_path: Path) -> None:
    plan = shipped_on(open_day(None))[place]
    assert _agree(SAMPLE_DIR, "2026-07-15", [plan], tmp_path) > 0


def test_a_busy_strategy_beside_the_shipped_ones(tmp_path: Path) -> None:
    busy = tmp_path / "busy.py"
    busy.write_text(TURNS.replace("SYMBOL", "NSE:RELIANCE"))
    plans = [*shipped_on(open_day(None)), StrategyPlan(str(busy))]
    assert _agree(SAMPLE_DIR, "2026-07-15", plans, tmp_path) > 10


# Every way in and out that a strategy has, by turns.
_WAYS = """
from velox import Strategy, Param, Bars, ATR, bars, intraday, part, pct, points, r, rest, risk_rupees

class Ways(Strategy):

    symbol = Param("SYMBOL")
    bars = Bars(symbol, "1m")
    atr = ATR(bars, 5)
    session = intraday("09:20")

    def on_bar(self, bar):
        turn = bar.n % 12
        if turn == 1:
            self.flatten("next round")
        elif turn == 2:
            parts = [part(1/3, r(1)), part(1/3, r(2)), part(rest, trail=2 * self.atr)]
            self.t = self.go_long(qty=30, stop=2 * self.atr, exits=parts)
        elif turn == 4:
            self.add(qty=9, above=bar.high, valid_until=bars(2))
        elif turn == 5:
            self.resize(qty=21)
        elif turn == 6:
            self.t.exit(1/2)
        elif turn == 7:
            self.sell(qty=3, limit=bar.high, valid_until=bars(2))
        elif turn == 8:
            self.go_short(size=risk_rupees(500), below=bar.low, stop=pct(0.5), target=r(2), valid_until=bars(2))
        elif turn == 10:
            self.buy(notional=40_000, limit=bar.close, trail=points(2))
        elif turn == 11:
            self.t.target_to(r(3))

    def on_target(self, trade):
        if trade.part == 1:
            trade.stop_at_cost()
"""


# Chooses at 10:00 and once more at noon, by what it could not know before, and trades by what it watches from then on.
_LATE = """
from velox import ATR, EMA, VWAP, Bars, Param, Strategy, at, crossed, intraday

class Late(Strategy):

    symbol = Param("SYMBOL")
    bars = Bars(symbol, "1m")
    session = intraday("09:20")

    @at("10:00")
    def choose(self):
        name = max(["NSE:INFY", "NSE:HDFCBANK"], key=lambda name: self.watch(Bars(name, "5m")).timeframe_s + len(name))
        self.name(name)

    @at("12:00")
    def choose_again(self):
        self.name("NSE:HDFCBANK")

    def name(self, name):
        self.spread = self.watch(EMA(Bars(name, "1m").close - Bars(self.symbol, "5m").close, 9))
        self.mean = self.watch(EMA(Bars(name, "1m").close - Bars(self.symbol, "5m").close, 40))
        self.low = self.watch(Bars(name, "3m").low)
        self.vwap = self.watch(VWAP(Bars(name, "1m")))
        self.atr = self.watch(ATR(type(self).bars, 9))

    def on_bar(self, bar):
        self.log(f"{float(self.spread)} {float(self.mean)} {float(self.low)} {float(self.vwap)} {self.low.n}")
        if crossed.above(self.spread, self.mean):
            self.go_long(stop=2 * self.atr, qty=10)
        elif crossed.below(self.spread, self.mean):
            self.go_short(stop=2 * self.atr, qty=10) if self.vwap > self.low else self.go_flat()
"""


def test_a_strategy_that_chooses_what_it_watches_while_the_day_runs(tmp_path: Path) -> None:
    path = tmp_path / "late.py"
    path.write_text(_LATE.replace("SYMBOL", "NSE:RELIANCE"))
    plan = StrategyPlan(str(path))
    assert _agree(SAMPLE_DIR, "2026-07-15", [plan], tmp_path, "NSE:INFY", "NSE:HDFCBANK") > 10
    logs = [_lines(tmp_path / way) for way in ("back", "paper")]
    assert logs[0] == logs[1] and sum("nan" not in line for line in logs[0]) > 200


def _lines(folder: Path) -> list[str]:
    rows = velox_core.JournalReader(folder)
    kept = (payload for _, _, _, kind, _, payload in rows if kind == Kind.USER_VALUE)
    return [msgspec.msgpack.decode(payload, type=UserValue).text for payload in kept]


def _ways(folder: Path) -> StrategyPlan:
    path = folder / "ways.py"
    path.write_text(_WAYS.replace("SYMBOL", "NSE:RELIANCE"))
    return StrategyPlan(str(path))


def test_a_strategy_of_every_way_in_and_out_on_the_generated_day(tmp_path: Path) -> None:
    assert _agree(SAMPLE_DIR, "2026-07-15", [_ways(tmp_path)], tmp_path) > 100
    fills = journal.fills(tmp_path / "back")
    assert set(fills["role"]) >= {"entry", "add", "flip", "reduce", "stop", "target", "exit"}


@pytest.mark.parametrize("target", EXAMPLES)
def test_an_example_on_the_generated_day(target: str, tmp_path: Path) -> None:
    names = sorted(item.name for item in open_day(None).instruments if not item.is_index)
    symbol = ",".join(names[: len(EXAMPLES[target])] or names)
    _agree(SAMPLE_DIR, "2026-07-15", [StrategyPlan(target, {"symbol": symbol})], tmp_path)


@pytest.mark.parametrize("folder", _RECORDED)
def test_all_examples_on_a_recorded_day(folder: str, recorded: Recorded, tmp_path: Path) -> None:
    plans = [StrategyPlan(target, {"symbol": ",".join(names)} if names else {}) for target, names in EXAMPLES.items()]
    assert _agree(recorded(folder), _RECORDED[folder], plans, tmp_path) > 5


@pytest.mark.parametrize("folder", _RECORDED)
def test_all_shipped_strategies_on_a_recorded_day(folder: str, recorded: Recorded, tmp_path: Path) -> None:
    root, date = recorded(folder), _RECORDED[folder]
    busy = tmp_path / "busy.py"
    busy.write_text(TURNS.replace("SYMBOL", "NSE:RELIANCE"))
    plans = [*shipped_on(open_day(f"{root}@{date}")), StrategyPlan(str(busy))]
    assert _agree(root, date, plans, tmp_path) > 10


@pytest.mark.parametrize(("apart", "cold"), [(1, False), (6, True), (20, True)])
def test_days_on_one_journal_trade_as_their_back_test(apart: int, cold: bool, tmp_path: Path) -> None:
    """Days that are far apart begin anew on paper too, without candles of before; positions stay."""
    first, second = dt.date(2026, 7, 15), dt.date(2026, 7, 15) + dt.timedelta(days=apart)
    symbols = ("NSE:RELIANCE", "NSE:INFY")
    catalog = Catalog(tmp_path / "catalog")
    for entry in Catalog(SAMPLE_DIR).entries():
        if entry.instrument in symbols and not entry.candles:
            ticks = Catalog(SAMPLE_DIR).read(entry)
            catalog.store(entry, ticks)
            later = ticks.with_columns(pl.col("ts_ns") + apart * 86_400 * 1_000_000_000)
            catalog.store(msgspec.structs.replace(entry, day=second), later)
    busy = tmp_path / "busy.py"
    busy.write_text(TURNS.replace("SYMBOL", symbols[0]))
    keeps = tmp_path / "keeps.py"
    keeps.write_text(KEEPS.replace("SYMBOL", symbols[1]))
    plans = [StrategyPlan(str(busy)), StrategyPlan(str(keeps))]
    for date in (first, second):
        paper = Plan(
            journal=str(tmp_path / "paper"),
            strategies=plans,
            date=date.isoformat(),
            day=f"{catalog.root}@{date}",
            feed="direct",
            watched=[],
        )
        told = engine(paper).figures["strategies"]
    result = run(Ask(plans=plans, catalog=catalog.root, journal=tmp_path / "back"), Settings())
    assert result.cold_starts == ([second.isoformat()] if apart > 4 else [])
    for mine, theirs in zip(result.strategies, told, strict=True):
        assert (mine.net_pnl, mine.charges) == (theirs["net_pnl"], theirs["charges"])
    for read in (journal.orders, journal.fills, journal.positions):
        back, forth = (read(tmp_path / way).drop("run", "seq") for way in ("back", "paper"))
        assert_frame_equal(back, forth)
    fills = journal.fills(tmp_path / "back")
    assert fills.filter(pl.col("ts") > ist_ns(second)).height > 5
    values = [_values(tmp_path / way) for way in ("back", "paper")]
    assert values[0] == values[1]
    without = [ts for ts, known in values[0] if ts > ist_ns(second) and not all(known)]
    assert bool(without) == cold, "indicators of the first candles"
    for way in ("back", "paper"):
        bars = [record.ts for record in journal.records(tmp_path / way, [Kind.HISTORY_BAR])]
        assert all(ts < ist_ns(first, dt.time(12)) for ts in bars), way


def _values(folder: Path) -> list[tuple[int, tuple[bool, ...]]]:
    """Begin of each closed candle, and which of its indicators had a value."""
    closed = [record.payload for record in journal.records(folder, [Kind.CANDLE_CLOSED])]
    return [(c.ts_open, tuple(v == v for v in c.values)) for c in closed if isinstance(c, CandleClosed)]
