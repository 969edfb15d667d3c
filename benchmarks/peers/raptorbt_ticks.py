"""RaptorBT's class strategies on ticks; it takes all days at once and calls its hook for each tick in any case."""

import importlib.metadata

import numpy as np
import raptorbt
from cross import QUANTITY, QUICK, SLOW, Rules, Stopwatch, asked, days_of, tell
from raptorbt.strategy.orders import Market

_CAPITAL = 1_000_000.0
_SYMBOL = "RELIANCE"


class Cross(raptorbt.Strategy):
    """Follow the average of 10 candles across that of 20."""

    def __init__(self, days):
        super().__init__()
        self.rules = Rules(days)
        self.position = 0
        self.orders = 0

    def on_start(self, ctx):
        """Let the engine keep the averages."""
        self.quick = self.register_indicator(raptorbt.Indicator.ema(QUICK))
        self.slow = self.register_indicator(raptorbt.Indicator.ema(SLOW))

    def on_bar(self, ctx):
        """Turn where the averages cross; a turn is two orders here."""
        if self.slow.value is None:
            self.rules.bars += 1
            return
        wanted = self.rules.wanted(ctx.bar.timestamp, self.quick.value, self.slow.value, self.position)
        change = wanted - self.position
        self.position = wanted
        self.orders += change != 0
        side = "buy" if change > 0 else "sell"
        for _ in range(abs(change)):
            self.submit_order(Market(side=side, units=QUANTITY))


class CrossOnTick(Cross):
    """The same, and a hook of its own at each tick."""

    def on_trade_tick(self, ctx, tick):
        """Do nothing: what it costs to be called."""


def main():
    """Run all days in one go."""
    folder, each_tick, _ = asked()
    days = days_of(folder / "columns")
    ticks = {
        "timestamps": np.concatenate([day.column("ts_ns") for day in days]),
        "ltp": np.concatenate([day.column("price_paise") for day in days]) / 100,
    }
    strategy = (CrossOnTick if each_tick else Cross)(days)
    watch = Stopwatch()
    with watch:
        result = raptorbt.run_tick_strategy(
            strategy,
            {_SYMBOL: ticks},
            config=raptorbt.BacktestConfig(initial_capital=_CAPITAL, fees=0.0),
            primary_bars=(1, "m"),
            account_type="margin",
        )
    tell(
        watch,
        bars=strategy.rules.bars,
        crosses=strategy.rules.crosses,
        orders=strategy.orders,
        round_trips=result.metrics.total_trades,
        version=importlib.metadata.version("raptorbt"),
    )


if __name__ == "__main__":
    main()
