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
from velox.errors import BadInput
from velox.market.instruments import InstrumentBook
from velox.research.candles import NO_CANDLES, Candles, HistoryRules, earlier_candles
from velox.research.catalog import Catalog
from velox.research.days import Day, DayInstrument, DayRows
from velox.runtime.warmup import kept_length_s
from velox.simulator.exchange import price_step

__all__ = ["Arrays", "KeptCandles", "KeptDay", "KeptMarket", "days_of", "hold", "open_arrays", "save_arrays"]

Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]

# The deeper book is no concern of a back-test.
_COLUMNS = tuple(name for name in DayRows.__struct_fields__ if name != "depth")
_ONE_DAY = dt.timedelta(days=1)


class KeptDay(msgspec.Struct, frozen=True):
    """One day, described; its columns are the arrays that `columns` names."""

    date: dt.date
    instruments: list[DayInstrument]
    stamp: str
    columns: dict[str, str]


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


class _HeldDay(Day):
    """A day whose rows and earlier candles are in memory already."""

    def __init__(
        self, kept: KeptDay, rows: DayRows, candles: Mapping[tuple[str, int], Mapping[dt.date, Candles]]
    ) -> None:
        super().__init__(kept.date, kept.instruments, _no_file, synthetic=kept.stamp)
        self._rows = rows
        self._candles = candles

    def rows(self) -> DayRows:
        return self._rows

    def pieces(self, piece_rows: int | None = None) -> Iterator[DayRows]:
        return iter([self._rows])

    def history(self, instrument: str, timeframe_s: int, days: int = 10, after: dt.date = dt.date.min) -> Candles:
        by_day = self._candles.get((instrument, timeframe_s), {})
        kept = sorted(date for date in by_day if after < date < self.date)[-days:]
        return np.concatenate([NO_CANDLES, *(by_day[date] for date in kept)])


def hold(
    name: str, chosen: Chosen, catalog: Catalog, firsts: Iterable[dt.date], timeframes: Iterable[int]
) -> tuple[KeptMarket, Arrays]:
    """Read the days of a choice once, and the candles that runs which begin on one of `firsts` warm up with."""
    if chosen.data != "ticks":
        raise BadInput(
            f"{catalog.root} holds no ticks of {', '.join(chosen.symbols)} on these days, and a sweep runs on ticks "
            "alone: `velox backtest --data candles` runs one set at a time"
        )
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
        day = _HeldDay(kept, DayRows(**columns), candles)
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
    rows, columns = day.rows(), {}
    for column in _COLUMNS:
        values = getattr(rows, column)
        if values is not None:
            columns[column] = f"{name}-{column}"
            arrays[columns[column]] = values
    book = InstrumentBook.offline()
    stepped = [
        msgspec.structs.replace(
            item,
            tick=price_step(
                item, book.adopt(item.name, index=item.is_index), day.facts, partial(day.first_price, item)
            ),
        )
        for item in day.instruments
    ]
    return KeptDay(day.date, stepped, day.stamp, columns)


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
