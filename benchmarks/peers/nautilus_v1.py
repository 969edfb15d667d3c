"""NautilusTrader's first engine (Cython): days from plain columns, one after the other."""

from decimal import Decimal

import numpy as np
from cross import QUANTITY, QUICK, SLOW, Rules, Stopwatch, asked, days_of, tell
from nautilus_trader import __version__
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig
from nautilus_trader.data.config import DataEngineConfig
from nautilus_trader.indicators import ExponentialMovingAverage
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import BarType, TradeTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

_ID = InstrumentId.from_str("RELIANCE.NSE")
_BARS = BarType.from_str("RELIANCE.NSE-1-MINUTE-LAST-INTERNAL")
_CAPITAL = 1_000_000


class Cross(Strategy):
    """Follow the average of 10 candles across that of 20."""

    def __init__(self, days, each_tick):
        super().__init__()
        self.each_tick = each_tick
        self.quick = ExponentialMovingAverage(QUICK)
        self.slow = ExponentialMovingAverage(SLOW)
        self.rules = Rules(days)
        self.position = 0

    def on_start(self):
        """Subscribe to candles, and to ticks where each of them shall come here."""
        for average in (self.quick, self.slow):
            self.register_indicator_for_bars(_BARS, average)
        self.subscribe_bars(_BARS)
        if self.each_tick:
            self.subscribe_trade_ticks(_ID)

    def on_trade_tick(self, tick):
        """Do nothing: what it costs to be called."""

    def on_bar(self, bar):
        """Turn where the averages cross."""
        wanted = self.rules.wanted(bar.ts_event, self.quick.value, self.slow.value, self.position)
        change = wanted - self.position
        if change == 0:
            return
        self.position = wanted
        side = OrderSide.BUY if change > 0 else OrderSide.SELL
        self.submit_order(self.order_factory.market(_ID, side, Quantity.from_int(abs(change) * QUANTITY)))


def _ticks(day):
    ts_ns = day.column("ts_ns").astype(np.uint64)
    return TradeTick.from_raw_arrays_to_list(
        _ID,
        2,
        0,
        day.column("price_paise") / 100,
        day.column("size").astype(np.float64),
        np.zeros(len(ts_ns), dtype=np.uint8),
        [str(number) for number in range(len(ts_ns))],
        ts_ns,
        ts_ns,
    )


def main():
    """Run day after day; what is timed is `run`, what is not is the making of its ticks."""
    folder, each_tick, _ = asked()
    days = days_of(folder / "columns")
    engine = BacktestEngine(
        BacktestEngineConfig(
            run_analysis=False,
            logging=LoggingConfig(bypass_logging=True),
            data_engine=DataEngineConfig(time_bars_build_with_no_updates=False),
        )
    )
    engine.add_venue(
        Venue("NSE"), OmsType.NETTING, AccountType.MARGIN, [Money(_CAPITAL, USD)], base_currency=USD,
        default_leverage=Decimal(1),
    )  # fmt: skip
    engine.add_instrument(Equity(_ID, Symbol("RELIANCE"), USD, 2, Price.from_str("0.05"), Quantity.from_int(1), 0, 0))
    strategy = Cross(days, each_tick)
    engine.add_strategy(strategy)
    watch = Stopwatch()
    for day in days:
        engine.add_data(_ticks(day), validate=False)
        with watch:
            engine.run(streaming=True)
        engine.clear_data()
    with watch:
        engine.end()
    rules = strategy.rules
    orders = engine.get_result().total_orders
    tell(watch, bars=rules.bars, crosses=rules.crosses, orders=orders, version=__version__)


if __name__ == "__main__":
    main()
