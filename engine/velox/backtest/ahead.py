"""Reads the rows of the days one piece ahead, in a thread of its own, while the kernel works on those before."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from velox.research.days import Day, DayRows
from velox.research.minutes import CandleDay, Minutes

__all__ = ["Rows", "pieces_of", "read_ahead"]

Rows: TypeAlias = DayRows | Minutes


def pieces_of(days: Sequence[Day]) -> Iterator[tuple[Day, Rows]]:
    """The days' rows, or all minutes of a day of candles, piece by piece; every day has one at least."""
    for day in days:
        for piece in [day.minutes()] if isinstance(day, CandleDay) else day.pieces():
            yield day, piece


def read_ahead(pieces: Iterator[tuple[Day, Rows]]) -> Iterator[tuple[Day, Rows]]:
    """The same pieces; what goes wrong with one is raised where it is asked for."""
    with ThreadPoolExecutor(1, "velox-read-ahead") as reader:
        coming = reader.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = reader.submit(next, pieces, None)
            yield piece
