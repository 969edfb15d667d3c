"""A back-test of a day trades what the day traded on paper: the same orders, fills and charges to the last digit."""

from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from tests.acceptance.product import engine
from tests.acceptance.test_feeds_agree import TURNS
from tests.conftest import shared_path

from velox import journal
from velox.backtest.choose import Ask
from velox.backtest.run import run
from velox.research.catalog import Catalog
from velox.research.days import SAMPLE_DIR, open_day
from velox.research.importer import import_recordings
from velox.research.nse_ticks import find_recordings
from velox.runtime.choose import SHIPPED, shipped_on
from velox.runtime.plan import Plan, StrategyPlan
from velox.settings import Settings

_RECORDED = {"15-April-2021": "2021-04-15", "26-April-2021": "2021-04-26"}


def _agree(catalog: Path, date: str, plans: list[StrategyPlan], folder: Path) -> int:
    """Run a day both ways and compare all that was traded; gives the fills."""
    day = f"{catalog}@{date}"
    watched = [item.name for item in open_day(day).instruments]
    paper = Plan(journal=str(folder / "paper"), strategies=plans, date=date, day=day, feed="direct", watched=watched)
    told = engine(paper).figures["strategies"]
    session = open_day(day).date
    ask = Ask(plans=plans, catalog=catalog, first=session, last=session, journal=folder / "back")
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


def _ways(folder: Path) -> StrategyPlan:
    path = folder / "ways.py"
    path.write_text(_WAYS.replace("SYMBOL", "NSE:RELIANCE"))
    return StrategyPlan(str(path))


def test_a_strategy_of_every_way_in_and_out_on_the_generated_day(tmp_path: Path) -> None:
    assert _agree(SAMPLE_DIR, "2026-07-15", [_ways(tmp_path)], tmp_path) > 100
    fills = journal.fills(tmp_path / "back")
    assert set(fills["role"]) >= {"entry", "add", "flip", "reduce", "stop", "target", "exit"}


@pytest.mark.parametrize("folder", _RECORDED)
def test_all_shipped_strategies_on_a_recorded_day(folder: str, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog")
    import_recordings(find_recordings([shared_path("data", "nse_ticks_2021", folder)]), catalog)
    date = _RECORDED[folder]
    busy = tmp_path / "busy.py"
    busy.write_text(TURNS.replace("SYMBOL", "NSE:RELIANCE"))
    plans = [*shipped_on(open_day(f"{catalog.root}@{date}")), StrategyPlan(str(busy))]
    assert _agree(catalog.root, date, plans, tmp_path) > 10
