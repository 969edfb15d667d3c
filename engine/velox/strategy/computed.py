"""Indicators that a user writes in Python: a function of the newest values of candles or other indicators.

It sees windows and keeps nothing, so that its value is the same after a restart; the kernel never hangs on it.
"""

import datetime
import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from velox.errors import BadInput
from velox.strategy.core import CoreLike, Series
from velox.strategy.declaration import Declaration
from velox.strategy.declare import Bars, Node, Operand, Output, Source, Whole, resolved, spelled
from velox.strategy.params import Values
from velox.strategy.reading import Reading

__all__ = ["WINDOW_MAX", "Computed", "ComputedSeries", "computed_series", "indicator"]

# What the core keeps of a series.
WINDOW_MAX = 128

_Work = Callable[..., float]


class Computed(Declaration):
    """An indicator of the class body whose values a Python function works out."""

    def __init__(self, work: _Work, window: Whole, sources: tuple[Operand, ...], params: dict[str, object]) -> None:
        super().__init__()
        self.work = work
        self.window = window
        self.sources = sources
        self.params = params

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> "ComputedSeries": ...
    def __get__(self, instance: object | None, owner: type) -> "Self | ComputedSeries":
        return self if instance is None else self.unbound(owner)

    def sentences(self) -> Iterator[str]:
        """What is wrong with the declaration by itself."""
        call = f"{self.name} = {self.work.__name__}(…)"
        if not self.sources or not all(map(_is_named, self.sources)):
            example = f"{self.work.__name__}(bars.close)"
            yield f"{call}: it follows fields of candles or indicators of the class body, as in {example}"
            return
        try:
            inspect.signature(self.work).bind(*self.sources, **self.params)
        except TypeError as error:
            yield f"{call}: {error}"

    def judged(self, values: Values) -> Iterator[str]:
        """What is wrong with the values of its parameters."""
        window = resolved(self.window, values)
        if type(window) is not int or not 1 <= window <= WINDOW_MAX:
            call = f"{self.name} = {self.work.__name__}(…)"
            yield f"{call}: its window is {window}; it must lie between 1 and {WINDOW_MAX}"

    def spelled(self, values: Values) -> str:
        """How the class body writes it, with the values of its parameters."""
        given = [f"{word}={resolved(value, values)}" for word, value in self.params.items()]
        window = [f"window={resolved(self.window, values)}"]
        return f"{self.work.__name__}({', '.join([*(spelled(s, values) for s in self.sources), *window, *given])})"

    def candles(self) -> Bars | None:
        """The candles that it is computed on."""
        return self.sources[0].fed_by()


def _is_named(source: object) -> bool:
    """Whether a source is there as an attribute, so that an instance holds what reads it."""
    match source:
        case Source():
            return True
        case Node():
            return bool(source.name) and len(source.outputs) == 1
        case Output():
            return bool(source.node.name)
        case _:
            return False


@overload
def indicator(work: _Work, /) -> Callable[..., Computed]: ...
@overload
def indicator(*, window: Whole) -> Callable[[_Work], Callable[..., Computed]]: ...
def indicator(work: _Work | None = None, /, *, window: Whole = 1) -> Any:
    """Make an indicator of a function that gets the newest `window` values of each source and returns a number.

        @indicator(window=20)
        def middle(close, weight=0.5):
            return weight * close.max() + (1 - weight) * close.min()

    In the class body `line = middle(bars.close, weight=0.4)`; `window=` there takes the place of the decorator's.
    """

    def made(function: _Work) -> Callable[..., Computed]:
        def declared(*sources: Operand, window: Whole = window, **params: object) -> Computed:
            return Computed(function, window, sources, params)

        declared.__name__, declared.__doc__ = function.__name__, function.__doc__
        return declared

    return made if work is None else made(work)


class ComputedSeries(Reading):
    """Values of a user's own indicator, worked out once a closed candle when somebody asks."""

    def __init__(self, declared: Computed, sources: list[Series], values: Values) -> None:
        self._declared = declared
        self._sources = sources
        self._window: int = resolved(declared.window, values)
        self._params = {name: resolved(value, values) for name, value in declared.params.items()}
        self._known: dict[int, float] = {}
        self._at = -1
        self.note: Callable[[str, float], None] | None = None

    def __float__(self) -> float:
        return self[0]

    def __getitem__(self, back: int) -> float:
        if back < 0:
            raise IndexError("series count backwards: [0] is the newest value, [1] the one before")
        closed = self._sources[0].n
        if closed != self._at:
            self._known, self._at = {}, closed
        if back not in self._known:
            self._known[back] = self._value(back)
            if back == 0 and self.note is not None and not math.isnan(self._known[0]):
                self.note(self._declared.name, self._known[0])
        return self._known[back]

    @property
    def forming(self) -> float:
        """The value as if the unfinished candle closed now."""
        windows = [np.append(series.window(self._window - 1), series.forming) for series in self._sources]
        return self._work_out([window[-self._window :] for window in windows])

    def window(self, count: int, /) -> NDArray[np.float64]:
        """The newest `count` values, oldest first."""
        return np.array([self[back] for back in range(count - 1, -1, -1)])

    def _value(self, back: int) -> float:
        return self._work_out([self._past(series, back) for series in self._sources])

    def _work_out(self, windows: list[NDArray[np.float64]]) -> float:
        if any(len(window) < self._window or np.isnan(window).any() for window in windows):
            return math.nan
        value = self._declared.work(*windows, **self._params)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise BadInput(f"{self._declared.name}: {self._declared.work.__name__} gave {value!r}, no number") from None

    def _past(self, series: Series, back: int) -> NDArray[np.float64]:
        kept = series.window(min(self._window + back, WINDOW_MAX))
        return kept[: len(kept) - back][-self._window :]

    @property
    def ready(self) -> bool:
        """Whether there is a value."""
        return not math.isnan(self[0])

    @property
    def n(self) -> int:
        """The number of the newest closed candle in its session."""
        return self._sources[0].n

    @property
    def age(self) -> datetime.timedelta:
        """Time since the newest value."""
        return self._sources[0].age

    @property
    def age_ns(self) -> int:
        """The same, ns."""
        return self._sources[0].age_ns


def computed_series(
    declared: dict[str, Computed], held: dict[str, Any], values: Values, core: CoreLike, instance: int
) -> dict[str, ComputedSeries]:
    """The series of a class's own indicators, tied to the handles that an instance holds."""

    def handle(source: Operand) -> Series:
        match source:
            case Source():
                found: Series = getattr(held[source.candles().name], source.field)
            case Output():
                handles = held[source.node.name]
                found = getattr(handles, type(handles).__struct_fields__[source.place])
            case _:
                assert isinstance(source, Node)
                found = held[source.name]
        return found

    made = {}
    for name, each in declared.items():
        series = ComputedSeries(each, [handle(source) for source in each.sources], values)
        series.note = lambda word, value: core.annotate(instance, word, value)
        made[name] = series
    return made
