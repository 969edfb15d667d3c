"""Rows of a day as the columns that the core takes."""

from collections.abc import Iterator, Sequence

import numpy as np

import velox_core
from velox.research.days import DayRows
from velox.research.merge import Ints

__all__ = ["feed"]

_CHUNK_ROWS = 262_144


def feed(core: velox_core.Core, rows: DayRows, numbers: Sequence[int]) -> Iterator[int]:
    """Give the core all rows of a day, `numbers` being its own of the day's instruments; yields rows given so far."""
    for start in range(0, len(rows), _CHUNK_ROWS):
        part = slice(start, start + _CHUNK_ROWS)
        core.ingest_rows(
            numbers, rows.inst[part], rows.ts_ns[part], rows.price[part], rows.volume[part], _book(rows, part)
        )
        yield min(start + _CHUNK_ROWS, len(rows))


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
