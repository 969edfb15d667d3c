"""One trading day on a core: facts, account, instruments, candles, warm-up and strategies, each journalled once."""

import datetime as dt
import itertools
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import velox_core
from velox.errors import BadInput
from velox.events import (
    ClockMode,
    HistoryBar,
    Kind,
    MarkKind,
    SessionMark,
    StrategyStopped,
    encode,
)
from velox.market.corporate_actions import NO_ACTIONS, Actions
from velox.market.dated import data_files
from velox.market.facts import Facts
from velox.market.instruments import Instrument, InstrumentBook, definition
from velox.market.records import date_of
from velox.runtime.account import PAPER, account_def, limits_set, thresholds, with_brokerage
from velox.runtime.actions import Befallen
from velox.runtime.levels import check_levels, level_sets
from velox.runtime.plan import Plan
from velox.settings import Settings
from velox.strategy.base import Strategy
from velox.strategy.compile import compile_members
from velox.strategy.host import Group, Instance
from velox.strategy.load import load
from velox.strategy.spec import LENGTHS_S, Spec

__all__ = ["Candle", "History", "TradingDay", "session_date", "watched_timeframes"]

# (ts_open ns, open, high, low, close at 1e-8, volume)
Candle = tuple[int, int, int, int, int, int]
History = Callable[[Instrument, int, int], Awaitable[Sequence[Candle]]]

watched_timeframes = LENGTHS_S
# Candles of earlier days for what hooks may ask for.
_LATE_WARMUP = 256
_INDEX = 0


class TradingDay:
    """Sets a core up for a day, or ties strategies to one that recovery brought back."""

    def __init__(
        self,
        core: velox_core.Core,
        settings: Settings,
        facts: Facts,
        book: InstrumentBook,
        plan: Plan,
        actions: Actions = NO_ACTIONS,
    ) -> None:
        self.core = core
        self.facts = facts
        self.instances: list[Instance] = []
        self.accounts: dict[str, int] = {}
        self.by_candles = False  # whether the day comes as candles
        self._accounts_of: dict[str, str] = {}  # by the strategies' names
        self._settings = settings
        self._book = book
        self._plan = plan
        self._befallen = Befallen(core, actions, facts.date)
        core.on_fault(self._fault)

    async def begin(self, watched: Sequence[str], history: History, clock: ClockMode) -> None:
        """Journal everything that the day begins with, less what an interrupted beginning has journalled already."""
        core, facts = self.core, with_brokerage(self.facts.loaded, self._settings)
        check_levels(self._settings, self._book)
        chosen = self._chosen()
        started = self._check_started(chosen)
        self._end_others(chosen)
        core.input(Kind.SETTINGS, encode(thresholds(self._settings, clock)))
        if session_date(core) != self.facts.date:
            core.input(Kind.FACTS_LOADED, encode(facts))
        self._define_accounts()
        if self._plan.journal:
            _keep_facts(Path(self._plan.journal), facts.digest)
        self._define({*watched, *(name for _, spec in chosen for name in spec.symbols)})
        self._befallen.tell()
        for name in sorted(watched):
            for seconds in watched_timeframes:
                core.watch(core.instrument(name), seconds)
        late = self._keep_for_hooks([spec for _, spec in chosen], watched)
        known = {self._befallen.strategy(name): number for number, name, _, _ in core.instances()}
        fresh = itertools.count(len(known))
        groups: dict[str, Group] = {}
        for cls, spec in chosen:
            number, group = known.get(spec.name), groups.setdefault(spec.group, {})
            kept = dict(core.state(number)) if number is not None else None
            number = next(fresh) if number is None else number
            self.instances.append(Instance(core, number, spec, cls, kept, group=group))
        self._tell_names(watched)
        await self._warm_up(history, late)
        strategies = {
            each.spec.name: (each.id, self.accounts[self._account(each.spec.name)]) for each in self.instances
        }
        instruments = {market["name"]: number for number, market in enumerate(core.markets())}
        for limits in level_sets(self._settings, core.summary(), strategies, instruments):
            core.input(Kind.LIMITS_SET, encode(limits))
        self._start(started)

    def _define_accounts(self) -> None:
        """Journal the accounts that the plan's strategies trade on; those that the core knows keep their numbers."""
        known = [account["name"] for account in self.core.summary()["accounts"]]
        used = dict.fromkeys(plan.account for plan in self._plan.strategies) or {PAPER: None}
        for name in used:
            number = known.index(name) if name in known else len(known)
            known += [] if name in known else [name]
            self.accounts[name] = number
            self.core.input(Kind.ACCOUNT_DEF, encode(account_def(self._settings, name, number)))
            self.core.input(Kind.LIMITS_SET, encode(limits_set(self._settings, name, number)))

    def _account(self, strategy: str) -> str:
        """The name of the account that a strategy of the plan trades on."""
        return self._accounts_of[strategy]

    def _define(self, names: set[str]) -> None:
        """Journal the instruments' data of the day; those that the core knows keep their numbers."""
        known = {self._befallen.name(market["name"]): number for number, market in enumerate(self.core.markets())}
        fresh = itertools.count(len(known))
        for name in sorted(names):
            number = known[name] if name in known else next(fresh)
            defined = definition(self._book[name], self.facts, id=number, reference_price=0)
            self.core.input(Kind.INSTRUMENT_DEF, encode(defined))

    def go_on(self) -> list[str]:
        """Tie the strategies of the plan to the instances that the journal knows; returns what is left out."""
        known = {name: (number, running, faulted) for number, name, running, faulted in self.core.instances()}
        chosen = self._chosen()
        if len(self._check_started(chosen)) < len(chosen):
            raise self._other_strategies(chosen)
        left = []
        out = self._quarantined([(spec, known[spec.name][0]) for _, spec in chosen])
        groups: dict[str, Group] = {}
        for cls, spec in chosen:
            number, _, faulted = known[spec.name]
            kept = dict(self.core.state(number))
            before = self.core.as_of()
            instance = Instance(self.core, number, spec, cls, kept, group=groups.setdefault(spec.group, {}))
            if self.core.as_of() != before:
                raise BadInput(
                    f"{spec.name} computes other things than when this day began: give it the same parameters again, "
                    "or another --journal"
                )
            self.instances.append(instance)
            if number in out and not faulted:
                self._quarantine(number)
                faulted = True
            if faulted:
                left.append(f"{spec.name} is quarantined: it takes no new risk, its stops stay alive.")
            else:
                self.core.attach(number, instance.hooks)
        self._tell_names(self._plan.watched)
        self.core.input(Kind.SESSION_MARK, encode(SessionMark(MarkKind.RECOVERED, self.core.now_ns(), "recovered")))
        return left

    def hook_names(self, hooks: Sequence[tuple[int, int]]) -> list[str]:
        """Names of hooks as people know them, from (instance, number); what a strategy does not have is left out."""
        specs = {instance.id: instance.spec for instance in self.instances}
        names = {(number, hook.number): hook.function for number, spec in specs.items() for hook in spec.hooks}
        return [f"{specs[i].name}.{names[i, hook]}" for i, hook in hooks if (i, hook) in names]

    def _chosen(self) -> list[tuple[type[Strategy], Spec]]:
        found: list[tuple[type[Strategy], Spec]] = []
        counts: dict[str, int] = {}
        for plan in self._plan.strategies:
            cls = load(plan.target)
            # Each of several equal names gets a number, in the order of the plan.
            count = counts[cls.__name__] = counts.get(cls.__name__, 0) + 1
            name = cls.__name__ if count == 1 else f"{cls.__name__}-{count}"
            members = compile_members(cls, plan.params, self.facts, self._book, name=name)
            self._accounts_of |= {spec.name: plan.account for spec in members}
            found += [(cls, spec) for spec in members]
        return found

    def _check_started(self, chosen: Sequence[tuple[type[Strategy], Spec]]) -> set[str]:
        """Names of the strategies that were started this day; others than the plan's are refused."""
        held = {self._befallen.strategy(s["name"]): s for s in self.core.summary()["strategies"]}
        today = self.facts.loaded.session_date
        started = [name for name, s in held.items() if s["running"] and s["started_on"] == today]
        if not set(started) <= {spec.name for _, spec in chosen}:
            raise self._other_strategies(chosen)
        for _, spec in chosen:
            if spec.name in held and self._befallen.name(held[spec.name]["instrument"]) != spec.symbol:
                self._check_other(spec, held[spec.name], is_started=spec.name in started)
            account = self._account(spec.name)
            if spec.name in held and held[spec.name]["account"] != account:
                raise BadInput(
                    f"in the journal {self._plan.journal} {spec.name} trades on the account "
                    f"{held[spec.name]['account']}, not {account}: give the same account again, or another --journal"
                )
        return set(started)

    def _check_other(self, spec: Spec, held: dict[str, Any], *, is_started: bool) -> None:
        """Refuse another instrument than the journal's, unless it is the turn of a next contract."""
        if not spec.rolls or is_started:
            raise BadInput(
                f"in the journal {self._plan.journal} {spec.name} trades {held['instrument']}, not "
                f"{spec.symbol}: give the same symbol again, or another --journal"
            )
        if held["quantity"]:
            raise BadInput(
                f"{spec.name} still holds {held['quantity']:+d} {held['instrument']} and would trade {spec.symbol} on "
                f"{self.facts.date}: nothing is rolled by itself, and the data lacks the last day of what it holds"
            )

    def _other_strategies(self, chosen: Sequence[tuple[type[Strategy], Spec]]) -> BadInput:
        held = ", ".join(s["name"] for s in self.core.summary()["strategies"] if s["running"]) or "no strategy"
        asked = ", ".join(spec.name for _, spec in chosen) or "no strategy"
        return BadInput(
            f"the journal {self._plan.journal} runs {held}, not {asked}: give the same strategies again, "
            "or another --journal"
        )

    def _end_others(self, chosen: Sequence[tuple[type[Strategy], Spec]]) -> None:
        """End strategies of earlier days that this one does not run."""
        names = {spec.name for _, spec in chosen}
        for held in self.core.summary()["strategies"]:
            if not held["running"] or self._befallen.strategy(held["name"]) in names:
                continue
            if held["quantity"]:
                raise BadInput(
                    f"{held['name']} still holds {held['quantity']:+d} {held['instrument']} in the journal "
                    f"{self._plan.journal}: run it as well, or give another --journal"
                )
            stopped = StrategyStopped(held["id"], False, "it does not run on this day")
            self.core.input(Kind.STRATEGY_STOPPED, encode(stopped))

    def _tell_names(self, watched: Sequence[str]) -> None:
        """Tell the strategies among which instruments their hooks may choose."""
        names = {*watched, *(name for each in self.instances for name in each.spec.symbols)}
        for instance in self.instances:
            instance.may_watch(names, by_candles=self.by_candles)

    def _keep_for_hooks(self, specs: Sequence[Spec], watched: Sequence[str]) -> dict[int, tuple[Instrument, int, int]]:
        """Have the candles kept that hooks may ask for while the day runs: series, with what warms them up."""
        late: dict[int, tuple[Instrument, int, int]] = {}
        for name in sorted({*watched, *(name for spec in specs for name in spec.symbols)}):
            for seconds in sorted({length for spec in specs for length in spec.late_s}):
                series = self.core.watch(self.core.instrument(name), seconds, kept=True)
                late[series] = (self._book[name], seconds, _LATE_WARMUP)
                if any(spec.late_without_preopen for spec in specs):
                    self.core.watch(self.core.instrument(name), seconds, kept=True, without_preopen=True)
        return late

    async def _warm_up(self, history: History, late: Mapping[int, tuple[Instrument, int, int]]) -> None:
        """Feed earlier candles; an indicator that went through one already does not see it again."""
        wanted = dict(late)
        for instance in self.instances:
            for bars in instance.spec.bars:
                instrument = self._book[bars.symbol]
                series = self.core.watch(
                    self.core.instrument(instrument.name), bars.timeframe_s, without_preopen=bars.without_preopen
                )
                count = max(bars.warmup, wanted.get(series, (instrument, 0, 0))[2])
                wanted[series] = (instrument, bars.timeframe_s, count)
        fed: list[tuple[int, int, Candle]] = []
        for series, (instrument, timeframe_s, count) in sorted(wanted.items()):
            candles = await history(instrument, timeframe_s, count) if count else []
            fed_ns, length_ns = self.core.fed_until_ns(series), timeframe_s * 1_000_000_000
            fed += [(candle[0] + length_ns, series, candle) for candle in candles[-count:] if candle[0] > fed_ns]
        # In the order in which they closed: indicators that join several series see what was known at each time.
        for _, series, candle in sorted(fed):
            self.core.input(Kind.HISTORY_BAR, encode(HistoryBar(series, *candle, ticks=0)))

    def _start(self, started: set[str]) -> None:
        # A strategy of several symbols is one strategy: its instances share what it may use.
        groups = {instance.spec.group: self._account(instance.spec.name) for instance in self.instances}
        faulted = {number for number, _, _, is_faulted in self.core.instances() if is_faulted}
        out = self._quarantined([(instance.spec, instance.id) for instance in self.instances])
        for instance in self.instances:
            is_out = instance.id in out  # its hook ended the engine before the first tick was kept
            if not is_out:
                self.core.attach(instance.id, instance.hooks)
            if instance.spec.name not in started:
                account = self._account(instance.spec.name)
                sharing = sum(name == account for name in groups.values())
                capital = account_def(self._settings, account).capital // sharing
                started_on = instance.started(capital, self.accounts[account])
                self.core.input(Kind.STRATEGY_STARTED, encode(started_on))
            if is_out and instance.id not in faulted:
                self._quarantine(instance.id)

    def _quarantined(self, members: Sequence[tuple[Spec, int]]) -> set[int]:
        """Instances whose hook ended the engine; where several decide together, all of them: the hook is theirs."""
        out = set(self._plan.quarantine)
        together = {spec.group for spec, number in members if number in out and spec.decides_together}
        return out | {number for spec, number in members if spec.group in together}

    def _quarantine(self, instance: int) -> None:
        reason = "its hook ended the engine: quarantined"
        self.core.input(Kind.STRATEGY_STOPPED, encode(StrategyStopped(instance, True, reason)))

    def _fault(self, instance: int, error: BaseException) -> str:
        """Name file, line and error of a hook that raised: what the journal keeps of it."""
        spec = next((i.spec for i in self.instances if i.id == instance), None)
        name = str(instance) if spec is None else spec.name
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if spec is not None and Path(f.filename).resolve() == Path(spec.file).resolve()]
        at = (own or frames)[-1:]  # the innermost line of the strategy's own, whatever library it called
        place = f"{Path(at[0].filename).name}:{at[0].lineno}: " if at else ""
        if isinstance(error, velox_core.HookTimeout):
            return f"{name}: {place}the hook used up its time"
        return f"{name}: {place}{type(error).__name__}: {str(error)[:500]}"


def _keep_facts(journal: Path, digest: str) -> None:
    """Keep the market's data files beside the journal: the digest in it is theirs."""
    folder = journal / "facts" / digest[:16]
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in data_files().items():
        file = folder / name
        if not file.is_file() or file.read_bytes() != content:  # a death may have left a part of it
            file.write_bytes(content)


def session_date(core: velox_core.Core) -> dt.date | None:
    """The date that a recovered core trades; None when its journal ends before a day began."""
    number = core.summary()["session_date"]
    return None if number is None else date_of(number)
