"""Ticks and candles as numpy arrays of a fixed layout, for what counts millions of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from velox.events import Kind
from velox.journal.records import Position, core_errors, opened

__all__ = ["CANDLE_COLUMNS", "TICK_COLUMNS", "candle_columns", "tick_batches"]

# A tick with its verdict's number (velox.journal.Verdict); 0 in price, bid, ask or recv_ns is unknown.
TICK_COLUMNS: np.dtype[np.void] = np.dtype(
    [
        ("run", "<u4"),
        ("seq", "<u8"),
        ("ts", "<i8"),
        ("instrument", "<u4"),
        ("exch_ts", "<i8"),
        ("price", "<i8"),
        ("volume", "<i8"),
        ("last_qty", "<i8"),
        ("bid", "<i8"),
        ("bid_qty", "<i8"),
        ("ask", "<i8"),
        ("ask_qty", "<i8"),
        ("open_interest", "<i8"),
        ("recv_ns", "<i8"),
        ("verdict", "u1"),
    ]
)

_CANDLE_FIELDS: list[tuple[str, str]] = [
    ("instrument", "<u4"),
    ("seconds", "<u4"),
    ("ts_open", "<i8"),
    ("open", "<i8"),
    ("high", "<i8"),
    ("low", "<i8"),
    ("close", "<i8"),
    ("volume", "<i8"),
    ("ticks", "<u4"),
    ("flags", "<u4"),
]
_CANDLE_HEAD = np.dtype(_CANDLE_FIELDS)
# A closed candle without its indicator values; `records` has those.
CANDLE_COLUMNS: np.dtype[np.void] = np.dtype([("run", "<u4"), ("seq", "<u8"), ("ts", "<i8"), *_CANDLE_FIELDS])

_BATCH_ROWS = 1 << 16


def tick_batches(
    path: str | Path, rows_max: int = _BATCH_ROWS, *, until: Position | None = None
) -> Iterator[npt.NDArray[np.void]]:
    """The ticks of a journal in order as arrays of `TICK_COLUMNS`, at most `rows_max` at once.

    A tick that ends the journal counts as applied when its verdict was cut off.
    """
    reader = opened(path, until=until)
    while True:
        with core_errors():
            columns = reader.ticks(rows_max)
        if not columns:
            return
        batch: npt.NDArray[np.void] = np.empty(len(columns["seq"]), dtype=TICK_COLUMNS)
        for name, column in columns.items():
            batch[name] = column
        yield batch


def candle_columns(path: str | Path, *, until: Position | None = None) -> npt.NDArray[np.void]:
    """The closed candles of a journal in order as an array of `CANDLE_COLUMNS`."""
    places: list[tuple[int, int, int]] = []
    heads = bytearray()
    with core_errors():
        for run, seq, ts, _, _, payload in opened(path, (Kind.CANDLE_CLOSED,), until):
            places.append((run, seq, ts))
            heads += payload[: _CANDLE_HEAD.itemsize]
    out: npt.NDArray[np.void] = np.empty(len(places), dtype=CANDLE_COLUMNS)
    read: npt.NDArray[Any] = np.frombuffer(bytes(heads), dtype=_CANDLE_HEAD)
    for name, _ in _CANDLE_FIELDS:
        out[name] = read[name]
    if places:
        out["run"], out["seq"], out["ts"] = np.array(places, dtype=np.int64).T
    return out
