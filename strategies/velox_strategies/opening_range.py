"""Opening-range breakout: who has waited half an hour for a side follows the one that the market takes."""

from velox import ATR, Bar, Bars, Limits, OpeningRange, Param, Strategy, intraday, risk_pct

__all__ = ["OpeningRangeBreakout"]


class OpeningRangeBreakout(Strategy):
    """Trade once a session where a close leaves the opening range; trail two ranges of a candle behind."""

    symbol = Param("NSE:RELIANCE")
    minutes = Param(30, range(15, 61, 15))
    risk = Param(risk_pct(0.5))

    bars = Bars(symbol, "5m")
    box = OpeningRange(bars, minutes)
    atr = ATR(bars, 14)
    session = intraday("09:30", last_entry="14:00")
    limits = Limits(max_trades=1)  # kept by the core: an entry that did not fill uses up nothing

    def on_bar(self, bar: Bar) -> None:
        if not self.box.ready or self.position.quantity:
            return
        if bar.close > self.box.high:
            self.go_long(trail=2 * self.atr, size=self.risk)
        elif bar.close < self.box.low:
            self.go_short(trail=2 * self.atr, size=self.risk)
