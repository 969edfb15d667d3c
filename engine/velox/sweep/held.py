"""Days held for many runs: columns once, as arrays that workers share, and candles of the days before them."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from velox.backtest.choose import Chosen, spells
from velox.backtest.run import HISTORY_DAYS
from velox.market.instruments import InstrumentBook
from velox.research.candles import NO_CANDLES, Candles, HistoryRules, earlier_candles
from velox.research.catalog import Catalog
from velox.research.days import Day, DayInstrument, DayRows
from velox.research.minutes import CandleDay, Minutes
from velox.runtime.warmup import kept_length_s
from velox.simulator.exchange import price_step

__all__ = ["Arrays", "KeptCandles", "KeptDay", "KeptMarket", "days_of", "hold", "open_arrays", "save_arrays"]

Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]

# The deeper book is no concern of a back-test.
_COLUMNS = tuple(name for name in DayRows.__struct_fields__ if name != "depth")
_ONE_DAY = dt.timedelta(days=1)


class KeptDay(msgspec.Struct, frozen=True):
    """One day, described; `columns` names the arrays of its rows, or of its one-minute candles."""

    date: dt.date
    instruments: list[DayInstrument]
    stamp: str
    columns: dict[str, str]
    by_candles: bool


class KeptCandles(msgspec.Struct, frozen=True):
    """Candles of one instrument on one day, kept as an array."""

    instrument: str
    timeframe_s: int
    date: dt.date
    array: str


class KeptMarket(msgspec.Struct, frozen=True):
    """Instruments that are traded together, and the days that hold them."""

    symbols: list[str]
    days: list[KeptDay]
    candles: list[KeptCandles]
    digest: str  # of all the arrays and of what is said of them


_ByLength: TypeAlias = Mapping[tuple[str, int], Mapping[dt.date, Candles]]


class _Earlier:
    """Candles of earlier days that are in memory already."""

    date: dt.date
    candles: _ByLength

    def history(self, instrument: str, timeframe_s: int, days: int = 10, after: dt.date = dt.date.min) -> Candles:
        by_day = self.candles.get((instrument, timeframe_s), {})
        kept = sorted(date for date in by_day if after < date < self.date)[-days:]
        return np.concatenate([NO_CANDLES, *(by_day[date] for date in kept)])


class _HeldDay(_Earlier, Day):
    """A day of ticks in memory."""

    def __init__(self, kept: KeptDay, columns: Mapping[str, Any], candles: _ByLength) -> None:
        super().__init__(kept.date, kept.instruments, _no_file, synthetic=kept.stamp)
        self.candles = candles
        self._rows = DayRows(**columns)

    def rows(self) -> DayRows:
        return self._rows

    def pieces(self, piece_rows: int | None = None) -> Iterator[DayRows]:
        return iter([self._rows])


class _HeldCandleDay(_Earlier, CandleDay):
    """A day of one-minute candles in memory."""

    def __init__(self, kept: KeptDay, columns: Mapping[str, Any], candles: _ByLength) -> None:
        super().__init__(kept.date, kept.instruments, _no_file, synthetic=kept.stamp)
        self.candles = candles
        self._minutes = Minutes(**columns)

    def minutes(self) -> Minutes:
        return self._minutes


def hold(
    name: str, chosen: Chosen, catalog: Catalog, firsts: Iterable[dt.date], timeframes: Iterable[int]
) -> tuple[KeptMarket, Arrays]:
    """Read the days of a choice once, and the candles that runs which begin on one of `firsts` warm up with."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    days = [_kept(f"{name}-{place}", day, arrays) for place, day in enumerate(chosen.days)]
    lengths = sorted({kept_length_s(timeframe_s) for timeframe_s in timeframes} - {0})
    candles, rules = [], HistoryRules(chosen.days[0].facts_as_of)
    for symbol in chosen.symbols:
        wanted = _days_before(chosen, catalog, symbol, set(firsts))
        for length_s in lengths:
            for date in sorted(wanted):
                between = (date - _ONE_DAY, date + _ONE_DAY)
                array = f"{name}-{symbol.replace(':', '-')}-{length_s}-{date}"
                arrays[array] = earlier_candles(catalog, symbol, between, length_s, 1, rules)
                candles.append(KeptCandles(symbol, length_s, date, array))
    market = KeptMarket(chosen.symbols, days, candles, "")
    return msgspec.structs.replace(market, digest=_digest(market, arrays)), arrays


def days_of(market: KeptMarket, arrays: Arrays, facts_as_of: dt.date | None) -> list[Day]:
    """The days of a market over its arrays."""
    candles: dict[tuple[str, int], dict[dt.date, Candles]] = {}
    for each in market.candles:
        candles.setdefault((each.instrument, each.timeframe_s), {})[each.date] = arrays[each.array]
    days: list[Day] = []
    for kept in market.days:
        columns: dict[str, Any] = {column: arrays[array] for column, array in kept.columns.items()}
        day = (_HeldCandleDay if kept.by_candles else _HeldDay)(kept, columns, candles)
        day.facts_as_of = facts_as_of
        days.append(day)
    return days


def save_arrays(folder: Path, arrays: Arrays) -> None:
    """Write arrays so that any number of processes can map them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def open_arrays(folder: Path) -> Arrays:
    """Map what `save_arrays` wrote: however many processes look at it, it is in memory once."""
    found = {}
    for path in sorted(folder.glob("*.npy")):
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        found[path.stem] = np.asarray(mapped)
    return found


def _kept(name: str, day: Day, arrays: dict[str, npt.NDArray[Any]]) -> KeptDay:
    rows = day.minutes() if isinstance(day, CandleDay) else day.rows()
    columns = {}
    for column in _COLUMNS if isinstance(rows, DayRows) else rows.__struct_fields__:
        values = getattr(rows, column)
        if values is not None:
            columns[column] = f"{name}-{column}"
            arrays[columns[column]] = values
    book = InstrumentBook.offline()
    stepped = []
    for number, item in enumerate(day.instruments):
        first_price = partial(rows.first_price, number) if isinstance(rows, Minutes) else partial(day.first_price, item)
        step = price_step(item, book.adopt(item.name, index=item.is_index), day.facts, first_price)
        stepped.append(msgspec.structs.replace(item, tick=step))
    return KeptDay(day.date, stepped, day.stamp, columns, isinstance(day, CandleDay))


def _days_before(chosen: Chosen, catalog: Catalog, symbol: str, firsts: set[dt.date]) -> set[dt.date]:
    """Days whose candles a run can ask for: before one that begins anew, and between two that follow each other."""
    held = sorted({entry.day for entry in catalog.entries() if entry.instrument == symbol})
    wanted: set[dt.date] = set()
    for days in spells(chosen.days):
        before = dt.date.min
        for place, day in enumerate(days):
            after = dt.date.min if place == 0 or day.date in firsts else before
            wanted.update([date for date in held if after < date < day.date][-HISTORY_DAYS:])
            before = day.date
    return wanted


def _digest(market: KeptMarket, arrays: Arrays) -> str:
    digest = hashlib.blake2b(msgspec.msgpack.encode(market), digest_size=16)
    for array in arrays.values():
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()


def _no_file(item: DayInstrument, start: int, count: int) -> NoReturn:
    raise AssertionError(f"the rows of {item.name} are held; no file is read for {count} of them from {start}")
