"""NautilusTrader's Rust engine as its BacktestNode: ticks go from its catalogue into the engine without Python."""

from cross import Stopwatch, asked, days_of
from nautilus_rust import CAPITAL, INSTRUMENT, MONEY, Cross, engine_config, told
from nautilus_trader.core import nautilus_pyo3 as nautilus

_RUN = "cross"
_CHUNK_TICKS = 100_000


class Config:
    """What the node wants beside a strategy."""


def main():
    """Run all days; reading them is part of what is timed."""
    folder, Cross.each_tick, _ = asked()
    Cross.days = days_of(folder / "columns")
    venue = nautilus.BacktestVenueConfig(
        "NSE",
        nautilus.OmsType.NETTING,
        nautilus.AccountType.MARGIN,
        nautilus.BookType.L1_MBP,
        [f"{CAPITAL} {MONEY.code}"],
        base_currency=MONEY,
    )
    data = nautilus.BacktestDataConfig(
        "TradeTick", str(folder / "nautilus"), instrument_id=nautilus.InstrumentId.from_str(INSTRUMENT)
    )
    config = nautilus.BacktestRunConfig([venue], [data], engine=engine_config(), chunk_size=_CHUNK_TICKS, id=_RUN)
    node = nautilus.BacktestNode([config])
    node.build()
    node.add_strategy_from_config(
        _RUN, nautilus.ImportableStrategyConfig("nautilus_rust:Cross", "nautilus_node:Config", {})
    )
    watch = Stopwatch()
    with watch:
        (result,) = node.run()
    told(watch, result.total_orders)


if __name__ == "__main__":
    main()
