"""Candles of whole days: from ticks through the core, from kept one-minute candles by joining them."""

import datetime as dt
import functools
from collections.abc import Sequence
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

import velox_core
from velox.errors import BadInput
from velox.market.amounts import mul_div
from velox.market.calendar import why_closed
from velox.market.corporate_actions import NO_ACTIONS, Actions, Adjustment
from velox.market.facts import Facts, load_for
from velox.research.catalog import CANDLE_SCHEMA, DAY_S, MINUTE_S, Catalog, Entry
from velox.research.merge import group_number
from velox.research.nse_ticks import ONE

__all__ = [
    "CANDLE_DTYPE",
    "Candles",
    "Columns",
    "HistoryRules",
    "NO_CANDLES",
    "PLAIN",
    "adjusted",
    "adjusted_columns",
    "adjustments",
    "candles_of",
    "close_before",
    "core_candles",
    "day_columns",
    "earlier_candles",
    "join_candles",
    "kept_days",
    "serves",
]

# One-element records with the fields of CANDLE_DTYPE: times in ns UTC, prices at 1e-8 rupees.
Candles: TypeAlias = npt.NDArray[np.void]
Columns: TypeAlias = dict[str, npt.NDArray[np.generic]]

CANDLE_DTYPE = np.dtype([(name, "<i8") for name in CANDLE_SCHEMA])
_PRICES = ("open", "high", "low", "close")
NO_CANDLES: Candles = np.empty(0, dtype=CANDLE_DTYPE)


class HistoryRules(msgspec.Struct, frozen=True):
    """By what earlier days are read: whose facts stand in where theirs are not known, and what has befallen shares."""

    facts_as_of: dt.date | None = None
    actions: Actions = NO_ACTIONS


PLAIN = HistoryRules()


def core_candles(facts: Facts, entry: Entry, ticks: pl.DataFrame, timeframe_s: int) -> Columns:
    """Run one instrument's ticks of a day, in file order, through the core's guard and candles; prices in rupees."""
    columns: Columns = velox_core.compute_bars(
        msgspec.msgpack.encode(facts.loaded),
        group_number(facts, entry.instrument, is_index=entry.is_index),
        ticks["ts_ns"].to_numpy(),
        ticks["price"].to_numpy(),
        ticks["volume"].to_numpy(),
        timeframe_s,
    )
    return columns


def day_columns(catalog: Catalog, entry: Entry, facts: Facts, timeframe_s: int) -> Columns:
    """Candles of a kept day, prices in rupees: of its ticks through the core, or joined of its shorter candles."""
    frame = catalog.read(entry)
    if not entry.candles:
        return core_candles(facts, entry, frame, timeframe_s)
    kept = _from_columns({name: frame[name].to_numpy() for name in CANDLE_SCHEMA})
    joined = join_candles(kept, facts.loaded.open_ns, timeframe_s)
    return {name: joined[name] / ONE if name in _PRICES else joined[name] for name in CANDLE_SCHEMA}


def serves(entry: Entry, timeframe_s: int) -> bool:
    """Whether candles of this length can be made of an entry; of one-minute candles `join_candles` judges itself."""
    if not entry.candles or entry.length_s == MINUTE_S:
        return True
    return entry.length_s < DAY_S and timeframe_s % entry.length_s == 0


def earlier_candles(
    catalog: Catalog,
    instrument: str,
    between: tuple[dt.date, dt.date],
    timeframe_s: int,
    days: int,
    rules: HistoryRules = PLAIN,
) -> Candles:
    """Return candles of the last `days` kept days between two dates, neither included, as the second date sees them.

    Of a day that is kept in several ways ticks win, then the shortest candles of which these can be made.
    """
    by_day = kept_days(catalog, instrument, between, timeframe_s, rules.actions)
    kept = sorted(by_day)[-days:] if days > 0 else []
    closes = functools.partial(close_before, catalog, rules)
    parts = [
        adjusted(
            candles_of(catalog, by_day[day], timeframe_s, rules.facts_as_of),
            rules.actions.adjustment(instrument, day, between[1], closes),
        )
        for day in kept
    ]
    return np.concatenate([NO_CANDLES, *parts])


def kept_days(
    catalog: Catalog, instrument: str, between: tuple[dt.date, dt.date], timeframe_s: int, actions: Actions
) -> dict[dt.date, Entry]:
    """What candles of a length are made of on each kept day between two dates, neither included, as it was traded.

    The instrument is called as on the second date, or later; its older names are looked for too.
    """
    after, before = between
    names = {action.was for action in actions.until(instrument, before) if action.was}
    names.add(actions.name_on(instrument, before, before))
    by_day: dict[dt.date, Entry] = {}
    for entry in catalog.entries():  # ticks first, then candles from short to long
        wanted = after < entry.day < before and entry.instrument in names and serves(entry, timeframe_s)
        if wanted and entry.instrument == actions.name_on(instrument, entry.day, before):
            by_day.setdefault(entry.day, entry)
    return by_day


def adjusted(candles: Candles, by: Adjustment) -> Candles:
    """Candles of before a split, bonus or dividend as they would read after it, rounded half to even."""
    if by == Adjustment():
        return candles
    made = candles.copy()
    for name in _PRICES:
        made[name] = [mul_div(value, by.price.numerator, by.price.denominator) for value in candles[name].tolist()]
    made["volume"] = [mul_div(v, by.volume.numerator, by.volume.denominator) for v in candles["volume"].tolist()]
    return made


def adjustments(catalog: Catalog, instrument: str, entries: Sequence[Entry], rules: HistoryRules) -> list[Adjustment]:
    """What makes the candles of each entry comparable with those of the last one."""
    last = max(entry.day for entry in entries)
    closes = functools.partial(close_before, catalog, rules)
    return [rules.actions.adjustment(instrument, entry.day, last, closes) for entry in entries]


def adjusted_columns(columns: Columns, by: Adjustment) -> Columns:
    """As `adjusted`, of columns with prices in rupees."""
    if by == Adjustment():
        return columns
    made = adjusted(_from_columns(columns), by)
    return {name: made[name] / ONE if name in _PRICES else made[name] for name in CANDLE_SCHEMA}


def close_before(catalog: Catalog, rules: HistoryRules, instrument: str, ex: dt.date) -> int | None:
    """The close of the trading day before a date, the exchange's own where it is kept; None where that day is not."""
    eve = ex - dt.timedelta(days=1)
    name = rules.actions.name_on(instrument, eve, ex)
    entries = [entry for entry in catalog.entries() if entry.instrument == name and entry.day < ex]
    if not entries:
        return None
    day = max(entry.day for entry in entries)
    while eve > day:
        if why_closed(eve) is None:
            return None
        eve -= dt.timedelta(days=1)
    entry = [each for each in entries if each.day == day][-1]  # the longest candles
    if entry.candles and entry.length_s == DAY_S:
        return int(catalog.read(entry)["close"].item())
    candles = candles_of(catalog, entry, max(MINUTE_S, entry.length_s), rules.facts_as_of)
    return int(candles["close"][-1]) if len(candles) else None


def join_candles(minutes: Candles, anchor_ns: int, timeframe_s: int) -> Candles:
    """Join one session's one-minute candles into longer ones, anchored at the session's open.

    Candles of another length may be given where a whole number of them makes a longer one.
    """
    if timeframe_s % MINUTE_S:
        raise BadInput(f"candles of {timeframe_s} s cannot be made from one-minute candles")
    if len(minutes) == 0:
        return NO_CANDLES.copy()
    length_ns = timeframe_s * 1_000_000_000
    slot = (minutes["ts_open"] - anchor_ns) // length_ns
    first = np.flatnonzero(np.diff(slot, prepend=slot[0] - 1))
    last = np.append(first[1:], len(minutes)) - 1
    joined = np.empty(len(first), dtype=CANDLE_DTYPE)
    joined["ts_open"] = anchor_ns + slot[first] * length_ns
    joined["open"] = minutes["open"][first]
    joined["high"] = np.maximum.reduceat(minutes["high"], first)
    joined["low"] = np.minimum.reduceat(minutes["low"], first)
    joined["close"] = minutes["close"][last]
    joined["volume"] = np.add.reduceat(minutes["volume"], first)
    joined["ticks"] = np.add.reduceat(minutes["ticks"], first)
    return joined


def candles_of(catalog: Catalog, entry: Entry, timeframe_s: int, facts_as_of: dt.date | None) -> Candles:
    """One file's candles of a length: joined from those that it keeps, or made of its ticks."""
    if entry.candles and entry.length_s == timeframe_s:
        frame = catalog.read(entry)
        return _from_columns({name: frame[name].to_numpy() for name in CANDLE_SCHEMA})
    facts = load_for(entry.instrument, entry.day, as_of=facts_as_of)
    return _from_columns(day_columns(catalog, entry, facts, timeframe_s))


def _from_columns(columns: Columns) -> Candles:
    candles = np.empty(len(columns["ts_open"]), dtype=CANDLE_DTYPE)
    for name in CANDLE_SCHEMA:
        values = columns[name]
        floats = np.issubdtype(values.dtype, np.floating)
        candles[name] = np.rint(values.astype(np.float64) * ONE) if floats else values
    return candles
