"""Candles and indicators that a hook chooses while the day runs: `self.watch(EMA(Bars(name, "1m").close, 9))`."""

import datetime
from collections.abc import Iterable, Iterator, Set
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from velox.errors import BadInput
from velox.strategy.bound import Joins, bars_handle, node_handle, node_numbers
from velox.strategy.core import CoreLike
from velox.strategy.declare import Bars, Node, Output, Source, resolved
from velox.strategy.graph import Graph
from velox.strategy.handles import HANDLES, BarsHandle
from velox.strategy.params import Values
from velox.strategy.reading import Reading
from velox.strategy.spec import Recipe

__all__ = ["Late", "NotYet", "recipe_of"]

_WORDS = frozenset(BarsHandle.__slots__).union(*(lines.__struct_fields__ for lines in HANDLES.values()))


class Late:
    """What one instance watches beside its class body; the same thing has one handle, however often it is asked for."""

    def __init__(self, core: CoreLike, instance: int, values: Values) -> None:
        self._core = core
        self._values = values
        self._handles: dict[Recipe, Any] = {}
        self.names: Set[str] | None = None  # instruments of the day; a core knows those of earlier days as well
        self.by_candles = False
        self._recipes: dict[int, Recipe] = {}  # by the identity of the handle, which is kept alive beside
        self._joins = _FromHook(core, instance)

    def handle(self, declared: object) -> Any:
        """What reads a declaration, which joins the graph once the hook that asks is over."""
        recipe = recipe_of(declared, self._values)
        return self._handles[recipe] if recipe in self._handles else self._tie(recipe, self._joins)

    def again(self, recipe: Recipe) -> Any:
        """The same after a restart, outside of hooks: the graph has it already."""
        return self._tie(recipe, self._core)

    def recipe(self, handle: object) -> Recipe | None:
        """How a handle was asked for; None for what is none of these."""
        return self._recipes.get(id(handle))

    def _tie(self, recipe: Recipe, joins: Joins) -> Any:
        if self.by_candles and any(without for _, _, without in recipe.bars):
            raise BadInput(
                'self.watch(…): preopen="exclude" needs ticks, and this day is run by candles, which do not tell '
                "what was traded in the pre-open"
            )
        series = [
            joins.watch(self._number(name), seconds, without_preopen=without) for name, seconds, without in recipe.bars
        ]
        nodes = node_numbers(joins, recipe.nodes, series)
        match recipe.shape:
            case "bars":
                handle: Any = bars_handle(self._core, series[0], recipe.bars[0][1])
            case "field":
                handle = self._core.field(series[0], recipe.field)
            case shape:
                outputs = [(nodes[place], output) for place, output in recipe.outputs]
                handle = node_handle(self._core, shape, outputs)
        self._handles[recipe], self._recipes[id(handle)] = handle, recipe
        return handle

    def _number(self, name: str) -> int:
        try:
            number = self._core.instrument(name)
        except KeyError:
            number = None
        if number is None or (self.names is not None and name not in self.names):
            raise BadInput(
                f"self.watch(…): {name} is not among the instruments of this run: an instrument that is chosen while "
                f"the day runs is named before, as in --watch {name}"
            )
        return number


class _FromHook:
    """How a hook has things join the graph."""

    def __init__(self, core: CoreLike, instance: int) -> None:
        self._core = core
        self._instance = instance

    def watch(self, instrument: int, timeframe_s: int, /, *, without_preopen: bool = False) -> int:
        """The number that a series has or will have."""
        return self._core.watch_late(self._instance, instrument, timeframe_s, without_preopen=without_preopen)

    def node(self, series: int, source: str, kind: str, params: tuple[float, ...], second: str, /) -> int:
        """The number that a node has or will have."""
        return self._core.node_late(self._instance, series, source, kind, params, second)


def recipe_of(declared: object, values: Values) -> Recipe:
    """What joins the graph for a declaration; BadInput says what is wrong with it."""
    match declared:
        case Bars():
            places = _named([declared], values)
            return Recipe(_candles(places, values), (), "bars")
        case Source():
            places = _named([declared.candles()], values)
            return Recipe(_candles(places, values), (), "field", field=declared.field)
        case Output():
            return _recipe(declared.node, "output", ((declared.node.outputs[declared.place]),), values)
        case Node():
            return _recipe(declared, declared.kind, declared.outputs, values)
        case _:
            raise BadInput(
                f"self.watch({declared!r:.60}): it takes candles or an indicator on them, as in "
                'self.watch(EMA(Bars(name, "1m").close, 9))'
            )


def _recipe(node: Node[Any], shape: str, outputs: Iterable[tuple[int, int]], values: Values) -> Recipe:
    for sentence in _faults(node, values):
        raise BadInput(f"self.watch(…): {sentence}")
    bars = _named(node.followed(), values)
    graph = Graph(bars, {"": node}, values)
    (handle,) = graph.handles()
    places = dict(zip(node.outputs, handle.outputs, strict=True))
    return Recipe(_candles(bars, values), tuple(graph.nodes), shape, tuple(places[each] for each in outputs))


def _faults(node: Node[Any], values: Values) -> Iterator[str]:
    """What is wrong; its values are judged only where nothing else is."""
    found = list(node.sentences())
    yield from found or node.judged(values)


def _named(candles: Iterable[Bars], values: Values) -> dict[str, Bars]:
    """The candles by what they are, which is their name from now on where the class body gave none."""
    named: dict[str, Bars] = {}
    for bars in candles:
        without = " without the pre-open" if bars.without_preopen else ""
        bars.name = bars.name or f"{resolved(bars.symbol, values)} {resolved(bars.timeframe, values)}{without}"
        for sentence in bars.sentences():
            raise BadInput(f"self.watch(…): {sentence}")
        named.setdefault(bars.name, bars)
    return named


def _candles(named: dict[str, Bars], values: Values) -> tuple[tuple[str, int, bool], ...]:
    try:
        return tuple(
            (resolved(bars.symbol, values), bars.timeframe_s(values), bars.without_preopen) for bars in named.values()
        )
    except ValueError as error:
        raise BadInput(f"self.watch(…): {error}") from None


class NotYet(Reading):
    """What an attribute reads that a hook will give what it watches: no value, whatever it is asked for."""

    def __init__(self, core: CoreLike) -> None:
        self._core = core

    def __float__(self) -> float:
        return float("nan")

    def __getitem__(self, back: int, /) -> float:
        return float("nan")

    def __getattr__(self, word: str) -> Self:
        if word in _WORDS:
            return self
        raise AttributeError(word)

    @property
    def forming(self) -> float:
        """No value."""
        return float("nan")

    @property
    def ready(self) -> bool:
        """Never."""
        return False

    @property
    def n(self) -> int:
        """No candle."""
        return 0

    @property
    def age_ns(self) -> int:
        """Time since 1970, as before the first candle."""
        return self._core.now_ns()

    @property
    def age(self) -> datetime.timedelta:
        """The same as a length of time."""
        return datetime.timedelta(microseconds=self.age_ns // 1000)

    def window(self, count: int, /) -> NDArray[np.float64]:
        """Nothing."""
        return np.empty(0)
