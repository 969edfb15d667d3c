"""EMA cross: follow the fast average across the slow one."""

from velox import EMA, Bar, Bars, Param, Strategy, crossed, intraday, risk_pct

__all__ = ["EmaCross"]


class EmaCross(Strategy):
    """Follow the fast EMA across the slow one, intraday, with a stop behind the signal bar."""

    symbol = Param("NSE:RELIANCE")
    fast = Param(9, range(3, 50))
    slow = Param(21, range(10, 200))
    risk = Param(risk_pct(0.5))

    bars = Bars(symbol, "5m")
    quick = EMA(bars.close, fast)
    steady = EMA(bars.close, slow)
    session = intraday("09:20", last_entry="14:45", flat="auto")

    def on_bar(self, bar: Bar) -> None:
        if crossed.above(self.quick, self.steady):
            self.go_long(stop=bar.low, size=self.risk)
        elif crossed.below(self.quick, self.steady):
            self.go_short(stop=bar.high, size=self.risk)
