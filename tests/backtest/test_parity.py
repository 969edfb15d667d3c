"""A back-test of a day trades what the day traded on paper: the same orders, fills and charges to the last digit."""

import functools
from collections.abc import Callable
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
Recorded = Callable[[str], Path]
# Examples beside those that the demo runs, and the symbols on which they run together.
EXAMPLES = {
    "opening_range": ["NSE:WIPRO"],
    "supertrend_two": ["NSE:TECHM"],
    "rsi_best_three": [],
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


@pytest.mark.parametrize("target", EXAMPLES)
def test_an_example_on_the_generated_day(target: str, tmp_path: Path) -> None:
    names = sorted(item.name for item in open_day(None).instruments if not item.is_index)
    symbol = names[0] if EXAMPLES[target] else ",".join(names)
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
