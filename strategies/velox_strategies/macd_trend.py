"""MACD trend: ride the move while the MACD agrees with the day's average price."""

from velox import ATR, MACD, VWAP, Bar, Bars, Param, Strategy, crossed, intraday, risk_pct

__all__ = ["MacdTrend"]


class MacdTrend(Strategy):
    """Enter with a MACD cross on the right side of VWAP, follow with a trailing stop, leave at the opposite cross."""

    symbol = Param("NSE:INFY")
    fast = Param(12, range(5, 25))
    slow = Param(26, range(15, 60))
    signal = Param(9, range(3, 20))
    risk = Param(risk_pct(0.5))
    require = [fast < slow]

    bars = Bars(symbol, "3m")
    macd = MACD(bars.close, fast, slow, signal)
    vwap = VWAP(bars)
    atr = ATR(bars, 14)
    session = intraday("09:30", last_entry="14:45")

    def on_bar(self, bar: Bar) -> None:
        if crossed.above(self.macd.line, self.macd.signal):
            if bar.close > self.vwap:
                self.go_long(trail=2.5 * self.atr, size=self.risk)
            elif self.position.quantity < 0:
                self.go_flat()
        elif crossed.below(self.macd.line, self.macd.signal):
            if bar.close < self.vwap:
                self.go_short(trail=2.5 * self.atr, size=self.risk)
            elif self.position.quantity > 0:
                self.go_flat()
