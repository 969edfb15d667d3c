"""Back-tests of arrays: what to do at each closed candle was worked out beforehand, as with numpy or polars.

    bars = candles_of(ask, "NSE:RELIANCE", "5m")
    signals = Signals(instrument="NSE:RELIANCE", timeframe="5m", entries=…, exits=…, stop=…, size=risk_pct(0.5))
    result = run_signals(ask, signals, Settings())

The arrays hold one value for each of those candles, in their order. A signal acts when its candle has closed, and fills
at the next tick at the earliest, through the same kernel, risk, fills and charges as a strategy's.
"""

import datetime as dt
import hashlib
import importlib.util
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from velox.backtest.choose import Ask, Chosen, choose
from velox.backtest.run import Result, run
from velox.errors import BadInput, Refused
from velox.market.calendar import IST
from velox.research.bars import parse_timeframe
from velox.research.candles import core_candles
from velox.research.catalog import Catalog
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings
from velox.strategy.sizes import RiskPct, RiskRupees

__all__ = [
    "Array",
    "EXIT",
    "LONG",
    "NONE",
    "Orders",
    "SHORT",
    "Signals",
    "candles_of",
    "choose_signals",
    "digest_of",
    "follow",
    "judged",
    "orders_of",
    "plan_of",
    "run_signals",
]

Array: TypeAlias = Any  # whatever numpy makes an array of: a list, a numpy array, a polars Series

NONE, LONG, SHORT, EXIT = 0, 1, -1, 2  # the wishes
_OPEN, _UNTIL = "SignalTrades", "SignalTradesUntil"
_BAR_COLUMNS = ("ts_open", "open", "high", "low", "close", "volume", "ticks")


class Signals(msgspec.Struct, frozen=True, kw_only=True):
    """What to do at each closed candle of an instrument; all arrays are as long as there are candles.

    `entries` goes long, `shorts` short, `exits` flat. `stop` and `target` are prices in rupees, NaN for none, and count
    where a position is entered. `size` is a quantity, risk_pct(…) or risk_rupees(…), which need a stop. Entries count
    from `start` to `last_entry` (to the square-off where it is None), and `flat` is the time of the square-off.
    """

    instrument: str
    timeframe: str
    entries: Array
    exits: Array
    shorts: Array = None
    stop: Array = None
    target: Array = None
    size: int | RiskPct | RiskRupees
    start: str = "09:15"
    last_entry: str | None = None
    flat: str = "auto"


class Orders(msgspec.Struct, frozen=True):
    """Signals that were judged: for each candle, by its opening time, a wish and the prices that belong to it."""

    places: dict[int, int]
    wish: npt.NDArray[np.int8]
    stop: npt.NDArray[np.float64]
    target: npt.NDArray[np.float64]
    size: dict[str, Any]  # as an intent takes it
    closed: npt.NDArray[np.bool_]  # set by the strategy for each candle that it has seen


_held: dict[str, Orders] = {}


def candles_of(ask: Ask, instrument: str, timeframe: str) -> pl.DataFrame:
    """The closed candles of the days that an ask runs over, as `velox data bars` gives them: what arrays align with."""
    chosen = choose_signals(ask, instrument)
    catalog, timeframe_s = Catalog.open(ask.catalog), parse_timeframe(timeframe)
    last = chosen.days[-1].date
    entries = {
        entry.day: entry
        for entry in catalog.entries()
        if not entry.candles and entry.instrument == ask.actions.name_on(instrument, entry.day, last)
    }
    days = [
        core_candles(day.facts, entries[day.date], catalog.read(entries[day.date]), timeframe_s) for day in chosen.days
    ]
    return pl.DataFrame({name: np.concatenate([day[name] for day in days]) for name in _BAR_COLUMNS})


def choose_signals(ask: Ask, instrument: str) -> Chosen:
    """The days of an ask for one instrument."""
    if ask.plans:
        raise BadInput("signals are a strategy of their own: leave the plans of the ask empty")
    return choose(msgspec.structs.replace(ask, plans=[_plan(_OPEN, {"symbol": instrument})]))


def run_signals(ask: Ask, signals: Signals, settings: Settings) -> Result:
    """Run signals over the days of an ask, whose plans are empty, as a back-test runs a strategy."""
    chosen = choose_signals(ask, signals.instrument)
    orders = judged(signals, candles_of(ask, signals.instrument, signals.timeframe))
    key = digest_of(orders)
    planned = msgspec.structs.replace(ask, plans=[plan_of(signals, key)])
    return follow(key, orders, lambda: run(planned, settings, chosen=chosen))


def follow(key: str, orders: Orders, work: Callable[[], Result]) -> Result:
    """Run what follows the orders of this key; refused where a signal was not heard."""
    orders.closed[:] = False
    _held[key] = orders
    try:
        result = work()
    finally:
        del _held[key]
    if any(strategy.faulted for strategy in result.strategies):
        raise Refused(f"the signals could not be followed to their end: {'; '.join(result.notes) or 'a hook raised'}")
    unseen = (orders.wish != NONE) & ~orders.closed
    _refuse_at(unseen, np.array(list(orders.places)), "the back-test closed no such candle: a signal was not heard")
    return result


def plan_of(signals: Signals, key: str) -> StrategyPlan:
    """The strategy that follows the orders of this key."""
    params = {"symbol": signals.instrument, "timeframe": signals.timeframe, "orders": key, "size": str(signals.size)}
    params |= {"start": signals.start, "flat": signals.flat}
    if signals.last_entry is None:
        return _plan(_OPEN, params)
    return _plan(_UNTIL, params | {"last_entry": signals.last_entry})


def orders_of(key: str) -> Orders:
    """The orders of a run that is on its way."""
    return _held[key]


def digest_of(orders: Orders) -> str:
    """What the orders say, in one number: equal signals run under an equal name."""
    digest = hashlib.sha256(msgspec.json.encode([list(orders.places), str(orders.size)]))
    for array in (orders.wish, orders.stop, orders.target):
        digest.update(array.tobytes())
    return digest.hexdigest()[:32]


def judged(signals: Signals, candles: pl.DataFrame) -> Orders:
    """The wish for each candle; raises where arrays do not fit the candles or each other."""
    ts_open = candles["ts_open"].to_numpy()
    entries, exits = (_flags(name, getattr(signals, name), ts_open) for name in ("entries", "exits"))
    shorts = np.zeros(len(ts_open), dtype=np.bool_)
    if signals.shorts is not None:
        shorts = _flags("shorts", signals.shorts, ts_open)
    stop, target = (_prices(name, getattr(signals, name), ts_open) for name in ("stop", "target"))
    _refuse_at(entries & shorts, ts_open, "entries and shorts are both true")
    _refuse_at((entries | shorts) & exits, ts_open, "exits is true beside an entry")
    size = _size(signals.size)
    if "size" in size:
        _refuse_at((entries | shorts) & np.isnan(stop), ts_open, f"{signals.size} needs a stop, which is missing")
    wish = np.select([entries, shorts, exits], [LONG, SHORT, EXIT], NONE).astype(np.int8)
    places = {ts: place for place, ts in enumerate(ts_open.tolist())}
    return Orders(places, wish, stop, target, size, np.zeros(len(ts_open), dtype=np.bool_))


def _plan(class_name: str, params: dict[str, str]) -> StrategyPlan:
    spec = importlib.util.find_spec("velox.backtest.signal_trades")
    assert spec is not None and spec.origin is not None, "it lies beside this module"
    return StrategyPlan(f"{spec.origin}:{class_name}", params)


def _flags(name: str, given: Array, ts_open: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    array = np.asarray(given)
    _judge_length(name, array, ts_open)
    if array.dtype != np.bool_:
        raise BadInput(f"{name} holds {array.dtype}, not true and false: compare, or fill what is missing with false")
    return array


def _prices(name: str, given: Array, ts_open: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    if given is None:
        return np.full(len(ts_open), np.nan)
    try:
        array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{name} holds something that is no price: {error}") from None
    _judge_length(name, array, ts_open)
    wrong = np.isinf(array) | (array <= 0)
    _refuse_at(wrong, ts_open, f"{name} is no price above 0 (NaN stands for none)")
    return array


def _judge_length(name: str, array: npt.NDArray[Any], ts_open: npt.NDArray[np.int64]) -> None:
    if array.ndim != 1:
        raise BadInput(f"{name} has {array.ndim} dimensions; it must have one, with a value for each candle")
    if len(array) != len(ts_open):
        raise BadInput(
            f"{name} has {len(array):,} values, but there are {len(ts_open):,} closed candles from "
            f"{_at(ts_open[0])} to {_at(ts_open[-1])}: align it with candles_of(…)"
        )


def _refuse_at(wrong: npt.NDArray[np.bool_], ts_open: npt.NDArray[np.int64], sentence: str) -> None:
    places = np.flatnonzero(wrong)
    if len(places):
        raise BadInput(f"{sentence} at the candle of {_at(ts_open[places[0]])} ({len(places):,} in all)")


def _at(ts_ns: Any) -> str:
    return dt.datetime.fromtimestamp(int(ts_ns) // 1_000_000_000, IST).strftime("%Y-%m-%d %H:%M:%S")


def _size(size: int | RiskPct | RiskRupees) -> dict[str, Any]:
    if isinstance(size, RiskPct | RiskRupees):
        return {"size": size}
    if type(size) is not int or size < 1:
        raise BadInput(f"size={size!r} is neither a quantity from 1 nor risk_pct(…) or risk_rupees(…)")
    return {"qty": size}
