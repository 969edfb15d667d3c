"""The class that every strategy is: what it may say, read and be told."""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, Unpack, overload

from velox.errors import BadInput
from velox.strategy.binding import ACTION_GO, ACTION_TRADE, AddTerms, Binding, Terms
from velox.strategy.collect import Declared, collect
from velox.strategy.core import Bar, Fill, Position, Refusal, Series, Tick
from velox.strategy.declare import Bars, Node, Output, Source
from velox.strategy.faults import InvalidStrategy
from velox.strategy.handles import BarsHandle
from velox.strategy.notebook import NotRunning, Options, backtest, prepare
from velox.strategy.order import Order
from velox.strategy.review import undeclared
from velox.strategy.sizes import Sized
from velox.strategy.spec import Recipe
from velox.strategy.state import State
from velox.strategy.trade import Trade

if TYPE_CHECKING:
    from velox.strategy.params import Requirement

__all__ = ["Strategy"]

_H = TypeVar("_H")


class Strategy:
    """A trading strategy: declarations in the class body, decisions in hooks, intents instead of orders."""

    __velox__: ClassVar[Declared]
    require: ClassVar["list[Requirement]"] = []
    _binding: Binding
    _texts: dict[str, str]

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        cls.__velox__ = collect(cls, Strategy)
        if cls.__velox__.faults and not cls.__velox__.deferred:
            raise InvalidStrategy(cls.__velox__.faults)

    def __init__(self, **params: Any) -> None:
        # Straight into the dictionary, past the guard of what hooks may set; nothing is started.
        texts, values = prepare(self.__velox__, params)
        self.__dict__.update(values, _texts=texts, _binding=NotRunning(type(self).__name__))

    def backtest(
        self, first: str | None = None, last: str | None = None, *, catalog: str | Path, **options: Unpack[Options]
    ) -> Any:
        """Run it over the recorded days of a catalogue, from `first` to `last`: "2026-01-05", or "2026-01" as a month.

        Gives the report, which a notebook shows: `plot()`, `trades`, `equity`, `save()`; its `result` has the figures
        that `velox backtest --json` writes.
        """
        return backtest(type(self), self._texts, (first, last), catalog=catalog, options=options)

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(getattr(type(self), name, None), State):
            object.__setattr__(self, name, value)
        elif isinstance(value, Trade) and name not in type(self).__velox__.names:
            # A trade is the kernel's: its handle may live under any free name and is found again after a restart.
            if self.__dict__.get(name) != value:
                self._binding.keep(name, value)
            self.__dict__[name] = value
        elif (recipe := self._recipe(value)) is not None and name not in type(self).__velox__.names:
            self._binding.keep(name, recipe)
            self.__dict__[name] = value
        else:
            raise BadInput(undeclared(type(self), name))

    def _recipe(self, value: object) -> Recipe | None:
        return self._binding.late.recipe(value)

    # What the strategy may wish for.

    def go_long(self, **terms: Unpack[Terms]) -> Trade:
        """Hold a long position: enter, or turn a short one."""
        return self._binding.enter("go_long", ACTION_GO, 1, terms)

    def go_short(self, **terms: Unpack[Terms]) -> Trade:
        """Hold a short position: enter, or turn a long one."""
        return self._binding.enter("go_short", ACTION_GO, -1, terms)

    def go_flat(self) -> Trade:
        """Hold nothing."""
        return self._binding.go_flat()

    def buy(self, **terms: Unpack[Terms]) -> Trade:
        """Buy more."""
        return self._binding.enter("buy", ACTION_TRADE, 1, terms)

    def sell(self, **terms: Unpack[Terms]) -> Trade:
        """Sell more."""
        return self._binding.enter("sell", ACTION_TRADE, -1, terms)

    def add(self, **terms: Unpack[AddTerms]) -> Trade:
        """Hold more of what is held; what guards the position guards it too."""
        return self._binding.add(terms)

    def resize(self, **size: Unpack[Sized]) -> Trade:
        """Make the position as large as this, smaller or larger."""
        return self._binding.resize(size)

    def submit(self, order: Order) -> Trade:
        """Send one order with every field of its own, as in `submit(Order(side="buy", qty=5, limit=99.5))`."""
        return self._binding.submit(order)

    def flatten(self, reason: str = "") -> Trade:
        """Close whatever is open, and say why."""
        return self._binding.leave(reason)

    # What it may read.

    @property
    def position(self) -> Position:
        """Its own position; quantity is negative when short."""
        return self._binding.core.position(self._binding.instance)

    @property
    def capital(self) -> float:
        """Its capital in rupees, fixed for the day."""
        return self._binding.core.capital(self._binding.instance)

    @property
    def now(self) -> datetime.datetime:
        """The engine's time, IST."""
        return self._binding.now()

    @property
    def mode(self) -> str:
        """Where it runs, for words in a log; no decision may depend on it."""
        return self._binding.mode

    @overload
    def watch(self, declared: Bars, /) -> BarsHandle: ...
    @overload
    def watch(self, declared: Source | Output, /) -> Series: ...
    @overload
    def watch(self, declared: Node[_H], /) -> _H: ...
    def watch(self, declared: Bars | Source | Output | Node[Any], /) -> Any:
        """Read what is chosen while the day runs, as in `self.premium = self.watch(EMA(Bars(name, "1m").close, 9))`.

        It reads like what the class body declares, NaN until it has a value, at first when this hook is over; no hook
        runs by it. It lasts for the session, and the same is the same however often it is asked for.
        """
        return self._binding.late.handle(declared)

    def log(self, text: str) -> None:
        """Keep a line in the journal: why something was done, or not."""
        self._binding.core.log(self._binding.instance, str(text))

    # What it may be told; a class defines those that it wants.

    def on_start(self) -> None:
        """Before the first other hook of a day."""

    def on_bar(self, bar: Bar) -> None:
        """A candle has closed."""

    def on_tick(self, tick: Tick) -> None:
        """A tick was applied."""

    def on_fill(self, fill: Fill) -> None:
        """An own order was filled, in whole or in part."""

    def on_entered(self, trade: Trade) -> None:
        """An entry has filled."""

    def on_stop(self, trade: Trade) -> None:
        """A stop has closed a trade, or the part of it that `trade.part` names."""

    def on_target(self, trade: Trade) -> None:
        """A target has closed a trade, or the part of it that `trade.part` names."""

    def on_reject(self, why: Refusal) -> None:
        """Risk or the broker said no.

        Once it may only reduce, a strategy hears the first refusal; more wishes to open are counted in the journal.
        """

    def on_external(self, fill: Fill) -> None:
        """Somebody else's fill changed the position."""

    def on_recover(self) -> None:
        """The engine has come back; runs before any other hook."""

    def migrate(self, old: Mapping[str, Any]) -> None:
        """Turn State that was kept under another class body, by name, into this one's; runs before any hook.

        What has kept its name and type is in place already. `old` holds the values that had been set.
        """

    def on_finish(self) -> None:
        """The day is over."""
