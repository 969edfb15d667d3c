"""Writer of SMART API market-data packets: whole stretches of a day at once, as numpy columns, never packet by packet.

The simulator's socket and the in-process feed use this one encoder, so that both give the engine the same bytes.
Prices come in at 1e-8 rupees and travel in paise; what a recording does not hold (book, circuits, open interest) is
zero, which readers take as unknown.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from velox_core import PRICE_MAX, VOLUME_MAX

__all__ = [
    "DEPTH_20",
    "DayEncoder",
    "EXCHANGE_TYPES",
    "LTP",
    "NSE_CM",
    "NSE_FO",
    "PACKETS",
    "PacketInstrument",
    "QUOTE",
    "RowColumns",
    "SNAP_QUOTE",
    "can_apply",
    "encode_day",
]

_Ints: TypeAlias = npt.NDArray[np.int64]
_Bytes: TypeAlias = npt.NDArray[np.uint8]
_Rows: TypeAlias = slice | _Ints

LTP, QUOTE, SNAP_QUOTE, DEPTH_20 = 1, 2, 3, 4
NSE_CM, NSE_FO = 1, 2
# By the exchange of an instrument.
EXCHANGE_TYPES = {"NSE": NSE_CM, "NFO": NSE_FO}

_PAISA = 1_000_000
_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000
_LEVELS = 5
_I32_MAX = 2**31 - 1
_CHUNK_ROWS = 8192

_Field: TypeAlias = tuple[str, str] | tuple[str, list[tuple[str, str]], tuple[int]]
_HEAD: list[_Field] = [("subscription_mode", "u1"), ("exchange_type", "u1"), ("token", "S25")]
_LTP: list[_Field] = [
    *_HEAD,
    ("sequence_number", "<i8"),
    ("exchange_timestamp", "<i8"),
    ("last_traded_price", "<i8"),
]
_QUOTE: list[_Field] = [
    *_LTP,
    ("last_traded_quantity", "<i8"),
    ("average_traded_price", "<i8"),
    ("volume_trade_for_the_day", "<i8"),
    ("total_buy_quantity", "<f8"),
    ("total_sell_quantity", "<f8"),
    ("open_price_of_the_day", "<i8"),
    ("high_price_of_the_day", "<i8"),
    ("low_price_of_the_day", "<i8"),
    ("closed_price", "<i8"),
]
_SNAP_QUOTE: list[_Field] = [
    *_QUOTE,
    ("last_traded_timestamp", "<i8"),
    ("open_interest", "<i8"),
    ("open_interest_change_percentage", "<f8"),
    ("best_5", [("flag", "<i2"), ("quantity", "<i8"), ("price", "<i8"), ("orders", "<u2")], (2 * _LEVELS,)),
    ("upper_circuit_limit", "<i8"),
    ("lower_circuit_limit", "<i8"),
    ("52_week_high_price", "<i8"),
    ("52_week_low_price", "<i8"),
]
_LEVEL_20 = [("quantity", "<i4"), ("price", "<i4"), ("orders", "<i2")]
_DEPTH_20: list[_Field] = [
    *_HEAD,
    ("exchange_timestamp", "<i8"),
    ("packet_received_time", "<i8"),
    ("buys", _LEVEL_20, (20,)),
    ("sells", _LEVEL_20, (20,)),
]
_FIELDS = {LTP: _LTP, QUOTE: _QUOTE, SNAP_QUOTE: _SNAP_QUOTE, DEPTH_20: _DEPTH_20}

# The layout of each mode, little-endian and without gaps: 51, 123, 379 and 443 bytes.
PACKETS = {mode: np.dtype(fields) for mode, fields in _FIELDS.items()}


def _frame_head(size: int) -> bytes:
    """The head of one unmasked, unfragmented binary WebSocket frame (RFC 6455 §5.2)."""
    if size < 126:
        return bytes((0x82, size))
    return bytes((0x82, 126)) + size.to_bytes(2, "big")


_FRAME_HEADS = {mode: _frame_head(layout.itemsize) for mode, layout in PACKETS.items()}
_FRAMES = {mode: np.dtype([("head", f"V{len(_FRAME_HEADS[mode])}"), *fields]) for mode, fields in _FIELDS.items()}


class PacketInstrument(msgspec.Struct, frozen=True):
    """How one instrument stands on the wire; prices at 1e-8 rupees, 0 where unknown."""

    token: str
    exchange_type: int = NSE_CM
    prev_close: int = 0
    upper: int = 0
    lower: int = 0


class RowColumns(Protocol):
    """The merged rows of a day as parallel columns; prices at 1e-8 rupees, the book None where nobody knows it."""

    @property
    def inst(self) -> npt.NDArray[np.int32]:
        """Number of the instrument."""
        ...

    @property
    def ts_ns(self) -> _Ints:
        """The exchange's time."""
        ...

    @property
    def price(self) -> _Ints:
        """Last price at 1e-8 rupees."""
        ...

    @property
    def volume(self) -> _Ints:
        """The day's running total."""
        ...

    @property
    def last_qty(self) -> _Ints | None:
        """Quantity of the last trade."""

    @property
    def bid(self) -> _Ints | None:
        """Best buying price."""

    @property
    def ask(self) -> _Ints | None:
        """Best selling price."""

    @property
    def bid_qty(self) -> _Ints | None:
        """Quantity at the bid."""

    @property
    def ask_qty(self) -> _Ints | None:
        """Quantity at the ask."""

    @property
    def depth(self) -> _Ints | None:
        """(rows, 10, 3): five buys, five sells, best first, each price, quantity, orders."""


class DayEncoder:
    """Makes the packets of any rows of one day; the sequence number is the row's place in the merged day, from 1."""

    def __init__(self, rows: RowColumns, instruments: Sequence[PacketInstrument]) -> None:
        self._rows = rows
        self._tokens = np.array([i.token.encode() for i in instruments], dtype="S25")
        self._exchanges = np.array([i.exchange_type for i in instruments], dtype=np.uint8)
        self._closes = _paise([i.prev_close for i in instruments])
        self._uppers = _paise([i.upper for i in instruments])
        self._lowers = _paise([i.lower for i in instruments])
        self._price = _paise(rows.price)
        self._open, self._high, self._low = _session_so_far(rows.inst, self._price, len(instruments))

    def __len__(self) -> int:
        return len(self._rows.inst)

    def packets(self, rows: _Rows, mode: int = SNAP_QUOTE) -> _Bytes:
        """One packet a row, as (rows, size of the mode) bytes."""
        out = np.zeros(len(self._rows.inst[rows]), dtype=PACKETS[mode])
        self._fill(out, rows, mode)
        return out.view(np.uint8).reshape(len(out), -1)

    def frames(self, rows: _Rows, mode: int = SNAP_QUOTE) -> _Bytes:
        """The same packets, each as a binary WebSocket frame of a server."""
        out = np.zeros(len(self._rows.inst[rows]), dtype=_FRAMES[mode])
        out["head"] = np.void(_FRAME_HEADS[mode])
        self._fill(out, rows, mode)
        return out.view(np.uint8).reshape(len(out), -1)

    def frames_of_modes(self, rows: _Ints, modes: npt.NDArray[np.uint8]) -> bytes:
        """Frames of pairs (row, mode) in the given order, sizes mixed."""
        sizes = np.array([0, *(layout.itemsize for layout in _FRAMES.values())])[modes]
        starts = np.cumsum(sizes) - sizes
        out = np.zeros(int(sizes.sum()), dtype=np.uint8)
        for mode in np.unique(modes):
            chosen = modes == mode
            frames = self.frames(rows[chosen], int(mode))
            out[starts[chosen][:, None] + np.arange(frames.shape[1])] = frames
        return out.tobytes()

    def _fill(self, out: npt.NDArray[Any], rows: _Rows, mode: int) -> None:
        inst, ts_ns = self._rows.inst[rows], self._rows.ts_ns[rows]
        out["subscription_mode"] = mode
        out["exchange_type"] = self._exchanges[inst]
        out["token"] = self._tokens[inst]
        out["exchange_timestamp"] = ts_ns // _NS_PER_MS
        if mode == DEPTH_20:
            out["packet_received_time"] = out["exchange_timestamp"]
            self._fill_depth_20(out, rows)
            return
        out["sequence_number"] = np.arange(1, len(self) + 1)[rows] if isinstance(rows, slice) else rows + 1
        out["last_traded_price"] = self._price[rows]
        if mode >= QUOTE:
            self._fill_quote(out, rows, inst)
        if mode == SNAP_QUOTE:
            out["last_traded_timestamp"] = ts_ns // _NS_PER_S
            out["upper_circuit_limit"] = self._uppers[inst]
            out["lower_circuit_limit"] = self._lowers[inst]
            self._fill_best_5(out, rows)

    def _fill_quote(self, out: npt.NDArray[Any], rows: _Rows, inst: npt.NDArray[np.int32]) -> None:
        if self._rows.last_qty is not None:
            out["last_traded_quantity"] = self._rows.last_qty[rows]
        out["volume_trade_for_the_day"] = self._rows.volume[rows]
        out["open_price_of_the_day"] = self._open[rows]
        out["high_price_of_the_day"] = self._high[rows]
        out["low_price_of_the_day"] = self._low[rows]
        out["closed_price"] = self._closes[inst]
        depth = self._rows.depth
        if depth is not None:
            quantities = depth[rows][:, :, 1]
            out["total_buy_quantity"] = quantities[:, :_LEVELS].sum(axis=1)
            out["total_sell_quantity"] = quantities[:, _LEVELS:].sum(axis=1)

    def _book(self, rows: _Rows) -> _Ints | None:
        """The best five of each side as (rows, 10, 3): price in paise, quantity, orders; None for an empty book."""
        source = self._rows
        if source.depth is not None:
            book = source.depth[rows].astype(np.int64)
            book[:, :, 0] = _paise(book[:, :, 0])
            return book
        if source.bid is None or source.ask is None:
            return None
        book = np.zeros((len(source.inst[rows]), 2 * _LEVELS, 3), dtype=np.int64)
        for level, price, quantity in ((0, source.bid, source.bid_qty), (_LEVELS, source.ask, source.ask_qty)):
            book[:, level, 0] = _paise(price[rows])
            if quantity is not None:
                book[:, level, 1] = quantity[rows]
        return book

    def _fill_best_5(self, out: npt.NDArray[Any], rows: _Rows) -> None:
        book = self._book(rows)
        if book is None:
            return
        levels = out["best_5"]
        levels["price"], levels["quantity"], levels["orders"] = book[:, :, 0], book[:, :, 1], book[:, :, 2]
        # An empty level keeps flag 0, as the ten zero entries of an index have it.
        levels["flag"][:, :_LEVELS] = book[:, :_LEVELS, 0] > 0

    def _fill_depth_20(self, out: npt.NDArray[Any], rows: _Rows) -> None:
        book = self._book(rows)
        if book is None:
            return
        small = np.minimum(book, _I32_MAX)
        for side, first in (("buys", 0), ("sells", _LEVELS)):
            levels = out[side][:, :_LEVELS]
            levels["price"] = small[:, first : first + _LEVELS, 0]
            levels["quantity"] = small[:, first : first + _LEVELS, 1]
            levels["orders"] = np.minimum(small[:, first : first + _LEVELS, 2], 2**15 - 1)


def encode_day(
    rows: RowColumns, instruments: Sequence[PacketInstrument], mode: int = SNAP_QUOTE, chunk_rows: int = _CHUNK_ROWS
) -> Iterator[_Bytes]:
    """All packets of a day in chunks of (rows, size) bytes."""
    encoder = DayEncoder(rows, instruments)
    for start in range(0, len(encoder), chunk_rows):
        yield encoder.packets(slice(start, start + chunk_rows), mode)


def can_apply(price: _Ints, volume: _Ints) -> npt.NDArray[np.bool_]:
    """Which rows have numbers that the guard believes once they went over the wire; no other row moves a clock."""
    arriving = _paise(price) * _PAISA
    return (arriving > 0) & (arriving <= PRICE_MAX) & (volume >= 0) & (volume <= VOLUME_MAX)


def _paise(prices: Sequence[int] | _Ints) -> _Ints:
    return (np.asarray(prices, dtype=np.int64) + _PAISA // 2) // _PAISA


def _session_so_far(inst: npt.NDArray[np.int32], price: _Ints, count: int) -> tuple[_Ints, _Ints, _Ints]:
    """Open, high and low of each instrument up to and with each row; rows without a price change nothing."""
    columns = np.zeros((3, len(inst)), dtype=np.int64)
    order = np.argsort(inst, kind="stable")
    bounds = np.searchsorted(inst[order], np.arange(count + 1))
    highest: Callable[[_Ints], _Ints] = np.maximum.accumulate
    lowest: Callable[[_Ints], _Ints] = np.minimum.accumulate
    for start, end in itertools.pairwise(bounds):
        rows = order[start:end]
        own = price[rows]
        priced = own > 0
        if not priced.any():
            continue
        first = int(np.argmax(priced))
        columns[0, rows[first:]] = own[first]
        columns[1, rows] = highest(np.where(priced, own, 0))
        columns[2, rows[first:]] = lowest(np.where(priced, own, np.iinfo(np.int64).max))[first:]
    return columns[0], columns[1], columns[2]
