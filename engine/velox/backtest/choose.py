"""What a back-test runs: strategies on instruments, and the days of the catalogue that hold them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from velox.errors import BadInput
from velox.market.facts import load as load_facts
from velox.market.instruments import InstrumentBook
from velox.research.catalog import Catalog, Entry
from velox.research.days import Day, catalog_day
from velox.runtime.choose import check_symbols
from velox.runtime.plan import StrategyPlan
from velox.strategy.load import load

__all__ = ["Ask", "Chosen", "choose", "plans_on", "spells"]

# Days further apart than this begin anew: indicators of last month say nothing of today.
_GAP_DAYS_MAX = 4


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for; dates are inclusive."""

    plans: list[StrategyPlan]
    catalog: Path
    first: dt.date | None = None
    last: dt.date | None = None
    facts_as_of: dt.date | None = None
    charges: Literal["discount", "statutory", "none"] = "discount"
    journal: Path | None = None


class Chosen(msgspec.Struct, frozen=True):
    """The instruments that the strategies trade, and the days in order, as spells."""

    symbols: list[str]
    spells: list[list[Day]]

    @property
    def days(self) -> list[Day]:
        """All of them."""
        return [day for spell in self.spells for day in spell]


def choose(ask: Ask) -> Chosen:
    """Find what the ask names; everything that cannot be is refused before anything runs."""
    catalog = Catalog.open(ask.catalog)
    entries = [e for e in catalog.entries() if not e.candles and _within(e.day, ask)]
    if not entries:
        raise BadInput(f"{ask.catalog} holds no ticks {_span(ask)}: look with `velox data coverage`")
    symbols = _symbols(ask, entries)
    held = [e for e in entries if e.instrument in symbols]
    by_day: dict[dt.date, list[Entry]] = {}
    for entry in held:
        by_day.setdefault(entry.day, []).append(entry)
    days = [catalog_day(catalog, date, by_day[date]) for date in sorted(by_day)]
    for day in days:
        day.facts_as_of = ask.facts_as_of
        _ = day.facts  # a date that is not covered is refused now
    chosen = Chosen(sorted(symbols), spells(days))
    if ask.journal is not None and len(chosen.spells) > 1:
        broken = chosen.spells[1][0].date
        raise BadInput(
            f"--journal keeps days that follow each other, but {broken} begins anew: end before it with --to"
        )
    return chosen


def plans_on(targets: Sequence[str], params: Mapping[str, str], instruments: Sequence[str]) -> list[StrategyPlan]:
    """Each strategy once on each instrument, one of several symbols on all of them; else on its own symbol."""
    if not instruments:
        return [StrategyPlan(target, dict(params)) for target in targets]
    if "symbol" in params:
        raise BadInput("-p symbol=… and --instruments both name what is traded: leave one out")
    plans = []
    for target in targets:
        several = load(target).__velox__.symbols
        if several:
            plans.append(StrategyPlan(target, {**params, several: ",".join(instruments)}))
        else:
            plans += [StrategyPlan(target, {**params, "symbol": name}) for name in instruments]
    return plans


def spells(days: Sequence[Day]) -> list[list[Day]]:
    """Days that follow each other closely enough to run on from one to the next."""
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
    return check_symbols(ask.plans, facts, book, names, f"of which {ask.catalog} holds no ticks {_span(ask)}")
