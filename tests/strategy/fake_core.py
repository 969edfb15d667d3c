"""A core without a kernel: it notes what a strategy asks of it and hands out series that a test fills."""

import datetime
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from velox.strategy.core import Number

T = TypeVar("T")


class FakeSeries:
    """Values from the oldest to the newest."""

    def __init__(self, *values: float, n: int = 5, forming: float = math.nan) -> None:
        self.values = list(values)
        self.n = n
        self.forming = forming
        self.age_ns = 0
        self.age = datetime.timedelta(0)

    @property
    def ready(self) -> bool:
        return not math.isnan(float(self))

    def __getitem__(self, back: int) -> float:
        return self.values[-1 - back] if back < len(self.values) else math.nan

    def window(self, count: int, /) -> NDArray[np.float64]:
        return np.array(self.values[-count:])

    def __float__(self) -> float:
        return self[0]

    def __lt__(self, other: Number) -> bool:
        return float(self) < float(other)

    def __le__(self, other: Number) -> bool:
        return float(self) <= float(other)

    def __gt__(self, other: Number) -> bool:
        return float(self) > float(other)

    def __ge__(self, other: Number) -> bool:
        return float(self) >= float(other)

    def __add__(self, other: Number) -> float:
        return float(self) + float(other)

    __radd__ = __add__

    def __sub__(self, other: Number) -> float:
        return float(self) - float(other)

    def __rsub__(self, other: Number) -> float:
        return float(other) - float(self)

    def __mul__(self, other: Number) -> float:
        return float(self) * float(other)

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> float:
        return float(self) / float(other)

    def __rtruediv__(self, other: Number) -> float:
        return float(other) / float(self)

    def __neg__(self) -> float:
        return -float(self)

    def __bool__(self) -> bool:
        return float(self) != 0

    def __abs__(self) -> float:
        return abs(float(self))

    @overload
    def __round__(self, digits: None = None, /) -> int: ...
    @overload
    def __round__(self, digits: int, /) -> float: ...
    def __round__(self, digits: int | None = None, /) -> float:
        return round(float(self), digits)


class Sent(NamedTuple):
    """One call of `intent`, in the order of its arguments."""

    instance: int
    action: int
    instrument: int
    side: int
    size_kind: int
    size: float
    limit: float = math.nan
    trigger_kind: int = 0
    trigger: float = math.nan
    stop_kind: int = 0
    stop: float = math.nan
    target_kind: int = 0
    target: float = math.nan
    trail_kind: int = 0
    trail: float = math.nan
    exits: tuple[tuple[float, int, float, int, float], ...] = ()
    valid_kind: int = 0
    valid: int = 0
    trade: int = 0
    reason: str = ""


class FakePosition(NamedTuple):
    quantity: int = 0
    average: float = math.nan
    realised: float = 0.0
    unrealised: float = 0.0
    charges: float = 0.0


class FakeTrade(NamedTuple):
    entry: float = 100.0
    stop: float = 98.0
    risk: float = 4.0
    target: float = 110.0


class FakeBar(NamedTuple):
    open: float = 100.0
    high: float = 101.0
    low: float = 99.0
    close: float = 100.5
    volume: int = 10
    ticks: int = 3
    n: int = 1
    ts_open_ns: int = 0
    timeframe_s: int = 300
    gap: bool = False


class FakeCore:
    """Notes calls; series, nodes and counters are numbered as they come, equal ones once."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.logged: list[str] = []
        self.kept: dict[str, bytes] = {}
        self.watched: list[tuple[int, int, bool]] = []
        self.nodes: list[tuple[int, str, str, tuple[float, ...], str]] = []
        self.series: dict[tuple[str, int, object], FakeSeries] = {}
        self.attached: list[Callable[..., object] | None] = []
        self.serial = 1
        self.now = 0
        self.held = FakePosition()

    def instrument(self, name: str, /) -> int:
        return 7

    def watch(self, instrument: int, timeframe_s: int, /, *, without_preopen: bool = False) -> int:
        return _number(self.watched, (instrument, timeframe_s, without_preopen))

    def node(self, series: int, source: str, kind: str, params: tuple[float, ...], second: str = "", /) -> int:
        return _number(self.nodes, (series, source, kind, params, second))

    def watch_late(self, instance: int, instrument: int, timeframe_s: int, /, *, without_preopen: bool = False) -> int:
        return self.watch(instrument, timeframe_s, without_preopen=without_preopen)

    def node_late(  # as the core's
        self, instance: int, series: int, source: str, kind: str, params: tuple[float, ...], second: str = "", /
    ) -> int:
        return self.node(series, source, kind, params, second)

    def attach(self, instance: int, hooks: Sequence[Callable[..., object] | None], /) -> None:
        self.attached = list(hooks)

    def output(self, node: int, output: int, /) -> FakeSeries:
        return self.series.setdefault(("node", node, output), FakeSeries())

    def field(self, series: int, field: str, /) -> FakeSeries:
        return self.series.setdefault(("series", series, field), FakeSeries())

    def intent(self, *call: object) -> int:
        self.sent.append(Sent(*call))  # type: ignore[arg-type]  # a wrong number of arguments fails here
        return len(self.sent)

    def begin_structure(self) -> None:
        raise AssertionError("structures are tried on the real kernel")

    def drop_structure(self) -> None:
        raise AssertionError("structures are tried on the real kernel")

    def end_structure(self, unwind: bool, together: bool, /) -> bool:
        raise AssertionError("structures are tried on the real kernel")

    def position(self, instance: int, /) -> FakePosition:
        return self.held

    def capital(self, instance: int, /) -> float:
        return 250_000.0

    def trade(self, instance: int, counter: int, /) -> FakeTrade:
        return FakeTrade()

    def now_ns(self) -> int:
        return self.now

    def annotate(self, instance: int, name: str, value: float, /) -> None:
        self.logged.append(f"{name}={value}")

    def log(self, instance: int, text: str, /) -> None:
        self.logged.append(text)

    def set_state(self, instance: int, name: str, value: bytes, /) -> None:
        self.kept[name] = value

    def hook_serial(self) -> int:
        return self.serial


def _number(known: list[T], wanted: T) -> int:
    if wanted not in known:
        known.append(wanted)
    return known.index(wanted)
