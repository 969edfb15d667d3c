"""A strategy that buys once and keeps what it has over the close: positions that nobody closes for it."""

from velox import Bar, Bars, Param, State, Strategy

__all__ = ["Held"]


class Held(Strategy):
    """Buy on the first candle of its life, count candles for ever."""

    symbol = Param("NSE:HDFCBANK")

    bars = Bars(symbol, "1m")
    seen = State(0)

    def on_bar(self, bar: Bar) -> None:
        self.seen = self.seen + 1
        if self.seen == 1:
            self.go_long(stop=bar.low * 0.9, qty=10)
