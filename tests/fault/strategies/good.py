"""Trades every candle and looks at every tick: what the others of the zoo must not disturb."""

from velox import Bar, Bars, Param, State, Strategy, Tick, intraday, pct


class Good(Strategy):
    """Go with the last candle."""

    symbol = Param("NSE:INFY")
    bars = Bars(symbol, "1m")
    session = intraday("09:15")
    high = State(0.0)

    def on_bar(self, bar: Bar) -> None:
        if bar.close >= bar.open:
            self.go_long(qty=10, stop=pct(2))
        else:
            self.go_flat()

    def on_tick(self, tick: Tick) -> None:
        self.high = max(self.high, tick.price)
