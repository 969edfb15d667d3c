"""The examples keep their word on recorded days, whatever they earn."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import shared_path

from velox import journal
from velox.backtest.choose import Ask, plans_on
from velox.backtest.run import Result, run
from velox.events import ExitEvent, Kind, PositionChanged
from velox.research.catalog import Catalog
from velox.research.importer import import_recordings
from velox.research.nse_ticks import find_recordings
from velox.settings import Settings

DAYS = ("15-April-2021", "26-April-2021")


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A catalogue for each recorded day."""
    roots = []
    for day in DAYS:
        catalog = Catalog(tmp_path_factory.mktemp("catalog") / day)
        import_recordings(find_recordings([shared_path("data", "nse_ticks_2021", day)]), catalog)
        roots.append(catalog.root)
    return roots


def _run(root: Path, target: str, folder: Path, *symbols: str) -> tuple[Result, list[tuple[str, int]]]:
    """The result on each of these symbols, and the positions in the order in which they changed."""
    kept = folder / root.name
    result = run(Ask(plans=plans_on([target], {}, symbols), catalog=root, journal=kept), Settings())
    assert not any(strategy.faulted for strategy in result.strategies)
    changes = [record.payload for record in journal.records(kept, {Kind.POSITION_CHANGED})]
    return result, [(str(each.instrument), each.quantity) for each in changes if isinstance(each, PositionChanged)]


def test_the_opening_range_is_left_once_a_session(days: list[Path], tmp_path: Path) -> None:
    symbols = ("NSE:WIPRO", "NSE:TCS", "NSE:SBIN", "NSE:INFY", "NSE:MARUTI")
    results = [_run(root, "opening_range", tmp_path, *symbols)[0] for root in days]
    trips = [strategy.round_trips for result in results for strategy in result.strategies]
    assert max(trips) == 1
    assert sum(trips) > len(symbols)


def test_the_best_three_are_never_four(days: list[Path], tmp_path: Path) -> None:
    most = trips = 0
    for root in days:
        result, changes = _run(root, "rsi_best_three", tmp_path)
        assert len(result.strategies) == 10
        held: dict[str, int] = {}
        for instrument, quantity in changes:
            assert quantity >= 0, "it only buys"
            held[instrument] = quantity
            most = max(most, sum(quantity != 0 for quantity in held.values()))
        trips += result.round_trips
    assert most <= 3
    assert trips > 3


def test_supertrend_on_two_frames_trades_and_ends_flat(days: list[Path], tmp_path: Path) -> None:
    symbols = ("NSE:TECHM", "NSE:TCS", "NSE:INFY", "NSE:MARUTI")
    found = [_run(root, "supertrend_two", tmp_path, *symbols) for root in days]
    assert sum(result.round_trips for result, _ in found) >= len(symbols)
    for _, changes in found:
        assert set(dict(changes).values()) == {0}


def test_the_pullback_buys_at_its_price_in_its_windows_and_not_above(days: list[Path], tmp_path: Path) -> None:
    symbols = ("NSE:TCS", "NSE:INFY", "NSE:SBIN", "NSE:MARUTI")
    entries = 0
    for root in days:
        _run(root, "vwap_pullback", tmp_path, *symbols)
        fills = journal.fills(tmp_path / root.name).filter(pl.col("role") == "entry")
        clocks = fills["ts"].cast(pl.Datetime("ns")).dt.offset_by("5h30m").dt.time()
        assert all(dt.time(9, 30) <= at < dt.time(11, 3) or dt.time(13, 30) <= at < dt.time(15, 3) for at in clocks)
        assert set(fills["side"]) <= {1}
        orders = journal.orders(tmp_path / root.name).filter(pl.col("role") == "entry")
        assert (orders["limit"] > 0).all()
        entries += fills.height
    assert entries > 5


def test_momentum_leaves_in_thirds_and_the_rest_at_its_cost(days: list[Path], tmp_path: Path) -> None:
    symbols = ("NSE:TCS", "NSE:INFY", "NSE:SBIN", "NSE:MARUTI")
    targets = moved = 0
    for root in days:
        _, changes = _run(root, "momentum_thirds", tmp_path, *symbols)
        kept = tmp_path / root.name
        assert set(dict(changes).values()) == {0}, "flat at the end of the day"
        targets += journal.fills(kept).filter(pl.col("role") == "target").height
        exits = [record.payload for record in journal.records(kept, {Kind.EXIT_EVENT})]
        moved += sum(isinstance(each, ExitEvent) and each.what == "moved" for each in exits)
    assert targets > moved > 3, "some of them reach the second target as well"


def test_the_pair_holds_one_value_on_both_sides_and_ends_flat(days: list[Path], tmp_path: Path) -> None:
    entries = 0
    for root in days:
        _, changes = _run(root, "cash_pair", tmp_path)
        held: dict[str, int] = {}
        for instrument, quantity in changes:
            held[instrument] = quantity
            assert sum(each > 0 for each in held.values()) <= 1, "never both on one side"
            assert sum(each < 0 for each in held.values()) <= 1, "never both on one side"
        assert set(held.values()) == {0}, "flat at the end of the day"
        fills = journal.fills(tmp_path / root.name).filter(pl.col("role") == "entry")
        legs = fills.group_by("order", "instrument", maintain_order=True).agg(
            value=(pl.col("quantity") * pl.col("price")).sum(), share=pl.col("price").max()
        )
        for one, other in zip(legs.rows()[::2], legs.rows()[1::2], strict=True):
            assert one[1] != other[1]
            assert abs(one[2] - other[2]) < max(one[3], other[3]) + 0.005 * one[2], "the same value within a share"
        entries += legs.height
    assert entries > 3
