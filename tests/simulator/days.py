"""Small days for tests: what `velox.research.days.Day` gives, without a file."""

import datetime as dt
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from velox.market.facts import load
from velox.market.lots import LotOf, untold

ONE = 100_000_000
DATE = dt.date(2021, 4, 26)
DAY_START_NS = 1_619_375_400_000_000_000
OPEN_NS = DAY_START_NS + (9 * 60 + 15) * 60_000_000_000
SECOND = 1_000_000_000


class Rows(msgspec.Struct, frozen=True):
    """The columns of a merged day."""

    inst: npt.NDArray[np.int32]
    ts_ns: npt.NDArray[np.int64]
    place_ns: npt.NDArray[np.int64]
    price: npt.NDArray[np.int64]
    volume: npt.NDArray[np.int64]
    last_qty: npt.NDArray[np.int64] | None = None
    bid: npt.NDArray[np.int64] | None = None
    ask: npt.NDArray[np.int64] | None = None
    bid_qty: npt.NDArray[np.int64] | None = None
    ask_qty: npt.NDArray[np.int64] | None = None
    depth: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.inst)


class Instrument(msgspec.Struct, frozen=True):
    """One instrument of a day."""

    name: str
    is_index: bool = False
    tick: int = 5_000_000
    prev_close: int = 0


def rows_of(ticks: Sequence[tuple[int, float, float]]) -> Rows:
    """Rows from (instrument, seconds after the open, rupees); the place is the running maximum of each instrument."""
    inst = np.array([i for i, _, _ in ticks], dtype=np.int32)
    ts = np.array([OPEN_NS + round(s * SECOND) for _, s, _ in ticks], dtype=np.int64)
    price = np.array([round(p * ONE) for _, _, p in ticks], dtype=np.int64)
    place = np.empty_like(ts)
    for number in np.unique(inst):
        own = inst == number
        place[own] = np.maximum.accumulate(np.where(price[own] > 0, ts[own], DAY_START_NS))
    order = np.argsort(place, kind="stable")
    volume = np.arange(len(ts), dtype=np.int64) * 10
    return Rows(inst[order], ts[order], place[order], price[order], volume)


def make_rows(count: int, instruments: int, *, depth: bool = False, per_second: int = 2) -> Rows:
    """Regular rows: instruments in turn, some prices, `per_second` rows each second."""
    ticks = [(i % instruments, i // per_second, 100 + (i * 7 % 23) * 0.05) for i in range(count)]
    rows = rows_of(ticks)
    if not depth:
        return rows
    levels = np.zeros((count, 10, 3), dtype=np.int64)
    for level in range(5):
        levels[:, level, 0] = rows.price - (level + 1) * 5_000_000
        levels[:, 5 + level, 0] = rows.price + (level + 1) * 5_000_000
    levels[:, :, 1] = 100 + np.arange(10)
    levels[:, :, 2] = 1 + np.arange(10)
    return msgspec.structs.replace(rows, depth=levels)


class StubDay:
    """A day made of given rows."""

    def __init__(self, rows: Rows, names: Sequence[str] = ("NSE:RELIANCE", "NSE:TCS"), prev_close: int = 0) -> None:
        self.date = DATE
        self.instruments = [Instrument(name, is_index=name == "NSE:NIFTY", prev_close=prev_close) for name in names]
        self.facts = load(DATE)
        self.lots: LotOf = untold
        self._rows = rows
        self.earlier: dict[str, list[tuple[int, ...]]] = {}

    def rows(self) -> Rows:
        """The rows as given."""
        return self._rows

    def history(self, instrument: str, timeframe_s: int, days: int = 10) -> npt.NDArray[np.void]:
        """The candles put into `earlier`, whatever the timeframe."""
        fields = [(name, "<i8") for name in ("ts_open", "open", "high", "low", "close", "volume", "ticks")]
        return np.array(self.earlier.get(instrument, []), dtype=fields)
