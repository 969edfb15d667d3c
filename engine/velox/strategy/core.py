"""What the strategy layer needs of the compiled core, as protocols: hooks see these shapes, tests imitate them."""

import datetime
import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bar", "CoreLike", "Fill", "Number", "Position", "Refusal", "Series", "Tick", "TradeState"]


class Series(Protocol):
    """One output of a node or one field of a candle, read as a plain float; NaN until it is ready.

    The other side of an operator is a number or a series; Any, because the core's class names itself there.
    """

    def __float__(self) -> float: ...
    def __getitem__(self, back: int, /) -> float: ...
    def __lt__(self, other: Any, /) -> bool: ...
    def __le__(self, other: Any, /) -> bool: ...
    def __gt__(self, other: Any, /) -> bool: ...
    def __ge__(self, other: Any, /) -> bool: ...
    def __add__(self, other: Any, /) -> float: ...
    def __radd__(self, other: Any, /) -> float: ...
    def __sub__(self, other: Any, /) -> float: ...
    def __rsub__(self, other: Any, /) -> float: ...
    def __mul__(self, other: Any, /) -> float: ...
    def __rmul__(self, other: Any, /) -> float: ...
    def __truediv__(self, other: Any, /) -> float: ...
    def __rtruediv__(self, other: Any, /) -> float: ...
    def __neg__(self) -> float: ...
    def __bool__(self) -> bool: ...
    def __abs__(self) -> float: ...
    @overload
    def __round__(self, digits: None = None, /) -> int: ...
    @overload
    def __round__(self, digits: int, /) -> float: ...

    @property
    def forming(self) -> float:
        """The value on the unfinished candle."""
        ...

    @property
    def ready(self) -> bool:
        """Whether enough candles have closed."""
        ...

    @property
    def age_ns(self) -> int:
        """Time since the end of the candle that gave the newest value; before the first one, since 1970."""
        ...

    @property
    def age(self) -> datetime.timedelta:
        """The same as a length of time."""
        ...

    def window(self, count: int, /) -> NDArray[np.float64]:
        """The newest `count` values, oldest first, as far as they are kept (128)."""
        ...

    @property
    def n(self) -> int:
        """The number of the newest closed candle in its session, from 1; 0 before the first."""
        ...


Number = float | Series


class Bar(Protocol):
    """A closed candle; prices in rupees."""

    @property
    def open(self) -> float:
        """First price."""
        ...

    @property
    def high(self) -> float:
        """Highest price."""
        ...

    @property
    def low(self) -> float:
        """Lowest price."""
        ...

    @property
    def close(self) -> float:
        """Last price."""
        ...

    @property
    def volume(self) -> int:
        """Units traded."""
        ...

    @property
    def ticks(self) -> int:
        """Applied ticks."""
        ...

    @property
    def n(self) -> int:
        """Its number in the session, from 1."""
        ...

    @property
    def ts_open_ns(self) -> int:
        """When it began."""
        ...

    @property
    def timeframe_s(self) -> int:
        """Its length."""
        ...

    @property
    def gap(self) -> bool:
        """Whether ticks may be missing."""
        ...


class Tick(Protocol):
    """An applied tick; what the feed did not say is NaN."""

    @property
    def price(self) -> float:
        """Last traded price."""
        ...

    @property
    def bid(self) -> float:
        """Best bid."""
        ...

    @property
    def ask(self) -> float:
        """Best ask."""
        ...

    @property
    def volume(self) -> int:
        """Units traded since the session began."""
        ...

    @property
    def last_qty(self) -> int:
        """Units of the last trade."""
        ...

    @property
    def exch_ns(self) -> int:
        """The exchange's time."""
        ...


class Fill(Protocol):
    """One execution of an own order; `role` is entry, add, flip, reduce, stop, target, exit or flat."""

    @property
    def order_id(self) -> int:
        """The order."""
        ...

    @property
    def side(self) -> int:
        """+1 bought, -1 sold."""
        ...

    @property
    def quantity(self) -> int:
        """Units."""
        ...

    @property
    def price(self) -> float:
        """Price of a unit."""
        ...

    @property
    def role(self) -> str:
        """What the order was for."""
        ...


class Refusal(Protocol):
    """Why risk or the broker said no: a code, a sentence and the two numbers (rupees, seconds or counts)."""

    @property
    def code(self) -> str:
        """The rule, or the broker."""
        ...

    @property
    def sentence(self) -> str:
        """In plain words."""
        ...

    @property
    def limit(self) -> float:
        """What is allowed."""
        ...

    @property
    def value(self) -> float:
        """What was asked."""
        ...


class Position(Protocol):
    """The strategy's own book: signed quantity, money in rupees."""

    @property
    def quantity(self) -> int:
        """Units; negative when short."""
        ...

    @property
    def average(self) -> float:
        """Average price of what is open."""
        ...

    @property
    def realised(self) -> float:
        """Profit of what was closed, before charges."""
        ...

    @property
    def unrealised(self) -> float:
        """Profit of what is open at the last price."""
        ...

    @property
    def charges(self) -> float:
        """Charges of the day."""
        ...


class TradeState(Protocol):
    """What the kernel knows of the trade that an intent began; NaN where there is nothing yet."""

    @property
    def entry(self) -> float:
        """Average price of the entry fills."""
        ...

    @property
    def stop(self) -> float:
        """Where the stop stands."""
        ...

    @property
    def risk(self) -> float:
        """The distance from entry to first stop."""
        ...

    @property
    def target(self) -> float:
        """Where the target stands."""
        ...


class CoreLike(Protocol):
    """The part of `velox_core.Core` that strategies reach."""

    def instrument(self, name: str, /) -> int:
        """The id of an instrument."""
        ...

    def watch(self, instrument: int, timeframe_s: int, /, *, without_preopen: bool = False) -> int:
        """The series of candles of this length, with or without the pre-open; the same one when asked again."""
        ...

    def node(self, series: int, source: str, kind: str, params: tuple[float, ...], second: str = "", /) -> int:
        """The indicator on a series, fed by one source or two; the same one when asked again."""
        ...

    def watch_late(self, instance: int, instrument: int, timeframe_s: int, /, *, without_preopen: bool = False) -> int:
        """As `watch`, from within a hook of the instance; the series joins once that hook is over."""
        ...

    def node_late(  # as `node`, and who asks
        self, instance: int, series: int, source: str, kind: str, params: tuple[float, ...], second: str = "", /
    ) -> int:
        """As `node`, from within a hook of the instance; it joins once that hook is over, fed with what is kept."""
        ...

    def output(self, node: int, output: int, /) -> Series:
        """One output of a node."""
        ...

    def field(self, series: int, field: str, /) -> Series:
        """One field of the closed candles of a series."""
        ...

    def attach(self, instance: int, hooks: Sequence[Callable[..., object] | None], /) -> None:
        """Take the table of hooks of an instance."""
        ...

    def intent(  # noqa: PLR0913  # the compiled core's own signature: one flat call, no object to build
        self,
        instance: int,
        action: int,
        instrument: int,
        side: int,
        size_kind: int,
        size: float,
        limit: float = math.nan,
        trigger_kind: int = 0,
        trigger: float = math.nan,
        stop_kind: int = 0,
        stop: float = math.nan,
        target_kind: int = 0,
        target: float = math.nan,
        trail_kind: int = 0,
        trail: float = math.nan,
        exits: Sequence[tuple[float, int, float, int, float]] = (),
        valid_kind: int = 0,
        valid: int = 0,
        trade: int = 0,
        reason: str = "",
        /,
    ) -> int:
        """Raise an intent and return its counter; refused outside hooks."""
        ...

    def begin_structure(self) -> None:
        """From now on intents are the legs of a structure."""
        ...

    def drop_structure(self) -> None:
        """Forget the legs of a structure that was begun."""
        ...

    def end_structure(self, unwind: bool, together: bool, /) -> bool:
        """Raise the structure of two legs; false where one of them could only be refused and was not heard."""
        ...

    def position(self, instance: int, /) -> Position:
        """The instance's own book."""
        ...

    def capital(self, instance: int, /) -> float:
        """The instance's capital of the day, in rupees."""
        ...

    def trade(self, instance: int, counter: int, /) -> TradeState:
        """What an intent began."""
        ...

    def now_ns(self) -> int:
        """Kernel time."""
        ...

    def annotate(self, instance: int, name: str, value: float, /) -> None:
        """Journal a value that the strategy computed by itself."""
        ...

    def log(self, instance: int, text: str, /) -> None:
        """Journal a line of the strategy."""
        ...

    def set_state(self, instance: int, name: str, value: bytes, /) -> None:
        """Journal a persistent value."""
        ...

    def hook_serial(self) -> int:
        """How many hooks have been called so far: tells two hooks apart."""
        ...
