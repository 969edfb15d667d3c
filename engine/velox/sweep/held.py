"""Days held for many runs: columns once, as arrays that workers share, and candles of the days before them."""

import datetime as dt
import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from velox.backtest.choose import Chosen, spells
from velox.backtest.run import HISTORY_DAYS
from velox.market.corporate_actions import Actions, Adjustment, Step, adjustment_of
from velox.market.instruments import InstrumentBook
from velox.market.lots import Lot
from velox.research.candles import NO_CANDLES, Candles, HistoryRules, adjusted, candles_of, close_before, kept_days
from velox.research.catalog import Catalog
from velox.research.days import Day, DayInstrument, DayRows
from velox.research.minutes import CandleDay, Minutes
from velox.runtime.warmup import kept_length_s
from velox.simulator.exchange import price_step

__all__ = [
    "Arrays",
    "KeptCandles",
    "KeptDay",
    "KeptMarket",
    "KeptStep",
    "days_of",
    "hold",
    "open_arrays",
    "save_arrays",
]

Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]

# The deeper book is no concern of a back-test.
_COLUMNS = tuple(name for name in DayRows.__struct_fields__ if name != "depth")


class KeptDay(msgspec.Struct, frozen=True):
    """One day, described; `columns` names the arrays of its rows, or of its one-minute candles."""

    date: dt.date
    instruments: list[DayInstrument]
    stamp: str
    columns: dict[str, str]
    by_candles: bool
    lots: dict[str, Lot]  # of its contracts, where the facts do not tell them


class KeptCandles(msgspec.Struct, frozen=True):
    """Candles of one instrument on one day, kept as an array."""

    instrument: str
    timeframe_s: int
    date: dt.date
    array: str


class KeptStep(msgspec.Struct, frozen=True):
    """What the corporate actions of an ex-date make of an instrument's earlier prices and volumes: two fractions."""

    instrument: str
    ex: dt.date
    price: tuple[int, int]
    volume: tuple[int, int]


class KeptMarket(msgspec.Struct, frozen=True):
    """Instruments that are traded together, and the days that hold them; candles are kept as they were traded."""

    symbols: list[str]
    days: list[KeptDay]
    candles: list[KeptCandles]
    steps: list[KeptStep]
    digest: str  # of all the arrays and of what is said of them


class _Held:
    """Candles of earlier days that are in memory, as a later day sees them."""

    def __init__(self, market: KeptMarket, arrays: Arrays) -> None:
        self._candles: dict[tuple[str, int], dict[dt.date, Candles]] = {}
        for each in market.candles:
            self._candles.setdefault((each.instrument, each.timeframe_s), {})[each.date] = arrays[each.array]
        self._steps: dict[str, list[Step]] = {}
        for step in market.steps:
            known = Step(step.ex, Fraction(*step.price), Fraction(*step.volume))
            self._steps.setdefault(step.instrument, []).append(known)
        # Each set of a sweep asks for the same ones.
        self._adjusted: dict[tuple[str, int, dt.date, Adjustment], Candles] = {}

    def between(self, instrument: str, timeframe_s: int, after: dt.date, use: dt.date, days: int) -> Candles:
        """Those of the last `days` days between a date and the day of use, neither included."""
        by_day = self._candles.get((instrument, timeframe_s), {})
        kept = sorted(date for date in by_day if after < date < use)[-days:]
        seen = (self._seen(instrument, timeframe_s, date, use) for date in kept)
        return np.concatenate([NO_CANDLES, *seen])

    def _seen(self, instrument: str, timeframe_s: int, date: dt.date, use: dt.date) -> Candles:
        traded = self._candles[instrument, timeframe_s][date]
        steps = self._steps.get(instrument)
        if steps is None:
            return traded
        key = instrument, timeframe_s, date, adjustment_of(steps, date, use)
        if key not in self._adjusted:
            self._adjusted[key] = adjusted(traded, key[-1])
        return self._adjusted[key]


class _Earlier:
    """A day whose earlier candles are in memory already."""

    date: dt.date
    kept_before: _Held

    def history(self, instrument: str, timeframe_s: int, days: int = 10, after: dt.date = dt.date.min) -> Candles:
        return self.kept_before.between(instrument, timeframe_s, after, self.date, days)


class _HeldDay(_Earlier, Day):
    """A day of ticks in memory."""

    def __init__(self, kept: KeptDay, columns: Mapping[str, Any], held: _Held) -> None:
        super().__init__(kept.date, kept.instruments, _no_file, synthetic=kept.stamp)
        self.kept_before = held
        self._rows = DayRows(**columns)

    def rows(self) -> DayRows:
        return self._rows

    def pieces(self, piece_rows: int | None = None) -> Iterator[DayRows]:
        return iter([self._rows])


class _HeldCandleDay(_Earlier, CandleDay):
    """A day of one-minute candles in memory."""

    def __init__(self, kept: KeptDay, columns: Mapping[str, Any], held: _Held) -> None:
        super().__init__(kept.date, kept.instruments, _no_file, synthetic=kept.stamp)
        self.kept_before = held
        self._minutes = Minutes(**columns)

    def minutes(self) -> Minutes:
        return self._minutes


def hold(
    name: str, chosen: Chosen, catalog: Catalog, firsts: Iterable[dt.date], timeframes: Iterable[int]
) -> tuple[KeptMarket, Arrays]:
    """Read the days of a choice once, and the candles that runs which begin on one of `firsts` warm up with."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    days = [_kept(f"{name}-{place}", day, chosen.symbols, arrays) for place, day in enumerate(chosen.days)]
    lengths = sorted({kept_length_s(timeframe_s) for timeframe_s in timeframes} - {0})
    rules = HistoryRules(chosen.days[0].facts_as_of, chosen.days[0].actions)
    anew = {*firsts, *_ex_days(chosen, rules.actions)}
    candles: list[KeptCandles] = []
    steps: list[KeptStep] = []
    for symbol in chosen.symbols:
        wanted, last = _days_before(chosen, catalog, symbol, anew), chosen.days[-1].date
        for length_s in lengths:
            by_day = kept_days(catalog, symbol, (dt.date.min, last), length_s, rules.actions)
            for date in sorted(wanted & by_day.keys()):
                array = f"{name}-{symbol.replace(':', '-')}-{length_s}-{date}"
                arrays[array] = candles_of(catalog, by_day[date], length_s, rules.facts_as_of)
                candles.append(KeptCandles(symbol, length_s, date, array))
        if lengths and wanted:
            steps += _steps(catalog, symbol, (min(wanted), last), rules)
    market = KeptMarket(chosen.symbols, days, candles, steps, "")
    return msgspec.structs.replace(market, digest=_digest(market, arrays)), arrays


def days_of(market: KeptMarket, arrays: Arrays, facts_as_of: dt.date | None) -> list[Day]:
    """The days of a market over its arrays."""
    held = _Held(market, arrays)
    days: list[Day] = []
    for kept in market.days:
        columns: dict[str, Any] = {column: arrays[array] for column, array in kept.columns.items()}
        day = (_HeldCandleDay if kept.by_candles else _HeldDay)(kept, columns, held)
        day.facts_as_of, day.lots = facts_as_of, partial(_lot, kept.lots)
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


def _kept(name: str, day: Day, symbols: Iterable[str], arrays: dict[str, npt.NDArray[Any]]) -> KeptDay:
    rows = day.minutes() if isinstance(day, CandleDay) else day.rows()
    columns = {}
    for column in _COLUMNS if isinstance(rows, DayRows) else rows.__struct_fields__:
        values = getattr(rows, column)
        if values is not None:
            columns[column] = f"{name}-{column}"
            arrays[columns[column]] = values
    lots: dict[str, Lot] = {}

    def told(name: str) -> Lot:
        return lots.setdefault(name, day.lots(name))

    book = InstrumentBook.offline(lots=told)
    stepped = []
    for number, item in enumerate(day.instruments):
        first_price = partial(rows.first_price, number) if isinstance(rows, Minutes) else partial(day.first_price, item)
        step = price_step(item, book.adopt(item.name, index=item.is_index), day.facts, first_price)
        stepped.append(msgspec.structs.replace(item, tick=step))
    for symbol in symbols:
        book.adopt(symbol)
    return KeptDay(day.date, stepped, day.stamp, columns, isinstance(day, CandleDay), lots)


def _ex_days(chosen: Chosen, actions: Actions) -> Iterator[dt.date]:
    """Days on which something of the market begins anew: the first session of an ex-date.

    What is joined with the instrument begins anew with it, so that such a day is one for all of them.
    """
    dates = [day.date for day in chosen.days]
    for before, date in itertools.pairwise(dates):
        if any(actions.due(symbol, before, date) for symbol in chosen.symbols):
            yield date


def _steps(catalog: Catalog, symbol: str, span: tuple[dt.date, dt.date], rules: HistoryRules) -> list[KeptStep]:
    """What adjusts candles of the first day and later; refused where a dividend's close is not known."""
    found = rules.actions.steps(symbol, *span, partial(close_before, catalog, rules))
    return [KeptStep(symbol, each.ex, each.price.as_integer_ratio(), each.volume.as_integer_ratio()) for each in found]


def _days_before(chosen: Chosen, catalog: Catalog, symbol: str, firsts: set[dt.date]) -> set[dt.date]:
    """Days whose candles a run can ask for: before one that begins anew, and between two that follow each other."""
    last, actions = chosen.days[-1].date, chosen.days[0].actions
    held = sorted(
        {e.day for e in catalog.entries() if e.day < last and e.instrument == actions.name_on(symbol, e.day, last)}
    )
    wanted: set[dt.date] = set()
    for days in spells(chosen.days):
        before = dt.date.min
        for place, day in enumerate(days):
            after = dt.date.min if place == 0 or day.date in firsts else before
            wanted.update([date for date in held if after < date < day.date][-HISTORY_DAYS:])
            before = day.date
    return wanted


def _lot(kept: Mapping[str, Lot], name: str) -> Lot:
    return kept.get(name, Lot())


def _digest(market: KeptMarket, arrays: Arrays) -> str:
    digest = hashlib.blake2b(msgspec.msgpack.encode(market), digest_size=16)
    for array in arrays.values():
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()


def _no_file(item: DayInstrument, start: int, count: int) -> NoReturn:
    raise AssertionError(f"the rows of {item.name} are held; no file is read for {count} of them from {start}")
