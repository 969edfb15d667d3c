"""Numbers that are none, far too large or of the wrong kind; instruments and attributes that are not its own."""

import contextlib
import math
from typing import Any, cast

from velox import Bar, Bars, Param, Strategy, pct, points, risk_pct, risk_rupees

_ODD: tuple[Any, ...] = (math.nan, math.inf, -math.inf, -1, 0, 1e300, 10**30, 1.5, "7", None, True, b"1", 5e-324)


class Stops(Strategy):
    """Enter with odd stops, targets, trails and limits."""

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        for odd in _ODD:
            for word in ("stop", "target", "trail", "limit", "qty", "size", "valid_until"):
                terms: Any = {"qty": 1, word: odd}
                with contextlib.suppress(Exception):
                    (self.go_long if bar.n % 2 else self.go_short)(**terms)


class Sizes(Strategy):
    """Size by odd risks and distances."""

    symbol = Param("NSE:TCS")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        for odd in _ODD:
            for size in (risk_pct, risk_rupees):
                for distance in (pct, points):
                    with contextlib.suppress(Exception):
                        self.go_long(size=size(odd), stop=distance(1))
                    with contextlib.suppress(Exception):
                        self.go_long(size=size(1), stop=distance(odd))


class Raw(Strategy):
    """Reach past the API into the core with numbers that nobody checked."""

    symbol = Param("NSE:HDFCBANK")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        core = cast(Any, self._binding.core)
        me = self._binding.instance
        for odd in (math.nan, math.inf, -1.0, 1e300, 5e-324):
            for kind in (0, 1, 3, 5, 255):
                for action in (0, 1, 2, 3, 5, 6, 7, 250):
                    for size in (0, 1, 3, 6, 250):
                        with contextlib.suppress(Exception):
                            prices = (
                                odd,
                                kind % 3,
                                odd,
                                kind,
                                odd,
                                kind,
                                odd,
                                kind,
                                odd,
                                [(odd, kind, odd, kind, odd)],
                            )
                            core.intent(me, action, 0, 1, size, odd, *prices, 1, -(2**63), 1, "")
                        with contextlib.suppress(Exception):
                            prices = (odd, 2, odd, kind, 1.0, 0, odd, 0, odd, [])
                            core.intent(me, action, 9, -7, size, 1.0, *prices, 2, 2**62, 2**32 - 1, "")


class Stranger(Strategy):
    """Trade an instrument that is not there."""

    symbol = Param("NSE:ICICIBANK")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        self._binding.instrument = 4_000_000_000
        self.buy(qty=1)


class Undeclared(Strategy):
    """Keep a value that nobody declared."""

    symbol = Param("NSE:SBIN")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        setattr(self, "count" + "er", bar.n)


class Mutating(Strategy):
    """Change a candle that others see."""

    symbol = Param("NSE:AXISBANK")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        cast(Any, bar).close = 1.0


class Patching(Strategy):
    """Change the class of all candles."""

    symbol = Param("NSE:ITC")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        cast(Any, type(bar)).close = property(lambda _: 1.0)


class Impostor(Strategy):
    """Trade in another one's name."""

    symbol = Param("NSE:LT")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        for other in range(20):
            if other != self._binding.instance:
                cast(Any, self._binding).instance = other
                self.buy(qty=10)
