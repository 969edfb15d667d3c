"""What must be known before the first set runs: the sets, their days, and what makes this sweep this one."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy.typing as npt

import velox_core
from velox.backtest.choose import Ask, Chosen, choose, plans_on
from velox.backtest.sources import Data
from velox.market.corporate_actions import NO_ACTIONS, Action, Actions
from velox.market.dated import digest as facts_digest
from velox.market.instruments import InstrumentBook
from velox.market.lots import NO_LOTS, Lots
from velox.research.catalog import Catalog
from velox.runtime.choose import book_of
from velox.settings import Settings
from velox.strategy.base import Strategy
from velox.strategy.compile import compile_strategy
from velox.strategy.declare import resolved
from velox.strategy.faults import InvalidStrategy
from velox.strategy.load import load
from velox.sweep.held import Arrays, hold
from velox.sweep.job import Setup
from velox.sweep.space import Space, axes, expand
from velox.sweep.walk import Walk, Window, windows
from velox.sweep.work import file_digest

__all__ = ["Prepared", "SweepAsk", "prepare"]


class SweepAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for; dates are inclusive. `params` holds ranges and lists as they were written."""

    target: str
    params: dict[str, str]
    catalog: Path
    instruments: list[str] = []
    watched: list[str] = []  # what hooks may choose
    first: dt.date | None = None
    last: dt.date | None = None
    facts_as_of: dt.date | None = None
    actions: Actions = NO_ACTIONS
    lots: Lots = NO_LOTS
    data: Data = ""
    charges: Literal["discount", "statutory", "none"] = "discount"
    samples: int | None = None
    seed: int = 0
    walk: Walk | None = None


class Prepared(msgspec.Struct, frozen=True):
    """A sweep that can begin. `market_of` gives each set's market by the place of the set."""

    space: Space
    market_of: list[int]
    setup: Setup
    arrays: Arrays
    days: list[dt.date]
    windows: list[Window]
    about: dict[str, str]
    synthetic: bool


class _Markets:
    """The instruments and days of the sets, looked up once for all sets that trade the same."""

    def __init__(self, ask: SweepAsk, cls: type[Strategy]) -> None:
        self._ask = ask
        self._cls = cls
        self.chosen: list[Chosen] = []
        self.timeframes: list[set[int]] = []
        self._numbers: dict[str, int] = {}
        self._books: list[InstrumentBook] = []

    def of(self, params: dict[str, str]) -> int:
        """The number of the market of a set, which must be one that can run."""
        plans = plans_on([self._ask.target], params, self._ask.instruments)
        key = str(resolved(self._cls.__velox__.symbol, params))
        number = self._numbers.get(key)
        if number is None:
            ask = self._ask
            chosen = choose(
                Ask(
                    plans=plans,
                    catalog=ask.catalog,
                    first=ask.first,
                    last=ask.last,
                    data=ask.data,
                    facts_as_of=ask.facts_as_of,
                    actions=ask.actions,
                    lots=ask.lots,
                    watched=ask.watched,
                )
            )
            number = self._numbers[key] = len(self.chosen)
            self.chosen.append(chosen)
            self.timeframes.append(set())
            self._books.append(book_of(chosen.days[0]))
        facts = self.chosen[number].days[0].facts
        for plan in plans:
            spec = compile_strategy(self._cls, plan.params, facts, self._books[number])
            self.timeframes[number].update([*(bars.timeframe_s for bars in spec.bars), *spec.late_s])
        return number


def prepare(ask: SweepAsk, settings: Settings) -> Prepared:
    """Judge everything that can be judged and read the days; what cannot be is refused before a set runs."""
    cls = load(ask.target)
    declared = cls.__velox__
    space = expand(declared, axes(declared.params, ask.params), ask.samples, ask.seed)
    markets = _Markets(ask, cls)
    space, market_of = _placed(space, markets)
    dates = sorted({day.date for chosen in markets.chosen for day in chosen.days})
    walked = windows(dates, ask.walk) if ask.walk is not None else []
    starts = {window.train_first for window in walked} | {window.test_first for window in walked}
    catalog = Catalog.open(ask.catalog)
    arrays: dict[str, npt.NDArray[Any]] = {}
    kept = []
    for number, chosen in enumerate(markets.chosen):
        # Where an instrument has no data on the first day of a window, its run begins on its next day.
        own = [day.date for day in chosen.days]
        firsts = {min(date for date in own if date >= start) for start in starts if own[-1] >= start}
        market, columns = hold(f"m{number}", chosen, catalog, firsts, markets.timeframes[number])
        kept.append(market)
        arrays |= columns
    setup = Setup(
        target=ask.target,
        class_name=cls.__name__,
        file=declared.file,
        file_digest=file_digest(declared.file),
        instruments=ask.instruments,
        watched=ask.watched,
        charges=ask.charges,
        facts_as_of=ask.facts_as_of,
        actions=list(ask.actions),
        paper=settings.paper,
        limits=settings.limits,
        engine=settings.engine,
        markets=kept,
    )
    synthetic = any(day.synthetic for chosen in markets.chosen for day in chosen.days)
    about = _about(ask, setup, declared.code_hash, dates)
    return Prepared(space, market_of, setup, arrays, dates, walked, about, synthetic)


def _placed(space: Space, markets: _Markets) -> tuple[Space, list[int]]:
    """The sets that can be started, each with its market; others are left out as those that the strategy rules out."""
    sets: list[dict[str, str]] = []
    market_of: list[int] = []
    left_out, why, last = space.left_out, space.why, None
    for params in space.sets:
        try:
            market_of.append(markets.of(params))
            sets.append(params)
        except InvalidStrategy as error:
            left_out, why, last = left_out + 1, why or error.faults[0].sentence, error
    if last is not None and not sets:
        raise last
    return msgspec.structs.replace(space, sets=sets, left_out=left_out, why=why), market_of


def _about(ask: SweepAsk, setup: Setup, code_hash: str, dates: Sequence[dt.date]) -> dict[str, str]:
    """Everything that decides the outcomes, each under the name by which a difference is told."""

    def shown(values: Mapping[str, object]) -> str:
        return " ".join(f"{name}={value}" for name, value in values.items())

    sampled = "all" if ask.samples is None else f"{ask.samples} of seed {ask.seed}"
    return {
        "the strategy": ask.target,
        "its code": code_hash[:16],
        "the parameters": shown(ask.params),
        "the sample": sampled,
        "the instruments": ",".join(ask.instruments) or "the strategy's own",
        "what hooks may choose": ",".join(ask.watched) or "the same",
        "the days": f"{dates[0]} to {dates[-1]} ({len(dates)})",
        "the data": " ".join(market.digest[:16] for market in setup.markets),
        "the facts": facts_digest()[:16],
        "facts as of": str(ask.facts_as_of or "each day"),
        "charges": ask.charges,
        "walk-forward": "none" if ask.walk is None else shown(msgspec.structs.asdict(ask.walk)),
        "[paper]": shown(msgspec.structs.asdict(setup.paper)),
        "[limits]": shown(msgspec.structs.asdict(setup.limits)),
        "[engine]": shown(msgspec.structs.asdict(setup.engine)),
        "the version": velox_core.__version__,
        # Not told where there are none, so that a folder of before there could be any goes on.
        **({"corporate actions": " ".join(map(_written, setup.actions))} if setup.actions else {}),
    }


def _written(action: Action) -> str:
    """All that an action says but for its source, as one word."""
    said = [action.ratio, action.amount, action.close, action.was]
    return "/".join([action.name, action.ex.isoformat(), action.kind, *filter(None, said)]).replace(" ", "_")
