"""A day as one-minute candles: those that the catalogue keeps, or those that its ticks make."""

import datetime as dt
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from velox.errors import BadInput
from velox.research.candles import Candles, candles_of
from velox.research.catalog import Catalog, Entry
from velox.research.days import Day, DayRows
from velox.research.merge import Ints
from velox.research.nse_ticks import IST_OFFSET_NS

__all__ = ["CandleDay", "MINUTE_S", "Minutes", "candle_day"]

MINUTE_S = 60
_MINUTE_NS = MINUTE_S * 1_000_000_000
_PRICES = ("open", "high", "low", "close")


class Minutes(msgspec.Struct, frozen=True):
    """The one-minute candles of a day, by begin and then instrument; `inst` indexes the day's instruments."""

    inst: npt.NDArray[np.int32]
    candles: Candles

    def __len__(self) -> int:
        return len(self.inst)

    def column(self, name: str) -> Ints:
        """One field of all candles."""
        return np.ascontiguousarray(self.candles[name])

    def first_price(self, number: int) -> int:
        """The price at which an instrument of the day begins, 0 where it has none; 1e-8 rupees."""
        opens = self.candles["open"][self.inst == number]
        return int(opens[0]) if len(opens) else 0


class CandleDay(Day):
    """A session that is run by its one-minute candles."""

    held: dict[str, Entry]
    catalog: Catalog

    def minutes(self) -> Minutes:
        """All candles of the day; one that cannot be is refused by file and time."""
        parts = [
            candles_of(self.catalog, self.held[item.name], MINUTE_S, self.facts_as_of) for item in self.instruments
        ]
        for item, part in zip(self.instruments, parts, strict=True):
            _check(self.held[item.name], part, self.facts.loaded.day_start_ns)
        candles = np.concatenate(parts)
        inst = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) for part in parts])
        order = np.lexsort((inst, candles["ts_open"]))
        return Minutes(inst[order], candles[order])

    def rows(self) -> DayRows:
        """The opens of the candles as rows, in the order in which they go in."""
        minutes = self.minutes()
        begin, prices = minutes.column("ts_open"), minutes.column("open")
        return DayRows(minutes.inst, begin, begin, prices, np.zeros(len(minutes), dtype=np.int64))


def candle_day(catalog: Catalog, date: dt.date, held: Sequence[Entry]) -> CandleDay:
    """One day of a catalogue by candles; `held` are its entries, ticks or candles, one an instrument."""
    day = CandleDay.of_catalog(catalog, date, held)
    day.catalog, day.held = catalog, {entry.instrument: entry for entry in held}
    return day


def _check(entry: Entry, part: Candles, day_start_ns: int) -> None:
    """Refuse candles of another day, out of order, or with prices that no candle has."""
    begin, high, low = part["ts_open"], part["high"], part["low"]
    faults = (
        ("is not of this day", (begin < day_start_ns) | (begin >= day_start_ns + 86_400 * 1_000_000_000)),
        ("does not begin with a minute", (begin - day_start_ns) % _MINUTE_NS != 0),
        ("does not come after the one before it", np.diff(begin, prepend=begin[:1] - 1) <= 0),
        ("has a price that is not above 0", np.minimum.reduce([part[name] for name in _PRICES]) <= 0),
        ("has its high below its low", high < low),
        ("opens outside its range", (part["open"] > high) | (part["open"] < low)),
        ("closes outside its range", (part["close"] > high) | (part["close"] < low)),
        ("has a volume below 0", part["volume"] < 0),
    )
    for what, bad in faults:
        if bad.any():
            at = int(begin[int(np.argmax(bad))])
            clock = dt.datetime.fromtimestamp((at + IST_OFFSET_NS) // 1_000_000_000, dt.UTC)
            raise BadInput(f"{entry.instrument} of {entry.day}: the candle of {clock:%Y-%m-%d %H:%M:%S} {what}")
