"""What the tests of sweeps share: a strategy that can be told to misbehave, and days made of the generated one."""

import datetime as dt
from pathlib import Path

import msgspec
import polars as pl
import pytest

from velox.market.calendar import trading_days
from velox.research.catalog import Catalog, Entry
from velox.research.days import SAMPLE_DIR

SYMBOL = "NSE:RELIANCE"
FIRST = dt.date(2026, 7, 15)
CROSS = f'''
import os
import signal
from pathlib import Path

from velox import EMA, Bars, Param, Strategy, crossed, intraday, risk_pct


class Cross(Strategy):
    """Follow the fast average; `how` makes one value of it misbehave."""

    symbol = Param("{SYMBOL}")
    fast = Param(3, range(2, 30))
    slow = Param(9, range(3, 60))
    risk = Param(risk_pct(0.5))
    timeframe = Param("3m")
    how = Param("well")
    note = Param("-")
    require = [fast < slow]
    bars = Bars(symbol, timeframe)
    quick = EMA(bars.close, fast)
    steady = EMA(bars.close, slow)
    session = intraday("09:20", last_entry="14:45", flat="auto")

    def on_start(self):
        if self.fast == 4 and self.note != "-":
            with Path(self.note).open("a") as file:
                file.write("x")
        if self.fast == 4 and self.how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fast == 4 and self.how == "once" and Path(self.note).read_text() == "x":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fast == 4 and self.how == "raise":
            raise ValueError("no")
        print("a line that is no answer")

    def on_bar(self, bar):
        if crossed.above(self.quick, self.steady):
            self.go_long(stop=bar.low, size=self.risk)
        elif crossed.below(self.quick, self.steady):
            self.go_short(stop=bar.high, size=self.risk)
'''


@pytest.fixture
def cross(tmp_path: Path) -> Path:
    """The strategy's file."""
    file = tmp_path / "cross.py"
    file.write_text(CROSS)
    return file


def sample_ticks() -> tuple[Entry, pl.DataFrame]:
    """The generated day of one instrument."""
    catalog = Catalog(SAMPLE_DIR)
    entry = next(e for e in catalog.of_instrument(SYMBOL) if not e.candles)
    return entry, catalog.read(entry)


def store_days(folder: Path, days: int, *, mirrored: frozenset[int] = frozenset()) -> list[dt.date]:
    """Fill a catalogue with trading days made of the generated one; in mirrored ones up is down."""
    entry, ticks = sample_ticks()
    catalog = Catalog(folder)
    dates = trading_days(FIRST, FIRST + dt.timedelta(days=2 * days + 10))[:days]
    first_price = int(ticks["price"][0])
    for place, date in enumerate(dates):
        shift_ns = (date - FIRST).days * 86_400 * 1_000_000_000
        # No two days are alike, and every price stays on the grid of its step.
        moved = ticks.with_columns(pl.col("ts_ns") + shift_ns, pl.col("price") + place * 20 * entry.tick)
        if place in mirrored:
            moved = moved.with_columns(price=2 * (first_price + place * 20 * entry.tick) - pl.col("price"))
        book = [name for name in moved.columns if name not in ("ts_ns", "price", "volume", "row")]
        catalog.store(msgspec.structs.replace(entry, day=date), moved.drop(book))
    return dates


@pytest.fixture(scope="session")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue of three trading days."""
    folder = tmp_path_factory.mktemp("three")
    store_days(folder, 3)
    return folder
