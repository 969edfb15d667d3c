"""A strategy that only looks, with an indicator that no other strategy has."""

from velox import EMA, Bar, Bars, Param, State, Strategy

__all__ = ["Joiner"]


class Joiner(Strategy):
    """Count the candles of INFY above their average."""

    symbol = Param("NSE:INFY")

    bars = Bars(symbol, "1m")
    average = EMA(bars.close, 20)
    above = State(0)

    def on_bar(self, bar: Bar) -> None:
        if bar.close > self.average:
            self.above = self.above + 1
