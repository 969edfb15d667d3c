"""What an instance holds in place of a declaration of the graph: cheap readers of values inside the kernel."""

import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from velox.strategy.core import Number, Series
from velox.strategy.protect import Distance
from velox.strategy.reading import Reading

__all__ = [
    "HANDLES",
    "AdxHandle",
    "AtrSeries",
    "BandsHandle",
    "BarsHandle",
    "BoxHandle",
    "ChannelHandle",
    "CprHandle",
    "DayHandle",
    "IchimokuHandle",
    "MacdHandle",
    "PivotsHandle",
    "SessionTimes",
    "StochasticHandle",
    "TrendHandle",
]


class BarsHandle:
    """The closed candles of one series: `self.bars.close`, `self.bars.high[1]`."""

    __slots__ = ("close", "high", "low", "open", "timeframe_s", "volume")

    def __init__(self, timeframe_s: int, fields: dict[str, Series]) -> None:
        self.timeframe_s = timeframe_s
        self.open = fields["open"]
        self.high = fields["high"]
        self.low = fields["low"]
        self.close = fields["close"]
        self.volume = fields["volume"]


class _Lines(msgspec.Struct, frozen=True, eq=False):
    """The named outputs of a node; no sequence, since `node[1]` would read like the value before."""


class MacdHandle(_Lines, frozen=True, eq=False):
    """The three lines of a MACD."""

    line: Series
    signal: Series
    hist: Series


class BandsHandle(_Lines, frozen=True, eq=False):
    """A middle line and the bands about it."""

    upper: Series
    middle: Series
    lower: Series


class StochasticHandle(_Lines, frozen=True, eq=False):
    """The two lines of a stochastic."""

    k: Series
    d: Series


class AdxHandle(_Lines, frozen=True, eq=False):
    """The strength of a trend and its two directions."""

    adx: Series
    plus: Series
    minus: Series


class ChannelHandle(_Lines, frozen=True, eq=False):
    """The borders of a channel and its middle."""

    high: Series
    low: Series
    middle: Series


class TrendHandle(_Lines, frozen=True, eq=False):
    """A trailing line, and 1 while its trend rises and else 0."""

    line: Series
    up: Series


class BoxHandle(_Lines, frozen=True, eq=False):
    """The borders of a session's opening range, NaN until it is over."""

    high: Series
    low: Series

    @property
    def ready(self) -> bool:
        """Whether the range is over and whole."""
        return self.high.ready


class DayHandle(_Lines, frozen=True, eq=False):
    """Levels of the trading day before."""

    high: Series
    low: Series
    close: Series


class CprHandle(_Lines, frozen=True, eq=False):
    """The central pivot range of the trading day before."""

    pivot: Series
    top: Series
    bottom: Series


class PivotsHandle(_Lines, frozen=True, eq=False):
    """The pivots of the trading day before."""

    pivot: Series
    r1: Series
    r2: Series
    r3: Series
    s1: Series
    s2: Series
    s3: Series


class IchimokuHandle(_Lines, frozen=True, eq=False):
    """The lines of Ichimoku and the cloud."""

    conversion: Series
    base: Series
    a: Series
    b: Series


class SessionTimes(msgspec.Struct, frozen=True):
    """The hours of entry [start, last_entry) with the windows [from, until) in them, and the square-off, IST."""

    start: datetime.time
    last_entry: datetime.time
    flat: datetime.time
    windows: tuple[tuple[datetime.time, datetime.time], ...]


class AtrSeries(Reading):
    """An average range: what it is multiplied to is a distance, what it is added to is a price."""

    __slots__ = ("_series",)
    is_distance = True

    def __init__(self, series: Series) -> None:
        self._series = series

    def __float__(self) -> float:
        return float(self._series)

    def __getitem__(self, back: int, /) -> Distance:
        return Distance(self._series[back])

    @property
    def forming(self) -> Distance:
        """The value on the unfinished candle."""
        return Distance(self._series.forming)

    @property
    def ready(self) -> bool:
        """Whether enough candles have closed."""
        return self._series.ready

    @property
    def age_ns(self) -> int:
        """Time since the end of the candle that gave the newest value; before the first one, since 1970."""
        return self._series.age_ns

    @property
    def age(self) -> datetime.timedelta:
        """The same as a length of time."""
        return self._series.age

    @property
    def n(self) -> int:
        """The number of the newest closed candle in its session."""
        return self._series.n

    def window(self, count: int, /) -> NDArray[np.float64]:
        """The newest `count` values, oldest first."""
        return self._series.window(count)

    def __mul__(self, other: Number, /) -> Distance:
        return Distance(float(self) * float(other))

    def __rmul__(self, other: Number, /) -> Distance:
        return self * other

    def __truediv__(self, other: Number, /) -> Distance:
        return Distance(float(self) / float(other))


# The kinds with several outputs; the fields stand in the order of their node's `outputs`.
HANDLES: dict[str, type[_Lines]] = {
    "macd": MacdHandle,
    "bbands": BandsHandle,
    "stoch": StochasticHandle,
    "adx": AdxHandle,
    "donchian": ChannelHandle,
    "keltner": BandsHandle,
    "supertrend": TrendHandle,
    "vwap_bands": BandsHandle,
    "opening_range": BoxHandle,
    "previous_day": DayHandle,
    "cpr": CprHandle,
    "pivots": PivotsHandle,
    "ichimoku": IchimokuHandle,
}
