"""Strategies that only take the time: their hooks are what a user's would be, and their first line is a stopwatch."""

from velox import Bars, Fill, Param, Strategy, Tick
from velox_core._core import Stopwatch

__all__ = ["order_probe", "tick_probe"]

_MAY_BUY, _BUYS, _MAY_SELL, _SELLS = range(4)


def tick_probe(watch: Stopwatch) -> type[Strategy]:
    """A strategy that notes when a tick has reached it."""

    class TickProbe(Strategy):
        """Takes the time in the first line of its hook."""

        symbol = Param("NSE:RELIANCE")
        bars = Bars(symbol, "1m")

        def on_tick(self, tick: Tick) -> None:
            """Take the time."""
            watch.lap()

    return TickProbe


def order_probe(watch: Stopwatch) -> type[Strategy]:
    """A strategy that buys and sells in turn; each buy is timed from its call to the first line of its fill."""
    turn = [_MAY_BUY]

    class OrderProbe(Strategy):
        """Orders at each tick at which none works."""

        symbol = Param("NSE:RELIANCE")
        bars = Bars(symbol, "1m")

        def on_tick(self, tick: Tick) -> None:
            """Order when none works."""
            if turn[0] == _MAY_BUY:
                turn[0] = _BUYS
                watch.begin()
                self.buy(qty=1)
            elif turn[0] == _MAY_SELL:
                turn[0] = _SELLS
                self.sell(qty=1)

        def on_fill(self, fill: Fill) -> None:
            """Take the time in the first line; a sale was not begun and is not noted."""
            watch.lap()
            turn[0] = (turn[0] + 1) % 4

    return OrderProbe
