"""The array path: the orders, fills and P&L of the strategy whose decisions the arrays hold, and clear refusals."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.conftest import shared_path

from velox import journal, risk_pct, risk_rupees
from velox.backtest import signals as module
from velox.backtest.choose import Ask
from velox.backtest.run import run
from velox.backtest.signals import Signals, candles_of, run_signals
from velox.errors import BadInput, Refused
from velox.research.bars import compute_bars, parse_indicators
from velox.research.catalog import Catalog
from velox.research.days import SAMPLE_DIR
from velox.research.importer import import_recordings
from velox.research.nse_ticks import find_recordings
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings

SYMBOL = "NSE:RELIANCE"
ASK = Ask(plans=[], catalog=SAMPLE_DIR)
_Floats = npt.NDArray[np.float64]


def _crosses(fast: _Floats, slow: _Floats) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    above = np.zeros(len(fast), dtype=np.bool_)
    below = above.copy()
    above[1:] = (fast[:-1] <= slow[:-1]) & (fast[1:] > slow[1:])
    below[1:] = (fast[:-1] >= slow[:-1]) & (fast[1:] < slow[1:])
    return above, below


def _ema_cross(catalog: Path, timeframe: str, fast: int, slow: int) -> Signals:
    """What the shipped strategy decides, worked out beforehand on the bars of a catalogue that holds one day."""
    indicators = parse_indicators(f"ema:{fast},ema:{slow}")
    bars = compute_bars(Catalog(catalog), SYMBOL, int(timeframe[:-1]) * 60, indicators)
    above, below = _crosses(*(bars[f"ema_{n}"].fill_null(np.nan).to_numpy() for n in (fast, slow)))
    return Signals(
        instrument=SYMBOL,
        timeframe=timeframe,
        entries=above,
        exits=np.zeros(bars.height, dtype=np.bool_),
        shorts=pl.Series(below),
        stop=np.where(above, bars["low"].to_numpy(), bars["high"].to_numpy()),
        size=risk_pct(0.5),
        start="09:20",
        last_entry="14:45",
    )


def _one_day(folder: Path, source: Path, date: dt.date | None = None) -> Path:
    """A catalogue of one instrument's ticks of one day, so that indicators begin with it."""
    catalog, kept = Catalog(source), Catalog(folder)
    entry = next(e for e in catalog.of_instrument(SYMBOL) if not e.candles and date in (None, e.day))
    kept.store(entry, catalog.read(entry))
    return folder


def _assert_same_trades(catalog: Path, folder: Path, fast: int, slow: int) -> None:
    params = {"symbol": SYMBOL, "fast": str(fast), "slow": str(slow)}
    plans = [StrategyPlan("ema_cross", params)]
    told = run(Ask(plans=plans, catalog=catalog, journal=folder / "told"), Settings())
    signals = _ema_cross(catalog, "5m", fast, slow)
    given = run_signals(Ask(plans=[], catalog=catalog, journal=folder / "given"), signals, Settings())
    assert told.fills > 3
    for name in (
        "ticks",
        "orders",
        "fills",
        "round_trips",
        "gross_pnl",
        "charges",
        "net_pnl",
        "max_drawdown",
        "daily_pnl",
    ):
        assert getattr(given, name) == getattr(told, name), name
    for read in (journal.orders, journal.fills, journal.positions):
        left, right = (read(folder / name).drop("run", "seq", "strategy", strict=False) for name in ("told", "given"))
        assert_frame_equal(left, right)


def test_arrays_of_an_ema_cross_trade_as_the_strategy_on_a_generated_day(tmp_path: Path) -> None:
    _assert_same_trades(_one_day(tmp_path / "day", SAMPLE_DIR), tmp_path, 3, 10)


def test_arrays_of_an_ema_cross_trade_as_the_strategy_on_a_recorded_day(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "all")
    recordings = find_recordings([shared_path("data", "nse_ticks_2021", "26-April-2021")])
    import_recordings([path for path in recordings if path.name.startswith("RELIANCE")], catalog)
    _assert_same_trades(_one_day(tmp_path / "day", catalog.root), tmp_path, 3, 10)


def _nothing() -> dict[str, Any]:
    height = candles_of(ASK, SYMBOL, "5m").height
    return {"entries": np.zeros(height, np.bool_), "exits": np.zeros(height, np.bool_)}


def _signals(**terms: Any) -> Signals:
    given: dict[str, Any] = {"instrument": SYMBOL, "timeframe": "5m", "size": 10}
    return Signals(**(given | _nothing() | terms))


def test_candles_are_those_of_the_bars_of_the_same_days() -> None:
    assert_frame_equal(candles_of(ASK, SYMBOL, "5m"), compute_bars(Catalog(SAMPLE_DIR), SYMBOL, 300))


def test_a_signal_acts_behind_its_candle_and_an_exit_ends_it(tmp_path: Path) -> None:
    arrays = _nothing()
    arrays["entries"][10] = arrays["exits"][20] = True
    run_signals(Ask(plans=[], catalog=SAMPLE_DIR, journal=tmp_path / "j"), _signals(**arrays), Settings())
    candles = candles_of(ASK, SYMBOL, "5m")["ts_open"].to_list()
    fills = journal.fills(tmp_path / "j")
    assert fills["quantity"].to_list() == [10, 10]
    for at, place in zip(fills["ts"].to_list(), (10, 20), strict=True):
        assert 0 <= at - (candles[place] + 300 * 10**9) < 10 * 10**9


def test_a_target_and_a_stop_are_kept_by_the_core() -> None:
    bars, arrays = candles_of(ASK, SYMBOL, "5m"), _nothing()
    arrays["entries"][10] = True
    near = bars["close"].to_numpy() * 0.999
    far = bars["close"].to_numpy() * 1.001
    ended = run_signals(ASK, _signals(**arrays, stop=near, target=far, size=risk_rupees(500)), Settings())
    held = run_signals(ASK, _signals(**arrays), Settings())
    assert ended.round_trips == held.round_trips == 1
    assert ended.result_hash != held.result_hash


def test_equal_arrays_give_equal_results_and_nothing_is_left_behind() -> None:
    arrays = _nothing()
    arrays["entries"][::7] = True
    first, again = (run_signals(ASK, _signals(**arrays), Settings()) for _ in range(2))
    assert (first.result_hash, first.settings) == (again.result_hash, again.settings)
    assert first.fills > 0 and not module._held


def test_a_signal_at_a_candle_that_never_closed_is_not_silently_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it would be if bars and back-test ever differed: one candle more in the arrays, then one less."""
    true = candles_of(ASK, SYMBOL, "5m")
    stray = true.head(10).with_columns(ts_open=pl.col("ts_open") + 1).tail(1)
    more, less = pl.concat([true.head(10), stray, true.tail(-10)]), pl.concat([true.head(10), true.tail(-11)])
    for candles, sentence in ((more, "closed no such candle"), (less, "could not be followed.*no candle that opened")):
        monkeypatch.setattr(module, "candles_of", lambda *_, candles=candles: candles)
        wishes = np.ones(candles.height, np.bool_)
        with pytest.raises(Refused, match=sentence):
            run_signals(ASK, _signals(entries=~wishes, exits=wishes), Settings())
    assert not module._held


def _at(name: str, *places: int, value: Any = True) -> dict[str, Any]:
    array = _nothing()["entries"].astype(type(value))
    array[list(places)] = value
    return {name: array}


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"entries": np.zeros(9, np.bool_)}, r"entries has 9 values, but there are 75 closed candles from 2026-07-15"),
        ({"entries": np.zeros((2, 75), np.bool_)}, "entries has 2 dimensions"),
        ({"exits": np.zeros(75)}, "exits holds float64, not true and false"),
        ({"entries": pl.Series([None] * 75, dtype=pl.Boolean)}, "entries holds object"),
        ({"stop": ["x"] * 75}, "stop holds something that is no price"),
        ({"stop": np.zeros(75)}, "stop is no price above 0"),
        ({"size": 0}, "neither a quantity"),
        ({"size": True}, "neither a quantity"),
        ({"timeframe": "5x"}, "not a timeframe"),
        ({"instrument": "NSE:TCS"}, "NSE:TCS"),
        ({"start": "15:30"}, "must come before"),
        (_at("entries", 5) | _at("shorts", 5), "entries and shorts are both true at the candle of 2026-07-15 09:40:00"),
        (_at("entries", 5) | _at("exits", 5), "exits is true beside an entry"),
        (_at("entries", 5, 6) | {"size": risk_pct(0.5)}, r"needs a stop, which is missing at .* \(2 in all\)"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_with_the_place(terms: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        run_signals(ASK, _signals(**terms), Settings())


def test_plans_beside_signals_are_refused() -> None:
    with pytest.raises(BadInput, match="leave the plans of the ask empty"):
        run_signals(Ask(plans=[StrategyPlan("ema_cross")], catalog=SAMPLE_DIR), _signals(), Settings())
