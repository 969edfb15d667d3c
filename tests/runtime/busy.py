"""A strategy that always has something to lose: it turns its position over every minute and counts in State."""

from velox import ATR, Bar, Bars, Fill, Param, State, Strategy, intraday, points

__all__ = ["Busy"]


class Busy(Strategy):
    """Long, flat, short, flat by the minute, each with a stop and now and then a target."""

    symbol = Param("NSE:INFY")

    bars = Bars(symbol, "1m")
    atr = ATR(bars, 14)
    session = intraday("09:20", last_entry="15:00", flat="auto")
    turns = State(0)
    filled = State(0)

    def on_bar(self, bar: Bar) -> None:
        self.turns = self.turns + 1
        match self.turns % 8:
            case 1:
                self.go_long(stop=2 * self.atr, target=4 * self.atr, qty=20)
            case 5:
                self.go_short(stop=points(6), qty=30)
            case 3 | 7:
                self.go_flat()
            case _:
                pass

    def on_fill(self, fill: Fill) -> None:
        self.filled = self.filled + fill.quantity
