"""Indicators of daily use as the class body declares them; the core's files define each, with its seeds."""

import math
from collections.abc import Iterator

from velox.strategy.core import Series
from velox.strategy.declare import Bars, Multiple, Node, OfCandles, Source, Whole
from velox.strategy.handles import AdxHandle, BandsHandle, BoxHandle, ChannelHandle, StochasticHandle, TrendHandle
from velox.strategy.params import Values

__all__ = [
    "ADX",
    "CCI",
    "HMA",
    "OBV",
    "TEMA",
    "Bollinger",
    "Donchian",
    "Keltner",
    "OpeningRange",
    "Stochastic",
    "SuperTrend",
    "VWAPBands",
    "WilliamsR",
]

_MINUTE_S = 60


class Bollinger(Node[BandsHandle]):
    """The mean and a multiple of the standard deviation about it: `.upper`, `.middle` and `.lower`."""

    kind = "bbands"
    multiples = frozenset({"deviations"})
    shortest = 2

    def __init__(self, source: Source, period: Whole = 20, deviations: Multiple = 2.0) -> None:
        super().__init__(source, period=period, deviations=deviations)


class TEMA(Node[Series]):
    """Triple exponential moving average."""

    kind = "tema"
    shortest = 2

    def __init__(self, source: Source, period: Whole) -> None:
        super().__init__(source, period=period)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return 3 * int(numbers[0]) - 2


class HMA(Node[Series]):
    """Hull moving average."""

    kind = "hma"
    shortest = 2

    def __init__(self, source: Source, period: Whole) -> None:
        super().__init__(source, period=period)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        period = int(numbers[0])
        return period + math.isqrt(period) - 1


class Stochastic(OfCandles[StochasticHandle]):
    """Slow stochastic, 0 to 100: `.k` and its average `.d`."""

    kind = "stoch"

    def __init__(self, bars: Bars, period: Whole = 14, k: Whole = 3, d: Whole = 3) -> None:
        super().__init__(bars, period=period, k=k, d=d)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return int(sum(numbers)) - 2


class ADX(OfCandles[AdxHandle]):
    """Average directional index by Wilder, 0 to 100: `.adx`, and the directions `.plus` and `.minus`."""

    kind = "adx"
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

    def __init__(self, bars: Bars, period: Whole = 20) -> None:
        super().__init__(bars, period=period)


class Keltner(OfCandles[BandsHandle]):
    """The EMA of the close and a multiple of the average true range about it: `.upper`, `.middle` and `.lower`."""

    kind = "keltner"
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
    multiples = frozenset({"multiplier"})

    def __init__(self, bars: Bars, period: Whole = 10, multiplier: Multiple = 3.0) -> None:
        super().__init__(bars, period=period, multiplier=multiplier)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return int(numbers[0]) + 1


class VWAPBands(OfCandles[BandsHandle]):
    """The session's VWAP and a multiple of its standard deviation about it: `.upper`, `.middle` and `.lower`."""

    kind = "vwap_bands"
    multiples = frozenset({"deviations"})

    def __init__(self, bars: Bars, deviations: Multiple = 1.0) -> None:
        super().__init__(bars, deviations=deviations)

    def lookback(self, numbers: tuple[float, ...]) -> int:
        """Candles until the first value."""
        return 1


class OpeningRange(OfCandles[BoxHandle]):
    """The box of the session's first minutes: `.high`, `.low` and `.ready`, once they are over and none was missed."""

    kind = "opening_range"

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
