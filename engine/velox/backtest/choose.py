"""What a back-test runs: strategies on instruments, and the days of the catalogue that hold them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from velox.backtest.sources import Data, by_source, check_minutes
from velox.errors import BadInput
from velox.market.facts import load as load_facts
from velox.market.instruments import InstrumentBook
from velox.research.catalog import Catalog, Entry
from velox.research.days import Day
from velox.research.minutes import CandleDay
from velox.runtime.choose import check_symbols
from velox.runtime.plan import StrategyPlan

__all__ = ["Ask", "Chosen", "choose", "plans_on", "spells"]

# The kernel lets candles and indicators of days further apart begin anew.
_GAP_DAYS_MAX = 4


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for; dates are inclusive."""

    plans: list[StrategyPlan]
    catalog: Path
    first: dt.date | None = None
    last: dt.date | None = None
    data: Data = ""
    facts_as_of: dt.date | None = None
    charges: Literal["discount", "statutory", "none"] = "discount"
    journal: Path | None = None


class Chosen(msgspec.Struct, frozen=True):
    """The instruments that the strategies trade, and the days in order, as spells."""

    symbols: list[str]
    spells: list[list[Day]]
    notes: list[str]

    @property
    def days(self) -> list[Day]:
        """All of them."""
        return [day for spell in self.spells for day in spell]

    @property
    def data(self) -> str:
        """What the days are run by: ticks, candles or mixed."""
        kinds = {"candles" if isinstance(day, CandleDay) else "ticks" for day in self.days}
        return kinds.pop() if len(kinds) == 1 else "mixed"


def choose(ask: Ask) -> Chosen:
    """Find what the ask names; everything that cannot be is refused before anything runs."""
    catalog = Catalog.open(ask.catalog)
    entries = [e for e in catalog.entries() if _within(e.day, ask) and (ask.data != "ticks" or not e.candles)]
    if not entries:
        what = "ticks" if ask.data in ("", "ticks") else "days"
        raise BadInput(f"{ask.catalog} holds no {what} {_span(ask)}: look with `velox data coverage`")
    symbols = _symbols(ask, entries)
    days, notes = by_source(catalog, [e for e in entries if e.instrument in symbols], ask.data)
    for day in days:
        day.facts_as_of = ask.facts_as_of
        _ = day.facts  # a date that is not covered is refused now
        if isinstance(day, CandleDay):
            check_minutes(ask.plans, day)
    return Chosen(sorted(symbols), spells(days), notes)


def plans_on(targets: Sequence[str], params: Mapping[str, str], instruments: Sequence[str]) -> list[StrategyPlan]:
    """Each strategy once on each instrument; without instruments, on its own symbol."""
    if not instruments:
        return [StrategyPlan(target, dict(params)) for target in targets]
    if "symbol" in params:
        raise BadInput("-p symbol=… and --instruments both name what is traded: leave one out")
    return [StrategyPlan(target, {**params, "symbol": name}) for target in targets for name in instruments]


def spells(days: Sequence[Day]) -> list[list[Day]]:
    """Days that follow each other closely enough for indicators to run on from one to the next."""
    found: list[list[Day]] = []
    for day in days:
        if found and (day.date - found[-1][-1].date).days <= _GAP_DAYS_MAX:
            found[-1].append(day)
        else:
            found.append([day])
    return found


def _within(day: dt.date, ask: Ask) -> bool:
    return (ask.first is None or day >= ask.first) and (ask.last is None or day <= ask.last)


def _span(ask: Ask) -> str:
    if ask.first is None and ask.last is None:
        return "of any day"
    return f"from {ask.first or 'the first day'} to {ask.last or 'the last day'}"


def _symbols(ask: Ask, entries: Sequence[Entry]) -> set[str]:
    """Instruments that the strategies trade, each held by the catalogue and traded by one alone."""
    book = InstrumentBook.offline()
    for entry in entries:
        book.adopt(entry.instrument, index=entry.is_index)
    names = {entry.instrument for entry in entries}
    facts = load_facts(entries[0].day, as_of=ask.facts_as_of)
    what = "days" if any(entry.candles for entry in entries) else "ticks"
    return check_symbols(ask.plans, facts, book, names, f"of which {ask.catalog} holds no {what} {_span(ask)}")
