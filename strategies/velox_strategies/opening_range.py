"""Opening-range breakout: who has waited half an hour for a side follows the one that the market takes."""

from velox import ATR, Bar, Bars, OpeningRange, Param, State, Strategy, intraday, risk_pct

__all__ = ["OpeningRangeBreakout"]


class OpeningRangeBreakout(Strategy):
    """Enter once a session where the close leaves the opening range; trail two ranges of a candle behind."""

    symbol = Param("NSE:RELIANCE")
    minutes = Param(30, range(15, 61, 15))
    risk = Param(risk_pct(0.5))

    bars = Bars(symbol, "5m")
    box = OpeningRange(bars, minutes)
    atr = ATR(bars, 14)
    session = intraday("09:30", last_entry="14:00")
    entered = State(False, reset="session")

    def on_bar(self, bar: Bar) -> None:
        if self.entered or not self.box.ready:
            return
        if bar.close > self.box.high:
            self.go_long(trail=2 * self.atr, size=self.risk)
            self.entered = True
        elif bar.close < self.box.low:
            self.go_short(trail=2 * self.atr, size=self.risk)
            self.entered = True
