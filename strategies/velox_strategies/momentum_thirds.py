"""Momentum out in thirds: a breakout pays a third early, a third later, and lets the last one run for nothing."""

from velox import ATR, Bar, Bars, Donchian, Limits, Param, Strategy, Trade, intraday, part, r, rest, risk_pct

__all__ = ["MomentumThirds"]


class MomentumThirds(Strategy):
    """Enter where the close leaves the channel before it; after the first third the stop stands at what it cost."""

    symbol = Param("NSE:RELIANCE")
    period = Param(20, range(5, 61))
    risk = Param(risk_pct(0.5))

    bars = Bars(symbol, "1m")
    channel = Donchian(bars, period)
    atr = ATR(bars, 14)
    session = intraday("09:20", last_entry="14:45")
    limits = Limits(max_trades=6, cooldown="10m")

    def on_bar(self, bar: Bar) -> None:
        thirds = [part(1 / 3, r(1)), part(1 / 3, r(2)), part(rest, trail=2 * self.atr)]
        if bar.close > self.channel.high[1]:
            self.go_long(stop=2 * self.atr, size=self.risk, exits=thirds)
        elif bar.close < self.channel.low[1]:
            self.go_short(stop=2 * self.atr, size=self.risk, exits=thirds)

    def on_target(self, trade: Trade) -> None:
        if trade.part == 1:
            trade.stop_at_cost()
