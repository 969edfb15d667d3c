"""Runs a back-test: day after day through one core, without sockets, processes or clocks."""

import datetime as dt
import functools
import itertools
import operator
import resource
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

import velox_core
from velox.backtest.ahead import Rows, pieces_of, read_ahead
from velox.backtest.booked import BOOKED, BookedAction, BookedActions
from velox.backtest.charges import charged
from velox.backtest.choose import Ask, Chosen, choose
from velox.backtest.feed import feed, feed_minutes
from velox.backtest.notes import NOTED, ContractNote, ContractNotes
from velox.backtest.sources import ASSUMPTIONS, for_candles
from velox.backtest.tally import KEPT, AccountTally, StrategyTally, Tally
from velox.clock import monotonic_ns
from velox.errors import BadInput
from velox.events import ClockMode, Kind, MarkKind, SessionMark, encode
from velox.interrupts import held_interrupts
from velox.market.instruments import Instrument, InstrumentBook
from velox.report.keeper import Keeper
from velox.research.days import Day
from velox.research.minutes import Minutes
from velox.runtime.account import shared_accounts
from velox.runtime.plan import Plan
from velox.runtime.trading import Candle, TradingDay
from velox.runtime.warmup import earlier_candles
from velox.settings import Settings
from velox.simulator.exchange import AFTER_END_NS, price_step
from velox.strategy.load import load

__all__ = ["HISTORY_DAYS", "Progress", "Result", "run"]

HISTORY_DAYS = 30


class Progress(msgspec.Struct, frozen=True):
    """How far a back-test has come."""

    day: dt.date
    days_done: int
    days: int
    rows: int  # of the day, or its candles
    rows_done: int


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a back-test; money in rupees. Of `elapsed_s` the kernel and the strategies took `engine_s`."""

    first_day: str
    last_day: str
    days: int
    instruments: list[str]
    data: str  # ticks, candles or mixed: what the days were run by
    ticks: int
    minutes: int  # candles that were read instead of ticks
    bars: int
    orders: int
    fills: int
    round_trips: int
    rejected: int
    too_small: int
    gross_pnl: float  # dividends included
    dividends: float  # received, less what shorts paid
    charges: float
    net_pnl: float
    max_drawdown: float
    daily_pnl: list[float]  # change of the equity over each day
    elapsed_s: float
    engine_s: float
    ticks_per_s: float
    engine_ticks_per_s: float
    peak_rss_mib: float
    result_hash: str
    cold_starts: list[str]  # days before which the last one was too long ago
    synthetic: bool
    accounts: list[AccountTally]
    strategies: list[StrategyTally]
    notes: list[str]
    corporate_actions: list[BookedAction]  # what they made of positions
    contract_notes: list[ContractNote]  # of each day and instrument, rounded as one rounds them
    settings: dict[str, Any]


class _Run:
    """One back-test on its way."""

    def __init__(self, ask: Ask, settings: Settings, tell: Callable[[Progress], None], keeper: Keeper | None) -> None:
        self.ask = ask
        self.settings = settings
        self.tell = tell
        self.keeper = keeper
        self.tally = Tally()
        self.contracts = ContractNotes()
        self.booked = BookedActions()
        self.engine_ns = 0
        self.days_done = 0
        self.ticks: dict[str, int] = {}  # price steps seen so far
        self.played: dict[str, dt.date] = {}  # the day of each instrument that the running core has seen last

    def all(self, chosen: Chosen) -> None:
        """Run all days on one core, which lets days that are far from those before them begin anew, as on paper."""
        core = velox_core.Core(self.ask.journal)
        kinds = {*KEPT, *NOTED, *BOOKED, *(self.keeper.kinds if self.keeper else ())}
        core.keep(sorted(map(int, kinds)))
        try:
            firsts = {days[0].date for days in chosen.spells}
            for day, own in itertools.groupby(self._pieces(chosen), operator.itemgetter(0)):
                if day.date in firsts:
                    self.played = {}
                self.day(core, chosen, day, (rows for _, rows in own))
            self.tally.end(core.summary())
            if self.keeper is not None:
                self.keeper.end(core)
        finally:
            core.close()

    def day(self, core: velox_core.Core, chosen: Chosen, day: Day, pieces: Iterator[Rows]) -> None:
        """Run one day from its beginning to its end."""
        first = next(pieces)
        minutes = first if isinstance(first, Minutes) else None
        facts, settings = charged(day.facts, self.ask.charges), self.settings
        if minutes is not None:
            settings = for_candles(settings)
        plan = Plan(
            journal="" if self.ask.journal is None else str(self.ask.journal),
            strategies=self.ask.plans,
            facts_as_of=facts.stand_in,
        )
        trading = TradingDay(core, settings, facts, self._book(chosen, day, minutes), plan, self.ask.actions)
        trading.by_candles = minutes is not None
        held = {item.name for item in day.instruments}
        watched = [name for name in self.ask.watched if name in held]
        _finish(trading.begin(watched, _history(core, day, self.played), ClockMode.DATA))
        self.tally.begin_day(core.summary())
        core.input(Kind.SESSION_MARK, encode(SessionMark(MarkKind.FEED_UP, facts.loaded.open_ns, "")))
        if self.keeper is not None:
            self.keeper.begin_day(core, day, trading.instances, follows=bool(self.played))
        numbers = [core.instrument(item.name) for item in day.instruments]
        rows, done = sum(item.rows for item in day.instruments) if minutes is None else len(minutes), 0
        for piece in itertools.chain([first], pieces):
            began_ns = monotonic_ns()
            parts = feed_minutes(core, piece, numbers) if isinstance(piece, Minutes) else feed(core, piece, numbers)
            for given in parts:
                self._note(core, day)
                self.tell(Progress(day.date, self.days_done, len(chosen.days), rows, done + given))
            self.engine_ns += monotonic_ns() - began_ns
            done += len(piece)
        began_ns = monotonic_ns()
        core.time_mark(facts.loaded.end_ns + AFTER_END_NS)
        self.engine_ns += monotonic_ns() - began_ns
        self._note(core, day)
        summary = core.summary()
        self.tally.end_day(summary, by_candles=minutes is not None)
        if self.keeper is not None:
            self.keeper.end_day(summary)
        self.played |= dict.fromkeys((item.name for item in day.instruments), day.date)
        self.days_done += 1

    def _pieces(self, chosen: Chosen) -> Iterator[tuple[Day, Rows]]:
        # Hooks at every tick keep the interpreter busy: a reader beside them would only be in their way.
        on_tick = any(
            hook.function == "on_tick" for plan in self.ask.plans for hook in load(plan.target).__velox__.hooks
        )
        pieces = pieces_of(chosen.days)
        return pieces if chosen.held or on_tick else read_ahead(pieces)

    def _note(self, core: velox_core.Core, day: Day) -> None:
        marks, placed = core.take_marks(), core.take_kept_placed()
        kept = [one[1:] for one in placed]
        self.tally.note(marks, kept)
        if kept:
            names = [market["name"] for market in core.markets()]
            self.contracts.note(day.date, names, kept)
            if any(kind in BOOKED for _, kind, _ in kept):
                self.booked.note(day.date, core.summary(), names, kept)
        if self.keeper is not None:
            self.keeper.note(marks, placed)

    def _book(self, chosen: Chosen, day: Day, minutes: Minutes | None) -> InstrumentBook:
        """The instruments with their price steps: those of the data, or of the day's first price."""
        known = InstrumentBook.offline(lots=day.lots)
        for number, item in enumerate(day.instruments):
            instrument = known.adopt(item.name, index=item.is_index)
            if minutes is None:
                first_price = functools.partial(day.first_price, item)
            else:
                first_price = functools.partial(minutes.first_price, number)
            self.ticks[item.name] = price_step(item, instrument, day.facts, first_price)
        for name in chosen.symbols:
            known.adopt(name)
        return InstrumentBook(
            msgspec.structs.replace(each, tick=self.ticks.get(each.name, each.tick)) for each in known
        )


def run(
    ask: Ask,
    settings: Settings,
    tell: Callable[[Progress], None] = lambda _: None,
    *,
    keeper: Keeper | None = None,
    chosen: Chosen | None = None,
) -> Result:
    """Run a back-test to its end.

    A keeper hears what a report tells; `chosen` spares looking for the days of an ask whose days are held already.
    """
    began_ns = monotonic_ns()
    if ask.journal is not None and any(ask.journal.glob("*.vj")):
        raise BadInput(f"{ask.journal} holds a journal already: name an empty or new folder")
    chosen = choose(ask, shared_accounts(settings)) if chosen is None else chosen
    with held_interrupts() as look:
        running = _Run(ask, settings, _each(look, tell), keeper)
        running.all(chosen)
        look()
    tally = running.tally
    strategies = list(tally.strategies.values())
    elapsed_s, engine_s = (monotonic_ns() - began_ns) / 1e9, running.engine_ns / 1e9
    return Result(
        first_day=chosen.days[0].date.isoformat(),
        last_day=chosen.days[-1].date.isoformat(),
        days=len(chosen.days),
        instruments=chosen.symbols,
        data=chosen.data,
        ticks=tally.ticks,
        minutes=tally.minutes,
        bars=tally.bars,
        orders=sum(s.orders for s in strategies),
        fills=sum(s.fills for s in strategies),
        round_trips=sum(s.round_trips for s in strategies),
        rejected=tally.rejected,
        too_small=tally.too_small,
        gross_pnl=sum(s.gross_pnl for s in strategies),
        dividends=sum(s.dividends for s in strategies),
        charges=sum(s.charges for s in strategies),
        net_pnl=sum(s.net_pnl for s in strategies),
        max_drawdown=tally.max_drawdown,
        daily_pnl=[after - before for before, after in itertools.pairwise([tally.capital, *tally.closes])],
        elapsed_s=elapsed_s,
        engine_s=engine_s,
        ticks_per_s=tally.ticks / elapsed_s,
        engine_ticks_per_s=tally.ticks / max(engine_s, 1e-9),
        peak_rss_mib=_peak_rss_mib(),
        result_hash=tally.decisions_hash,
        cold_starts=[part[0].date.isoformat() for part in chosen.spells[1:]],
        synthetic=any(day.synthetic for day in chosen.days),
        accounts=list(tally.accounts.values()),
        strategies=strategies,
        notes=[*chosen.notes, *([ASSUMPTIONS] if chosen.data != "ticks" else []), *tally.notes],
        corporate_actions=running.booked.lines,
        contract_notes=running.contracts.all(),
        settings=_shown(ask, settings),
    )


def _each(look: Callable[[], None], tell: Callable[[Progress], None]) -> Callable[[Progress], None]:
    def told(progress: Progress) -> None:
        look()
        tell(progress)

    return told


def _history(
    core: velox_core.Core, day: Day, played: Mapping[str, dt.date]
) -> Callable[[Instrument, int, int], Coroutine[None, None, Sequence[Candle]]]:
    """Candles of earlier days that the core has not built itself."""

    def built(instrument: Instrument, timeframe_s: int) -> dt.date:
        series = core.watch(core.instrument(instrument.name), timeframe_s)
        # What began anew after a corporate action has built nothing.
        return played.get(instrument.name, dt.date.min) if core.fed_until_ns(series) else dt.date.min

    async def earlier(instrument: Instrument, timeframe_s: int, count: int) -> Sequence[Candle]:
        def kept(length_s: int, begin_ns: int, end_ns: int) -> list[Candle]:
            fields = ("ts_open", "open", "high", "low", "close", "volume")
            after = built(instrument, timeframe_s)
            candles = day.history(instrument.name, length_s, HISTORY_DAYS, after)
            found = zip(*(candles[name].tolist() for name in fields), strict=True)
            return [candle for candle in found if begin_ns <= candle[0] <= end_ns]

        return earlier_candles(day.facts, timeframe_s, count, kept)

    return earlier


def _finish(work: Coroutine[None, None, None]) -> None:
    """Run what waits for nothing: a back-test may itself be called from within a loop, as in a notebook."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise RuntimeError("a back-test's day began to wait for something")


def _peak_rss_mib() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage: a process that was forked and then became this one counts the memory of its parent.
        lines = (line.split() for line in status.read_text().splitlines())
        return next(int(words[1]) for words in lines if words[0] == "VmHWM:") / (1 << 10)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / (1 << 10)


def _shown(ask: Ask, settings: Settings) -> dict[str, Any]:
    """Everything that decided the result."""
    return {
        "strategies": msgspec.to_builtins(ask.plans),
        "data": ask.data or "ticks, else candles",
        "charges": ask.charges,
        "corporate_actions": len(ask.actions),
        "instrument_files": None if ask.lots.folder is None else str(ask.lots.folder),
        "facts_as_of": None if ask.facts_as_of is None else ask.facts_as_of.isoformat(),
        "paper": msgspec.to_builtins(settings.paper),
        "accounts": msgspec.to_builtins(settings.accounts),
        "limits": msgspec.to_builtins(settings.limits),
        "guard_on_candles": {"grace_ms": 0, "stale_s": for_candles(settings).engine.stale_s},
        "guard": {
            name: getattr(settings.engine, name) for name in ("grace_ms", "gap_s", "stale_s", "ahead_s", "late_s")
        },
    }
