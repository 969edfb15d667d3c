"""By what each day of a back-test is run: its ticks, or its one-minute candles."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from velox.errors import BadInput
from velox.research.catalog import Catalog, Entry
from velox.research.days import Day, catalog_day
from velox.research.minutes import MINUTE_S, CandleDay, candle_day
from velox.runtime.choose import book_of
from velox.runtime.plan import StrategyPlan
from velox.rupees import counted
from velox.settings import Settings
from velox.strategy.compile import compile_strategy
from velox.strategy.load import load

__all__ = ["ASSUMPTIONS", "Data", "by_source", "check_minutes", "for_candles"]

# `auto` takes each day by its ticks where it has them and by its candles where not. Nothing said: the days that have
# ticks, and where no day has any, those that have candles.
Data: TypeAlias = Literal["", "auto", "ticks", "candles"]

ASSUMPTIONS = (
    "Fills on days of candles are conservative assumptions: an order meets the open of the next candle; inside a "
    "candle the price goes the worse way first, so a stop comes before a target; limits fill when it goes through "
    "them; limits of the day are looked at each minute."
)

_ByDay: TypeAlias = dict[dt.date, dict[str, Entry]]


def by_source(catalog: Catalog, entries: Sequence[Entry], data: Data) -> tuple[list[Day], list[str]]:
    """The days in order, each to be run by what `data` says, and what the user should know of it."""
    ticks = _by_day(e for e in entries if not e.candles)
    candles = _by_day(e for e in entries if e.candles)
    if data == "candles" or not ticks:
        both = {date: candles.get(date, {}) | ticks.get(date, {}) for date in {*ticks, *candles}}
        return [candle_day(catalog, date, [*both[date].values()]) for date in sorted(both)], []
    if data != "ticks":
        _refuse_mixed(ticks, candles)
    alone = sorted(candles.keys() - ticks.keys())
    days: list[Day] = [catalog_day(catalog, date, [*held.values()]) for date, held in ticks.items()]
    if data == "auto":
        days += [candle_day(catalog, date, [*candles[date].values()]) for date in alone]
        alone = []
    left = [date for date in alone if date > min(ticks)] if data == "" else []
    notes = (
        [f"{counted(len(left), 'day')} of candles alone, from {left[0]} on, left out: --data auto takes them in."]
        if left
        else []
    )
    return sorted(days, key=lambda day: day.date), notes


def check_minutes(plans: Sequence[StrategyPlan], day: CandleDay) -> None:
    """Refuse strategies that candles of a minute cannot drive."""
    book = book_of(day)
    for plan in plans:
        spec = compile_strategy(load(plan.target), plan.params, day.facts, book)
        if any(hook.function == "on_tick" for hook in spec.hooks):
            raise BadInput(f"{plan.target} has on_tick, and {day.date} is run by candles, which hold no ticks")
        if spec.late_without_preopen or any(bars.without_preopen for bars in spec.bars):
            raise BadInput(
                f'{plan.target} has Bars(…, preopen="exclude"), and {day.date} is run by candles, which do not tell '
                "what was traded in the pre-open: run days of ticks, or leave the word out"
            )
        lengths_s = [*(bars.timeframe_s for bars in spec.bars), *spec.late_s]
        odd_s = next((length_s for length_s in lengths_s if length_s % MINUTE_S), None)
        if odd_s is not None:
            raise BadInput(f"{plan.target} watches candles of {odd_s} s, and {day.date} is run by candles of a minute")


def for_candles(settings: Settings) -> Settings:
    """The settings of a day of candles: they close when they end, and a price is as old as its candle."""
    engine = msgspec.structs.replace(settings.engine, grace_ms=0, stale_s=max(MINUTE_S, settings.engine.stale_s))
    return msgspec.structs.replace(settings, engine=engine)


def _refuse_mixed(ticks: _ByDay, candles: _ByDay) -> None:
    for date in sorted(ticks):
        other = sorted(candles.get(date, {}).keys() - ticks[date].keys())
        if other:
            raise BadInput(
                f"{date} has ticks of {min(ticks[date])} and candles alone of {other[0]}: "
                f"--data candles runs it by candles, --data ticks leaves {other[0]} out of it"
            )


def _by_day(entries: Iterable[Entry]) -> _ByDay:
    found: _ByDay = {}
    for entry in entries:
        found.setdefault(entry.day, {})[entry.instrument] = entry
    return found
