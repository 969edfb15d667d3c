"""Candles and indicators as the class body declares them: the graph of the kernel in the user's words."""

from collections.abc import Iterator
from typing import Any, Generic, Self, TypeVar, overload

from velox.strategy.clocktext import SECOND_NS, span_ns
from velox.strategy.core import Series
from velox.strategy.declaration import Declaration
from velox.strategy.handles import AtrSeries, BarsHandle, MacdHandle
from velox.strategy.params import Expression, Param, Values

__all__ = [
    "ATR",
    "Bars",
    "EMA",
    "MACD",
    "Multiple",
    "Node",
    "OfCandles",
    "RSI",
    "SMA",
    "Source",
    "Text",
    "VWAP",
    "Whole",
    "resolved",
]

_H = TypeVar("_H")
Text = str | Param[str]
Whole = int | Param[int] | Expression
Multiple = float | Param[float] | Param[int] | Expression
_PERIOD_MAX = 5_000
_MULTIPLE_MAX = 100


def resolved(value: object, values: Values) -> Any:
    """The value of something that may be a parameter."""
    return value.value(values) if isinstance(value, Expression) else value


class Source:
    """One field of a candle as the input of an indicator."""

    def __init__(self, bars: "Bars", field: str) -> None:
        self._bars = bars
        self.field = field

    def candles(self) -> "Bars":
        """The candles; a method, since an attribute of a descriptor's type would read like a declaration."""
        return self._bars


class Bars(Declaration):
    """Candles of one instrument at one length, anchored at the session's open."""

    def __init__(self, symbol: Text, timeframe: Text) -> None:
        super().__init__()
        self.symbol = symbol
        self.timeframe = timeframe

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> BarsHandle: ...
    def __get__(self, instance: object | None, owner: type) -> Self | BarsHandle:
        return self if instance is None else self.unbound(owner)

    @property
    def open(self) -> Source:
        """Opening prices."""
        return Source(self, "open")

    @property
    def high(self) -> Source:
        """Highest prices."""
        return Source(self, "high")

    @property
    def low(self) -> Source:
        """Lowest prices."""
        return Source(self, "low")

    @property
    def close(self) -> Source:
        """Closing prices."""
        return Source(self, "close")

    @property
    def volume(self) -> Source:
        """Volumes."""
        return Source(self, "volume")

    def sentences(self) -> Iterator[str]:
        """What is wrong with the declaration by itself."""
        for word, value in (("symbol", self.symbol), ("timeframe", self.timeframe)):
            if not isinstance(resolved(value, {}), str):
                yield f'{self.name} = Bars(…): its {word} is a text or a text Param, as in Bars(symbol, "5m")'

    def timeframe_s(self, values: Values) -> int:
        """Length of a candle; ValueError with a sentence when the text is none."""
        try:
            return span_ns(resolved(self.timeframe, values)) // SECOND_NS
        except ValueError as error:
            raise ValueError(f"{self.name} = Bars(…): {error}") from None


class Node(Declaration, Generic[_H]):
    """An indicator of the kernel; its parameters are periods, multiples of a spread, or parameters of the strategy."""

    kind = ""
    multiples: frozenset[str] = frozenset()  # the parameters that need not be whole
    shortest = 1  # the least period

    def __init__(self, source: object, **params: Multiple) -> None:
        super().__init__()
        self.source = source
        self.params = params

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _H: ...
    def __get__(self, instance: object | None, owner: type) -> Self | _H:
        return self if instance is None else self.unbound(owner)

    def candles(self) -> Bars | None:
        """The candles that feed it, if its source is one that it can take."""
        return self.source.candles() if isinstance(self.source, Source) else None

    @property
    def field(self) -> str:
        """The field of the candle that feeds it."""
        return self.source.field if isinstance(self.source, Source) else "close"

    @property
    def call(self) -> str:
        """How the declaration reads, for sentences."""
        return f"{self.name} = {type(self).__name__}(…)"

    def sentences(self) -> Iterator[str]:
        """What is wrong with the declaration by itself."""
        if self.candles() is None:
            yield f"{self.call}: its first argument is {self._wanted}"
        for word, value in self.params.items():
            default = resolved(value, {})
            if word in self.multiples and type(default) not in (int, float):
                yield f"{self.call}: {word} is a number or a number Param, not {default!r}"
            elif word not in self.multiples and type(default) is not int:
                yield f"{self.call}: {word} is a whole number or a whole-number Param, not {default!r}"

    def judged(self, values: Values) -> Iterator[str]:
        """What is wrong with the values of its parameters."""
        for word, value in self.params.items():
            number = resolved(value, values)
            least = self._least(word)
            if word in self.multiples:
                if not 0 < number <= _MULTIPLE_MAX:
                    yield f"{self.call}: {word} is {number}; it must lie above 0 and at most at {_MULTIPLE_MAX}"
            elif not least <= number <= _PERIOD_MAX:
                yield f"{self.call}: {word} is {number}; it must lie between {least} and {_PERIOD_MAX}"

    def numbers(self, values: Values) -> tuple[float, ...]:
        """The parameters as the kernel gets them."""
        return tuple(float(resolved(value, values)) for value in self.params.values())

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return int(numbers[0])

    def lookback_at(self, numbers: tuple[float, ...], timeframe_s: int) -> int:
        """The same for candles of a length; what counts minutes needs it."""
        return self.lookback(numbers)

    _wanted = "a field of candles, as in EMA(bars.close, 21)"

    def _least(self, word: str) -> int:
        return self.shortest


class EMA(Node[Series]):
    """Exponential moving average."""

    kind = "ema"

    def __init__(self, source: Source, period: Whole) -> None:
        super().__init__(source, period=period)


class SMA(Node[Series]):
    """Simple moving average."""

    kind = "sma"

    def __init__(self, source: Source, period: Whole) -> None:
        super().__init__(source, period=period)


class RSI(Node[Series]):
    """Relative strength index by Wilder, 0 to 100."""

    kind = "rsi"
    shortest = 2

    def __init__(self, source: Source, period: Whole = 14) -> None:
        super().__init__(source, period=period)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return int(numbers[0]) + 1


class MACD(Node[MacdHandle]):
    """Moving average convergence and divergence: `.line`, `.signal` and `.hist`, ready together."""

    kind = "macd"

    def __init__(self, source: Source, fast: Whole = 12, slow: Whole = 26, signal: Whole = 9) -> None:
        super().__init__(source, fast=fast, slow=slow, signal=signal)

    def judged(self, values: Values) -> Iterator[str]:
        """What is wrong with the values of its parameters."""
        yield from super().judged(values)
        fast, slow, _ = self.numbers(values)
        if fast >= slow:
            yield f"{self.call}: fast is {fast:g} and slow is {slow:g}; fast must be the smaller"

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        _, slow, signal = numbers
        return int(slow + signal) - 1

    def _least(self, word: str) -> int:
        return 2 if word == "slow" else 1


class OfCandles(Node[_H]):
    """A node that reads whole candles."""

    _wanted = "the candles themselves, as in ATR(bars, 14)"

    def candles(self) -> Bars | None:
        """The candles that feed it."""
        return self.source if isinstance(self.source, Bars) else None


class ATR(OfCandles[AtrSeries]):
    """Average true range by Wilder; `2 * self.atr` is a distance for stops, targets and trails."""

    kind = "atr"

    def __init__(self, bars: Bars, period: Whole = 14) -> None:
        super().__init__(bars, period=period)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return int(numbers[0]) + 1


class VWAP(OfCandles[Series]):
    """Volume-weighted average price of the session's closed candles."""

    kind = "vwap"

    def __init__(self, bars: Bars) -> None:
        super().__init__(bars)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return 1
