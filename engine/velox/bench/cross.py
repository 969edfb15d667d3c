"""The strategies of the back-test figures: an EMA cross on one-minute candles, alone and with a hook at each tick."""

from velox import EMA, Bar, Bars, Param, Strategy, Tick, crossed, intraday

__all__ = ["ENTRIES", "CrossOnBar", "CrossOnTick"]

ENTRIES = ("09:20", "15:00")  # from when and until when a cross may open


class CrossOnBar(Strategy):
    """Follow the EMA of 10 candles across that of 20."""

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")
    quick = EMA(bars.close, 10)
    slow = EMA(bars.close, 20)
    session = intraday(ENTRIES[0], last_entry=ENTRIES[1], flat="auto")

    def on_bar(self, bar: Bar) -> None:
        """Turn where the averages cross."""
        if crossed.above(self.quick, self.slow):
            self.go_long(qty=10)
        elif crossed.below(self.quick, self.slow):
            self.go_short(qty=10)


class CrossOnTick(Strategy):
    """The same, and a hook at each tick."""

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")
    quick = EMA(bars.close, 10)
    slow = EMA(bars.close, 20)
    session = intraday(ENTRIES[0], last_entry=ENTRIES[1], flat="auto")

    def on_tick(self, tick: Tick) -> None:
        """Nothing: what it costs to be called."""

    def on_bar(self, bar: Bar) -> None:
        """Turn where the averages cross."""
        if crossed.above(self.quick, self.slow):
            self.go_long(qty=10)
        elif crossed.below(self.quick, self.slow):
            self.go_short(qty=10)
