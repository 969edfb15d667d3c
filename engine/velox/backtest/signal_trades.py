"""The strategy that follows signals worked out beforehand: each closed candle has its wish already."""

from velox.backtest.signals import EXIT, LONG, SHORT, orders_of
from velox.strategy.base import Strategy
from velox.strategy.core import Bar
from velox.strategy.declare import Bars
from velox.strategy.params import Param
from velox.strategy.schedule import intraday

__all__ = ["SignalTrades", "SignalTradesUntil"]


class SignalTrades(Strategy):
    """Do at each closed candle what its signal says, until the square-off."""

    symbol = Param("NSE:RELIANCE")
    timeframe = Param("5m")
    orders = Param("none")
    size = Param("none")  # for those who read the parameters; the orders hold it
    start = Param("09:15")
    flat = Param("auto")

    bars = Bars(symbol, timeframe)
    session = intraday(start, flat=flat)

    def on_bar(self, bar: Bar) -> None:
        """Look the candle up and wish what stands there."""
        orders = orders_of(self.orders)
        place = orders.places.get(bar.ts_open_ns)
        if place is None:
            raise ValueError(f"the arrays have no candle that opened at {bar.ts_open_ns} ns")
        orders.closed[place] = True
        wish = int(orders.wish[place])
        if wish == EXIT:
            self.go_flat()
        elif wish in (LONG, SHORT):
            stop, target = float(orders.stop[place]), float(orders.target[place])
            go = self.go_long if wish == LONG else self.go_short
            go(stop=None if stop != stop else stop, target=None if target != target else target, **orders.size)


class SignalTradesUntil(SignalTrades):
    """The same, with a time behind which nothing is entered."""

    last_entry = Param("15:00")
    session = intraday(SignalTrades.start, last_entry=last_entry, flat=SignalTrades.flat)
