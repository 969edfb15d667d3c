"""Sweeps over an ex-date: each set is its single run, whose history is adjusted and whose shares are converted."""

import datetime as dt
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.acceptance.product import velox
from tests.backtest.test_corporate_actions import DAYS, EX, NAME, OLD, act, catalog_of
from tests.sweep.test_sweep import assert_equal_alone

from velox.backtest.choose import Ask, choose
from velox.backtest.signals import Signals, candles_of, run_signals
from velox.errors import BadInput
from velox.market.corporate_actions import Action, Actions
from velox.research.catalog import Catalog
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings
from velox.sweep.folder import Folder
from velox.sweep.held import days_of, hold
from velox.sweep.job import Job, Outcome
from velox.sweep.prepare import Prepared, SweepAsk, prepare
from velox.sweep.signals import sweep_signals
from velox.sweep.walk import Walk
from velox.sweep.work import Desk

_KEEP = """
from velox import EMA, SMA, Bar, Bars, Param, Strategy, crossed, on, pct


class Keep(Strategy):
    symbol = Param("NSE:SBIN")
    fast = Param(3, range(2, 10))
    bars = Bars(symbol, "2m")
    quick = EMA(bars.close, fast)
    slow = SMA(bars.close, 20)

    @on(bars)
    def turn(self, bar: Bar) -> None:
        if crossed.above(self.quick, self.slow):
            self.go_long(qty=60, stop=pct(40))
        elif crossed.below(self.quick, self.slow):
            self.go_flat()
"""

_SPLIT = [act("split", ratio="1:5")]
_TABLES = {
    "split": (5, 0.0, _SPLIT),
    "bonus and split": (10, 0.0, [*_SPLIT, act("bonus", ratio="1:1")]),
    "dividend": (1, 10.0, [act("dividend", amount="10")]),
    "split before a rename": (5, 0.0, [msgspec.structs.replace(*_SPLIT, name=OLD), act("rename", DAYS[3], was=OLD)]),
}


def _days(folder: Path, table: str) -> tuple[Catalog, Actions]:
    times, more, actions = _TABLES[table]
    renames = [each for each in actions if each.was]
    days = catalog_of(folder, times, more=more, name=OLD if renames else NAME, renamed=renames[0].ex if renames else EX)
    return days, Actions(actions)


def _strategy(folder: Path) -> Path:
    file = folder / "keep.py"
    file.write_text(_KEEP)
    return file


def _prepared(file: Path, days: Catalog, actions: Actions, walk: Walk | None = None) -> Prepared:
    ask = SweepAsk(target=str(file), params={"fast": "2:5"}, catalog=days.root, actions=actions, walk=walk)
    return prepare(ask, Settings())


def _worked(prepared: Prepared, first: dt.date, last: dt.date) -> list[Outcome]:
    """What a worker makes of every set, told as a worker is told."""
    setup = msgspec.json.decode(msgspec.json.encode(prepared.setup), type=type(prepared.setup))
    desk = Desk(setup, prepared.arrays)
    return [desk.work(Job(number, params, 0, first, last)) for number, params in enumerate(prepared.space.sets)]


@pytest.mark.parametrize("table", _TABLES)
def test_a_set_over_an_ex_date_is_its_single_run(tmp_path: Path, table: str) -> None:
    days, actions = _days(tmp_path / "days", table)
    file = _strategy(tmp_path)
    found = _worked(_prepared(file, days, actions), DAYS[0], DAYS[-1])
    assert assert_equal_alone(file, days.root, found, actions=actions) > 20
    without = _worked(_prepared(file, days, Actions()), DAYS[0], DAYS[-1])
    assert [each.figures for each in found] != [each.figures for each in without]


@pytest.mark.parametrize("begin", DAYS[1:4])
def test_a_window_that_begins_around_an_ex_date_is_its_single_run(tmp_path: Path, begin: dt.date) -> None:
    days, actions = _days(tmp_path / "days", "split")
    file = _strategy(tmp_path)
    prepared = _prepared(file, days, actions, Walk(train=1, test=1, step=1))
    assert begin in {window.test_first for window in prepared.windows}
    assert_equal_alone(file, days.root, _worked(prepared, begin, DAYS[-1]), actions=actions)


@pytest.mark.parametrize("table", _TABLES)
def test_each_held_day_sees_the_candles_before_it_as_the_catalogues_day_does(tmp_path: Path, table: str) -> None:
    days, actions = _days(tmp_path / "days", table)
    ask = Ask(plans=[StrategyPlan(str(_strategy(tmp_path)))], catalog=days.root, actions=actions)
    chosen = choose(ask)
    market, arrays = hold("m", chosen, days, DAYS, [120])
    for held, day in zip(days_of(market, arrays, None), chosen.days, strict=True):
        told = held.history(NAME, 60, 30)
        np.testing.assert_array_equal(told, day.history(NAME, 60, 30))
        assert len(told) == 100 * DAYS.index(day.date)


def test_a_dividend_whose_close_is_not_known_is_refused_before_a_set_runs(tmp_path: Path) -> None:
    days = catalog_of(tmp_path / "days", more=10.0, without=(DAYS[1],))
    with pytest.raises(BadInput, match="the catalogue does not hold the trading day before"):
        _prepared(_strategy(tmp_path), days, Actions([act("dividend", amount="10")]))


def test_a_folder_goes_on_with_the_same_table_alone(tmp_path: Path) -> None:
    days, actions = _days(tmp_path / "days", "split")
    file = _strategy(tmp_path)
    with Folder(tmp_path / "out", _prepared(file, days, actions).about).held():
        pass
    with Folder(tmp_path / "out", _prepared(file, days, actions).about).held():
        pass
    other: list[Action] = [act("split", ratio="1:4")]
    with (
        pytest.raises(BadInput, match=r"corporate actions was NSE:SBIN/2026-07-15/split/1:5 and is .*/split/1:4"),
        Folder(tmp_path / "out", _prepared(file, days, Actions(other)).about).held(),
    ):
        pass


def test_the_command_takes_the_table(tmp_path: Path) -> None:
    days, _ = _days(tmp_path / "days", "split")
    table, out = tmp_path / "actions.toml", tmp_path / "out"
    table.write_text('[[action]]\nname = "NSE:SBIN"\nex = 2026-07-15\nkind = "split"\nratio = "1:5"\nsource = "test"\n')
    words = ["-p", "fast=2:3", "--catalog", days.root, "--out", out, "--corporate-actions", table]
    told = velox("sweep", _strategy(tmp_path), *words)
    assert told.returncode == 0, told.stderr
    assert json.loads((out / "sweep.json").read_bytes())["corporate actions"] == "NSE:SBIN/2026-07-15/split/1:5"


def test_signals_over_a_rename_are_followed_by_its_older_name_too(tmp_path: Path) -> None:
    days, actions = _days(tmp_path / "days", "split before a rename")
    ask = Ask(plans=[], catalog=days.root, actions=actions)
    bars = candles_of(ask, NAME, "1m")
    assert bars.height == 100 * len(DAYS)
    entries = np.zeros((1, bars.height), dtype=np.bool_)
    entries[0, 10::50] = True
    given = Signals(instrument=NAME, timeframe="1m", entries=entries, exits=np.roll(entries[0], 5), size=10)
    (found,) = sweep_signals(ask, given, Settings(), workers=1)
    alone = run_signals(ask, msgspec.structs.replace(given, entries=entries[0]), Settings())
    assert (found.result_hash, found.fills) == (alone.result_hash, 4 * len(DAYS))
