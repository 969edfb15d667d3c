"""Rows or minutes of a day as the columns that the core takes."""

from collections.abc import Iterator, Sequence

import numpy as np

import velox_core
from velox.research.days import DayRows
from velox.research.merge import Ints
from velox.research.minutes import Minutes

__all__ = ["feed", "feed_minutes"]

_CHUNK_ROWS = 262_144
_CHUNK_CANDLES = 16_384


def feed(core: velox_core.Core, rows: DayRows, numbers: Sequence[int]) -> Iterator[int]:
    """Give the core all rows of a day, `numbers` being its own of the day's instruments; yields rows given so far."""
    for start in range(0, len(rows), _CHUNK_ROWS):
        part = slice(start, start + _CHUNK_ROWS)
        core.ingest_rows(
            numbers, rows.inst[part], rows.ts_ns[part], rows.price[part], rows.volume[part], _book(rows, part)
        )
        yield min(start + _CHUNK_ROWS, len(rows))


def feed_minutes(core: velox_core.Core, minutes: Minutes, numbers: Sequence[int]) -> Iterator[int]:
    """Give the core all candles of a day, whole minutes at a time; yields candles given so far."""
    instruments = np.array(numbers, dtype=np.uint32)[minutes.inst]
    columns = [minutes.column(name) for name in ("ts_open", "open", "high", "low", "close", "volume", "ticks")]
    order = np.lexsort((instruments, columns[0]))
    instruments, columns = instruments[order], [column[order] for column in columns]
    start = 0
    while start < len(minutes):
        # A part ends with a minute: all opens of one go in before anything else of it.
        last_ns = columns[0][min(start + _CHUNK_CANDLES, len(minutes)) - 1]
        end = int(np.searchsorted(columns[0], last_ns, side="right"))
        core.ingest_candles(instruments[start:end], [column[start:end] for column in columns])
        yield end
        start = end


def _book(rows: DayRows, part: slice) -> list[Ints] | None:
    """Last quantity, then price and quantity of bid and ask; None where nothing of it is known."""
    if rows.last_qty is None and rows.bid is None:
        return None
    nothing = np.zeros(len(rows.inst[part]), dtype=np.int64)
    columns = [nothing if rows.last_qty is None else rows.last_qty[part]]
    for price, quantity in ((rows.bid, rows.bid_qty), (rows.ask, rows.ask_qty)):
        if price is None:
            columns += [nothing, nothing]
        elif quantity is None:
            columns += [price[part], nothing]
        else:
            # A level without quantity is no level.
            columns += [np.where(quantity[part] > 0, price[part], 0), quantity[part]]
    return columns
