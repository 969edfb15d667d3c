"""SuperTrend on two time frames: the slow one says the side, the fast one the moment."""

from velox import Bar, Bars, Param, Strategy, SuperTrend, intraday, on, risk_pct

__all__ = ["SuperTrendTwo"]


class SuperTrendTwo(Strategy):
    """Enter where the fast trend turns to the side of the slow one, with the stop on its line."""

    symbol = Param("NSE:INFY")
    period = Param(10, range(5, 31))
    width = Param(3.0)
    risk = Param(risk_pct(0.5))

    fast = Bars(symbol, "3m")
    slow = Bars(symbol, "15m")
    trigger = SuperTrend(fast, period, width)
    trend = SuperTrend(slow, period, width)
    session = intraday("09:30", last_entry="14:45")

    @on(fast)
    def turn(self, bar: Bar) -> None:
        rose = self.trigger.up > self.trigger.up[1]
        fell = self.trigger.up < self.trigger.up[1]
        if rose and self.trend.up:
            self.go_long(stop=self.trigger.line, size=self.risk)
        elif fell and not self.trend.up:
            self.go_short(stop=self.trigger.line, size=self.risk)
        elif rose or fell:
            self.go_flat()
