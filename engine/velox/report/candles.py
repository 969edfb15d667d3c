"""The candles that a page draws, with the values of the strategies' own nodes, of days on which there was a trade."""

import datetime as dt
from collections.abc import Iterable

import msgspec
import numpy as np

from velox.journal.payloads import CandleClosed
from velox.strategy.handles import HANDLES
from velox.strategy.host import Instance
from velox.strategy.spec import BarsSpec, NodeSpec, Spec

__all__ = ["CandleShelf", "DayCandles", "Line", "SeriesCandles", "candles_of", "lines_of"]

# More than this a page does not carry; days that come later are counted.
_CANDLES_MAX = 60_000
_ON_PRICE = frozenset(
    "ema sma vwap bbands tema hma donchian keltner supertrend vwap_bands opening_range previous_day cpr pivot_highs "
    "pivot_lows ichimoku ichimoku_cloud".split()
)
# Of the core's indicators that are parts of one in the class body.
_OUTPUTS = {
    "pivot_highs": ("r1", "r2", "r3"),
    "pivot_lows": ("s1", "s2", "s3"),
    "ichimoku": ("conversion", "base"),
    "ichimoku_cloud": ("a", "b"),
}
# Outputs that are no line of prices.
_HIDDEN = frozenset({("supertrend", "up")})


class Line(msgspec.Struct, frozen=True):
    """One output of a node; `pane` is empty where it lies on the prices, else the node that shares its scale."""

    name: str
    pane: str
    is_hidden: bool = False


class DayCandles(msgspec.Struct, frozen=True):
    """One day of a series: candles and, for each line, its values."""

    date: dt.date
    candles: list[CandleClosed]


class SeriesCandles(msgspec.Struct, frozen=True):
    """One instrument at one length, with or without the pre-open."""

    instrument: str
    seconds: int
    without_preopen: bool
    lines: list[Line]
    days: list[DayCandles]


_Key = tuple[str, int, bool]


class CandleShelf:
    """Keeps candles of the days on which their instrument traded, else those of the newest day."""

    def __init__(self) -> None:
        self.lines: dict[_Key, list[Line]] = {}
        self.days_left_out = 0
        self._kept: dict[_Key, list[DayCandles]] = {}
        self._newest: dict[_Key, DayCandles] = {}
        self._count = 0

    def put(self, key: _Key, day: DayCandles, *, traded: bool) -> None:
        """Take a day of a series; one of lines that were not known is drawn without them."""
        if not traded:
            self._newest[key] = day
        elif self._count + len(day.candles) > _CANDLES_MAX:
            self.days_left_out += 1
        else:
            self._count += len(day.candles)
            self._kept.setdefault(key, []).append(day)

    def series(self) -> list[SeriesCandles]:
        """All series, those that were traded alone where anything was traded at all."""
        found = self._kept or {key: [day] for key, day in self._newest.items()}
        return [SeriesCandles(*key, self.lines.get(key, []), days) for key, days in sorted(found.items())]


def lines_of(instances: Iterable[Instance]) -> dict[_Key, list[Line]]:
    """The lines of each series (instrument, seconds, without the pre-open), in the order of the candles' values.

    The core numbers nodes as they join, and a node that two strategies share has the name that the first gave it.
    """
    nodes: dict[int, tuple[_Key, Spec, NodeSpec]] = {}
    for instance in instances:
        spec = instance.spec
        for number, node in zip(instance.nodes, spec.nodes, strict=True):
            if len(_bars_of(spec, node)) == 1:  # what joins several series is no part of a candle
                nodes.setdefault(number, (_key(spec.bars[node.bars]), spec, node))
    found: dict[_Key, list[Line]] = {}
    for _, (key, spec, node) in sorted(nodes.items()):
        found.setdefault(key, []).extend(_lines(spec, node))
    return found


def candles_of(columns: dict[str, np.ndarray], instrument: int, seconds: int) -> list[CandleClosed]:
    """Candles that the core computed from ticks, for what no strategy watches."""
    told = {name: _fixed(column).tolist() for name, column in columns.items()}
    return [
        CandleClosed(
            instrument=instrument,
            seconds=seconds,
            ts_open=told["ts_open"][at],
            open=told["open"][at],
            high=told["high"][at],
            low=told["low"][at],
            close=told["close"][at],
            volume=told["volume"][at],
            ticks=told["ticks"][at],
            flags=0,
            values=(),
        )
        for at in range(len(told["ts_open"]))
    ]


def _fixed(column: np.ndarray) -> np.ndarray:
    return np.rint(column * 100_000_000).astype(np.int64) if np.issubdtype(column.dtype, np.floating) else column


def _key(bars: BarsSpec) -> _Key:
    return bars.symbol, bars.timeframe_s, bars.without_preopen


def _bars_of(spec: Spec, node: NodeSpec) -> set[int]:
    """The candles that a node hangs on, by their places."""
    found = {node.bars}
    for source in (node.source, node.second):
        kind, *words = source.split(":")
        if kind == "bars":
            found.add(int(words[0]))
        elif kind == "node":
            found |= _bars_of(spec, spec.nodes[int(words[0])])
    return found


def _on_price(spec: Spec, node: NodeSpec) -> bool:
    """Whether its values are prices: it follows prices, or joins them in a way that leaves them such."""
    if node.kind not in _ON_PRICE:
        return False
    kind, *words = node.source.split(":")
    return _on_price(spec, spec.nodes[int(words[0])]) if kind == "node" else node.source != "volume"


def _lines(spec: Spec, node: NodeSpec) -> list[Line]:
    told = f"{node.name} · {node.kind.upper()}({', '.join(f'{number:g}' for number in node.params)})"
    pane = "" if _on_price(spec, node) else told
    outputs = _OUTPUTS.get(node.kind) or getattr(HANDLES.get(node.kind), "__struct_fields__", None)
    if outputs is None:
        return [Line(told, pane)]
    return [Line(f"{told} {output}", pane, (node.kind, output) in _HIDDEN) for output in outputs]
