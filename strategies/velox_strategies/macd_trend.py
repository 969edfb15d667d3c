"""MACD trend: ride a move from one crossing to the next, or until it turns back by some ranges."""

from velox import ATR, MACD, Bar, Bars, Param, Strategy, crossed, intraday, risk_pct

__all__ = ["MacdTrend"]


class MacdTrend(Strategy):
    """Enter when the MACD crosses its signal, follow with a trailing stop, turn at the opposite crossing."""

    symbol = Param("NSE:INFY")
    fast = Param(12, range(5, 25))
    slow = Param(26, range(15, 60))
    signal = Param(9, range(3, 20))
    risk = Param(risk_pct(0.5))
    require = [fast < slow]

    bars = Bars(symbol, "3m")
    macd = MACD(bars.close, fast, slow, signal)
    atr = ATR(bars, 14)
    session = intraday("09:30", last_entry="14:45")

    def on_bar(self, bar: Bar) -> None:
        if crossed.above(self.macd.line, self.macd.signal):
            self.go_long(trail=2.5 * self.atr, size=self.risk)
        elif crossed.below(self.macd.line, self.macd.signal):
            self.go_short(trail=2.5 * self.atr, size=self.risk)
