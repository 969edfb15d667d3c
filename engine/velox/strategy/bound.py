"""Ties what a strategy declares to the core: series and nodes by the kernel's numbers, handles that read them."""

from collections.abc import Sequence
from typing import Any, Protocol

from velox.strategy.core import CoreLike, Series
from velox.strategy.handles import HANDLES, AtrSeries, BarsHandle
from velox.strategy.spec import NodeSpec

__all__ = ["Joins", "bars_handle", "node_handle", "node_numbers"]

_FIELDS = ("open", "high", "low", "close", "volume")


class Joins(Protocol):
    """How series and nodes join the graph: before the day or out of a hook."""

    def watch(self, instrument: int, timeframe_s: int, /, *, without_preopen: bool = False) -> int:
        """The number of a series."""
        ...

    def node(self, series: int, source: str, kind: str, params: tuple[float, ...], second: str, /) -> int:
        """The number of a node."""
        ...


def node_numbers(joins: Joins, nodes: Sequence[NodeSpec], series: Sequence[int]) -> list[int]:
    """The kernel's numbers of nodes, inputs before what they feed; `series` are the numbers of their candles."""
    numbers: list[int] = []

    def known(source: str) -> str:
        kind, *words = source.split(":")
        if kind == "bars":
            return f"series:{series[int(words[0])]}:{words[1]}"
        return f"node:{numbers[int(words[0])]}:{words[1]}" if kind == "node" else source

    for node in nodes:
        sources = known(node.source), node.kind, node.params, known(node.second)
        numbers.append(joins.node(series[node.bars], *sources))
    return numbers


def bars_handle(core: CoreLike, series: int, timeframe_s: int) -> BarsHandle:
    """What reads the closed candles of a series."""
    return BarsHandle(timeframe_s, {field: core.field(series, field) for field in _FIELDS})


def node_handle(core: CoreLike, shape: str, outputs: Sequence[tuple[int, int]]) -> Any:
    """What reads a node, by the shape of its handle; `outputs` are (number of the node, output)."""
    found: list[Series] = [core.output(node, output) for node, output in outputs]
    lines = HANDLES.get(shape)
    if lines is not None:
        return lines(*found)
    return AtrSeries(found[0]) if shape == "atr" else found[0]
