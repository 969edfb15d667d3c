"""Candles and indicators as the class body declares them: the graph of the kernel in the user's words."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, Literal, Self, TypeGuard, TypeVar, Union, overload

from velox.strategy.clocktext import SECOND_NS, span_ns
from velox.strategy.contracts import Future
from velox.strategy.core import Series
from velox.strategy.declaration import Declaration
from velox.strategy.handles import AtrSeries, BarsHandle, MacdHandle
from velox.strategy.params import Expression, Joinable, Member, Param, Values

__all__ = [
    "ATR",
    "Bars",
    "EMA",
    "Formula",
    "MACD",
    "Multiple",
    "Node",
    "OfCandles",
    "Operand",
    "Output",
    "RSI",
    "SMA",
    "Source",
    "Symbol",
    "Term",
    "Text",
    "VWAP",
    "Whole",
    "log",
    "output",
    "resolved",
    "spelled",
]

_H = TypeVar("_H")
Text = str | Param[str]
Symbol = Text | Future | Member
Whole = int | Param[int] | Expression
Multiple = float | Param[float] | Param[int] | Expression
Term = Union["Operand", float, Param[float], Param[int], Expression]
_PERIOD_MAX = 5_000
_MULTIPLE_MAX = 100


def resolved(value: object, values: Values) -> Any:
    """The value of something that may be a parameter."""
    return value.value(values) if isinstance(value, Expression) else value


class Operand(Joinable, ABC):
    """What an indicator can follow and arithmetic can join: a field of candles, or an output of an indicator."""

    @abstractmethod
    def fed_by(self) -> "Bars | None":
        """The candles behind it, None where a declaration is wrong."""

    @abstractmethod
    def spelled(self, values: Values) -> str:
        """How the class body writes it, with the values of its parameters."""

    def __add__(self, other: "Term") -> "Formula":
        return Formula("plus", self, other)

    def __radd__(self, other: float | Expression) -> "Formula":
        return Formula("plus", other, self)

    def __sub__(self, other: "Term") -> "Formula":
        return Formula("minus", self, other)

    def __rsub__(self, other: float | Expression) -> "Formula":
        return Formula("minus", other, self)

    def __mul__(self, other: "Term") -> "Formula":
        return Formula("times", self, other)

    def __rmul__(self, other: float | Expression) -> "Formula":
        return Formula("times", other, self)

    def __truediv__(self, other: "Term") -> "Formula":
        return Formula("over", self, other)

    def __rtruediv__(self, other: float | Expression) -> "Formula":
        return Formula("over", other, self)

    def __neg__(self) -> "Formula":
        return Formula("times", self, -1)

    def __abs__(self) -> "Formula":
        return Formula("abs", self)


class Source(Operand):
    """One field of a candle as the input of an indicator."""

    def __init__(self, bars: "Bars", field: str) -> None:
        self._bars = bars
        self.field = field

    def candles(self) -> "Bars":
        """The candles; a method, since an attribute of a descriptor's type would read like a declaration."""
        return self._bars

    def fed_by(self) -> "Bars":
        """The candles behind it."""
        return self._bars

    def spelled(self, values: Values) -> str:
        """How the class body writes it."""
        return f"{self._bars.name}.{self.field}"


class Output(Operand):
    """One of the outputs of an indicator that has several."""

    def __init__(self, node: "Node[Any]", place: int) -> None:
        self.node = node
        self.place = place

    def fed_by(self) -> "Bars | None":
        """The candles behind it."""
        return self.node.candles()

    def spelled(self, values: Values) -> str:
        """How the class body writes it."""
        words = [word for word, value in vars(type(self.node)).items() if isinstance(value, output)]
        return f"{self.node.name or self.node.spelled(values)}.{words[self.place]}"


class output:  # noqa: N801  # reads like the property that it is
    """An output of an indicator in the class body, by its place: `MACD(bars.close).line`."""

    def __init__(self, place: int) -> None:
        self._place = place

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: "Node[Any]", owner: type) -> Output: ...
    def __get__(self, instance: "Node[Any] | None", owner: type) -> Self | Output:
        return self if instance is None else Output(instance, self._place)


class Bars(Declaration):
    """Candles of one instrument at one length, anchored at the session's open.

    With `preopen="exclude"` the first of a day leaves out what was traded in the pre-open.
    """

    def __init__(self, symbol: Symbol, timeframe: Text, *, preopen: Literal["include", "exclude"] = "include") -> None:
        super().__init__()
        self.symbol = symbol
        self.timeframe = timeframe
        self.preopen = preopen

    @property
    def without_preopen(self) -> bool:
        """Whether the first candle of a day leaves the pre-open out."""
        return self.preopen == "exclude"

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
        if isinstance(self.symbol, Future) and not self.symbol.name:
            yield from self.symbol.sentences()
        for word, value in (("symbol", self.symbol), ("timeframe", self.timeframe)):
            if not isinstance(resolved(value, {}), str):
                yield f'{self.name} = Bars(…): its {word} is a text or a text Param, as in Bars(symbol, "5m")'
        if self.preopen not in ("include", "exclude"):
            yield f'{self.name} = Bars(…): preopen is "include" or "exclude", not {self.preopen!r}'

    def timeframe_s(self, values: Values) -> int:
        """Length of a candle; ValueError with a sentence when the text is none."""
        try:
            return span_ns(resolved(self.timeframe, values)) // SECOND_NS
        except ValueError as error:
            raise ValueError(f"{self.name} = Bars(…): {error}") from None


class Node(Declaration, Operand, Generic[_H]):
    """An indicator of the kernel; its parameters are periods, multiples of a spread, or parameters of the strategy."""

    kind = ""
    parts: tuple[str, ...] = ()  # the kernel's indicators that it is made of, where they are several
    outputs: tuple[tuple[int, int], ...] = ((0, 0),)  # (part, output) in the order of its handle's fields
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
        return self.source.fed_by() if _is_single(self.source) else None

    def fed_by(self) -> Bars | None:
        """The candles behind it."""
        return self.candles()

    def spelled(self, values: Values) -> str:
        """How the class body writes it, with the values of its parameters."""
        source = self.source.name if isinstance(self.source, Bars) else spelled(self.source, values)
        return f"{type(self).__name__}({', '.join([source, *(f'{n:g}' for n in self.numbers(values))])})"

    def followed(self) -> "Iterator[Bars]":
        """All candles behind it."""
        if isinstance(self.source, Bars):
            yield self.source
        for term in self.terms():
            node = term.node if isinstance(term, Output) else term
            if isinstance(node, Node):
                yield from node.followed()
            elif isinstance(node, Source):
                yield node.candles()

    def terms(self) -> "tuple[Term, ...]":
        """What feeds it, besides whole candles."""
        return (self.source,) if isinstance(self.source, Operand) else ()

    @property
    def call(self) -> str:
        """How the declaration reads, for sentences."""
        return f"{self.name} = {type(self).__name__}(…)" if self.name else f"{type(self).__name__}(…)"

    def sentences(self) -> Iterator[str]:
        """What is wrong with the declaration by itself."""
        if isinstance(self.source, Node) and len(self.source.outputs) > 1:
            yield f"{self.call}: {self.source.call} has several values; name one of them, as in EMA(macd.line, 9)"
        elif self.candles() is None:
            yield f"{self.call}: its first argument is {self._wanted}"
        for node in self.unnamed():
            yield from node.sentences()
        for word, value in self.params.items():
            default = resolved(value, {})
            if word in self.multiples and type(default) not in (int, float):
                yield f"{self.call}: {word} is a number or a number Param, not {default!r}"
            elif word not in self.multiples and type(default) is not int:
                yield f"{self.call}: {word} is a whole number or a whole-number Param, not {default!r}"

    def unnamed(self) -> "Iterator[Node[Any]]":
        """Indicators among what feeds it that are no attribute of their own."""
        for term in self.terms():
            node = term.node if isinstance(term, Output) else term
            if isinstance(node, Node) and not node.name:
                yield node

    def judged(self, values: Values) -> Iterator[str]:
        """What is wrong with the values of its parameters."""
        for node in self.unnamed():
            yield from node.judged(values)
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


class Formula(Node[Series]):
    """Arithmetic on candles and indicators, as `fast - slow` or `log(bars.close)`; NaN where it has no answer.

    What joins candles of several lengths or instruments is updated once all that end at an instant have closed.
    """

    def __init__(self, kind: str, first: "Term", second: "Term | None" = None) -> None:
        super().__init__(first)
        self.kind = kind
        self._terms: tuple[Term, ...] = (first,) if second is None else (first, second)

    @property
    def call(self) -> str:
        """How the declaration reads, for sentences."""
        return f"{self.name} = {_SIGNS[self.kind]}" if self.name else f"a formula with {_SIGNS[self.kind]}"

    def spelled(self, values: Values) -> str:
        """How the class body writes it, with the values of its parameters."""
        terms = [spelled(term, values) for term in self._terms]
        return _SIGNS[self.kind].replace("…", "{}").format(*terms)

    def terms(self) -> "tuple[Term, ...]":
        """What it joins."""
        return self._terms

    def candles(self) -> Bars | None:
        """The first candles among what it joins."""
        found = (term.fed_by() for term in self._terms if isinstance(term, Operand))
        return next((bars for bars in found if bars is not None), None)

    def sentences(self) -> Iterator[str]:
        """What is wrong with the declaration by itself."""
        for term in self._terms:
            if isinstance(term, Node):
                if len(term.outputs) > 1:
                    yield f"{self.call}: {term.call} has several values; name one of them, as in macd.line"
            elif not isinstance(term, Operand) and type(resolved(term, {})) not in (int, float):
                yield f"{self.call}: {term!r} is no number, no candles' field and no indicator"
        for node in self.unnamed():
            yield from node.sentences()

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return 1


_SIGNS = {"plus": "… + …", "minus": "… - …", "times": "… * …", "over": "… / …", "log": "log(…)", "abs": "abs(…)"}


def spelled(term: object, values: Values) -> str:
    """How the class body writes a term: by its name, or in brackets where it joins others."""
    if isinstance(term, Node) and term.name:
        return term.name
    if isinstance(term, Operand):
        text = term.spelled(values)
        return f"({text})" if isinstance(term, Formula) and len(term.terms()) > 1 else text
    return f"{resolved(term, values):g}"


def log(term: Operand) -> Formula:
    """The natural logarithm of a price or an indicator; NaN at 0 and below."""
    return Formula("log", term)


def _is_single(source: object) -> TypeGuard[Operand]:
    """Whether an indicator can follow it."""
    return isinstance(source, Operand) and not (isinstance(source, Node) and len(source.outputs) > 1)


class EMA(Node[Series]):
    """Exponential moving average."""

    kind = "ema"

    def __init__(self, source: Operand, period: Whole) -> None:
        super().__init__(source, period=period)


class SMA(Node[Series]):
    """Simple moving average."""

    kind = "sma"

    def __init__(self, source: Operand, period: Whole) -> None:
        super().__init__(source, period=period)


class RSI(Node[Series]):
    """Relative strength index by Wilder, 0 to 100."""

    kind = "rsi"
    shortest = 2

    def __init__(self, source: Operand, period: Whole = 14) -> None:
        super().__init__(source, period=period)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return int(numbers[0]) + 1


class MACD(Node[MacdHandle]):
    """Moving average convergence and divergence: `.line`, `.signal` and `.hist`, ready together."""

    kind = "macd"
    outputs = ((0, 0), (0, 1), (0, 2))
    line, signal, hist = output(0), output(1), output(2)

    def __init__(self, source: Operand, fast: Whole = 12, slow: Whole = 26, signal: Whole = 9) -> None:
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
