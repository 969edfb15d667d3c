"""A day as data: what the simulator plays and the engine reads, whatever it was kept in.

`open_day` takes a recording, a folder of recordings, a catalogue (`DIR` or `DIR@2021-04-26`) or nothing at all, which
is the generated day that comes with the package.
"""

import collections
import datetime as dt
import functools
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from velox.errors import BadInput
from velox.market.corporate_actions import NO_ACTIONS
from velox.market.facts import Facts, load
from velox.market.lots import NO_LOTS, LotOf, Lots, untold
from velox.research.candles import NO_CANDLES, Candles, HistoryRules, earlier_candles
from velox.research.catalog import Catalog, Entry
from velox.research.merge import Ints, Part, depth_of, merged, session_windows
from velox.research.nse_ticks import Recording, find_recordings, read_recording

__all__ = ["Day", "DayInstrument", "DayRows", "SAMPLE_DIR", "catalog_day", "open_day"]

SAMPLE_DIR = Path(__file__).parent.parent / "data" / "sample"

# Field of the rows: column of the catalogue.
_BOOK_COLUMNS = {"last_qty": "last_qty", "bid": "bid", "ask": "ask", "bid_qty": "bid_qty_1", "ask_qty": "ask_qty_1"}

# Of each file so many rows are held at a time: a row group of its Parquet, less where there are many files.
_PIECE_ROWS_MAX, _PIECE_ROWS_MIN = 262_144, 32_768
_HELD_ROWS = 16 * _PIECE_ROWS_MAX


class DayInstrument(msgspec.Struct, frozen=True):
    """One instrument of a day; tick and previous close are at 1e-8 rupees, 0 where the data does not say."""

    name: str
    is_index: bool
    rows: int
    rejects: int = 0
    source: str = ""
    tick: int = 0
    prev_close: int = 0

    @property
    def kind(self) -> int:
        """0 index, 1 equity."""
        return 0 if self.is_index else 1


class DayRows(msgspec.Struct, frozen=True):
    """The merged rows of a day as parallel arrays; the book is None where no instrument of the day has one.

    `inst` indexes the day's instruments, `ts_ns` is the exchange's time, `place_ns` the clock at which the row stands
    in the merged day. `depth` is (rows, 10, 3): five buys, then five sells, best first, as price, quantity, orders;
    zeros are unknown.
    """

    inst: npt.NDArray[np.int32]
    ts_ns: Ints
    place_ns: Ints
    price: Ints
    volume: Ints
    last_qty: Ints | None = None
    bid: Ints | None = None
    ask: Ints | None = None
    bid_qty: Ints | None = None
    ask_qty: Ints | None = None
    depth: Ints | None = None

    def __len__(self) -> int:
        return len(self.inst)


class Day:
    """One session of some instruments, read when asked for."""

    def __init__(
        self,
        date: dt.date,
        instruments: Sequence[DayInstrument],
        load: Callable[[DayInstrument, int, int], pl.DataFrame],
        *,
        synthetic: str = "",
        catalog: Catalog | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.date = date
        self.instruments = sorted(instruments, key=lambda i: i.name)
        self.stamp = synthetic
        self.notes = list(notes)
        self._load = load
        self._catalog = catalog
        self.facts_as_of: dt.date | None = None
        self.actions = NO_ACTIONS
        self.lots: LotOf = untold
        self._facts: Facts | None = None

    @classmethod
    def of_catalog(cls, catalog: Catalog, date: dt.date, held: Sequence[Entry]) -> Self:
        """One day of a catalogue with the instruments of these entries."""
        entries = {entry.instrument: entry for entry in held}
        stamps = sorted({entry.synthetic for entry in entries.values() if entry.synthetic})
        return cls(
            date,
            [
                DayInstrument(
                    e.instrument, e.is_index, e.rows, e.rejects, e.source or e.instrument, e.tick, e.prev_close
                )
                for e in entries.values()
            ],
            lambda item, start, count: catalog.piece(entries[item.name], start, count),
            synthetic="; ".join(stamps),
            catalog=catalog,
        )

    @property
    def synthetic(self) -> bool:
        """Whether these prices were generated."""
        return bool(self.stamp)

    @property
    def facts(self) -> Facts:
        """The market's facts of this date; refused when it is not covered and no other date stands in."""
        if self._facts is None:
            self._facts = load(self.date, as_of=self.facts_as_of)
        return self._facts

    def left_out(self) -> list[str]:
        """Say what of the data is no part of the day; empty when all of it is."""
        rejects = [f"{item.name} {item.rejects:,}" for item in self.instruments if item.rejects]
        lines = [f"Left out: {note}." for note in self.notes]
        if rejects:
            lines.append(f"Left out: rows that cannot be read ({', '.join(rejects)}).")
        return lines

    def rows(self) -> DayRows:
        """Merge all rows by (running maximum of the file's own times in its continuous phase, file name, row)."""
        (whole,) = self._merged(sys.maxsize)
        ticks = np.array([i.tick for i in self.instruments], dtype=np.int64)
        return msgspec.structs.replace(_rows(whole), depth=depth_of(whole, ticks))

    def pieces(self, piece_rows: int | None = None) -> Iterator[DayRows]:
        """The same rows in the same order, some hundred thousand at a time and without depth: a day of any size."""
        if piece_rows is None:
            piece_rows = min(_PIECE_ROWS_MAX, max(_PIECE_ROWS_MIN, _HELD_ROWS // len(self.instruments)))
        return map(_rows, self._merged(piece_rows))

    def first_price(self, instrument: DayInstrument) -> int:
        """The first price above 0 of an instrument, at 1e-8 rupees; 0 where it has none."""
        for start in itertools.count(step=_PIECE_ROWS_MAX):
            prices = self._load(instrument, start, _PIECE_ROWS_MAX)["price"]
            above = prices.filter(prices > 0)
            if len(above) or len(prices) < _PIECE_ROWS_MAX:
                return int(above[0]) if len(above) else 0
        raise AssertionError("a file has an end")

    def _merged(self, piece_rows: int) -> Iterator[dict[str, Ints]]:
        facts = self.facts
        ordered = sorted(enumerate(self.instruments), key=lambda pair: (pair[1].source, pair[1].name))
        parts = [
            Part(
                index,
                functools.partial(self._load, item),
                session_windows(facts, item.name, is_index=item.is_index),
            )
            for index, item in ordered
        ]
        return merged(parts, facts.loaded.day_start_ns, piece_rows)

    def history(self, instrument: str, timeframe_s: int, days: int = 10, after: dt.date = dt.date.min) -> Candles:
        """Return candles of up to `days` earlier days after a date, oldest first; plain files have none.

        They read as this day sees them: adjusted for the corporate actions that lie between.
        """
        if self._catalog is None:
            return NO_CANDLES.copy()
        rules = HistoryRules(self.facts_as_of, self.actions)
        return earlier_candles(self._catalog, instrument, (after, self.date), timeframe_s, days, rules)


def _rows(merged: dict[str, Ints]) -> DayRows:
    columns: dict[str, Any] = {field: merged.get(name) for field, name in _BOOK_COLUMNS.items()}
    return DayRows(
        inst=merged["inst"].astype(np.int32),
        ts_ns=merged["ts_ns"],
        place_ns=merged["place_ns"],
        price=merged["price"],
        volume=merged["volume"],
        **columns,
    )


def open_day(path: str | Path | None = None, *, facts_as_of: dt.date | None = None, lots: Lots = NO_LOTS) -> Day:
    """Open a day of data; what cannot be one is refused by name.

    Where its date is not covered, the market's facts of `facts_as_of` stand in; what they do not tell of its contracts'
    lots, `lots` does.
    """
    day = _opened(path)
    day.facts_as_of, day.lots = facts_as_of, lots.on(day.date)
    return day


def _opened(path: str | Path | None) -> Day:
    if path is None:
        return _from_catalog(SAMPLE_DIR, None)
    root, date = _split_date(str(path))
    if not root.exists():
        raise BadInput(f"there is no day at {root}: give a recording, a folder of recordings or a catalogue")
    if root.is_dir() and Catalog(root).paths():
        return _from_catalog(root, date)
    return _from_files(root, date)


def _split_date(text: str) -> tuple[Path, dt.date | None]:
    head, at, tail = text.rpartition("@")
    if not at or Path(text).exists():
        return Path(text), None
    try:
        return Path(head), dt.date.fromisoformat(tail)
    except ValueError:
        raise BadInput(f"{tail!r} after the @ in {text} is not a date like 2021-04-26") from None


def _from_catalog(root: Path, date: dt.date | None) -> Day:
    catalog = Catalog.open(root)
    by_day: dict[dt.date, list[Entry]] = collections.defaultdict(list)
    for entry in catalog.playable():
        by_day[entry.day].append(entry)
    if date is None and root == SAMPLE_DIR:
        date = max(by_day)
    chosen = _the_day(root, {day: len(entries) for day, entries in by_day.items()}, date)
    return catalog_day(catalog, chosen, by_day[chosen])


def catalog_day(catalog: Catalog, date: dt.date, held: Sequence[Entry]) -> Day:
    """One day of a catalogue with the instruments of these entries, which hold ticks."""
    return Day.of_catalog(catalog, date, held)


def _from_files(root: Path, date: dt.date | None) -> Day:
    readings = [read_recording(path) for path in find_recordings([root])]
    good = [r for r in readings if r.day is not None]
    notes = [f"{r.shown} {r.fault}" for r in readings if r.day is None]
    if not good:
        raise BadInput(f"{root} is no day of data: {notes[0]}")
    chosen = _the_day(root, collections.Counter(r.day for r in good if r.day is not None), date)
    taken: dict[str, Recording] = {}
    for reading in good:
        if reading.day != chosen:
            continue
        if reading.instrument in taken:
            raise BadInput(
                f"{root} holds {reading.instrument} of {chosen} twice: "
                f"in {taken[reading.instrument].path.name} and {reading.path}"
            )
        taken[reading.instrument] = reading
    return Day(
        chosen,
        [DayInstrument(r.instrument, r.is_index, r.ticks.height, r.rejects, r.source) for r in taken.values()],
        lambda item, start, count: taken[item.name].ticks.slice(start, count),
        notes=notes,
    )


def _the_day(root: Path, days: dict[dt.date, int], date: dt.date | None) -> dt.date:
    """Pick the only day, or the one asked for."""
    known = ", ".join(str(day) for day in sorted(days)[:5]) + (", …" if len(days) > 5 else "")
    if date is not None:
        if date not in days:
            raise BadInput(f"{root} holds no ticks of {date}; it has {known or 'none of any day'}")
        return date
    if not days:
        raise BadInput(f"{root} holds no ticks of any day that could be played")
    if len(days) > 1:
        raise BadInput(f"{root} holds {len(days)} days ({known}): name one as {root}@{min(days)}")
    return next(iter(days))
