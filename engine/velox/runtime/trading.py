"""One trading day on a core: facts, account, instruments, candles, warm-up and strategies, each journalled once."""

import datetime as dt
import itertools
import traceback
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

import velox_core
from velox.errors import BadInput
from velox.events import (
    ClockMode,
    HistoryBar,
    Kind,
    MarkKind,
    Schedule,
    SessionMark,
    StrategyStarted,
    StrategyStopped,
    encode,
)
from velox.market.dated import data_files
from velox.market.facts import Facts
from velox.market.instruments import Instrument, InstrumentBook, definition
from velox.runtime.account import account_def, limits_set, thresholds, with_brokerage
from velox.runtime.plan import Plan, StrategyPlan
from velox.settings import Settings
from velox.strategy.base import Strategy
from velox.strategy.compile import compile_strategy
from velox.strategy.host import Instance
from velox.strategy.load import load
from velox.strategy.spec import Spec

__all__ = ["Candle", "History", "TradingDay", "compile_one", "session_date", "watched_timeframes"]

# (ts_open ns, open, high, low, close at 1e-8, volume)
Candle = tuple[int, int, int, int, int, int]
History = Callable[[Instrument, int, int], Awaitable[Sequence[Candle]]]

watched_timeframes = (60, 300, 900)
_INDEX = 0


class TradingDay:
    """Sets a core up for a day, or ties strategies to one that recovery brought back."""

    def __init__(
        self, core: velox_core.Core, settings: Settings, facts: Facts, book: InstrumentBook, plan: Plan
    ) -> None:
        self.core = core
        self.facts = facts
        self.instances: list[Instance] = []
        self._settings = settings
        self._book = book
        self._plan = plan
        core.on_fault(self._fault)

    async def begin(self, watched: Sequence[str], history: History, clock: ClockMode) -> None:
        """Journal everything that the day begins with."""
        core, facts = self.core, with_brokerage(self.facts.loaded, self._settings)
        core.input(Kind.SETTINGS, encode(thresholds(self._settings, clock)))
        core.input(Kind.FACTS_LOADED, encode(facts))
        core.input(Kind.ACCOUNT_DEF, encode(account_def(self._settings)))
        core.input(Kind.LIMITS_SET, encode(limits_set(self._settings)))
        chosen = [(load(s.target), compile_one(s, self.facts, self._book)) for s in self._plan.strategies]
        _keep_facts(Path(self._plan.journal), facts.digest)
        self._define({*watched, *(spec.symbol for _, spec in chosen)})
        for name in sorted(watched):
            for seconds in watched_timeframes:
                core.watch(core.instrument(name), seconds)
        known = {name: number for number, name, _, _ in core.instances()}
        fresh = itertools.count(len(known))
        for cls, spec in _named_apart(chosen):
            number = known.get(spec.name)
            kept = dict(core.state(number)) if number is not None else None
            self.instances.append(Instance(core, next(fresh) if number is None else number, spec, cls, kept))
        await self._warm_up(history)
        self._start()

    def _define(self, names: set[str]) -> None:
        """Journal the instruments' data of the day; those that the core knows keep their numbers."""
        known = {market["name"]: number for number, market in enumerate(self.core.markets())}
        fresh = itertools.count(len(known))
        for name in sorted(names):
            number = known[name] if name in known else next(fresh)
            defined = definition(self._book[name], self.facts, id=number, reference_price=0)
            self.core.input(Kind.INSTRUMENT_DEF, encode(defined))

    def go_on(self) -> list[str]:
        """Tie the strategies of the plan to the instances that the journal knows; returns what is left out."""
        known = {name: (number, running, faulted) for number, name, running, faulted in self.core.instances()}
        chosen = [(load(s.target), compile_one(s, self.facts, self._book)) for s in self._plan.strategies]
        left = []
        for cls, spec in _named_apart(chosen):
            if spec.name not in known:
                raise BadInput(
                    f"the journal {self._plan.journal} runs {', '.join(known) or 'no strategy'}, not {spec.name}: "
                    "give the same strategies again, or another --journal"
                )
            number, _, faulted = known[spec.name]
            kept = dict(self.core.state(number))
            instance = Instance(self.core, number, spec, cls, kept)
            self.instances.append(instance)
            if number in self._plan.quarantine and not faulted:
                reason = "its hook ended the engine: quarantined"
                self.core.input(Kind.STRATEGY_STOPPED, encode(StrategyStopped(number, True, reason)))
                faulted = True
            if faulted:
                left.append(f"{spec.name} is quarantined: it takes no new risk, its stops stay alive.")
            else:
                self.core.attach(number, instance.hooks)
        self.core.input(Kind.SESSION_MARK, encode(SessionMark(MarkKind.RECOVERED, self.core.now_ns(), "recovered")))
        return left

    async def _warm_up(self, history: History) -> None:
        wanted: dict[int, tuple[Instrument, int, int]] = {}
        for instance in self.instances:
            instrument = self._book[instance.spec.symbol]
            for place, bars in enumerate(instance.spec.bars):
                series = self.core.watch(self.core.instrument(instrument.name), bars.timeframe_s)
                count = max(bars.warmup, wanted.get(series, (instrument, 0, 0))[2])
                wanted[series] = (instrument, instance.spec.bars[place].timeframe_s, count)
        for series, (instrument, timeframe_s, count) in sorted(wanted.items()):
            candles = await history(instrument, timeframe_s, count) if count else []
            for candle in candles[-count:] if count else []:
                self.core.input(Kind.HISTORY_BAR, encode(HistoryBar(series, *candle, ticks=0)))

    def _start(self) -> None:
        capital = account_def(self._settings).capital // max(1, len(self.instances))
        for instance in self.instances:
            self.core.attach(instance.id, instance.hooks)
            self.core.input(Kind.STRATEGY_STARTED, encode(_started(instance, capital)))

    def _fault(self, instance: int, error: BaseException) -> str:
        """Name file, line and error of a hook that raised: what the journal keeps of it."""
        name = next((i.spec.name for i in self.instances if i.id == instance), str(instance))
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}: " if frames else ""
        if isinstance(error, velox_core.HookTimeout):
            return f"{name}: {place}the hook used up its time"
        return f"{name}: {place}{type(error).__name__}: {str(error)[:500]}"


def compile_one(strategy: StrategyPlan, facts: Facts, book: InstrumentBook) -> Spec:
    """Make one strategy of a plan ready for the day."""
    return compile_strategy(load(strategy.target), strategy.params, facts, book)


def _keep_facts(journal: Path, digest: str) -> None:
    """Keep the market's data files beside the journal: the digest in it is theirs."""
    folder = journal / "facts" / digest[:16]
    if not folder.is_dir():
        folder.mkdir(parents=True)
        for name, content in data_files().items():
            (folder / name).write_bytes(content)


def _named_apart(chosen: Sequence[tuple[type[Strategy], Spec]]) -> list[tuple[type[Strategy], Spec]]:
    """Give each of several equal names a number, in the order of the plan."""
    counts: dict[str, int] = {}
    apart = []
    for cls, spec in chosen:
        counts[spec.name] = counts.get(spec.name, 0) + 1
        name = spec.name if counts[spec.name] == 1 else f"{spec.name}-{counts[spec.name]}"
        apart.append((cls, msgspec.structs.replace(spec, name=name)))
    return apart


def _started(instance: Instance, capital: int) -> StrategyStarted:
    spec, wiring = instance.spec, instance.wiring
    return StrategyStarted(
        id=instance.id,
        name=spec.name,
        class_name=spec.class_name,
        code_hash=spec.code_hash,
        params=spec.param_texts,
        account=0,
        instrument=wiring.instrument,
        capital=capital,
        series=wiring.series,
        nodes=wiring.nodes,
        on_tick=wiring.on_tick,
        schedules=[Schedule(s.hook, s.first_ns, s.every_ns, s.run_late) for s in wiring.schedules],
        entry_from=wiring.entry_from_ns,
        entry_until=wiring.entry_until_ns,
        flat_at=wiring.flat_at_ns,
    )


def session_date(core: velox_core.Core) -> dt.date | None:
    """The date that a recovered core trades; None when its journal ends before a day began."""
    number = core.summary()["session_date"]
    if number is None:
        return None
    return dt.datetime.strptime(str(number), "%Y%m%d").date()
