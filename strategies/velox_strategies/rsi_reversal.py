"""RSI reversal: buy what has fallen too far and sell what has risen too far, once it turns."""

from velox import ATR, RSI, Bar, Bars, Param, Strategy, crossed, intraday, r, risk_pct

__all__ = ["RsiReversal"]


class RsiReversal(Strategy):
    """Enter when the RSI comes back from an extreme; stop two ranges away, target one and a half times the risk."""

    symbol = Param("NSE:ICICIBANK")
    period = Param(14, range(5, 31))
    low = Param(30, range(10, 46))
    high = Param(70, range(55, 91))
    risk = Param(risk_pct(0.5))

    bars = Bars(symbol, "5m")
    rsi = RSI(bars.close, period)
    atr = ATR(bars, 14)
    session = intraday("09:25", last_entry="14:30")

    def on_bar(self, bar: Bar) -> None:
        if crossed.above(self.rsi, self.low):
            self.go_long(stop=2 * self.atr, target=r(1.5), size=self.risk)
        elif crossed.below(self.rsi, self.high):
            self.go_short(stop=2 * self.atr, target=r(1.5), size=self.risk)
