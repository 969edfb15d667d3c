"""A strategy that trades at the minutes that it is told: fill in its session and its deals."""

__all__ = ["SCRIPT"]

# Deals: units to buy, or to sell where below 0, by the opening time of the candle that is closed, in ns.
SCRIPT = """
from velox import Bar, Bars, Param, Strategy, intraday


class Script(Strategy):
    \"\"\"Trades at the minutes that it is told.\"\"\"

    symbol = Param("NSE:SBIN")
    bars = Bars(symbol, "1m")
    SESSION

    def on_bar(self, bar: Bar) -> None:
        units = DEALS.get(bar.ts_open_ns, 0)
        if units > 0:
            self.buy(qty=units)
        elif units < 0:
            self.sell(qty=-units)
"""
