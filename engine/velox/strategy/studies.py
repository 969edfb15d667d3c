"""Indicators of daily use as the class body declares them; the core's files define each, with its seeds."""

import math
from collections.abc import Iterator
from typing import TypeVar

from velox.strategy.core import Series
from velox.strategy.declare import Bars, Multiple, Node, OfCandles, Operand, Whole, output
from velox.strategy.handles import (
    AdxHandle,
    BandsHandle,
    BoxHandle,
    ChannelHandle,
    CprHandle,
    DayHandle,
    IchimokuHandle,
    PivotsHandle,
    StochasticHandle,
    TrendHandle,
)
from velox.strategy.params import Values

__all__ = [
    "ADX",
    "CCI",
    "CPR",
    "HMA",
    "OBV",
    "TEMA",
    "Bollinger",
    "Donchian",
    "Ichimoku",
    "Keltner",
    "OpeningRange",
    "Pivots",
    "PreviousDay",
    "Stochastic",
    "SuperTrend",
    "VWAPBands",
    "WilliamsR",
    "ZScore",
]

_H = TypeVar("_H")
_MINUTE_S = 60
_SESSION_S = 22_500  # 09:15 to 15:30


class Bollinger(Node[BandsHandle]):
    """The mean and a multiple of the standard deviation about it: `.upper`, `.middle` and `.lower`."""

    kind = "bbands"
    outputs = ((0, 0), (0, 1), (0, 2))
    upper, middle, lower = output(0), output(1), output(2)
    multiples = frozenset({"deviations"})
    shortest = 2

    def __init__(self, source: Operand, period: Whole = 20, deviations: Multiple = 2.0) -> None:
        super().__init__(source, period=period, deviations=deviations)


class TEMA(Node[Series]):
    """Triple exponential moving average."""

    kind = "tema"
    shortest = 2

    def __init__(self, source: Operand, period: Whole) -> None:
        super().__init__(source, period=period)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return 3 * int(numbers[0]) - 2


class HMA(Node[Series]):
    """Hull moving average."""

    kind = "hma"
    shortest = 2

    def __init__(self, source: Operand, period: Whole) -> None:
        super().__init__(source, period=period)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        period = int(numbers[0])
        return period + math.isqrt(period) - 1


class Stochastic(OfCandles[StochasticHandle]):
    """Slow stochastic, 0 to 100: `.k` and its average `.d`."""

    kind = "stoch"
    outputs = ((0, 0), (0, 1))
    k, d = output(0), output(1)

    def __init__(self, bars: Bars, period: Whole = 14, k: Whole = 3, d: Whole = 3) -> None:
        super().__init__(bars, period=period, k=k, d=d)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return int(sum(numbers)) - 2


class ADX(OfCandles[AdxHandle]):
    """Average directional index by Wilder, 0 to 100: `.adx`, and the directions `.plus` and `.minus`."""

    kind = "adx"
    outputs = ((0, 0), (0, 1), (0, 2))
    adx, plus, minus = output(0), output(1), output(2)
    shortest = 2

    def __init__(self, bars: Bars, period: Whole = 14) -> None:
        super().__init__(bars, period=period)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return 2 * int(numbers[0])


class CCI(OfCandles[Series]):
    """Commodity channel index."""

    kind = "cci"
    shortest = 2

    def __init__(self, bars: Bars, period: Whole = 20) -> None:
        super().__init__(bars, period=period)


class WilliamsR(OfCandles[Series]):
    """Williams %R, −100 to 0."""

    kind = "willr"
    shortest = 2

    def __init__(self, bars: Bars, period: Whole = 14) -> None:
        super().__init__(bars, period=period)


class OBV(OfCandles[Series]):
    """On-balance volume since the first candle it was given: its changes mean something, its level does not."""

    kind = "obv"

    def __init__(self, bars: Bars) -> None:
        super().__init__(bars)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return 1


class Donchian(OfCandles[ChannelHandle]):
    """Highest high and lowest low, the newest candle among them: `.high`, `.low` and `.middle`."""

    kind = "donchian"
    outputs = ((0, 0), (0, 1), (0, 2))
    high, low, middle = output(0), output(1), output(2)

    def __init__(self, bars: Bars, period: Whole = 20) -> None:
        super().__init__(bars, period=period)


class Keltner(OfCandles[BandsHandle]):
    """The EMA of the close and a multiple of the average true range about it: `.upper`, `.middle` and `.lower`."""

    kind = "keltner"
    outputs = ((0, 0), (0, 1), (0, 2))
    upper, middle, lower = output(0), output(1), output(2)
    multiples = frozenset({"multiplier"})

    def __init__(self, bars: Bars, period: Whole = 20, atr: Whole = 10, multiplier: Multiple = 2.0) -> None:
        super().__init__(bars, period=period, atr=atr, multiplier=multiplier)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        period, atr, _ = numbers
        return int(max(period, atr + 1))


class SuperTrend(OfCandles[TrendHandle]):
    """A line that trails at a multiple of the average true range: `.line`, and `.up`, 1 in a rising trend, else 0."""

    kind = "supertrend"
    outputs = ((0, 0), (0, 1))
    line, up = output(0), output(1)
    multiples = frozenset({"multiplier"})

    def __init__(self, bars: Bars, period: Whole = 10, multiplier: Multiple = 3.0) -> None:
        super().__init__(bars, period=period, multiplier=multiplier)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return int(numbers[0]) + 1


class VWAPBands(OfCandles[BandsHandle]):
    """The session's VWAP and a multiple of its standard deviation about it: `.upper`, `.middle` and `.lower`."""

    kind = "vwap_bands"
    outputs = ((0, 0), (0, 1), (0, 2))
    upper, middle, lower = output(0), output(1), output(2)
    multiples = frozenset({"deviations"})

    def __init__(self, bars: Bars, deviations: Multiple = 1.0) -> None:
        super().__init__(bars, deviations=deviations)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return 1


class OpeningRange(OfCandles[BoxHandle]):
    """The box of the session's first minutes: `.high`, `.low` and `.ready`, once they are over and none was missed."""

    kind = "opening_range"
    outputs = ((0, 0), (0, 1))
    high, low = output(0), output(1)

    def __init__(self, bars: Bars, minutes: Whole = 15) -> None:
        super().__init__(bars, minutes=minutes)

    def judged(self, values: Values) -> Iterator[str]:
        """What is wrong with the values of its parameters."""
        yield from super().judged(values)
        candles = self.candles()
        try:
            length_s = candles.timeframe_s(values) if candles is not None else 1
        except ValueError:
            return  # the candles say it themselves
        minutes = int(self.numbers(values)[0])
        if minutes * _MINUTE_S % length_s:
            yield f"{self.call}: {minutes} minutes are no whole number of candles of {length_s} s"

    def lookback_at(self, numbers: tuple[float, ...], timeframe_s: int) -> int:
        """Candles until the first value, if each has a trade."""
        return int(numbers[0]) * _MINUTE_S // timeframe_s


class _OfDays(OfCandles[_H]):
    """A node that reads the day before, which must be there whole."""

    def lookback_at(self, numbers: tuple[float, ...], timeframe_s: int) -> int:
        """Candles of a whole day before, and one of the day."""
        return _SESSION_S // timeframe_s + 2


class PreviousDay(_OfDays[DayHandle]):
    """High, low and last close of the trading day before, from the first moment of a session."""

    kind = "previous_day"
    outputs = ((0, 0), (0, 1), (0, 2))
    high, low, close = output(0), output(1), output(2)

    def __init__(self, bars: Bars) -> None:
        super().__init__(bars)


class CPR(_OfDays[CprHandle]):
    """Central pivot range of the trading day before: `.pivot`, `.top` and `.bottom`."""

    kind = "cpr"
    outputs = ((0, 0), (0, 1), (0, 2))
    pivot, top, bottom = output(0), output(1), output(2)

    def __init__(self, bars: Bars) -> None:
        super().__init__(bars)


class Pivots(_OfDays[PivotsHandle]):
    """Classic pivots of the trading day before: `.pivot`, `.r1` to `.r3` above it and `.s1` to `.s3` below."""

    kind = "pivots"
    parts = ("cpr", "pivot_highs", "pivot_lows")
    outputs = ((0, 0), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2))
    pivot, r1, r2, r3 = output(0), output(1), output(2), output(3)
    s1, s2, s3 = output(4), output(5), output(6)

    def __init__(self, bars: Bars) -> None:
        super().__init__(bars)


class Ichimoku(OfCandles[IchimokuHandle]):
    """Ichimoku: `.conversion` and `.base`, and the cloud between `.a` and `.b` where it stands at this candle."""

    kind = "ichimoku"
    parts = ("ichimoku", "ichimoku_cloud")
    outputs = ((0, 0), (0, 1), (1, 0), (1, 1))
    conversion, base, a, b = output(0), output(1), output(2), output(3)

    def __init__(self, bars: Bars, conversion: Whole = 9, base: Whole = 26, span: Whole = 52) -> None:
        super().__init__(bars, conversion=conversion, base=base, span=span)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return int(max(numbers) + numbers[1]) - 1


class ZScore(Node[Series]):
    """How many standard deviations (of the window, divided by n) the newest value lies from the window's mean."""

    kind = "zscore"
    shortest = 2

    def __init__(self, source: Operand, period: Whole) -> None:
        super().__init__(source, period=period)
