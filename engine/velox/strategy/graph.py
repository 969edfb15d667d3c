"""Turns the indicators and formulas of a class body into nodes of the kernel, inputs before what they feed."""

from collections.abc import Iterator, Mapping
from typing import Any

from velox.strategy.computed import Computed
from velox.strategy.declare import Bars, Node, Operand, Output, Source, Term, resolved
from velox.strategy.params import Values
from velox.strategy.spec import BarsSpec, HandleSpec, NodeSpec

__all__ = ["Graph"]

# A smoothed value keeps (1 - 1/n)^k of its start after k candles: after 8 periods of Wilder's smoothing 0.03 %.
_SMOOTHED = frozenset({"ema", "rsi", "macd", "atr", "adx", "tema", "keltner", "supertrend"})
_SETTLED_PERIODS = 8


class Graph:
    """The nodes of a strategy with these parameters; what is used twice is computed once."""

    def __init__(
        self,
        bars: Mapping[str, Bars],
        nodes: Mapping[str, Node[Any]],
        values: Values,
        computed: Mapping[str, Computed] | None = None,
    ) -> None:
        self.nodes: list[NodeSpec] = []
        self._values = values
        self._places = {name: place for place, name in enumerate(bars)}
        self._parts: dict[int, list[int]] = {}  # by the node's identity, which the class body keeps alive
        self._bars = bars
        self._declared = nodes
        self._computed = list((computed or {}).values())
        for node in nodes.values():
            self._add(node, node.name)

    def handles(self) -> list[HandleSpec]:
        """What the attributes of an instance read."""
        return [
            HandleSpec(name, node.kind, tuple((self._parts[id(node)][part], out) for part, out in node.outputs))
            for name, node in self._declared.items()
        ]

    def bars(self) -> list[BarsSpec]:
        """The candles, each with how many of them its nodes need."""
        ready, settled = dict.fromkeys(self._bars, 0), dict.fromkeys(self._bars, 0)
        for node in self._declared.values():
            for name, first, whole in self._needs(node):
                # A crossing needs the value before as well.
                ready[name], settled[name] = max(ready[name], first + 1), max(settled[name], whole + 1)
        for computed in self._computed:
            clock, window = computed.candles(), int(resolved(computed.window, self._values))
            assert clock is not None, "a computed indicator without candles was refused"
            for name, first, whole in self._needs_of(computed.sources, clock):
                ready[name], settled[name] = max(ready[name], first + window), max(settled[name], whole + window)
        return [
            BarsSpec(
                name,
                resolved(bars.symbol, self._values),
                bars.timeframe_s(self._values),
                ready[name],
                # Nobody's candles of earlier days tell how much of their first one is of the pre-open.
                0 if bars.without_preopen else settled[name],
                bars.without_preopen,
            )
            for name, bars in self._bars.items()
        ]

    def _add(self, node: Node[object], name: str) -> list[int]:
        """The places of a node's parts; they are added where they are not there."""
        found = self._parts.get(id(node))
        if found is not None:
            return found
        clock = node.candles()
        assert clock is not None, "a node without candles was refused"
        sources = [self._source(term, clock, f"{name}.{place}") for place, term in enumerate(node.terms(), 1)]
        numbers = node.numbers(self._values)
        first, second = [*sources, "", ""][:2] if sources else ("close", "")
        places = []
        for kind in node.parts or (node.kind,):
            places.append(len(self.nodes))
            self.nodes.append(NodeSpec(name, self._places[clock.name], first, kind, numbers, second))
        self._parts[id(node)] = places
        return places

    def _source(self, term: Term, clock: Bars, name: str) -> str:
        """How a spec names what feeds a node."""
        match term:
            case Source():
                bars = term.candles()
                return term.field if bars is clock else f"bars:{self._places[bars.name]}:{term.field}"
            case Node():
                part, place = term.outputs[0]
                return f"node:{self._add(term, term.name or name)[part]}:{place}"
            case Output():
                part, place = term.node.outputs[term.place]
                return f"node:{self._add(term.node, term.node.name or name)[part]}:{place}"
            case _:
                return f"number:{float(resolved(term, self._values))!r}"

    def _needs(self, node: Node[object]) -> Iterator[tuple[str, int, int]]:
        """Candles until a node's first value, and until what is smoothed has settled, by the name of the candles."""
        clock = node.candles()
        assert clock is not None, "a node without candles was refused"
        numbers = node.numbers(self._values)
        more = node.lookback_at(numbers, clock.timeframe_s(self._values)) - 1
        is_smoothed = node.kind in _SMOOTHED
        extra = _SETTLED_PERIODS * int(max(numbers, default=1)) if is_smoothed else 0
        for name, first, whole in self._needs_of(node.terms(), clock):
            yield name, first + more, whole + more + extra

    def _needs_of(self, terms: tuple[Term, ...], clock: Bars) -> Iterator[tuple[str, int, int]]:
        if not any(isinstance(term, Operand) for term in terms):
            yield clock.name, 1, 1
        for term in terms:
            match term:
                case Source():
                    yield term.candles().name, 1, 1
                case Node():
                    yield from self._needs(term)
                case Output():
                    yield from self._needs(term.node)
                case _:
                    pass  # a number is always there
