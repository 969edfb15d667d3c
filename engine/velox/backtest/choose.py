"""What a back-test runs: strategies on instruments, and the days of the catalogue that hold them."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from velox.backtest.sources import Data, by_source, check_minutes
from velox.errors import BadInput
from velox.market.corporate_actions import NO_ACTIONS, Actions
from velox.market.facts import load as load_facts
from velox.market.instruments import InstrumentBook
from velox.market.lots import NO_LOTS, Lots
from velox.research.catalog import Catalog, Entry
from velox.research.days import Day
from velox.research.minutes import MINUTE_S, CandleDay
from velox.runtime.choose import check_symbols, plan_of
from velox.runtime.plan import StrategyPlan
from velox.runtime.warmup import GAP_DAYS_MAX
from velox.strategy.load import load

__all__ = ["Ask", "Chosen", "choose", "plans_on", "spells"]


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
    actions: Actions = NO_ACTIONS
    lots: Lots = NO_LOTS
    watched: list[str] = []  # instruments that hooks may choose, beside those that the strategies name


class Chosen(msgspec.Struct, frozen=True):
    """The instruments that the strategies trade, and the days in order, as spells; `held` where they are in memory."""

    symbols: list[str]
    spells: list[list[Day]]
    notes: list[str]
    held: bool = False

    @property
    def days(self) -> list[Day]:
        """All of them."""
        return [day for spell in self.spells for day in spell]

    @property
    def data(self) -> str:
        """What the days are run by: ticks, candles or mixed."""
        kinds = {"candles" if isinstance(day, CandleDay) else "ticks" for day in self.days}
        return kinds.pop() if len(kinds) == 1 else "mixed"


def choose(ask: Ask, shared: Collection[str] = ()) -> Chosen:
    """Find what the ask names; everything that cannot be is refused before anything runs.

    On accounts that are `shared` several strategies may trade one instrument.
    """
    if ask.first is not None and ask.last is not None and ask.first > ask.last:
        raise BadInput(f"the days from {ask.first} to {ask.last} are none: the first must not come after the last")
    catalog = Catalog.open(ask.catalog)
    _refuse_decimals(catalog, ask.plans)
    entries = _renamed([e for e in _usable(catalog, ask) if _within(e.day, ask)], ask.actions)
    if not entries:
        what = "ticks" if ask.data in ("", "ticks") else "days"
        raise BadInput(f"{ask.catalog} holds no {what} {_span(ask)}: look with `velox data coverage`")
    by_day = _symbols(ask, entries, shared)
    days, notes = by_source(catalog, [e for e in entries if e.instrument in by_day[e.day]], ask.data)
    for day in days:
        day.facts_as_of = ask.facts_as_of
        day.actions, day.lots = ask.actions, ask.lots.on(day.date)
        _ = day.facts  # a date that is not covered is refused now
        if isinstance(day, CandleDay):
            check_minutes(ask.plans, day)
    return Chosen(sorted(set().union(*by_day.values())), spells(days), notes)


def plans_on(
    targets: Sequence[str], params: Mapping[str, str], instruments: Sequence[str], accounts: Collection[str] = ()
) -> list[StrategyPlan]:
    """Each strategy once on each instrument, one of several symbols on all of them; else on its own symbol."""
    plans = [plan_of(target, params, accounts) for target in targets]
    if not instruments:
        return plans
    if "symbol" in params:
        raise BadInput("-p symbol=… and --instruments both name what is traded: leave one out")
    spread: list[StrategyPlan] = []
    for plan in plans:
        several = load(plan.target).__velox__.symbols
        given = [{several: ",".join(instruments)}] if several else [{"symbol": name} for name in instruments]
        spread += [msgspec.structs.replace(plan, params={**params, **each}) for each in given]
    return spread


def spells(days: Sequence[Day]) -> list[list[Day]]:
    """Days that follow each other closely enough for indicators to run on from one to the next."""
    found: list[list[Day]] = []
    for day in days:
        if found and (day.date - found[-1][-1].date).days <= GAP_DAYS_MAX:
            found[-1].append(day)
        else:
            found.append([day])
    return found


def _refuse_decimals(catalog: Catalog, plans: Sequence[StrategyPlan]) -> None:
    """Refuse to trade what the catalogue counts in parts of a unit: orders are of whole ones."""
    counted = {entry.instrument for entry in catalog.entries() if entry.quantity_decimals}
    for name in sorted({plan.params.get("symbol", "") for plan in plans} & counted):
        raise BadInput(
            f"{name} cannot be traded yet: its quantities have decimals and its money is no rupees, "
            "which orders do not know; `velox data bars` and `velox data check` read it"
        )


def _usable(catalog: Catalog, ask: Ask) -> list[Entry]:
    """Ticks, and one-minute candles where they may be run, of what is traded in whole units."""
    if ask.data == "ticks":
        return catalog.playable()
    return [e for e in catalog.entries() if e.length_s == MINUTE_S and not e.quantity_decimals]


def _renamed(entries: Sequence[Entry], actions: Actions) -> list[Entry]:
    """The entries by the names of the last day: a share that was renamed is one instrument on all days."""
    if not entries or not len(actions):
        return list(entries)
    last = max(entry.day for entry in entries)
    names = [actions.called_on(entry.instrument, entry.day, last) for entry in entries]
    return [
        entry if name == entry.instrument else msgspec.structs.replace(entry, instrument=name, kept_as=entry.instrument)
        for entry, name in zip(entries, names, strict=True)
    ]


def _within(day: dt.date, ask: Ask) -> bool:
    return (ask.first is None or day >= ask.first) and (ask.last is None or day <= ask.last)


def _span(ask: Ask) -> str:
    if ask.first is None and ask.last is None:
        return "of any day"
    return f"from {ask.first or 'the first day'} to {ask.last or 'the last day'}"


def _symbols(ask: Ask, entries: Sequence[Entry], shared: Collection[str]) -> dict[dt.date, set[str]]:
    """Instruments that the strategies trade and watch on each day, held by the catalogue.

    Each is traded by one alone on an account, but for those that are `shared`.
    """
    listed = dict.fromkeys((entry.instrument, entry.is_index) for entry in entries)
    names = {entry.instrument for entry in entries}
    absent = f"of which {ask.catalog} holds nothing {_span(ask)}"

    for name in ask.watched:
        if name not in names:
            raise BadInput(f"--watch {name}, {absent}")

    def on(day: dt.date) -> set[str]:
        book = InstrumentBook.offline(lots=ask.lots.on(day))
        for name, is_index in listed:
            book.adopt(name, index=is_index)
        symbols = check_symbols(ask.plans, load_facts(day, as_of=ask.facts_as_of), book, names, absent, shared)
        return symbols | {*ask.watched}

    dates = sorted({entry.day for entry in entries})
    if any(load(plan.target).__velox__.futures for plan in ask.plans):
        return {day: on(day) for day in dates}
    ticks = [entry.day for entry in entries if not entry.candles]
    first = min(ticks) if ticks and not ask.data else dates[0]  # candles alone warm up where others have ticks
    return dict.fromkeys(dates, on(first))
