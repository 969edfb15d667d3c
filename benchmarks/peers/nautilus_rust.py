"""NautilusTrader's Rust engine: days from its own catalogue, one after the other, through its BacktestEngine."""

from cross import QUANTITY, QUICK, SLOW, Rules, Stopwatch, asked, days_of, tell
from nautilus_trader.core import nautilus_pyo3 as nautilus

if not hasattr(nautilus, "BacktestEngine"):
    raise SystemExit(f"NautilusTrader {nautilus.NAUTILUS_VERSION} has no Rust engine that Python can use")

INSTRUMENT = "RELIANCE.NSE"
_ID = nautilus.InstrumentId.from_str(INSTRUMENT)
_BARS = nautilus.BarType.from_str(f"{INSTRUMENT}-1-MINUTE-LAST-INTERNAL")
# Its own list of currencies has no rupee.
MONEY = nautilus.Currency.from_str("USD")
CAPITAL = 1_000_000


def instrument():
    """Describe the instrument; margins and fees are 0."""
    return nautilus.Equity(_ID, nautilus.Symbol("RELIANCE"), MONEY, 2, nautilus.Price.from_str("0.05"), 0, 0)


class Cross(nautilus.Strategy):
    """Follow the average of 10 candles across that of 20."""

    made = None
    days = ()
    each_tick = False

    def __init__(self, config=None):
        super().__init__()
        Cross.made = self
        self.quick = nautilus.ExponentialMovingAverage(QUICK)
        self.slow = nautilus.ExponentialMovingAverage(SLOW)
        self.rules = Rules(Cross.days)
        self.position = 0

    def on_start(self):
        """Subscribe to candles, and to ticks where each of them shall come here."""
        for average in (self.quick, self.slow):
            self.register_indicator_for_bars(_BARS, average)
        self.subscribe_bars(_BARS)
        if Cross.each_tick:
            self.subscribe_trades(_ID)

    def on_trade(self, trade):
        """Do nothing: what it costs to be called."""

    def on_bar(self, bar):
        """Turn where the averages cross."""
        wanted = self.rules.wanted(bar.ts_event, self.quick.value, self.slow.value, self.position)
        change = wanted - self.position
        if change == 0:
            return
        self.position = wanted
        side = nautilus.OrderSide.BUY if change > 0 else nautilus.OrderSide.SELL
        quantity = nautilus.Quantity.from_int(abs(change) * QUANTITY)
        self.submit_order(self.order_factory.market(_ID, side, quantity))


def engine_config():
    """Nothing that the work does not need: no log, no statistics, no candles of a closed market."""
    return nautilus.BacktestEngineConfig(
        run_analysis=False,
        logging=nautilus.LoggerConfig(bypass_logging=True),
        data_engine=nautilus.DataEngineConfig(time_bars_build_with_no_updates=False, disable_historical_cache=True),
    )


def told(watch, orders):
    """Print what the run gave."""
    rules = Cross.made.rules
    tell(watch, bars=rules.bars, crosses=rules.crosses, orders=orders, version=nautilus.NAUTILUS_VERSION)


def main():
    """Run day after day; what is timed is `run`, what is not is the making of its ticks."""
    folder, Cross.each_tick, _ = asked()
    Cross.days = days_of(folder / "columns")
    engine = nautilus.BacktestEngine(engine_config())
    engine.add_venue(
        nautilus.Venue("NSE"),
        nautilus.OmsType.NETTING,
        nautilus.AccountType.MARGIN,
        [nautilus.Money(CAPITAL, MONEY)],
        base_currency=MONEY,
    )
    engine.add_instrument(instrument())
    engine.add_strategy(Cross())
    catalogue = nautilus.ParquetDataCatalog(str(folder / "nautilus"))
    watch = Stopwatch()
    for day in Cross.days:
        ticks = catalogue.query_trade_ticks([INSTRUMENT], day.open_ns, day.end_ns)
        engine.add_data(ticks, validate=False)
        del ticks
        with watch:
            engine.run(streaming=True)
        engine.clear_data()
    with watch:
        engine.end()
    told(watch, engine.get_result().total_orders)


if __name__ == "__main__":
    main()
